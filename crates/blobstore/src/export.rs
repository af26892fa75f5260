//! From a [`Store`] to the exports of a component.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::{Rc, Weak};

use plugboard_error::Result;

use crate::Store;
use crate::upload::Upload;

/// The type that implements the interfaces; `export!` names it.
pub struct Export<S>(PhantomData<S>);

/// What an instance has one of.
pub struct Provider<S: Store> {
    pub(crate) store: S,
    /// What is on its way: a guest gets on with it only while it is called.
    uploads: RefCell<Vec<Weak<RefCell<Upload<S>>>>>,
}

/// Where the provider of an instance is. `export!` implements it.
pub trait Instance: Store {
    /// Reads the configuration at the first call. An instance may live for one request or for many: what the
    /// store keeps (a token, the error of the clock) is used for as long as there is one.
    fn instance() -> Result<&'static Provider<Self>>;

    /// The provider if there is one already.
    fn running() -> Option<&'static Provider<Self>>;
}

impl<S: Store> Provider<S> {
    pub fn configure() -> Result<Self> {
        Ok(Provider { store: S::configure()?, uploads: RefCell::default() })
    }

    pub(crate) fn register(&self, upload: &Rc<RefCell<Upload<S>>>) {
        let mut uploads = self.uploads.borrow_mut();
        uploads.retain(|one| one.strong_count() > 0);
        uploads.push(Rc::downgrade(upload));
    }
}

/// Moves all that is on its way. Every call of a stream does this first.
pub(crate) fn pump<S: Instance>() {
    let Some(provider) = S::running() else { return };
    for upload in provider.uploads.borrow().iter().filter_map(Weak::upgrade) {
        upload.borrow_mut().pump();
    }
}

/// Makes the component's exports of a store.
#[macro_export]
macro_rules! export {
    ($store:ty) => {
        ::std::thread_local! {
            static PROVIDER: ::std::cell::OnceCell<&'static $crate::Provider<$store>> =
                const { ::std::cell::OnceCell::new() };
        }

        impl $crate::Instance for $store {
            fn instance() -> ::plugboard_error::Result<&'static $crate::Provider<$store>> {
                match Self::running() {
                    Some(provider) => Ok(provider),
                    None => {
                        let configured = $crate::Provider::configure()?;
                        Ok(PROVIDER
                            .with(|provider| *provider.get_or_init(|| Box::leak(Box::new(configured)))))
                    }
                }
            }

            fn running() -> Option<&'static $crate::Provider<$store>> {
                PROVIDER.with(|provider| provider.get().copied())
            }
        }

        // Natively there are no exports (linkers do not take their names), but the store is in use all the same.
        const _: fn() -> ::plugboard_error::Result<&'static $crate::Provider<$store>> =
            <$store as $crate::Instance>::instance;
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            // The bindings' macro takes a name, not a type.
            type Exported = $crate::Export<$store>;
    $crate::bindings::export!(Exported with_types_in $crate::bindings);
        };
    };
}

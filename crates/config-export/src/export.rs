//! From a [`Config`] to the exports of a component.

use std::marker::PhantomData;

use crate::bindings::exports::wasi::{config0_2_0_draft, config0_2_0_draft_2024_09_27, config0_2_0_rc_1};

/// Where the values come from. An error is a whole sentence, and shows no value.
pub trait Config {
    fn get(key: &str) -> Result<Option<String>, String>;

    /// Every key with its value.
    fn get_all() -> Result<Vec<(String, String)>, String>;
}

/// The type that implements the interfaces; `export!` names it.
pub struct Export<C>(PhantomData<C>);

macro_rules! implement {
    ($($version:ident),*) => {$(
        impl<C: Config> $version::store::Guest for Export<C> {
            fn get(key: String) -> Result<Option<String>, $version::store::Error> {
                C::get(&key).map_err($version::store::Error::Upstream)
            }

            fn get_all() -> Result<Vec<(String, String)>, $version::store::Error> {
                C::get_all().map_err($version::store::Error::Upstream)
            }
        }
    )*};
}
implement!(config0_2_0_rc_1, config0_2_0_draft_2024_09_27, config0_2_0_draft);

/// Makes the component's exports of a [`Config`].
#[macro_export]
macro_rules! export {
    ($config:ty) => {
        // Natively there are no exports (linkers do not take their names), but the config is in use all the same.
        const _: fn(&str) -> Result<Option<String>, String> = <$config as $crate::Config>::get;
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            // The bindings' macro takes a name, not a type.
            type Exported = $crate::Export<$config>;
    $crate::bindings::export!(Exported with_types_in $crate::bindings);
        };
    };
}

//! From a [`Store`] to the exports of a component.

use std::marker::PhantomData;

use plugboard_error::{Error, Kind, Result};

use crate::{Bucket, Store};

/// The type that implements the interfaces; `export!` names it.
pub struct Export<S>(PhantomData<S>);

/// The one store of an instance. `export!` implements it.
pub trait Instance: Store {
    /// Reads the configuration at the first call. An instance may live for one request or for many: what the
    /// store keeps (a token, a session) is used for as long as there is one.
    fn instance() -> Result<&'static Self>;
}

/// Makes the component's exports of a store.
#[macro_export]
macro_rules! export {
    ($store:ty) => {
        impl $crate::Instance for $store {
            fn instance() -> ::plugboard_error::Result<&'static Self> {
                ::std::thread_local! {
                    static STORE: ::std::cell::OnceCell<&'static $store> = const { ::std::cell::OnceCell::new() };
                }
                STORE.with(|store| match store.get() {
                    Some(store) => Ok(*store),
                    None => {
                        let configured = <$store as $crate::Store>::configure()?;
                        Ok(*store.get_or_init(|| Box::leak(Box::new(configured))))
                    }
                })
            }
        }

        // Natively there are no exports (linkers do not take their names), but the store is in use all the same.
        const _: fn() -> ::plugboard_error::Result<&'static $store> = <$store as $crate::Instance>::instance;
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            // The bindings' macro takes a name, not a type.
            type Exported = $crate::Export<$store>;
            $crate::bindings::export!(Exported with_types_in $crate::bindings);
        };
    };
}

/// The resource behind a bucket of either draft.
pub struct OpenBucket<S: 'static> {
    pub(crate) store: &'static S,
    pub(crate) bucket: Bucket,
}

pub(crate) fn open<S: Instance>(identifier: &str) -> Result<OpenBucket<S>> {
    let store = S::instance()?;
    Ok(OpenBucket { store, bucket: told(store, store.buckets().open(identifier))? })
}

/// Refusals have no sentence in the interface, so a person reads it in the log.
pub(crate) fn told<S: Store, T>(store: &S, result: Result<T>) -> Result<T> {
    result.inspect_err(|error| tell(store, error))
}

#[cold]
fn tell<S: Store>(store: &S, error: &Error) {
    if matches!(error.kind, Kind::AccessDenied | Kind::NoSuchStore) {
        store.tell(error);
    }
}

/// What both drafts spell the same way, typed on the draft's own bindings.
macro_rules! same_in_both {
    ($version:ident, $cursor:ty, $read_cursor:path, $write_cursor:path) => {
        use plugboard_error::{Error, Kind};

        use crate::bindings::exports::wasi::$version::{atomics, batch, store};
        use crate::export::{self, OpenBucket, told};
        use crate::{Export, Instance};

        impl From<Error> for store::Error {
            fn from(error: Error) -> Self {
                match error.kind {
                    Kind::AccessDenied => store::Error::AccessDenied,
                    Kind::NoSuchStore => store::Error::NoSuchStore,
                    _ => store::Error::Other(error.to_string()),
                }
            }
        }

        fn open_bucket<'a, S: Instance>(bucket: &'a store::BucketBorrow<'_>) -> &'a OpenBucket<S> {
            bucket.get()
        }

        impl<S: Instance> store::Guest for Export<S> {
            type Bucket = OpenBucket<S>;

            fn open(identifier: String) -> Result<store::Bucket, store::Error> {
                Ok(store::Bucket::new(export::open::<S>(&identifier)?))
            }
        }

        impl<S: Instance> store::GuestBucket for OpenBucket<S> {
            fn get(&self, key: String) -> Result<Option<Vec<u8>>, store::Error> {
                Ok(told(self.store, self.store.get(&self.bucket, &key))?)
            }

            fn set(&self, key: String, value: Vec<u8>) -> Result<(), store::Error> {
                Ok(told(self.store, self.store.set(&self.bucket, &key, value))?)
            }

            fn delete(&self, key: String) -> Result<(), store::Error> {
                Ok(told(self.store, self.store.delete(&self.bucket, &key))?)
            }

            fn exists(&self, key: String) -> Result<bool, store::Error> {
                Ok(told(self.store, self.store.exists(&self.bucket, &key))?)
            }

            fn list_keys(&self, cursor: Option<$cursor>) -> Result<store::KeyResponse, store::Error> {
                let after = cursor.map(|cursor| $read_cursor(&self.bucket, cursor)).transpose()?;
                let page = told(self.store, self.store.list(&self.bucket, after))?;
                let cursor = page.next.map(|next| $write_cursor(&self.bucket, next));
                Ok(store::KeyResponse { keys: page.keys, cursor })
            }
        }

        fn values<S: Instance>(
            bucket: &store::BucketBorrow<'_>,
            keys: &[String],
        ) -> Result<Vec<Option<Vec<u8>>>, store::Error> {
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            let open = open_bucket::<S>(bucket);
            Ok(told(open.store, open.store.get_many(&open.bucket, keys))?)
        }

        impl<S: Instance> batch::Guest for Export<S> {
            fn get_many(
                bucket: store::BucketBorrow<'_>,
                keys: Vec<String>,
            ) -> Result<Vec<Got>, store::Error> {
                let values = values::<S>(&bucket, &keys)?;
                Ok(keys.into_iter().zip(values).map(|(key, value)| got(key, value)).collect())
            }

            fn set_many(
                bucket: store::BucketBorrow<'_>,
                pairs: Vec<(String, Vec<u8>)>,
            ) -> Result<(), store::Error> {
                if pairs.is_empty() {
                    return Ok(());
                }
                let open = open_bucket::<S>(&bucket);
                let pairs = crate::batch::last_wins(pairs);
                Ok(told(open.store, open.store.set_many(&open.bucket, &pairs))?)
            }

            fn delete_many(bucket: store::BucketBorrow<'_>, keys: Vec<String>) -> Result<(), store::Error> {
                if keys.is_empty() {
                    return Ok(());
                }
                let open = open_bucket::<S>(&bucket);
                let keys = crate::batch::unique(keys);
                Ok(told(open.store, open.store.delete_many(&open.bucket, &keys))?)
            }
        }
    };
}
pub(crate) use same_in_both;

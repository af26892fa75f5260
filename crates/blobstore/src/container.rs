//! One container and its objects.

use std::cell::RefCell;

use plugboard_error::{Error, Kind, Result};
use plugboard_http::Body as _;

use crate::bindings::exports::plugboard::inner::{container, types};
use crate::export::{Export, Instance, Provider};
use crate::listing::Listing;
use crate::value::{IncomingValue, OutgoingValue, text};
use crate::{Download, Object, ObjectInfo};

/// The answer to a request for no bytes, which is one byte, or all where the service does not know ranges.
const PROBE: u64 = 1 << 20;

pub struct Container<S: Instance> {
    provider: &'static Provider<S>,
    /// As the app calls it, and as the service does.
    name: String,
    real: String,
}

impl<S: Instance> Container<S> {
    pub(crate) fn new(provider: &'static Provider<S>, name: String, real: String) -> Self {
        Container { provider, name, real }
    }

    fn object<'a>(&'a self, name: &'a str) -> Object<'a> {
        Object { container: &self.real, name }
    }

    fn info(&self) -> Result<container::ContainerMetadata> {
        let info = self.provider.store.container(&self.real)?.ok_or_else(|| no_container(&self.name))?;
        Ok(container::ContainerMetadata { name: self.name.clone(), created_at: info.created_at })
    }

    fn get(&self, name: &str, start: u64, end: u64) -> Result<Download<S::Body>> {
        let get = |first, last| {
            let download = self.provider.store.get(self.object(name), first, last);
            download.map_err(|error| named(error, name))
        };
        if start <= end {
            return get(start, end);
        }
        // No bytes are asked for; whether there is such an object, still.
        let mut download = get(0, 0)?;
        download.body.read_to_end(PROBE).map_err(|failure| Error::new(failure.kind, failure.clause))?;
        Ok(Download { size: 0, ..download })
    }

    fn object_info(&self, name: &str) -> Result<ObjectInfo> {
        self.provider.store.head(self.object(name))?.ok_or_else(|| no_object(name))
    }

    fn clear(&self) -> Result<()> {
        self.provider.store.policy().may_clear()?;
        crate::delete::clear(&self.provider.store, &self.real)
    }
}

pub(crate) fn no_container(name: &str) -> Error {
    Error::new(Kind::NoSuchContainer, format!("there is no container `{name}`"))
}

/// With the object's name, where that is what is missing.
pub(crate) fn named(error: Error, name: &str) -> Error {
    if error.kind == Kind::NoSuchObject { no_object(name) } else { error }
}

pub(crate) fn no_object(name: &str) -> Error {
    Error::new(Kind::NoSuchObject, format!("there is no object `{name}`"))
}

impl<S: Instance> container::Guest for Export<S> {
    type Container = Container<S>;
    type StreamObjectNames = Names<S>;
}

impl<S: Instance> container::GuestContainer for Container<S> {
    fn name(&self) -> Result<String, String> {
        Ok(self.name.clone())
    }

    fn info(&self) -> Result<container::ContainerMetadata, String> {
        self.info().map_err(text)
    }

    fn get_data(&self, name: String, start: u64, end: u64) -> Result<types::IncomingValue, String> {
        let download = self.get(&name, start, end).map_err(text)?;
        Ok(types::IncomingValue::new(IncomingValue::<S>::new(download)))
    }

    fn write_data(&self, name: String, data: types::OutgoingValueBorrow<'_>) -> Result<(), String> {
        let mut upload = data.get::<OutgoingValue<S>>().upload.borrow_mut();
        upload.set_target(&self.provider.store, &self.real, name).map_err(text)
    }

    fn list_objects(&self) -> Result<container::StreamObjectNames, String> {
        let listing = Listing::new(&self.provider.store, &self.real);
        Ok(container::StreamObjectNames::new(Names(RefCell::new(listing))))
    }

    fn delete_object(&self, name: String) -> Result<(), String> {
        self.provider.store.delete(self.object(&name)).map_err(text)
    }

    fn delete_objects(&self, names: Vec<String>) -> Result<(), String> {
        if names.is_empty() {
            return Ok(());
        }
        self.provider.store.delete_many(&self.real, &names).map_err(text)
    }

    fn has_object(&self, name: String) -> Result<bool, String> {
        Ok(self.provider.store.head(self.object(&name)).map_err(text)?.is_some())
    }

    fn object_info(&self, name: String) -> Result<container::ObjectMetadata, String> {
        let info = self.object_info(&name).map_err(text)?;
        let container = self.name.clone();
        Ok(container::ObjectMetadata { name, container, created_at: info.created_at, size: info.size })
    }

    fn clear(&self) -> Result<(), String> {
        self.clear().map_err(text)
    }
}

pub struct Names<S: Instance>(RefCell<Listing<S>>);

impl<S: Instance> container::GuestStreamObjectNames for Names<S> {
    fn read_stream_object_names(&self, len: u64) -> Result<(Vec<String>, bool), String> {
        self.0.borrow_mut().read(len).map_err(text)
    }

    fn skip_stream_object_names(&self, num: u64) -> Result<(u64, bool), String> {
        self.0.borrow_mut().skip(num).map_err(text)
    }
}

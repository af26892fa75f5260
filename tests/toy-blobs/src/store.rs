//! The store: bytes by container and name, and everything else refused.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem;

use wasip2::io::streams::InputStream;

use crate::Toy;
use crate::bindings::exports::plugboard::inner::{blobstore, container, streams, types};
use crate::bindings::wasi::config::store as config;
use crate::streams::{Bytes, Stream};

thread_local! {
    static OBJECTS: RefCell<BTreeMap<(String, String), Vec<u8>>> = const { RefCell::new(BTreeMap::new()) };
}

fn refused<T>() -> Result<T, String> {
    Err("invalid: the toy has no such thing".to_owned())
}

#[derive(Default)]
pub(crate) struct Outgoing {
    bytes: Bytes,
    place: RefCell<Option<(String, String)>>,
}

impl types::Guest for Toy {
    type OutgoingValue = Outgoing;
    type IncomingValue = Vec<u8>;
}

impl types::GuestOutgoingValue for Outgoing {
    fn new_outgoing_value() -> types::OutgoingValue {
        types::OutgoingValue::new(Outgoing::default())
    }

    fn outgoing_value_write_body(&self) -> Result<streams::OutputStream, ()> {
        Ok(streams::OutputStream::new(Stream::Object(self.bytes.clone())))
    }

    fn finish(this: types::OutgoingValue) -> Result<(), String> {
        let this: Outgoing = this.into_inner();
        let place = this.place.take().ok_or("invalid: nobody said where to")?;
        let bytes = mem::take(&mut *this.bytes.borrow_mut());
        OBJECTS.with_borrow_mut(|objects| objects.insert(place, bytes));
        Ok(())
    }
}

impl types::GuestIncomingValue for Vec<u8> {
    fn incoming_value_consume_sync(this: types::IncomingValue) -> Result<Vec<u8>, String> {
        Ok(this.into_inner())
    }

    /// Only a host makes such a stream.
    fn incoming_value_consume_async(_: types::IncomingValue) -> Result<InputStream, String> {
        refused()
    }

    fn size(&self) -> u64 {
        self.len() as u64
    }
}

pub(crate) struct Container(String);
pub(crate) struct Names;

impl container::Guest for Toy {
    type Container = Container;
    type StreamObjectNames = Names;
}

impl container::GuestContainer for Container {
    fn name(&self) -> Result<String, String> {
        Ok(self.0.clone())
    }

    fn get_data(&self, name: String, _: u64, _: u64) -> Result<container::IncomingValue, String> {
        let setting = name.strip_prefix("setting:").map(config::get);
        let found = match setting {
            Some(value) => value.map_err(|error| format!("config: {error:?}"))?.map(String::into_bytes),
            None => OBJECTS.with_borrow(|objects| objects.get(&(self.0.clone(), name)).cloned()),
        };
        Ok(container::IncomingValue::new(found.ok_or("no-such-object: there is none")?))
    }

    fn write_data(&self, name: String, data: types::OutgoingValueBorrow<'_>) -> Result<(), String> {
        data.get::<Outgoing>().place.replace(Some((self.0.clone(), name)));
        Ok(())
    }

    fn info(&self) -> Result<container::ContainerMetadata, String> {
        refused()
    }

    fn list_objects(&self) -> Result<container::StreamObjectNames, String> {
        refused()
    }

    fn delete_object(&self, _: String) -> Result<(), String> {
        refused()
    }

    fn delete_objects(&self, _: Vec<String>) -> Result<(), String> {
        refused()
    }

    fn has_object(&self, _: String) -> Result<bool, String> {
        refused()
    }

    fn object_info(&self, _: String) -> Result<container::ObjectMetadata, String> {
        refused()
    }

    fn clear(&self) -> Result<(), String> {
        refused()
    }
}

impl container::GuestStreamObjectNames for Names {
    fn read_stream_object_names(&self, _: u64) -> Result<(Vec<String>, bool), String> {
        refused()
    }

    fn skip_stream_object_names(&self, _: u64) -> Result<(u64, bool), String> {
        refused()
    }
}

impl blobstore::Guest for Toy {
    fn create_container(name: String) -> Result<blobstore::Container, String> {
        Ok(blobstore::Container::new(Container(name)))
    }

    fn get_container(name: String) -> Result<blobstore::Container, String> {
        Ok(blobstore::Container::new(Container(name)))
    }

    fn delete_container(_: String) -> Result<(), String> {
        refused()
    }

    fn container_exists(_: String) -> Result<bool, String> {
        refused()
    }

    fn copy_object(_: blobstore::ObjectId, _: blobstore::ObjectId) -> Result<(), String> {
        refused()
    }

    fn move_object(_: blobstore::ObjectId, _: blobstore::ObjectId) -> Result<(), String> {
        refused()
    }
}

//! Values: objects on their way in and out.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use plugboard_error::{Error, Result as Outcome};
use plugboard_http::Body;
use wasip2::io::streams::InputStream;

use crate::bindings::exports::plugboard::inner::streams::OutputStream as Stream;
use crate::bindings::exports::plugboard::inner::types;
use crate::export::{Export, Instance};
use crate::stream::{ObjectStream, OutputStream};
use crate::upload::Upload;
use crate::{Blocks, Download};

/// The most that is read into memory at once. There is less in most hosts, and then it is the error as well.
const LARGEST: u64 = 1 << 30;

/// The blocks of a value that is made before the settings can be read: nothing of it will ever be sent.
const UNSET: Blocks = Blocks { first: 4 << 20, largest: 4 << 20, count: 1 };

pub struct OutgoingValue<S: Instance> {
    pub(crate) upload: Rc<RefCell<Upload<S>>>,
    has_stream: Cell<bool>,
}

pub struct IncomingValue<S: Instance> {
    size: u64,
    body: S::Body,
}

impl<S: Instance> IncomingValue<S> {
    pub(crate) fn new(download: Download<S::Body>) -> Self {
        IncomingValue { size: download.size, body: download.body }
    }
}

impl<S: Instance> types::Guest for Export<S> {
    type OutgoingValue = OutgoingValue<S>;
    type IncomingValue = IncomingValue<S>;
}

impl<S: Instance> types::GuestOutgoingValue for OutgoingValue<S> {
    fn new_outgoing_value() -> types::OutgoingValue {
        let provider = S::instance();
        let blocks = provider.as_ref().map_or(UNSET, |provider| provider.store.blocks());
        let upload = Rc::new(RefCell::new(Upload::new(blocks)));
        if let Ok(provider) = provider {
            provider.register(&upload);
        }
        types::OutgoingValue::new(Self { upload, has_stream: Cell::new(false) })
    }

    fn outgoing_value_write_body(&self) -> Result<Stream, ()> {
        if self.has_stream.replace(true) {
            return Err(());
        }
        let stream = ObjectStream { upload: self.upload.clone() };
        Ok(Stream::new(OutputStream::Object(stream)))
    }

    fn finish(this: types::OutgoingValue) -> Result<(), String> {
        let value = this.into_inner::<Self>();
        let outcome = value.upload.borrow_mut().finish();
        outcome.map_err(text)
    }
}

impl<S: Instance> Drop for OutgoingValue<S> {
    fn drop(&mut self) {
        // Without effect after `finish`.
        self.upload.borrow_mut().cancel();
    }
}

impl<S: Instance> types::GuestIncomingValue for IncomingValue<S> {
    fn incoming_value_consume_sync(this: types::IncomingValue) -> Result<Vec<u8>, String> {
        read(this.into_inner::<Self>()).map_err(text)
    }

    fn incoming_value_consume_async(this: types::IncomingValue) -> Result<InputStream, String> {
        Ok(this.into_inner::<Self>().body.into_stream())
    }

    fn size(&self) -> u64 {
        self.size
    }
}

fn read<S: Instance>(mut value: IncomingValue<S>) -> Outcome<Vec<u8>> {
    value.body.read_to_end(LARGEST).map_err(|failure| Error::new(failure.kind, failure.clause))
}

/// An error as the interface has it.
pub(crate) fn text(error: Error) -> String {
    error.to_string()
}

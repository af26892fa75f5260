//! A body that goes through as it comes, but for its last bytes if it is not what was signed.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use sha2::{Digest, Sha256};

use crate::sigv4::hex;

pub(crate) struct Checked {
    body: Incoming,
    /// Bytes that are still to come.
    left: u64,
    hash: Sha256,
    /// None if any will do.
    expected: Option<String>,
    /// Set when it is another.
    other: Arc<AtomicBool>,
}

impl Checked {
    pub(crate) fn new(
        body: Incoming,
        length: u64,
        expected: Option<String>,
        other: Arc<AtomicBool>,
    ) -> Checked {
        Checked { body, left: length, hash: Sha256::new(), expected, other }
    }
}

impl Body for Checked {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            Some(Ok(frame)) => frame,
            end => return Poll::Ready(end.map(|frame| frame.map_err(Into::into))),
        };
        if let Some(data) = frame.data_ref() {
            self.hash.update(data);
            self.left = self.left.saturating_sub(data.len() as u64);
        }
        if self.left == 0
            && let Some(expected) = self.expected.take()
            && hex(&std::mem::take(&mut self.hash).finalize()) != expected
        {
            self.other.store(true, Ordering::Relaxed);
            return Poll::Ready(Some(Err("the payload is not what was signed".into())));
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

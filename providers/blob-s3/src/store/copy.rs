//! Copies of objects that are too large for one request.

use plugboard_blobstore::{Object, Store};
use plugboard_error::{Error, Result};
use plugboard_http::{Chunks, Host, Transport};

use super::S3;
use crate::wire::{self, Call};

/// What is copied by one request (docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html).
const MOST: u64 = 5 << 30;
/// Parts under way at the same time.
const AT_ONCE: usize = 4;

impl<T: Transport + Host + Default + 'static> S3<T> {
    /// Copies an object that is too large for one request; what it was refused with before if it is not.
    pub(super) fn copy_in_parts(&self, from: Object, to: Object, refused: Error) -> Result<()> {
        let call = Call::head(from);
        let source = self.call(&call, Chunks::default(), self.client.deadline())?;
        let (Some(size @ MOST..), Some(etag)) = (wire::length(&source), source.header(wire::ETAG)) else {
            return Err(refused);
        };
        let content_type = source.header(wire::CONTENT_TYPE).map(str::to_owned);
        let mut upload =
            self.begin_upload(to, content_type.unwrap_or_else(|| self.policy.content_type(to.name)))?;
        let parts = wire::ranges(size).collect::<Vec<_>>();
        for some in parts.chunks(AT_ONCE) {
            let number = upload.etags.len();
            let begin = |(n, range)| {
                let call = Call::upload_part_copy(&upload.place, n, from, range, etag);
                self.begin_call(call, Chunks::default())
            };
            // All of them are begun before the first is waited for.
            let begun = (number + 1..).zip(some).map(begin).collect::<Vec<_>>();
            for block in begun {
                let copied = block.and_then(|block| self.finish_call(block));
                let copied = copied
                    .and_then(|response| wire::copied(&response.body).ok_or_else(|| self.senseless(&call)));
                match copied {
                    Ok(etag) => upload.etags.push(etag),
                    Err(error) => {
                        self.abort(upload);
                        return Err(error);
                    }
                }
            }
        }
        self.commit(upload)
    }
}

//! How far a copy is.

use plugboard_http::Response;

use super::ERROR_CODE;

const ID: &str = "x-ms-copy-id";
const STATUS: &str = "x-ms-copy-status";
const PROGRESS: &str = "x-ms-copy-progress";

pub(super) const FIELDS: &[&str] = &[ERROR_CODE, ID, STATUS, PROGRESS];

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Copying {
    Done,
    /// The id of the copy and, once it is known, the bytes that are done.
    Pending(String, String),
    /// Failed, or aborted by somebody.
    Failed,
}

/// None if there is nothing about a copy in the answer.
pub(crate) fn copying(response: &Response) -> Option<Copying> {
    let text = |name| response.header(name).unwrap_or_default().to_owned();
    Some(match response.header(STATUS)? {
        "success" => Copying::Done,
        "pending" => Copying::Pending(text(ID), text(PROGRESS)),
        _ => Copying::Failed,
    })
}

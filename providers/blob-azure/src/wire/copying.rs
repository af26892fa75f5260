//! How far a copy is.

use plugboard_http::Response;

use super::{ERROR_CODE, REQUEST_ID};

const ID: &str = "x-ms-copy-id";
const STATUS: &str = "x-ms-copy-status";
const PROGRESS: &str = "x-ms-copy-progress";

pub(super) const FIELDS: &[&str] = &[ERROR_CODE, REQUEST_ID, ID, STATUS, PROGRESS];

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Copying {
    pub(crate) id: String,
    pub(crate) state: State,
    /// Something that changes as long as it moves.
    progress: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    Done,
    /// Or aborted by somebody.
    Failed,
}

/// None if there is nothing about a copy in the answer.
pub(crate) fn copying(response: &Response) -> Option<Copying> {
    let text = |name| response.header(name).unwrap_or_default().to_owned();
    let state = match response.header(STATUS)? {
        "pending" => State::Pending,
        "success" => State::Done,
        _ => State::Failed,
    };
    Some(Copying { id: text(ID), state, progress: text(PROGRESS) })
}

//! What the runner and the probe say to each other about `wasi:blobstore`.

use serde::{Deserialize, Serialize};

use crate::{Bytes, Content, Data};

/// One call, or one thing done to the handles, which have names.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    CreateContainer {
        name: String,
        handle: String,
    },
    GetContainer {
        name: String,
        handle: String,
    },
    DeleteContainer {
        name: String,
    },
    ContainerExists {
        name: String,
    },
    CopyObject {
        from: (String, String),
        to: (String, String),
    },
    MoveObject {
        from: (String, String),
        to: (String, String),
    },

    ContainerName {
        container: String,
    },
    ContainerInfo {
        container: String,
    },
    GetData {
        container: String,
        name: String,
        start: u64,
        end: u64,
        handle: String,
    },
    WriteData {
        container: String,
        name: String,
        value: String,
    },
    ListObjects {
        container: String,
        handle: String,
    },
    DeleteObject {
        container: String,
        name: String,
    },
    DeleteObjects {
        container: String,
        names: Vec<String>,
    },
    HasObject {
        container: String,
        name: String,
    },
    ObjectInfo {
        container: String,
        name: String,
    },
    Clear {
        container: String,
    },
    ReadNames {
        listing: String,
        length: u64,
    },
    SkipNames {
        listing: String,
        count: u64,
    },

    NewValue {
        handle: String,
    },
    WriteBody {
        value: String,
        handle: String,
    },
    /// Consumes the handle.
    Finish {
        value: String,
    },

    CheckWrite {
        stream: String,
    },
    /// As an app writes: waits for the pollable, asks for a permit, and writes at most `piece` bytes of it, until
    /// all is written.
    WriteAll {
        stream: String,
        content: Content,
        piece: u64,
    },
    /// One call, with a permit and within it.
    Write {
        stream: String,
        bytes: Bytes,
    },
    BlockingWriteAndFlush {
        stream: String,
        bytes: Bytes,
    },
    Flush {
        stream: String,
    },
    BlockingFlush {
        stream: String,
    },
    /// As an app writes them, `length` in all.
    WriteZeroes {
        stream: String,
        length: u64,
    },
    BlockingWriteZeroesAndFlush {
        stream: String,
        length: u64,
    },
    /// Calls it until all is spliced that the source has.
    Splice {
        stream: String,
        from: String,
        length: u64,
    },
    BlockingSplice {
        stream: String,
        from: String,
        length: u64,
    },

    Size {
        value: String,
    },
    /// Consumes the handle.
    ConsumeSync {
        value: String,
    },
    /// Consumes the handle.
    ConsumeAsync {
        value: String,
        handle: String,
    },
    /// At most that many bytes, waiting for the first.
    Read {
        stream: String,
        length: u64,
    },
    ReadAll {
        stream: String,
    },

    /// All of: new value, write-data, write-body, write all, finish.
    Put {
        container: String,
        name: String,
        content: Content,
    },
    /// All of: get-data, consume-async, read all.
    Get {
        container: String,
        name: String,
    },

    /// An answer of `http://<runner>/<path>` as a stream of the host's.
    Fetch {
        runner: String,
        path: String,
        handle: String,
    },
    /// Splices the stream into a request to `http://<runner>/<path>`, whose answer is a digest of its body.
    Send {
        runner: String,
        path: String,
        stream: String,
    },
    /// To stdout and to stderr.
    Print {
        text: String,
    },
    /// Writes the content to a file twice, and reads the file. Only in the flavour for files and sockets.
    WriteFile {
        name: String,
        content: Content,
    },
    /// Sends the content over a socket to itself, and back. Only in the flavour for files and sockets.
    Exchange {
        content: Content,
    },

    Drop {
        handle: String,
    },
    /// Hands the outcomes since the last barrier to `http://<runner>/<session>`, whose answer is the next steps.
    Barrier {
        runner: String,
        session: String,
    },
}

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Done,
    Name(String),
    Exists(bool),
    ContainerInfo {
        name: String,
        created_at: u64,
    },
    ObjectInfo {
        name: String,
        container: String,
        created_at: u64,
        size: u64,
    },
    Names {
        names: Vec<String>,
        end: bool,
    },
    Skipped {
        count: u64,
        end: bool,
    },
    /// Bytes in a value, in a permit, or spliced.
    Number(u64),
    Data(Data),
    Failed(Failure),
}

/// What the interface has for errors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// A sentence of the blobstore.
    Error(String),
    /// The empty error: write-body was called before.
    Refused,
    /// The stream has ended.
    Closed,
    /// The last operation on the stream failed; what the host knows about it.
    Stream(String),
}

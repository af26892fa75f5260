//! What a command answers, whichever back end ran it: the reply types of RESP2.

/// A command with its arguments; all of them are bytes, as in Redis.
pub type Command = Vec<Vec<u8>>;

#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Status(String),
    Error(String),
    Integer(i64),
    Bulk(Vec<u8>),
    Nil,
    Array(Vec<Reply>),
}

impl Reply {
    pub fn ok() -> Self {
        Reply::Status("OK".into())
    }
}

impl From<bool> for Reply {
    fn from(yes: bool) -> Self {
        Reply::Integer(yes.into())
    }
}

impl From<Option<Vec<u8>>> for Reply {
    fn from(value: Option<Vec<u8>>) -> Self {
        value.map_or(Reply::Nil, Reply::Bulk)
    }
}

/// Somewhere commands can be run. Every call is atomic against every other one.
pub trait Backend: Send + Sync {
    /// Runs one command. What Redis would refuse is a [`Reply::Error`]; `Err` means that the store itself failed.
    fn run(&self, command: Command) -> anyhow::Result<Reply>;

    /// Runs all commands with none of another client's in between, and answers an array with one reply for
    /// each; or a [`Reply::Error`] when one of them could not be queued, in which case none was run.
    fn transaction(&self, commands: Vec<Command>) -> anyhow::Result<Reply>;
}

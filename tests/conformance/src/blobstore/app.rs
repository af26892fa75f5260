//! An app of wasi:blobstore as trials use it.

use std::net::SocketAddr;

use anyhow::{Result, anyhow};
use probe::blobstore::{Outcome, Step};
use probe::{Content, Data};

use super::Session;
use crate::reply::{Problem, Reply};

macro_rules! expect {
    ($outcome:expr, $pattern:pat => $value:expr) => {
        match $outcome {
            $pattern => Ok($value),
            other => Err(Problem::from(anyhow!("an outcome of another kind: {other:?}"))),
        }
    };
}

/// A container and an object in it.
pub(crate) type Place<'a> = (&'a str, &'a str);

fn place((container, name): Place) -> (String, String) {
    (container.to_owned(), name.to_owned())
}

impl Session {
    fn done(&self, step: Step) -> Reply<()> {
        expect!(self.step(step)?, Outcome::Done => ())
    }

    pub(crate) fn create_container(&self, name: &str) -> Reply<Container<'_>> {
        let handle = self.handle();
        self.done(Step::CreateContainer { name: name.into(), handle: handle.clone() })?;
        Ok(Container { session: self, handle })
    }

    pub(crate) fn container(&self, name: &str) -> Reply<Container<'_>> {
        let handle = self.handle();
        self.done(Step::GetContainer { name: name.into(), handle: handle.clone() })?;
        Ok(Container { session: self, handle })
    }

    pub(crate) fn delete_container(&self, name: &str) -> Reply<()> {
        self.done(Step::DeleteContainer { name: name.into() })
    }

    pub(crate) fn container_exists(&self, name: &str) -> Reply<bool> {
        let step = Step::ContainerExists { name: name.into() };
        expect!(self.step(step)?, Outcome::Exists(exists) => exists)
    }

    pub(crate) fn copy(&self, from: Place, to: Place) -> Reply<()> {
        self.done(Step::CopyObject { from: place(from), to: place(to) })
    }

    pub(crate) fn rename(&self, from: Place, to: Place) -> Reply<()> {
        self.done(Step::MoveObject { from: place(from), to: place(to) })
    }

    pub(crate) fn value(&self) -> Reply<Value<'_>> {
        let handle = self.handle();
        self.done(Step::NewValue { handle: handle.clone() })?;
        Ok(Value { session: self, handle })
    }

    /// A stream of the host's: what the runner serves at the path.
    pub(crate) fn fetch(&self, path: &str) -> Reply<Input<'_>> {
        self.fetch_from(self.app.runner.address, path)
    }

    pub(crate) fn fetch_from(&self, runner: SocketAddr, path: &str) -> Reply<Input<'_>> {
        let (runner, handle) = (runner.to_string(), self.handle());
        self.done(Step::Fetch { runner, path: path.into(), handle: handle.clone() })?;
        Ok(Input { session: self, handle })
    }

    /// Sends the stream by way of the host's own, and says what arrived.
    pub(crate) fn send(&self, path: &str, input: &Input) -> Reply<Data> {
        let (runner, stream) = (self.app.runner.address.to_string(), input.handle.clone());
        expect!(self.step(Step::Send { runner, path: path.into(), stream })?, Outcome::Data(data) => data)
    }

    pub(crate) fn print(&self, text: &str) -> Reply<()> {
        self.done(Step::Print { text: text.into() })
    }

    pub(crate) fn write_file(&self, name: &str, content: Content) -> Reply<Data> {
        expect!(self.step(Step::WriteFile { name: name.into(), content })?, Outcome::Data(data) => data)
    }

    pub(crate) fn exchange(&self, content: Content) -> Reply<Data> {
        expect!(self.step(Step::Exchange { content })?, Outcome::Data(data) => data)
    }
}

pub(crate) struct Container<'a> {
    session: &'a Session,
    pub(crate) handle: String,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) name: String,
    pub(crate) container: String,
    pub(crate) created_at: u64,
    pub(crate) size: u64,
}

impl<'a> Container<'a> {
    fn container(&self) -> String {
        self.handle.clone()
    }

    pub(crate) fn name(&self) -> Reply<String> {
        let step = Step::ContainerName { container: self.container() };
        expect!(self.session.step(step)?, Outcome::Name(name) => name)
    }

    /// Its name and when it was made.
    pub(crate) fn info(&self) -> Reply<(String, u64)> {
        let step = Step::ContainerInfo { container: self.container() };
        expect!(self.session.step(step)?, Outcome::ContainerInfo { name, created_at } => (name, created_at))
    }

    pub(crate) fn get_data(&self, name: &str, start: u64, end: u64) -> Reply<Incoming<'a>> {
        let (container, handle) = (self.container(), self.session.handle());
        let step = Step::GetData { container, name: name.into(), start, end, handle: handle.clone() };
        self.session.done(step)?;
        Ok(Incoming { session: self.session, handle })
    }

    /// The whole object, in one step.
    pub(crate) fn get(&self, name: &str) -> Reply<Data> {
        let step = Step::Get { container: self.container(), name: name.into() };
        expect!(self.session.step(step)?, Outcome::Data(data) => data)
    }

    /// A whole object, in one step.
    pub(crate) fn put(&self, name: &str, content: &Content) -> Reply<()> {
        let content = content.clone();
        self.session.done(Step::Put { container: self.container(), name: name.into(), content })
    }

    pub(crate) fn write_data(&self, name: &str, value: &Value) -> Reply<()> {
        let (container, value) = (self.container(), value.handle.clone());
        self.session.done(Step::WriteData { container, name: name.into(), value })
    }

    pub(crate) fn list(&self) -> Reply<Listing<'a>> {
        let handle = self.session.handle();
        self.session.done(Step::ListObjects { container: self.container(), handle: handle.clone() })?;
        Ok(Listing { session: self.session, handle })
    }

    /// All names, asked for so many at a time.
    pub(crate) fn names(&self, at_a_time: u64) -> Reply<Vec<String>> {
        let (listing, mut all) = (self.list()?, Vec::new());
        loop {
            let (names, end) = listing.read(at_a_time)?;
            all.extend(names);
            if end {
                return Ok(all);
            }
        }
    }

    pub(crate) fn delete(&self, name: &str) -> Reply<()> {
        self.session.done(Step::DeleteObject { container: self.container(), name: name.into() })
    }

    pub(crate) fn delete_many<S: AsRef<str>>(&self, names: &[S]) -> Reply<()> {
        let names = names.iter().map(|name| name.as_ref().to_owned()).collect();
        self.session.done(Step::DeleteObjects { container: self.container(), names })
    }

    pub(crate) fn has(&self, name: &str) -> Reply<bool> {
        let step = Step::HasObject { container: self.container(), name: name.into() };
        expect!(self.session.step(step)?, Outcome::Exists(exists) => exists)
    }

    pub(crate) fn object_info(&self, name: &str) -> Reply<Info> {
        let step = Step::ObjectInfo { container: self.container(), name: name.into() };
        expect!(self.session.step(step)?, Outcome::ObjectInfo { name, container, created_at, size } => {
            Info { name, container, created_at, size }
        })
    }

    pub(crate) fn clear(&self) -> Reply<()> {
        self.session.done(Step::Clear { container: self.container() })
    }

    pub(crate) fn close(self) -> Reply<()> {
        self.session.done(Step::Drop { handle: self.handle })
    }
}

pub(crate) struct Listing<'a> {
    session: &'a Session,
    handle: String,
}

impl Listing<'_> {
    pub(crate) fn read(&self, length: u64) -> Reply<(Vec<String>, bool)> {
        let step = Step::ReadNames { listing: self.handle.clone(), length };
        expect!(self.session.step(step)?, Outcome::Names { names, end } => (names, end))
    }

    pub(crate) fn skip(&self, count: u64) -> Reply<(u64, bool)> {
        let step = Step::SkipNames { listing: self.handle.clone(), count };
        expect!(self.session.step(step)?, Outcome::Skipped { count, end } => (count, end))
    }
}

/// An object on its way to the service.
pub(crate) struct Value<'a> {
    session: &'a Session,
    handle: String,
}

impl<'a> Value<'a> {
    pub(crate) fn body(&self) -> Reply<Output<'a>> {
        let handle = self.session.handle();
        self.session.done(Step::WriteBody { value: self.handle.clone(), handle: handle.clone() })?;
        Ok(Output { session: self.session, handle })
    }

    pub(crate) fn finish(self) -> Reply<()> {
        self.session.done(Step::Finish { value: self.handle })
    }

    /// Drops the handle in the app, without `finish`.
    pub(crate) fn close(self) -> Reply<()> {
        self.session.done(Step::Drop { handle: self.handle })
    }
}

/// An output-stream.
pub(crate) struct Output<'a> {
    session: &'a Session,
    handle: String,
}

impl Output<'_> {
    fn stream(&self) -> String {
        self.handle.clone()
    }

    pub(crate) fn write_all(&self, content: &Content) -> Reply<()> {
        self.write_pieces(content, 1 << 20)
    }

    pub(crate) fn write_pieces(&self, content: &Content, piece: u64) -> Reply<()> {
        let (stream, content) = (self.stream(), content.clone());
        self.session.done(Step::WriteAll { stream, content, piece })
    }

    pub(crate) fn write(&self, bytes: impl AsRef<[u8]>) -> Reply<()> {
        self.session.done(Step::Write { stream: self.stream(), bytes: bytes.as_ref().into() })
    }

    pub(crate) fn blocking_write(&self, bytes: impl AsRef<[u8]>) -> Reply<()> {
        let (stream, bytes) = (self.stream(), bytes.as_ref().into());
        self.session.done(Step::BlockingWriteAndFlush { stream, bytes })
    }

    pub(crate) fn permit(&self) -> Reply<u64> {
        let step = Step::CheckWrite { stream: self.stream() };
        expect!(self.session.step(step)?, Outcome::Number(permit) => permit)
    }

    pub(crate) fn flush(&self) -> Reply<()> {
        self.session.done(Step::Flush { stream: self.stream() })
    }

    pub(crate) fn blocking_flush(&self) -> Reply<()> {
        self.session.done(Step::BlockingFlush { stream: self.stream() })
    }

    pub(crate) fn write_zeroes(&self, length: u64) -> Reply<()> {
        self.session.done(Step::WriteZeroes { stream: self.stream(), length })
    }

    pub(crate) fn blocking_write_zeroes(&self, length: u64) -> Reply<()> {
        self.session.done(Step::BlockingWriteZeroesAndFlush { stream: self.stream(), length })
    }

    /// How many bytes the source had, up to `length`.
    pub(crate) fn splice(&self, from: &Input, length: u64) -> Reply<u64> {
        let step = Step::Splice { stream: self.stream(), from: from.handle.clone(), length };
        expect!(self.session.step(step)?, Outcome::Number(count) => count)
    }

    pub(crate) fn blocking_splice(&self, from: &Input, length: u64) -> Reply<u64> {
        let step = Step::BlockingSplice { stream: self.stream(), from: from.handle.clone(), length };
        expect!(self.session.step(step)?, Outcome::Number(count) => count)
    }

    pub(crate) fn close(self) -> Reply<()> {
        self.session.done(Step::Drop { handle: self.handle })
    }
}

/// An object, or a part of one, on its way from the service.
pub(crate) struct Incoming<'a> {
    session: &'a Session,
    handle: String,
}

impl<'a> Incoming<'a> {
    pub(crate) fn size(&self) -> Reply<u64> {
        let step = Step::Size { value: self.handle.clone() };
        expect!(self.session.step(step)?, Outcome::Number(size) => size)
    }

    pub(crate) fn sync(self) -> Reply<Data> {
        expect!(self.session.step(Step::ConsumeSync { value: self.handle })?, Outcome::Data(data) => data)
    }

    pub(crate) fn stream(self) -> Reply<Input<'a>> {
        let handle = self.session.handle();
        self.session.done(Step::ConsumeAsync { value: self.handle, handle: handle.clone() })?;
        Ok(Input { session: self.session, handle })
    }

    /// Drops the handle in the app, unread.
    pub(crate) fn close(self) -> Reply<()> {
        self.session.done(Step::Drop { handle: self.handle })
    }
}

/// An input-stream.
pub(crate) struct Input<'a> {
    session: &'a Session,
    handle: String,
}

impl Input<'_> {
    pub(crate) fn read(&self, length: u64) -> Reply<Data> {
        let step = Step::Read { stream: self.handle.clone(), length };
        expect!(self.session.step(step)?, Outcome::Data(data) => data)
    }

    pub(crate) fn read_all(&self) -> Reply<Data> {
        let step = Step::ReadAll { stream: self.handle.clone() };
        expect!(self.session.step(step)?, Outcome::Data(data) => data)
    }

    pub(crate) fn close(self) -> Reply<()> {
        self.session.done(Step::Drop { handle: self.handle })
    }
}

/// Whether something is there, as a reply: for operations that are tried against faults.
pub(crate) fn there(exists: bool, otherwise: &str) -> Reply<()> {
    if exists { Ok(()) } else { Err(Problem::Failed { what: "the answer".into(), error: otherwise.into() }) }
}

/// The bytes of a pattern, other ones for each seed.
pub(crate) fn pattern(seed: u64, length: impl TryInto<u64>) -> Content {
    Content::Pattern { seed, length: length.try_into().unwrap_or(u64::MAX) }
}

/// What another client got.
pub(crate) fn data(bytes: Result<Option<Vec<u8>>>) -> Result<Option<Data>> {
    Ok(bytes?.map(|bytes| Data::of(&bytes)))
}

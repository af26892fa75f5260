//! Every operation in its plainest form.

use anyhow::{Result, ensure};
use plugboard_faults::{At, Fault, Request, Upstream};
use probe::{Content, Data};

use super::app::{Container, Output, Value, data, pattern, there};
use super::{Blobstore, Capabilities, Cx, Flavor, Session};
use crate::check::equal;
use crate::common::faults::{Expect, Row, SUCCESS, Trouble};
use crate::common::{self, patiently};
use crate::reply::{Problem, Reply};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// An object of one block.
    Put,
    /// An object of three.
    Upload,
    /// The end of such a one, the blocks of which have arrived.
    Commit,
    Get,
    HasObject,
    ObjectInfo,
    ListObjects,
    DeleteObject,
    DeleteObjects,
    CopyObject,
    MoveObject,
    Clear,
    CreateContainer,
    GetContainer,
    ContainerInfo,
    ContainerExists,
    DeleteContainer,
}

/// Blocks of the objects that have several.
const BLOCKS: u64 = 3;
/// Short, as it may come byte by byte.
const BEFORE: &str = "before";

impl Operation {
    /// The answer has no body, ever: its status says it all.
    fn is_head(self, cx: &Cx) -> bool {
        let asks = matches!(
            self,
            Operation::HasObject
                | Operation::ObjectInfo
                | Operation::GetContainer
                | Operation::ContainerInfo
                | Operation::ContainerExists
        );
        asks && !cx.fixture().answers_in_words(self)
    }

    /// What must not be reported as failed when it has happened, nor the other way round.
    fn is_found_out(self) -> bool {
        matches!(self, Operation::Upload | Operation::Commit | Operation::CreateContainer)
    }

    /// Is called on a container that was opened.
    fn is_in_container(self) -> bool {
        !matches!(
            self,
            Operation::CopyObject
                | Operation::MoveObject
                | Operation::CreateContainer
                | Operation::GetContainer
                | Operation::ContainerExists
                | Operation::DeleteContainer
        )
    }

    /// Works in a container of its own.
    fn has_room(self) -> bool {
        matches!(self, Operation::Clear | Operation::CreateContainer | Operation::DeleteContainer)
    }
}

impl common::Operation<Blobstore> for Operation {
    const ALL: &'static [Operation] = &[
        Operation::Put,
        Operation::Upload,
        Operation::Commit,
        Operation::Get,
        Operation::HasObject,
        Operation::ObjectInfo,
        Operation::ListObjects,
        Operation::DeleteObject,
        Operation::DeleteObjects,
        Operation::CopyObject,
        Operation::MoveObject,
        Operation::Clear,
        Operation::CreateContainer,
        Operation::GetContainer,
        Operation::ContainerInfo,
        Operation::ContainerExists,
        Operation::DeleteContainer,
    ];
    const READ: Operation = Operation::ContainerExists;
    const WRITE: Operation = Operation::Put;

    fn name(self) -> &'static str {
        match self {
            Operation::Put => "put",
            Operation::Upload => "upload",
            Operation::Commit => "commit",
            Operation::Get => "get",
            Operation::HasObject => "has-object",
            Operation::ObjectInfo => "object-info",
            Operation::ListObjects => "list-objects",
            Operation::DeleteObject => "delete-object",
            Operation::DeleteObjects => "delete-objects",
            Operation::CopyObject => "copy-object",
            Operation::MoveObject => "move-object",
            Operation::Clear => "clear",
            Operation::CreateContainer => "create-container",
            Operation::GetContainer => "get-container",
            Operation::ContainerInfo => "container-info",
            Operation::ContainerExists => "container-exists",
            Operation::DeleteContainer => "delete-container",
        }
    }

    fn flavors(self) -> &'static [Flavor] {
        Flavor::EACH
    }

    fn requests(self, capabilities: &Capabilities) -> usize {
        match (self, capabilities.requests.get(self.name())) {
            (Operation::Upload, _) => BLOCKS as usize + capabilities.beside_blocks(),
            (_, Some(requests)) => *requests,
            (Operation::DeleteObjects, _) => 2_usize.div_ceil(capabilities.delete_many.unwrap_or(1)),
            // A page, and what deletes the two objects on it.
            (Operation::Clear, _) => 1 + Operation::DeleteObjects.requests(capabilities),
            // Look at the source, copy, look at the copy, delete.
            (Operation::MoveObject, _) => 4,
            _ => 1,
        }
    }

    fn mending(self) -> usize {
        if self.is_found_out() { 2 } else { 1 }
    }

    fn waits(self) -> usize {
        match self {
            Operation::Upload => BLOCKS as usize + 2,
            Operation::DeleteObjects => 3,
            Operation::MoveObject => 5,
            Operation::Clear => 4,
            // Some services want it emptied before.
            Operation::DeleteContainer => 6,
            _ => 2,
        }
    }

    fn continues(self) -> bool {
        self == Operation::Commit
    }

    fn expect(self, cx: &Cx, row: &Row) -> Expect {
        if matches!(row.name.as_str(), "status-401" | "status-403") {
            return self.refused();
        }
        match &row.fault {
            // Before the commit is its last block, which did not get through.
            Trouble::Refused | Trouble::Ignored if self == Operation::Commit => row.always,
            // Before a container is made may be a look, which did not get through.
            Trouble::Ignored if self == Operation::CreateContainer => &["ambiguous", "timeout"],
            // Too slow for what reads the object, too.
            Trouble::Fault(Fault::SlowDrip { from: At::MidBody, .. }) if self == Operation::Get => row.always,
            Trouble::Fault(Fault::SlowDrip { from: At::AfterHeaders | At::MidBody, .. }) => {
                // What comes slowly comes; the deadline is for what the provider itself waits for as a whole.
                if cx.fixture().answers_in_words(self) { row.always } else { SUCCESS }
            }
            // An answer without a body, whatever follows it; if it says too little, another is asked for.
            Trouble::Fault(Fault::Endless { .. }) if self.is_head(cx) || self == Operation::MoveObject => {
                &["protocol", "unavailable", "too-large"]
            }
            Trouble::Fault(Fault::Endless { .. }) if self == Operation::Get => {
                &["protocol", "too-large", "timeout"]
            }
            // The beginning of an answer that is not the service's.
            Trouble::Fault(Fault::Cut {
                at: At::AfterHeaders | At::MidBody,
                upstream: Upstream::Skipped,
                ..
            }) if self == Operation::Get => &["protocol"],
            // A service may say so after a copy or a deletion began well.
            _ if row.name == "xml-error"
                && matches!(
                    self,
                    Operation::CopyObject | Operation::DeleteObject | Operation::DeleteObjects
                ) =>
            {
                &["protocol", "unavailable"]
            }
            // The length of an object is nowhere else.
            Trouble::Fault(Fault::WithoutLength)
                if matches!(
                    self,
                    Operation::Get | Operation::HasObject | Operation::ObjectInfo | Operation::MoveObject
                ) =>
            {
                &["success", "protocol"]
            }
            _ if self.is_found_out() && self != Operation::Upload => row.once,
            _ => row.always,
        }
    }

    fn mended(self, row: &Row) -> Option<Expect> {
        match row.fault {
            _ if !row.mended => None,
            // What was passed on already cannot be asked for again.
            Trouble::Fault(Fault::Cut { at: At::AfterHeaders | At::MidBody, .. })
                if self == Operation::Get =>
            {
                None
            }
            Trouble::Fault(Fault::WithoutLength) => None,
            // A container has no mark of who made it.
            _ if self == Operation::CreateContainer && row.rule == "all.commit-lost" => {
                Some(&["success", "ambiguous"])
            }
            _ => Some(SUCCESS),
        }
    }

    fn refused(self) -> Expect {
        // Credentials for objects need not be good for the container.
        if self == Operation::GetContainer { SUCCESS } else { &["access-denied"] }
    }

    fn concerns(self, cx: &Cx) -> fn(&Request) -> bool {
        match self {
            Operation::Commit => cx.fixture().is_no_block(),
            // A look before and after changes nothing.
            Operation::CreateContainer => |request| request.method == "PUT",
            _ => |_| true,
        }
    }

    fn prepare<'a>(self, cx: &Cx, session: &'a Session) -> Result<Box<dyn common::Prepared<Blobstore> + 'a>> {
        let outside = cx.outside();
        let room = if self.has_room() { cx.fresh_room() } else { cx.fixture().container().to_owned() };
        let (name, other) = (cx.key(self.name()), cx.key("other"));
        match self {
            Operation::CreateContainer => {}
            _ if self.has_room() => outside.create_container(&room)?,
            _ => {}
        }
        if self != Operation::CreateContainer {
            outside.put(&room, &name, BEFORE.as_bytes())?;
        }
        if matches!(self, Operation::DeleteObjects | Operation::Clear) {
            outside.put(&room, &other, BEFORE.as_bytes())?;
        }
        if matches!(self, Operation::CopyObject | Operation::MoveObject) {
            outside.delete(&room, &other)?;
        }
        let container = match self {
            _ if !self.is_in_container() => None,
            _ => Some(patiently(|| session.container(&room))?),
        };
        let length = if self == Operation::Put { 1000 } else { BLOCKS * cx.fixture().block() - 1 };
        let content = pattern(self as u64, length);
        let mut prepared =
            Prepared { operation: self, session, container, room, name, other, content, value: None };
        if self == Operation::Commit {
            prepared.value = Some(prepared.written()?);
        }
        Ok(Box::new(prepared))
    }
}

struct Prepared<'a> {
    operation: Operation,
    session: &'a Session,
    container: Option<Container<'a>>,
    room: String,
    name: String,
    other: String,
    /// What is written.
    content: Content,
    value: Option<(Value<'a>, Output<'a>)>,
}

impl<'a> Prepared<'a> {
    fn container(&self) -> Reply<&Container<'a>> {
        self.container.as_ref().ok_or_else(|| Problem::Broken(anyhow::anyhow!("no container was opened")))
    }

    /// A value with all its bytes, whether its stream took them or not.
    fn written(&self) -> Reply<(Value<'a>, Output<'a>)> {
        let value = self.session.value()?;
        self.container()?.write_data(&self.name, &value)?;
        let stream = value.body()?;
        match stream.write_all(&self.content) {
            // Why, is for `finish` to say.
            Err(Problem::Failed { error, .. }) if error == "closed" => {}
            other => other?,
        }
        Ok((value, stream))
    }
}

impl common::Prepared<Blobstore> for Prepared<'_> {
    fn run(&mut self) -> Reply<()> {
        let (room, name, other) = (self.room.as_str(), self.name.as_str(), self.other.as_str());
        match self.operation {
            Operation::Put | Operation::Upload => {
                let (value, _stream) = self.written()?;
                value.finish()?;
            }
            Operation::Commit => {
                let written = self.value.take().map_or_else(|| self.written(), Ok)?;
                written.0.finish()?;
            }
            Operation::Get => {
                let got = self.container()?.get_data(name, 0, u64::MAX)?.sync()?;
                there(got == Data::of(BEFORE.as_bytes()), "other-bytes")?;
            }
            Operation::HasObject => there(self.container()?.has(name)?, "no-such-object")?,
            Operation::ObjectInfo => {
                equal("the size", self.container()?.object_info(name)?.size, BEFORE.len() as u64)?;
            }
            Operation::ListObjects => drop(self.container()?.list()?.read(1)?),
            Operation::DeleteObject => self.container()?.delete(name)?,
            Operation::DeleteObjects => self.container()?.delete_many(&[name, other])?,
            Operation::CopyObject => self.session.copy((room, name), (room, other))?,
            Operation::MoveObject => self.session.rename((room, name), (room, other))?,
            Operation::Clear => self.container()?.clear()?,
            Operation::CreateContainer => drop(self.session.create_container(room)?),
            Operation::GetContainer => drop(self.session.container(room)?),
            Operation::ContainerInfo => drop(self.container()?.info()?),
            Operation::ContainerExists => {
                there(self.session.container_exists(room)?, "no-such-container")?;
            }
            Operation::DeleteContainer => self.session.delete_container(room)?,
        }
        Ok(())
    }

    fn check(&self, cx: &Cx, kind: Option<&str>) -> Result<()> {
        let outside = cx.outside();
        let now = |name: &str| data(outside.get(&self.room, name));
        let before = Some(Data::of(BEFORE.as_bytes()));
        match self.operation {
            Operation::Put | Operation::Upload | Operation::Commit => {
                let now = now(&self.name)?;
                let written = now.as_ref() == Some(&self.content.data());
                ensure!(written || now == before, "neither what was there nor what was written: {now:?}");
                self.held(kind, written)
            }
            Operation::CreateContainer => self.held(kind, outside.containers()?.contains(&self.room)),
            Operation::DeleteContainer if kind.is_none() => {
                equal("whether it is there", outside.containers()?.contains(&self.room), false)
            }
            Operation::DeleteContainer => Ok(()),
            Operation::DeleteObject | Operation::DeleteObjects | Operation::Clear if kind.is_none() => {
                equal("the object after its deletion", now(&self.name)?, None)?;
                equal("the other one", now(&self.other)?, None)
            }
            Operation::CopyObject if kind.is_none() => {
                equal("the source", now(&self.name)?, before.clone())?;
                equal("the copy", now(&self.other)?, before)
            }
            Operation::MoveObject if kind.is_none() => {
                equal("the source", now(&self.name)?, None)?;
                equal("what was moved", now(&self.other)?, before)
            }
            // Never nowhere.
            Operation::MoveObject => {
                let (source, moved) = (now(&self.name)?, now(&self.other)?);
                ensure!(source == before || moved == before, "source {source:?}, destination {moved:?}");
                Ok(())
            }
            Operation::DeleteObject | Operation::DeleteObjects | Operation::Clear => Ok(()),
            _ => equal("the object", now(&self.name)?, before),
        }
    }
}

impl Prepared<'_> {
    /// What the app was told is true: success if it happened, and an error if not.
    fn held(&self, kind: Option<&str>, happened: bool) -> Result<()> {
        match kind {
            None => ensure!(happened, "it did not happen, although the answer was success"),
            Some(kind) if self.operation.is_found_out() && kind != "ambiguous" => {
                ensure!(!happened, "it happened, although the answer was `{kind}`");
            }
            Some(_) => {}
        }
        Ok(())
    }
}

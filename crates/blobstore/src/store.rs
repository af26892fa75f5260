use std::collections::VecDeque;

use plugboard_error::Result;
use plugboard_http::{Body, Chunks};

use crate::{Blocks, Failures, Policy};

/// One service that holds objects in containers. What each operation promises is in docs/semantics.md, under its name.
///
/// Containers come in the service's own names: what the settings allow and rename is settled before. Where a
/// container or an object is missing and that is not an answer of its own, it is the error `no-such-container` or
/// `no-such-object`.
pub trait Store: Sized + 'static {
    /// An object that is written in blocks: what the service knows it by, and the blocks so far.
    type Upload;
    /// A block on its way to the service.
    type Block;
    /// The bytes of an object on their way from the service.
    type Body: Body;

    /// Reads the configuration. No network I/O.
    fn configure() -> Result<Self>;

    /// What the settings let an app do.
    fn policy(&self) -> &Policy;

    /// How large objects are cut.
    fn blocks(&self) -> Blocks;

    /// One that exists is the error `container-already-exists`; a name that the service forbids is `invalid`.
    fn create_container(&self, container: &str) -> Result<()>;

    /// Services may tell this of more containers, or with less effort, than all of [`Store::container`].
    fn has_container(&self, container: &str) -> Result<bool> {
        Ok(self.container(container)?.is_some())
    }

    /// None if there is no such container.
    fn container(&self, container: &str) -> Result<Option<ContainerInfo>>;

    /// With all that is in it. One that is not there is no error.
    fn delete_container(&self, container: &str) -> Result<()>;

    /// Writes a whole object in one request.
    fn put(&self, object: Object<'_>, bytes: Chunks) -> Result<()>;

    /// Begins an object of several blocks.
    fn begin(&self, object: Object<'_>) -> Result<Self::Upload>;

    /// Begins to send the next block, and does not wait.
    fn send_block(&self, upload: &mut Self::Upload, bytes: Chunks) -> Result<Self::Block>;

    /// Sends of the block what the host takes now, and does not wait; true once there is nothing left to do but
    /// [`Store::finish_block`], which then does not wait either.
    fn pump(&self, block: &mut Self::Block) -> bool;

    /// Waits until one of the blocks can go on.
    fn wait(&self, blocks: &VecDeque<Self::Block>) -> Result<()>;

    /// Waits until the service has the block, sending it again where need be.
    fn finish_block(&self, upload: &mut Self::Upload, block: Self::Block) -> Result<()>;

    /// Makes the object of its blocks, all of which are finished. Whether a commit whose answer was lost has
    /// happened is found out; where that cannot be known it is the error `ambiguous`. (`all.commit-lost`)
    fn commit(&self, upload: Self::Upload) -> Result<()>;

    /// Gives up an object that was begun, where the service wants to be told. Never touches what is there.
    fn abort(&self, upload: Self::Upload);

    /// The bytes from `first` to `last`, both included and the first not behind the last, as far as there are any:
    /// a beginning behind the end is an empty download. One request.
    fn get(&self, object: Object<'_>, first: u64, last: u64) -> Result<Download<Self::Body>>;

    /// None if there is no such object; a missing container is an error.
    fn head(&self, object: Object<'_>) -> Result<Option<ObjectInfo>>;

    /// One page of names in the service's order. `after` is an earlier page's `next`.
    fn list(&self, container: &str, after: Option<&str>) -> Result<Page>;

    /// One that is not there is no error.
    fn delete(&self, object: Object<'_>) -> Result<()>;

    /// Deletes each, also after one could not be. Services with a request for many do better than one by one. Names that
    /// were `listed` may be such as no app can have written.
    fn delete_each(&self, container: &str, names: &[String], _listed: bool, failed: &mut Failures) {
        crate::delete::one_by_one(self, container, names, failed);
    }

    /// The same for an app, with one error of all that could not be deleted.
    fn delete_many(&self, container: &str, names: &[String]) -> Result<()> {
        let mut failed = Failures::default();
        self.delete_each(container, names, false, &mut failed);
        failed.summary(names.len())
    }

    /// Copies within the service, and returns when the copy is complete. The two are not the same object.
    fn copy(&self, from: Object<'_>, to: Object<'_>) -> Result<()>;
}

/// Where an object is: the service's name of its container, and its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object<'a> {
    pub container: &'a str,
    pub name: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContainerInfo {
    /// Seconds since the Unix epoch.
    pub created_at: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Seconds since the Unix epoch.
    pub created_at: u64,
    pub size: u64,
}

/// Part of a listing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub names: Vec<String>,
    /// None at the end.
    pub next: Option<String>,
}

/// A part of an object.
pub struct Download<B> {
    /// Bytes.
    pub size: u64,
    /// One that is drained where there are no bytes: only the service's answers have streams to give.
    pub body: B,
}

//! A store that writes down what it is asked for, and fails where it is told to.

#![allow(clippy::unimplemented, reason = "the tests do not call these")]

use std::cell::RefCell;
use std::collections::VecDeque;

use plugboard_error::{Error, Kind, Result};
use plugboard_http::Chunks;
use plugboard_http::fake::FakeBody;

use crate::{Blocks, ContainerInfo, Download, Object, ObjectInfo, Page, Policy, Store};

#[derive(Default)]
pub(crate) struct Fake {
    calls: RefCell<Vec<String>>,
    failing: RefCell<String>,
    pages: RefCell<VecDeque<Page>>,
}

/// One for a test; it lives as long as the process.
pub(crate) fn store() -> &'static Fake {
    Box::leak(Box::default())
}

impl Fake {
    pub(crate) fn calls(&self) -> Vec<String> {
        self.calls.borrow().clone()
    }

    pub(crate) fn fail(&self, call: &str) {
        *self.failing.borrow_mut() = call.to_owned();
    }

    pub(crate) fn mend(&self) {
        self.failing.borrow_mut().clear();
    }

    pub(crate) fn pages(&self, pages: Vec<Page>) {
        self.pages.borrow_mut().extend(pages);
    }

    fn call(&self, call: String) -> Result<()> {
        let fails = *self.failing.borrow() == call;
        self.calls.borrow_mut().push(call.clone());
        if fails { Err(Error::new(Kind::Unavailable, call)) } else { Ok(()) }
    }
}

fn text(bytes: &Chunks) -> String {
    let mut bytes = bytes.to_vec();
    bytes.truncate(16);
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Store for Fake {
    /// The number of blocks.
    type Upload = usize;
    type Block = Chunks;
    type Body = FakeBody;

    fn configure() -> Result<Self> {
        Ok(Fake::default())
    }

    fn policy(&self) -> &Policy {
        unimplemented!()
    }

    fn blocks(&self) -> Blocks {
        unimplemented!()
    }

    fn create_container(&self, _: &str) -> Result<()> {
        unimplemented!()
    }

    fn container(&self, _: &str) -> Result<Option<ContainerInfo>> {
        unimplemented!()
    }

    fn delete_container(&self, _: &str) -> Result<()> {
        unimplemented!()
    }

    fn put(&self, object: Object<'_>, bytes: Chunks) -> Result<()> {
        self.call(format!("put {}/{} {:?}", object.container, object.name, text(&bytes)))
    }

    fn begin(&self, object: Object<'_>) -> Result<usize> {
        self.call(format!("begin {}/{}", object.container, object.name))?;
        Ok(0)
    }

    fn send_block(&self, upload: &mut usize, bytes: Chunks) -> Result<Chunks> {
        *upload += 1;
        self.call(format!("block {}", text(&bytes)))?;
        Ok(bytes)
    }

    fn pump(&self, _: &mut Chunks) -> bool {
        // Blocks are through as soon as somebody waited for them.
        self.calls.borrow().last().is_some_and(|call| call.starts_with("wait"))
    }

    fn wait(&self, blocks: &VecDeque<Chunks>) -> Result<()> {
        self.call(format!("wait {}", blocks.len()))
    }

    fn finish_block(&self, _: &mut usize, block: Chunks) -> Result<()> {
        self.call(format!("finish {}", text(&block)))
    }

    fn commit(&self, upload: usize) -> Result<()> {
        self.call(format!("commit {upload}"))
    }

    fn abort(&self, _: usize) {
        let _ = self.call("abort".into());
    }

    fn get(&self, _: Object<'_>, _: u64, _: u64) -> Result<Download<FakeBody>> {
        unimplemented!()
    }

    fn head(&self, _: Object<'_>) -> Result<Option<ObjectInfo>> {
        unimplemented!()
    }

    fn list(&self, container: &str, after: Option<&str>) -> Result<Page> {
        self.call(format!("list {container} {after:?}"))?;
        Ok(self.pages.borrow_mut().pop_front().unwrap())
    }

    fn delete(&self, object: Object<'_>) -> Result<()> {
        self.call(format!("delete {}/{}", object.container, object.name))
    }

    fn copy(&self, _: Object<'_>, _: Object<'_>) -> Result<()> {
        unimplemented!()
    }
}

//! Another client of the service: its vendor's own SDK, in Python.

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::fixture::{About, Outside};
use crate::script::Script;

/// All scripts take the same orders.
pub(super) struct Sdk(pub(super) Script);

impl Sdk {
    /// What it came to; none where there is no such object.
    fn perform<T: DeserializeOwned>(&self, order: Value, body: &[u8]) -> Result<Option<(T, Vec<u8>)>> {
        let (result, bytes) = self.0.ask(order, body)?;
        Ok(serde_json::from_value::<Option<T>>(result)?.map(|result| (result, bytes)))
    }

    pub(super) fn must<T: DeserializeOwned>(&self, order: Value, body: &[u8]) -> Result<T> {
        Ok(self.perform(order, body)?.context("there is no such object")?.0)
    }
}

impl Outside for Sdk {
    fn containers(&self) -> Result<Vec<String>> {
        self.must(json!({ "do": "containers" }), b"")
    }

    fn create_container(&self, container: &str) -> Result<()> {
        self.must::<bool>(json!({ "do": "create-container", "container": container }), b"").map(drop)
    }

    fn touch_container(&self, container: &str) -> Result<()> {
        self.must::<bool>(json!({ "do": "touch-container", "container": container }), b"").map(drop)
    }

    fn get(&self, container: &str, name: &str) -> Result<Option<Vec<u8>>> {
        let order = json!({ "do": "get", "container": container, "name": name });
        Ok(self.perform::<bool>(order, b"")?.map(|(_, bytes)| bytes))
    }

    fn put(&self, container: &str, name: &str, bytes: &[u8]) -> Result<()> {
        self.must::<bool>(json!({ "do": "put", "container": container, "name": name }), bytes).map(drop)
    }

    fn delete(&self, container: &str, name: &str) -> Result<()> {
        self.perform::<bool>(json!({ "do": "delete", "container": container, "name": name }), b"").map(drop)
    }

    fn names(&self, container: &str) -> Result<Vec<String>> {
        self.must(json!({ "do": "names", "container": container }), b"")
    }

    fn about(&self, container: &str, name: &str) -> Result<Option<About>> {
        let order = json!({ "do": "about", "container": container, "name": name });
        Ok(self.perform(order, b"")?.map(|(about, _)| about))
    }
}

//! The directory of one run: logs, configuration files, data of the servers.

use std::{
    fs::{self, File},
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::children;

/// A temporary directory that is removed at the end, or kept and named when something failed: a test
/// panicked, [`Run::scope`] saw an error, a server did not start, or somebody called [`Run::keep`].
#[derive(Clone)]
pub struct Run(Arc<Inner>);

struct Inner {
    /// Taken by `drop` only.
    dir: Option<TempDir>,
    keep: AtomicBool,
}

impl Run {
    pub fn new(name: &str) -> Result<Run> {
        let prefix = format!("plugboard-{name}-");
        let dir =
            tempfile::Builder::new().prefix(&prefix).tempdir().context("cannot make a run directory")?;
        children::remove_on_interrupt(dir.path());
        Ok(Run(Arc::new(Inner { dir: Some(dir), keep: AtomicBool::new(false) })))
    }

    /// Runs `body` in a directory of its own, which an error keeps and names.
    pub fn scope<T>(name: &str, body: impl FnOnce(&Run) -> Result<T>) -> Result<T> {
        let run = Run::new(name)?;
        body(&run).inspect_err(|_| run.keep()).with_context(|| format!("logs in {}", run.path().display()))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Something failed: leave the directory for whoever looks into it.
    pub fn keep(&self) {
        self.0.keep.store(true, Ordering::Relaxed);
    }

    /// A new file `<name>.<extension>`, or `<name>-2.<extension>` and so on.
    pub(crate) fn create(&self, name: &str, extension: &str) -> Result<(PathBuf, File)> {
        for number in 1.. {
            let suffix = if number == 1 { String::new() } else { format!("-{number}") };
            let path = self.path().join(format!("{name}{suffix}.{extension}"));
            // Appending, because servers reopen their log by name.
            match File::options().append(true).create_new(true).open(&path) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                file => {
                    return file.map(|file| (path.clone(), file)).with_context(|| path.display().to_string());
                }
            }
        }
        unreachable!("the loop ends by returning")
    }

    /// [`Run::create`] with text in it.
    pub(crate) fn write(&self, name: &str, extension: &str, text: &str) -> Result<PathBuf> {
        let (path, _) = self.create(name, extension)?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
        Ok(path)
    }
}

impl Inner {
    fn path(&self) -> &Path {
        self.dir.as_ref().expect("only drop takes it").path()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let Some(dir) = self.dir.take() else { return };
        children::forget_directory(dir.path());
        if self.keep.load(Ordering::Relaxed) || thread::panicking() {
            eprintln!("kept for you to look into: {}", dir.keep().display());
        }
    }
}

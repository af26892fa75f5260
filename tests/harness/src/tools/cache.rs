//! The cache: versioned folders, installed once, whoever asks and however many ask at once.

use std::{
    env,
    fs::{self, File, TryLockError},
    io::{IsTerminal, stderr},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use crate::process::run_logged;

pub(super) struct Cache {
    root: PathBuf,
}

/// An installation under way: the installer fills `dir`, which then moves to its place as a whole.
pub(super) struct Stage {
    /// Must have `bin/<exe>` at the end.
    pub(super) dir: PathBuf,
    /// For whatever is needed on the way; removed afterwards.
    pub(super) scratch: PathBuf,
    log: PathBuf,
}

impl Cache {
    pub(super) fn user() -> Result<Cache> {
        let from = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = from("PLUGBOARD_CACHE")
            .or_else(|| from("XDG_CACHE_HOME").map(|dir| dir.join("plugboard")))
            .or_else(|| from("HOME").map(|dir| dir.join(".cache/plugboard")))
            .context("no place for the tools: set `PLUGBOARD_CACHE`")?;
        ensure!(root.is_absolute(), "the cache must be an absolute path, not `{}`", root.display());
        Ok(Cache { root })
    }

    #[cfg(test)]
    pub(super) fn at(root: &Path) -> Cache {
        Cache { root: root.to_owned() }
    }

    /// `bin/<exe>` of tool `name` in whatever version is here: the last by name.
    pub(super) fn any_version(&self, name: &str, exe: &str) -> Option<PathBuf> {
        let prefix = format!("{name}-");
        fs::read_dir(self.root.join("tools"))
            .ok()?
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
            .map(|entry| entry.path().join("bin").join(exe))
            .filter(|path| path.is_file())
            .max()
    }

    /// The path of `bin/<exe>` of `<name>-<version>`, which `install` provides if it is not there yet.
    pub(super) fn get(
        &self,
        name: &str,
        version: &str,
        exe: &str,
        note: &str,
        install: impl FnOnce(&Stage) -> Result<()>,
    ) -> Result<PathBuf> {
        let id = format!("{name}-{version}");
        let home = self.root.join("tools").join(&id);
        let path = home.join("bin").join(exe);
        if path.is_file() {
            return Ok(path);
        }
        for dir in ["tools", "locks", "logs", "tmp"] {
            let dir = self.root.join(dir);
            fs::create_dir_all(&dir).with_context(|| format!("cannot make `{}`", dir.display()))?;
        }
        let _lock = lock(&self.root.join("locks").join(&id), &id)?;
        if path.is_file() {
            return Ok(path); // by whoever held the lock before us
        }

        // Under the lock these names are ours, and what a killed installer left there is waste.
        let stage = Stage {
            dir: self.root.join("tmp").join(&id),
            scratch: self.root.join("tmp").join(format!("{id}-scratch")),
            log: self.root.join("logs").join(format!("{id}.log")),
        };
        let _ = fs::remove_file(&stage.log);
        for dir in [&stage.dir, &stage.scratch] {
            remove_if_there(dir)?;
            fs::create_dir_all(dir)?;
        }
        let installed = with_progress(&format!("{name} {version}"), note, || install(&stage));
        remove_if_there(&stage.scratch)?;
        installed.with_context(|| format!("cannot install {name} {version}"))?;
        ensure!(stage.dir.join("bin").join(exe).is_file(), "{name} {version} came without `{exe}`");
        remove_if_there(&home)?;
        fs::rename(&stage.dir, &home).with_context(|| format!("cannot make `{}`", home.display()))?;
        Ok(path)
    }
}

impl Stage {
    /// Runs a step of the installation, its output in the log.
    pub(super) fn run(&self, command: Command) -> Result<()> {
        run_logged(command, &self.log)
    }
}

fn remove_if_there(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", dir.display()))
        }
        _ => Ok(()),
    }
}

/// Held until the file is dropped, or the process ends however it may.
fn lock(path: &Path, what: &str) -> Result<File> {
    let file = File::create(path).with_context(|| format!("cannot make `{}`", path.display()))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            eprintln!("waiting for another process that installs {what} …");
            file.lock()?;
        }
        Err(TryLockError::Error(error)) => return Err(error.into()),
    }
    Ok(file)
}

fn with_progress<T>(what: &str, note: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let since = Instant::now();
    let message = format!("installing {what}{note} …");
    let done = if stderr().is_terminal() {
        let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}")?;
        let spinner = ProgressBar::new_spinner().with_style(style).with_message(message);
        spinner.enable_steady_tick(Duration::from_millis(120));
        let done = work();
        spinner.finish_and_clear();
        done
    } else {
        eprintln!("{message}");
        work()
    }?;
    eprintln!("installed {what} in {}", HumanDuration(since.elapsed()));
    Ok(done)
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn many_ask_and_one_installs() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path());
        let installations = AtomicUsize::new(0);
        let install = |stage: &Stage| {
            installations.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(50));
            fs::create_dir(stage.dir.join("bin"))?;
            Ok(fs::write(stage.dir.join("bin/tool"), "")?)
        };
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let path = cache.get("tool", "1.2", "tool", "", install).unwrap();
                    assert_eq!(path, dir.path().join("tools/tool-1.2/bin/tool"));
                    assert!(path.is_file());
                });
            }
        });
        assert_eq!(installations.into_inner(), 1);
        assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0, "nothing is left behind");
    }

    #[test]
    fn a_failed_installation_names_its_log_and_can_be_repeated() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path());
        let failing = |stage: &Stage| stage.run(sh("echo the reason; exit 3"));
        let error = format!("{:#}", cache.get("tool", "1.2", "tool", "", failing).unwrap_err());
        let log = dir.path().join("logs/tool-1.2.log");
        for part in ["cannot install tool 1.2", "exit status: 3", "the reason", log.to_str().unwrap()] {
            assert!(error.contains(part), "`{part}` is not in: {error}");
        }
        assert!(!dir.path().join("tools/tool-1.2").exists());

        let empty = |_: &Stage| Ok(());
        let error = cache.get("tool", "1.2", "tool", "", empty).unwrap_err();
        assert_eq!(error.to_string(), "tool 1.2 came without `tool`");

        let good = |stage: &Stage| {
            let mut command = sh("mkdir bin && touch bin/tool");
            command.current_dir(&stage.dir);
            stage.run(command)
        };
        assert!(cache.get("tool", "1.2", "tool", "", good).unwrap().is_file());
    }

    #[test]
    fn any_version_wants_the_executable() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path());
        assert_eq!(cache.any_version("tool", "exe"), None);
        for (id, exe) in [("tool-1", "exe"), ("tool-2", "exe"), ("tool-3", "other"), ("toolbox-9", "exe")] {
            let bin = dir.path().join("tools").join(id).join("bin");
            fs::create_dir_all(&bin).unwrap();
            fs::write(bin.join(exe), "").unwrap();
        }
        assert_eq!(cache.any_version("tool", "exe"), Some(dir.path().join("tools/tool-2/bin/exe")));
    }
}

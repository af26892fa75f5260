//! The children of this process: who they are, and that none outlives it.
//!
//! Each is in a process group of its own, so that a Ctrl-C in the terminal reaches only us; then we stop
//! them in order. Where that is impossible (SIGKILL, a crash) Linux kills them for us.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{self, Command, ExitStatus},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

use super::POLL;

const GRACE: Duration = Duration::from_secs(2);

/// Everything there is to clean up on Ctrl-C.
struct Live {
    children: BTreeMap<u64, process::Child>,
    directories: BTreeSet<PathBuf>,
    next: u64,
}

static LIVE: Mutex<Live> =
    Mutex::new(Live { children: BTreeMap::new(), directories: BTreeSet::new(), next: 0 });

fn live() -> MutexGuard<'static, Live> {
    // A panic elsewhere leaves the maps as they are: still the right things to clean up.
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A child process, stopped on drop. The `process::Child` itself is in [`LIVE`] until it is stopped.
pub(super) struct Child {
    key: u64,
    pid: u32,
}

impl Child {
    pub(super) fn spawn(mut command: Command) -> io::Result<Child> {
        stop_all_on_interrupt()?;
        command.process_group(0);
        die_with_us(&mut command);
        let child = spawn_from_a_lasting_thread(command)?;
        let pid = child.id();
        let mut live = live();
        let key = live.next;
        live.next += 1;
        live.children.insert(key, child);
        Ok(Child { key, pid })
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    pub(super) fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        match live().children.get_mut(&self.key) {
            Some(child) => child.try_wait(),
            None => Err(io::Error::other("the process was stopped")),
        }
    }

    /// Waits until the process ends by itself.
    pub(super) fn wait(&self) -> io::Result<ExitStatus> {
        loop {
            match self.try_wait()? {
                Some(status) => return Ok(status),
                None => thread::sleep(POLL),
            }
        }
    }

    pub(super) fn stop(&self) {
        // Taken in a statement of its own: the lock is not held during the grace.
        let child = live().children.remove(&self.key);
        if let Some(child) = child {
            stop(child);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stop();
    }
}

fn stop(mut child: process::Child) {
    for signal in [Signal::TERM, Signal::KILL] {
        signal_group(&mut child, signal);
        let since = Instant::now();
        while since.elapsed() < GRACE {
            if !matches!(child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(POLL);
        }
    }
}

fn signal_group(child: &mut process::Child, signal: Signal) {
    // Only a child that was not waited for owns its number; after that it may be anybody's.
    if matches!(child.try_wait(), Ok(None))
        && let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw)
    {
        let _ = kill_process_group(group, signal); // fails only if it is gone already
    }
}

pub(super) fn remove_on_interrupt(directory: &Path) {
    live().directories.insert(directory.to_owned());
}

pub(super) fn forget_directory(directory: &Path) {
    live().directories.remove(directory);
}

/// From the first child on, Ctrl-C (or SIGTERM, or the terminal's end) stops every child, removes the run directories and ends
/// this process.
fn stop_all_on_interrupt() -> io::Result<()> {
    static INSTALLED: Mutex<bool> = Mutex::new(false);
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if *installed {
        return Ok(());
    }
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
    thread::Builder::new().name("interrupt".into()).spawn(move || {
        let Some(signal) = signals.forever().next() else { return };
        // Held to the end, so that nobody starts another child.
        let mut live = live();
        for child in live.children.values_mut() {
            signal_group(child, Signal::TERM); // all at once, then wait for each
        }
        while let Some((_, child)) = live.children.pop_first() {
            stop(child);
        }
        for directory in &live.directories {
            let _ = fs::remove_dir_all(directory); // it is in the system's temporary folder anyway
        }
        process::exit(128 + signal)
    })?;
    *installed = true;
    Ok(())
}

/// "Parent death" is the death of the *thread* that spawned, and a server may outlive the test that
/// started it: so one thread, which lives as long as the process, spawns them all.
fn spawn_from_a_lasting_thread(command: Command) -> io::Result<process::Child> {
    type Request = (Command, mpsc::Sender<io::Result<process::Child>>);
    static SPAWNER: OnceLock<mpsc::Sender<Request>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (requests, inbox) = mpsc::channel::<Request>();
        thread::spawn(move || {
            for (mut command, answer) in inbox {
                let _ = answer.send(command.spawn());
            }
        });
        requests
    });
    let (answer, child) = mpsc::channel();
    let gone = || io::Error::other("the spawning thread ended");
    spawner.send((command, answer)).map_err(|_| gone())?;
    child.recv().map_err(|_| gone())?
}

#[cfg(target_os = "linux")]
fn die_with_us(command: &mut Command) {
    let us = rustix::process::getpid();
    let hook = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        if rustix::process::getppid() != Some(us) {
            return Err(io::ErrorKind::BrokenPipe.into()); // the parent died before the line above
        }
        Ok(())
    };
    // SAFETY: the closure makes two system calls and allocates nothing, as is demanded between fork and exec.
    unsafe { command.pre_exec(hook) };
}

#[cfg(not(target_os = "linux"))]
fn die_with_us(_: &mut Command) {}

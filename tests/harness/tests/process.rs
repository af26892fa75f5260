//! Processes: ready, used, stopped; and what is left when something fails.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use plugboard_harness::{
    Run, Server,
    process::{free_port, http_status},
};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

fn sh(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn pid(number: u32) -> Pid {
    Pid::from_raw(number.try_into().unwrap()).unwrap()
}

fn lives(number: u32) -> bool {
    test_kill_process(pid(number)).is_ok()
}

/// A process that is not our child is gone a moment after it was told to.
fn dies(number: u32) -> bool {
    eventually(|| !lives(number))
}

fn eventually(mut done: impl FnMut() -> bool) -> bool {
    let since = Instant::now();
    while since.elapsed() < Duration::from_secs(10) {
        if done() {
            return true;
        }
        thread::sleep(Duration::from_millis(10));
    }
    false
}

#[test]
fn a_server_is_ready_then_stopped_and_its_log_removed() -> Result<()> {
    let run = Run::new("process")?;
    let dir = run.path().to_owned();
    let sleeper = sh("echo up and running; exec sleep 1000");
    let (server, line) = Server::start(&run, "sleeper", sleeper, |server| server.line("up and "))?;
    assert_eq!(line, "running");
    assert_eq!(server.log_path(), dir.join("sleeper.log"));
    assert_eq!(server.exited()?, None);
    let pid = server.pid();
    assert!(lives(pid));

    // Two of a name have two logs.
    let again = sh("echo up; exec sleep 1000");
    let (second, _) = Server::start(&run, "sleeper", again, |server| server.line("up"))?;
    assert_eq!(second.log_path(), dir.join("sleeper-2.log"));

    drop((server, second));
    assert!(!lives(pid));
    assert!(dir.exists(), "the run is still ours");
    drop(run);
    assert!(!dir.exists());
    Ok(())
}

#[test]
fn the_directory_outlives_the_run_while_a_server_uses_it() -> Result<()> {
    let run = Run::new("process")?;
    let dir = run.path().to_owned();
    let (server, ()) = Server::start(&run, "sleeper", sh("exec sleep 1000"), |_| Some(()))?;
    drop(run);
    assert!(dir.exists());
    drop(server);
    assert!(!dir.exists());
    Ok(())
}

#[test]
fn a_line_counts_when_it_is_finished() -> Result<()> {
    let run = Run::new("process")?;
    let halting = sh("printf 'port 12'; sleep 0.1; echo 34; exec sleep 1000");
    let (_server, port) = Server::start(&run, "halting", halting, |server| server.line("port "))?;
    assert_eq!(port, "1234");
    Ok(())
}

#[test]
fn an_early_exit_shows_the_end_of_the_log_and_keeps_it() -> Result<()> {
    let run = Run::new("process")?;
    let dir = run.path().to_owned();
    let failing = sh("for i in $(seq 50); do echo line $i.; done; echo no such option >&2; exit 7");
    let error = Server::start(&run, "failing", failing, |_| None::<()>).err().unwrap().to_string();
    let log = dir.join("failing.log").display().to_string();
    for part in ["`failing` ended before it was ready (exit status: 7)", "no such option", "line 50.", &log] {
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
    assert!(!error.contains("line 3."), "only the end: {error}");
    drop(run);
    assert!(dir.join("failing.log").is_file());
    Ok(fs::remove_dir_all(dir)?)
}

#[test]
fn what_never_gets_ready_is_stopped_at_the_deadline() -> Result<()> {
    let run = Run::new("process")?;
    let dir = run.path().to_owned();
    let mut pid = 0;
    let deadline = Duration::from_millis(200);
    let started = Server::start_within(deadline, &run, "silent", sh("exec sleep 1000"), |server| {
        pid = server.pid();
        None::<()>
    });
    let error = started.err().unwrap().to_string();
    assert!(error.contains("`silent` was not ready after 200ms"), "{error}");
    assert!(!lives(pid));
    drop(run);
    Ok(fs::remove_dir_all(dir)?)
}

#[test]
fn a_program_that_is_not_there() -> Result<()> {
    let run = Run::new("process")?;
    let command = Command::new("/no/such/program");
    let error = Server::start(&run, "nothing", command, |_| Some(())).err().unwrap();
    assert_eq!(error.to_string(), "cannot start `/no/such/program`");
    Ok(())
}

#[test]
fn whoever_ignores_the_first_signal_gets_the_second_with_all_its_children() -> Result<()> {
    let run = Run::new("process")?;
    let stubborn = sh("trap '' TERM; sleep 1000 & echo child $!; wait; sleep 1000");
    let (server, child) = Server::start(&run, "stubborn", stubborn, |server| server.line("child "))?;
    let (pid, child) = (server.pid(), child.parse()?);
    let since = Instant::now();
    drop(server);
    assert!(!lives(pid));
    assert!(dies(child));
    assert!(since.elapsed() < Duration::from_secs(10));
    Ok(())
}

#[test]
fn a_server_outlives_the_thread_that_started_it() -> Result<()> {
    let run = Run::new("process")?;
    let server = thread::scope(|scope| {
        let starter = scope.spawn(|| Server::start(&run, "sleeper", sh("exec sleep 1000"), |_| Some(())));
        starter.join().unwrap()
    })?
    .0;
    thread::sleep(Duration::from_millis(100));
    assert_eq!(server.exited()?, None);
    Ok(())
}

#[test]
fn an_error_keeps_the_run_and_names_it() -> Result<()> {
    let mut dir = PathBuf::new();
    let failed: Result<()> = Run::scope("process", |run| {
        dir = run.path().to_owned();
        bail!("the reason")
    });
    assert_eq!(format!("{:#}", failed.unwrap_err()), format!("logs in {}: the reason", dir.display()));
    assert!(dir.exists());
    fs::remove_dir_all(&dir)?;

    Run::scope("process", |run| {
        dir = run.path().to_owned();
        Ok(())
    })?;
    assert!(!dir.exists());
    Ok(())
}

#[test]
fn a_panic_keeps_the_run() -> Result<()> {
    let run = Run::new("process")?;
    let dir = run.path().to_owned();
    let test = thread::spawn(move || {
        let _run = run;
        panic!("a test failed; this message is expected");
    });
    assert!(test.join().is_err());
    assert!(dir.exists());
    Ok(fs::remove_dir_all(dir)?)
}

#[test]
fn http_status_is_what_the_server_says() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = BufReader::new(stream.try_clone().unwrap()).lines();
        while head.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        stream.write_all(b"HTTP/1.1 307 Elsewhere\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n").unwrap();
    });
    assert_eq!(http_status(&url), Some(307));
    server.join().unwrap();
    assert_eq!(http_status(&url), None);
}

/// Nothing here is for a proxy, whatever the user's environment says.
#[test]
fn http_status_asks_the_server_itself() {
    let mut again = Command::new(env::current_exe().unwrap());
    again
        .args(["--exact", "http_status_is_what_the_server_says"])
        .env_remove("NO_PROXY")
        .env_remove("no_proxy");
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        again.env(name, "http://127.0.0.1:1");
    }
    let output = again.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn free_ports_differ() {
    let ports: BTreeSet<_> = (0..100).map(|_| free_port()).collect();
    assert_eq!(ports.len(), 100);
}

/// What the two tests below need: this test program once more, as a process that holds two servers.
const HOLDER: &str = "PLUGBOARD_TEST_HOLDER";

struct Holder {
    process: std::process::Child,
    servers: Vec<u32>,
    dir: PathBuf,
}

impl Holder {
    fn start() -> Holder {
        let mut process = Command::new(env::current_exe().unwrap())
            .args(["--exact", "holds_servers_when_asked_to", "--nocapture"])
            .env(HOLDER, "yes")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
        let line =
            lines.filter_map(|line| line.split_once("holding ").map(|(_, rest)| rest.to_owned())).next();
        let line = line.expect("the holder started its servers");
        let mut words = line.split(' ');
        let dir = words.next().unwrap().into();
        Holder { process, servers: words.map(|word| word.parse().unwrap()).collect(), dir }
    }
}

#[test]
fn holds_servers_when_asked_to() -> Result<()> {
    let run = Run::new("held")?;
    let start = |script| Server::start(&run, "held", sh(script), |server| server.line("up"));
    let (quick, _) = start("echo up; exec sleep 1000")?;
    let (stubborn, _) = start("trap '' TERM; echo up; while true; do sleep 1; done")?;
    if env::var_os(HOLDER).is_some() {
        println!("holding {} {} {}", run.path().display(), quick.pid(), stubborn.pid());
        thread::sleep(Duration::from_secs(60));
    }
    Ok(())
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut holder = Holder::start();
        assert!(holder.dir.is_dir());
        kill_process(pid(holder.process.id()), signal).unwrap();
        assert_eq!(holder.process.wait().unwrap().code(), Some(code));
        assert!(!holder.servers.iter().any(|&server| lives(server)), "stopped before we ended");
        assert!(!holder.dir.exists());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_killed_parent_takes_its_servers_along() {
    let mut holder = Holder::start();
    kill_process(pid(holder.process.id()), Signal::KILL).unwrap();
    holder.process.wait().unwrap();
    assert!(holder.servers.iter().all(|&server| dies(server)));
    fs::remove_dir_all(Path::new(&holder.dir)).unwrap(); // nobody was left to do it
}

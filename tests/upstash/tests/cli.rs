//! The program: its arguments, its one line of output, its end.

mod common;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use common::{TOKEN, command_at, try_command_at, wait_until};

struct Program {
    child: Child,
    addr: std::net::SocketAddr,
}

impl Program {
    fn start(arguments: &[&str]) -> Self {
        Self::start_with(program().args(arguments))
    }

    fn start_with(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addr = line.trim_end().strip_prefix("listening on http://127.0.0.1:").expect(&line);
        Program { child, addr: format!("127.0.0.1:{addr}").parse().unwrap() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_upstash-local"));
    program.env_remove("UPSTASH_TOKEN");
    program
}

/// Runs the program to its end, which has to be a failure, and returns what it says.
fn refusal(arguments: &[&str]) -> String {
    let mut child = program().args(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the program refuses", || child.try_wait().unwrap().is_some());
    assert!(!child.wait().unwrap().success(), "{arguments:?}");
    let mut text = String::new();
    child.stderr.unwrap().read_to_string(&mut text).unwrap();
    text
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn it_ends_on_signals_and_keeps_the_data() {
    let directory = tempfile::tempdir().unwrap();
    let data = text(directory.path());
    for (round, signal) in ["TERM", "INT"].into_iter().enumerate() {
        let mut program = Program::start(&["--token", TOKEN, "--data", data]);
        let expected = format!(r#"{{"result":{}}}"#, round + 1);
        assert_eq!(command_at(program.addr, r#"["INCR", "n"]"#).text(), expected);
        let pid = program.child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        wait_until("the program ends", || program.child.try_wait().unwrap().is_some());
        assert!(program.child.wait().unwrap().success(), "SIG{signal}");
    }
}

#[test]
fn what_was_answered_survives_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for _ in 0..5 {
        let mut program = Program::start(&["--token", TOKEN, "--data", text(directory.path())]);
        let addr = program.addr;
        let stored = command_at(addr, r#"["GET", "n"]"#).text().replace("null", "0");
        let stored: u32 = stored.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
        assert!(
            (acknowledged..=acknowledged + 1).contains(&stored),
            "{stored} stored, {acknowledged} acknowledged"
        );
        acknowledged = stored;
        std::thread::scope(|scope| {
            let client = scope.spawn(move || {
                let mut answers = 0;
                while try_command_at(addr, r#"["INCR", "n"]"#).is_ok() {
                    answers += 1;
                }
                answers
            });
            std::thread::sleep(std::time::Duration::from_millis(200));
            program.child.kill().unwrap();
            acknowledged += client.join().unwrap();
        });
    }
    assert!(acknowledged > 5, "only {acknowledged} commands were answered");
}

#[test]
fn the_token_comes_from_a_file_an_argument_or_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let data = directory.path().join("data");
    let program = Program::start(&["--token-file", text(&file), "--data", text(&data)]);
    assert_eq!(command_at(program.addr, r#"["PING"]"#).status, 200);
    drop(program);

    // The file goes before the environment.
    for (arguments, variable) in [
        (&["--data", text(&data)][..], TOKEN),
        (&["--data", text(&data), "--token-file", text(&file)], "other"),
    ] {
        let program = Program::start_with(self::program().args(arguments).env("UPSTASH_TOKEN", variable));
        assert_eq!(command_at(program.addr, r#"["PING"]"#).status, 200);
    }
}

#[test]
fn bad_arguments_are_refused_in_plain_words() {
    let directory = tempfile::tempdir().unwrap();
    let data = text(directory.path());
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    for (arguments, expected) in [
        (&["--data", data][..], "--token"),
        (&["--token", "x"], "--data <DIRECTORY>|--redis <HOST:PORT>"),
        (&["--token", "x", "--data", data, "--redis", "127.0.0.1:1"], "cannot be used with"),
        (&["--token", "", "--data", data], "the token is empty"),
        (&["--token-file", text(&file), "--data", data], "the token is empty"),
        (&["--token-file", "no/such/file", "--data", data], "cannot read the token from `no/such/file`"),
        (&["--token", "x", "--data", data, "--listen", "0.0.0.0:0"], "give a loopback address"),
        (&["--token", "x", "--data", data, "--listen", "[::]:0"], "give a loopback address"),
        (&["--token", "x", "--data", data, "--listen", "here"], "'here'"),
        (&["--token", "x", "--data", text(&file)], "cannot use"),
        (&["--token", "x", "--redis", "127.0.0.1:1"], "Redis at `127.0.0.1:1` failed"),
    ] {
        let said = refusal(arguments);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
}

#[test]
fn help_names_every_argument_and_no_token() {
    let output = program().arg("--help").env("UPSTASH_TOKEN", "secret-token").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for argument in ["--listen", "--token-file", "--token", "--data", "--redis", "for development and tests"]
    {
        assert!(help.contains(argument), "{help}");
    }
    assert!(!help.contains("secret-token"), "{help}");
}

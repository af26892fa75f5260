//! Scripts, in the Lua 5.1 that Redis uses.
//!
//! Each run has a Lua state of its own: nothing a script does to its globals outlives it. There is no I/O, no
//! `require` and no loading of code, and none of Redis' `cjson`, `cmsgpack`, `struct` and `bit`.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use mlua::chunk::ChunkMode;
use mlua::debug::Debug;
use mlua::{
    Error, ExternalError, Function, HookTriggers, IntoLua, Lua, LuaOptions, LuaString, MultiValue, StdLib,
    Table, Value, VmState,
};

use super::commands::{self, Arguments, Failure, Outcome, quotable};
use super::scripts::sha1;
use super::store::Db;
use crate::reply::{Command, Reply};

const MEMORY: usize = if cfg!(test) { 16 << 20 } else { 1 << 30 };
/// Redis would let a script run on; here nobody could send the SCRIPT KILL.
const TIME: Duration = if cfg!(test) { Duration::from_millis(100) } else { Duration::from_secs(60) };
/// A table that contains itself has no end.
const DEPTH: usize = 100;

/// The one error that a script cannot catch.
#[derive(Debug)]
struct TimeIsUp;

impl std::fmt::Display for TimeIsUp {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "the script ran for more than {TIME:?}")
    }
}

impl std::error::Error for TimeIsUp {}

const SANDBOX: &str = include_str!("sandbox.lua");
/// What Lua calls the script in its messages, after the `@` that marks a file name.
const CHUNK: &str = "@user_script";

/// Whether the source is Lua at all.
pub(super) fn check(source: &[u8]) -> Result<(), Failure> {
    new_state(StdLib::NONE)
        .and_then(|lua| compile(&lua, source, lua.globals()))
        .map_err(|error| match error {
            Error::SyntaxError { message, .. } => {
                Failure(format!("ERR Error compiling script (new function): {message}"))
            }
            error => Failure(format!("ERR Error compiling script (new function): {error}")),
        })
        .map(drop)
}

pub(super) fn run(db: &mut Db, sha: &str, source: &[u8], keys: &Arguments, arguments: &Arguments) -> Outcome {
    new_state(StdLib::MATH | StdLib::STRING | StdLib::TABLE)
        .and_then(|lua| evaluate(&lua, db, sha, source, keys, arguments))
        .unwrap_or_else(|error: Error| Err(Failure(format!("ERR {error}"))))
}

fn new_state(libraries: StdLib) -> mlua::Result<Lua> {
    let lua = Lua::new_with(libraries, LuaOptions::default())?;
    lua.set_memory_limit(MEMORY)?;
    let started = Instant::now();
    lua.set_hook(HookTriggers::new().every_nth_instruction(100_000), move |_, _| {
        if started.elapsed() > TIME { Err(TimeIsUp.into_lua_err()) } else { Ok(VmState::Continue) }
    })?;
    Ok(lua)
}

fn compile(lua: &Lua, source: &[u8], globals: Table) -> mlua::Result<Function> {
    // Text only: Lua 5.1 does not check bytecode before it runs it.
    lua.load(source).set_name(CHUNK).set_mode(ChunkMode::Text).set_environment(globals).into_function()
}

fn evaluate(
    lua: &Lua,
    db: &mut Db,
    sha: &str,
    source: &[u8],
    keys: &Arguments,
    arguments: &Arguments,
) -> mlua::Result<Outcome> {
    let xpcall: Function = lua.globals().get("xpcall")?;
    let format: Function = lua.globals().get::<Table>("string")?.get("format")?;
    let strings = |items: &Arguments| sequence(lua, items.iter().map(|item| lua.create_string(item)));
    let db = RefCell::new(db);
    let line = Cell::new(0);
    let pcall = |arguments| invoke(&mut db.borrow_mut(), &format, arguments);
    lua.scope(|scope| {
        let redis = lua.create_table()?;
        redis.set(
            "call",
            scope.create_function(|lua, arguments| match pcall(arguments)? {
                Reply::Error(text) => Err(Failure(text).into_lua_err()),
                reply => to_lua(lua, reply),
            })?,
        )?;
        redis.set("pcall", scope.create_function(|lua, arguments| to_lua(lua, pcall(arguments)?))?)?;
        redis.set(
            "error_reply",
            lua.create_function(|lua, text: LuaString| {
                to_lua(lua, error_reply(&quotable(&text.as_bytes())))
            })?,
        )?;
        redis.set(
            "status_reply",
            lua.create_function(|lua, text: LuaString| to_lua(lua, Reply::Status(text.to_string_lossy())))?,
        )?;
        redis.set("sha1hex", lua.create_function(|_, text: LuaString| Ok(sha1(&text.as_bytes())))?)?;

        let caught = lua.create_function(|lua, reason| match (&reason, raised(&reason)) {
            (Value::Error(error), _) if error.downcast_ref::<TimeIsUp>().is_some() => {
                Err(TimeIsUp.into_lua_err())
            }
            (_, Some(text)) => lua.create_string(text).map(Value::String),
            (_, None) => Ok(reason),
        })?;
        let globals = lua.load(SANDBOX).set_name("@sandbox").call((
            redis,
            strings(keys)?,
            strings(arguments)?,
            caught,
        ))?;
        let script = compile(lua, source, globals)?;
        let note_line = scope.create_function(|lua, reason: Value| {
            line.set(current_line(lua));
            Ok(reason)
        })?;
        let (done, value): (bool, Value) = xpcall.call((script, note_line))?;
        Ok(match done {
            true => to_reply(value, 0),
            false => Err(Failure(format!("{} script: {sha}, on {CHUNK}:{}.", uncaught(&value), line.get()))),
        })
    })
}

/// Runs a command for the script.
fn invoke(db: &mut Db, format: &Function, arguments: MultiValue) -> mlua::Result<Reply> {
    let mut command = Command::new();
    for argument in arguments {
        command.push(match argument {
            Value::String(text) => text.as_bytes().to_vec(),
            Value::Integer(number) => number.to_string().into_bytes(),
            Value::Number(number) => format.call::<String>(("%.17g", number))?.into_bytes(),
            _ => {
                return Ok(Reply::Error(
                    "ERR Lua redis lib command arguments must be strings or integers".into(),
                ));
            }
        });
    }
    if command.is_empty() {
        return Ok(Reply::Error("ERR Please specify at least one argument for this redis lib call".into()));
    }
    Ok(commands::run_from_script(db, &command))
}

fn error_reply(text: &str) -> Reply {
    let text = text.strip_prefix('-').unwrap_or(text);
    Reply::Error(if text.contains(' ') { text.into() } else { format!("ERR {text}") })
}

fn to_lua(lua: &Lua, reply: Reply) -> mlua::Result<Value> {
    let field = |name, text: String| lua.create_table_from([(name, text)]).map(Value::Table);
    match reply {
        Reply::Nil => Ok(Value::Boolean(false)),
        Reply::Integer(number) => Ok(Value::Number(number as f64)),
        Reply::Bulk(bytes) => lua.create_string(bytes).map(Value::String),
        Reply::Status(text) => field("ok", text),
        Reply::Error(text) => field("err", text),
        Reply::Array(items) => {
            sequence(lua, items.into_iter().map(|item| to_lua(lua, item))).map(Value::Table)
        }
    }
}

/// A table of the items, one by one: each that is held takes a place on Lua's stack, which has few.
fn sequence<T: IntoLua>(lua: &Lua, items: impl Iterator<Item = mlua::Result<T>>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for item in items {
        table.raw_push(item?)?;
    }
    Ok(table)
}

/// A script's result as a reply: numbers lose their fraction, arrays end at the first nil.
fn to_reply(value: Value, depth: usize) -> Outcome {
    Ok(match value {
        Value::Boolean(true) => Reply::Integer(1),
        Value::Integer(number) => Reply::Integer(number),
        Value::Number(number) => Reply::Integer(number as i64),
        Value::String(text) => Reply::Bulk(text.as_bytes().to_vec()),
        Value::Table(table) => {
            if depth == DEPTH {
                return Err("ERR reached lua stack limit".into());
            }
            if let Some(text) = field(&table, "err") {
                return Ok(Reply::Error(text));
            }
            if let Some(text) = field(&table, "ok") {
                return Ok(Reply::Status(text));
            }
            let items =
                (1..).map_while(|index| table.raw_get(index).ok().filter(|item: &Value| !item.is_nil()));
            Reply::Array(items.map(|item| to_reply(item, depth + 1)).collect::<Result<_, _>>()?)
        }
        _ => Reply::Nil,
    })
}

/// A status or error text, which is one line in Redis' protocol.
fn field(table: &Table, name: &str) -> Option<String> {
    match table.raw_get(name) {
        Ok(Value::String(text)) => Some(quotable(&text.as_bytes()).replace(['\r', '\n'], " ")),
        _ => None,
    }
}

/// The text of an error that a command or the sandbox raised, or that a script raised as `{err = …}`.
fn raised(reason: &Value) -> Option<String> {
    match reason {
        Value::Error(error) => Some(match error.downcast_ref::<Failure>() {
            Some(failure) => failure.0.clone(),
            None => format!("ERR {}", error.chain().last().unwrap_or(&**error)),
        }),
        Value::Table(table) => field(table, "err"),
        _ => None,
    }
}

fn uncaught(reason: &Value) -> String {
    raised(reason).unwrap_or_else(|| match reason {
        Value::Table(_) => "ERR unknown error".into(),
        Value::String(text) => format!("ERR {}", text.to_string_lossy()),
        reason => format!("ERR {}", reason.to_string().unwrap_or_default()),
    })
}

/// The line of the script that is being run; commands and the sandbox lie above it on the stack.
fn current_line(lua: &Lua) -> usize {
    let script_line =
        |debug: &Debug| debug.current_line().filter(|_| debug.source().source.as_deref() == Some(CHUNK));
    (0..).map_while(|level| lua.inspect_stack(level, script_line)).flatten().next().unwrap_or_default()
}

//! The back end without a Redis: a subset of its commands on an embedded database.

mod commands;
mod glob;
mod keys;
mod lists;
mod lua;
mod scripts;
mod store;
mod strings;

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::{Context, Result};
use redb::Database;

use crate::reply::{Backend, Command, Reply};
use scripts::Scripts;
use store::{Db, TABLE};

pub(crate) struct Embedded {
    database: Database,
    /// Held while a command runs, so that commands run one after the other.
    scripts: Mutex<Scripts>,
}

impl Embedded {
    pub(crate) fn open(directory: &Path) -> Result<Self> {
        let open = || {
            std::fs::create_dir_all(directory)?;
            Ok(Database::create(directory.join("upstash.redb"))?)
        };
        let database = open().map_err(|error: anyhow::Error| {
            error.context(format!("cannot use `{}` for data", directory.display()))
        })?;
        Ok(Embedded { database, scripts: Mutex::default() })
    }

    /// Runs `work` in one transaction of the database. A change is on disk when this returns: redb's default,
    /// one synced commit for each.
    fn atomically(&self, work: impl FnOnce(&mut Db) -> Reply) -> Result<Reply> {
        let mut scripts = self.scripts.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
        let transaction = self.database.begin_write()?;
        let mut db = Db::new(transaction.open_table(TABLE)?, &mut scripts, now.try_into()?);
        let reply = work(&mut db);
        let changed = db.changed;
        drop(db);
        if changed {
            transaction.commit().context("the change could not be stored")?;
        } else {
            transaction.abort()?;
        }
        Ok(reply)
    }
}

impl Backend for Embedded {
    fn run(&self, command: Command) -> Result<Reply> {
        self.atomically(|db| commands::run(db, &command))
    }

    fn transaction(&self, commands: Vec<Command>) -> Result<Reply> {
        if let Some(refusal) = commands.iter().find_map(|command| commands::find(command).err()) {
            return Ok(refusal.into());
        }
        self.atomically(|db| {
            Reply::Array(commands.iter().map(|command| commands::run(db, command)).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_cannot_take_the_server_along() {
        let directory = tempfile::tempdir().unwrap();
        let embedded = Embedded::open(directory.path()).unwrap();
        let run = |script: &str| {
            let command = ["EVAL", script, "0"].map(|word| word.as_bytes().to_vec());
            embedded.run(command.to_vec()).unwrap()
        };
        for (script, error) in [
            ("while true do end", "ERR the script ran for more than 100ms script: "),
            (
                "repeat pcall(function() while true do end end) until false",
                "ERR the script ran for more than 100ms",
            ),
            (
                "repeat xpcall(function() while true do end end, type) until false",
                "ERR the script ran for more than",
            ),
            ("return string.rep('x', 1e10)", "ERR not enough memory"),
            ("local s = 'x' while true do s = s .. s end", "ERR not enough memory"),
            ("local t = {} t[1] = t return t", "ERR reached lua stack limit"),
            ("local function f() return 1 + f() end return f()", "ERR user_script:1: stack overflow"),
            ("\u{1b}Lua", "ERR Error compiling script (new function): "),
        ] {
            let Reply::Error(text) = run(script) else { panic!("no error: {script}") };
            assert!(text.starts_with(error), "{script}: {text}");
            assert!(!text.contains("traceback"), "{script}: {text}");
        }
        assert_eq!(run("return 1"), Reply::Integer(1));
    }
}

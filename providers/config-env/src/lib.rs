//! `wasi:config` from the environment: `redis-url` is `REDIS_URL`.

mod names;

use plugboard_config_export::Config;
use wasip2::cli::environment::get_environment;

struct Environment;

impl Config for Environment {
    fn get(key: &str) -> Result<Option<String>, String> {
        let Some(variable) = names::variable(key) else { return Ok(None) };
        // Hosts list a variable as often as it was given; the last is the one meant, as in a shell.
        Ok(get_environment().into_iter().rev().find(|(name, _)| *name == variable).map(|(_, value)| value))
    }

    fn get_all() -> Result<Vec<(String, String)>, String> {
        Ok(names::settings(get_environment()))
    }
}

plugboard_config_export::export!(Environment);

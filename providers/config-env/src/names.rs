//! `redis-url` and `REDIS_URL` name each other, and nothing else does: `redis_url` or `Redis-Url` would both be
//! `REDIS_URL` too, so they are the names of nothing.

/// The variable that holds the setting; none for a key that no variable has.
pub(crate) fn variable(key: &str) -> Option<String> {
    translate(key, |c| match c {
        'a'..='z' => Some(c.to_ascii_uppercase()),
        '0'..='9' => Some(c),
        '-' => Some('_'),
        _ => None,
    })
}

/// The setting that the variable holds; none for a variable that holds none.
fn key(variable: &str) -> Option<String> {
    translate(variable, |c| match c {
        'A'..='Z' => Some(c.to_ascii_lowercase()),
        '0'..='9' => Some(c),
        '_' => Some('-'),
        _ => None,
    })
}

fn translate(name: &str, character: impl Fn(char) -> Option<char>) -> Option<String> {
    name.chars().map(character).collect()
}

/// Every variable that is a setting, each once.
pub(crate) fn settings(environment: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut settings = Vec::<(String, String)>::new();
    for (name, value) in environment {
        let Some(key) = key(&name) else { continue };
        settings.retain(|(earlier, _)| *earlier != key);
        settings.push((key, value));
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_names_the_other() {
        for (setting, name) in
            [("redis-url", "REDIS_URL"), ("s3-url", "S3_URL"), ("a--b-", "A__B_"), ("", "")]
        {
            assert_eq!(variable(setting).as_deref(), Some(name));
            assert_eq!(key(name).as_deref(), Some(setting));
        }
    }

    #[test]
    fn other_spellings_name_nothing() {
        for setting in ["redis_url", "Redis-url", "REDIS_URL", "redis.url", "redis=url", "rédis"] {
            assert_eq!(variable(setting), None, "{setting}");
        }
        for name in ["redis_url", "redis-url", "REDIS-URL", "REDIS.URL", "É"] {
            assert_eq!(key(name), None, "{name}");
        }
    }

    #[test]
    fn of_variables_given_twice_the_last_is_meant() {
        let environment = [("A_B", "1"), ("path", "x"), ("C", ""), ("A_B", "2")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let expected = [("c", ""), ("a-b", "2")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(settings(environment.into()), expected);
    }
}

//! `redis-url` and `redis_url` name each other: Spin's variables have no `-`, and our keys no `_`.

/// The variable that holds the setting; none for a key that no variable has. What else Spin demands of a name it
/// checks itself, and answers that there is none.
pub(crate) fn variable(key: &str) -> Option<String> {
    (!key.contains('_')).then(|| key.replace('-', "_"))
}

pub(crate) fn key(variable: &str) -> Option<String> {
    (!variable.contains('-')).then(|| variable.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_names_the_other() {
        for (setting, name) in [("redis-url", "redis_url"), ("s3-url", "s3_url"), ("a", "a")] {
            assert_eq!(variable(setting).as_deref(), Some(name));
            assert_eq!(key(name).as_deref(), Some(setting));
        }
    }

    #[test]
    fn other_spellings_name_nothing() {
        assert_eq!((variable("redis_url"), key("redis-url")), (None, None));
    }
}

//! What may be baked in. Sentences name the place and not the text there: it may be a secret at the wrong place.

pub(crate) type Settings = Vec<(String, String)>;

#[cfg(any(not(feature = "stdin"), test))]
pub(crate) fn checked(pairs: Settings) -> Result<Settings, String> {
    let mut settings = Settings::new();
    for (number, (key, value)) in (1..).zip(pairs) {
        add(&mut settings, key, value).map_err(|fault| at("setting", number, &fault))?;
    }
    Ok(settings)
}

/// Lines of `key=value`. Empty ones and those that begin with `#` are skipped; the value is everything after the first
/// `=`, as it is.
#[cfg(any(feature = "stdin", test))]
pub(crate) fn parse(text: &str) -> Result<Settings, String> {
    let mut settings = Settings::new();
    for (number, line) in
        (1..).zip(text.lines()).filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
    {
        let pair = line.split_once('=').ok_or("there is no `=`; expected `key=value`");
        pair.map_err(str::to_owned)
            .and_then(|(key, value)| add(&mut settings, key.to_owned(), value.to_owned()))
            .map_err(|fault| at("line", number, &fault))?;
    }
    if settings.is_empty() {
        return Err("there are no settings on standard input; expected lines of `key=value`".into());
    }
    Ok(settings)
}

fn add(settings: &mut Settings, key: String, value: String) -> Result<(), String> {
    if key.is_empty() {
        return Err("the key is empty".into());
    }
    // `REDIS_URL` is an easy mistake, and would be found by nobody.
    if !key.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.')) {
        return Err("the key holds more than lower-case letters, digits, `-`, `_` and `.`".into());
    }
    if settings.iter().any(|(earlier, _)| *earlier == key) {
        return Err(["the key `", &key, "` is given twice"].concat());
    }
    settings.push((key, value));
    Ok(())
}

fn at(place: &str, number: usize, fault: &str) -> String {
    [place, " ", &number.to_string(), ": ", fault].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Settings {
        pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }

    #[test]
    fn values_are_taken_as_they_are() {
        let given = pairs(&[("redis-url", "http://h:1/?a=b,c \"'\\\n"), ("redis_url", ""), ("a.b-1", "é")]);
        assert_eq!(checked(given.clone()), Ok(given));
        assert_eq!(checked(Settings::new()), Ok(Settings::new()));
    }

    #[test]
    fn lines() {
        let text = "# of the shop\n\nredis-url=http://h:1/?a=b\r\nredis-password= #1 \"x\" \nredis-prefix=";
        let expected =
            [("redis-url", "http://h:1/?a=b"), ("redis-password", " #1 \"x\" "), ("redis-prefix", "")];
        assert_eq!(parse(text), Ok(pairs(&expected)));
    }

    #[test]
    fn what_is_wrong_is_said_without_quoting_it() {
        let fault = |key: &str| checked(pairs(&[("a", ""), (key, "hunter2")])).unwrap_err();
        assert_eq!(fault(""), "setting 2: the key is empty");
        assert_eq!(fault("a"), "setting 2: the key `a` is given twice");
        for key in ["REDIS_URL", "redis-Url", "redis url", "a=b", "é", "a\0", "hunter2!"] {
            assert_eq!(
                fault(key),
                "setting 2: the key holds more than lower-case letters, digits, `-`, `_` and `.`"
            );
        }
        assert_eq!(parse("a=\n#\nhunter2").unwrap_err(), "line 3: there is no `=`; expected `key=value`");
        assert_eq!(parse("=hunter2").unwrap_err(), "line 1: the key is empty");
        assert_eq!(parse("a=1\n\na=2").unwrap_err(), "line 3: the key `a` is given twice");
        for nothing in ["", "\n# a=b\n"] {
            assert!(parse(nothing).unwrap_err().starts_with("there are no settings on standard input"));
        }
    }
}

use plugboard_error::{Error, Kind};

/// What Redis' error words mean for the caller. The first word is the class (redis.io/docs: "Redis protocol
/// specification", simple errors); behind the general `ERR` the text decides.
pub(super) fn error_of(text: &str) -> Error {
    let text = out_of_script(text);
    let class = text.split_ascii_whitespace().next().unwrap_or_default();
    // Byte by byte: the standard library's search is fast, and large.
    let says = |part: &str| text.as_bytes().windows(part.len()).any(|window| window == part.as_bytes());
    let (kind, sentence) = match class {
        "NOAUTH" | "WRONGPASS" | "NOPERM" => (Kind::AccessDenied, "redis refused the credentials"),
        "WRONGTYPE" => (Kind::Invalid, "the key holds a list, a hash or another type, not a plain value"),
        "BELOW" => (Kind::Invalid, "the sum is below the least number that this interface can show"),
        "LOADING" | "BUSY" | "CLUSTERDOWN" | "TRYAGAIN" | "MASTERDOWN" | "READONLY" | "OOM" | "MISCONF" => {
            return Error::new(
                Kind::Unavailable,
                format!("redis takes no writes or no commands now (`{class}`)"),
            );
        }
        "CROSSSLOT" => (Kind::Invalid, "the keys of one batch are on different nodes of the Redis cluster"),
        _ if says("not an integer") => (Kind::Invalid, "the value is not a whole number of 64 bits"),
        _ if says("would overflow") => (Kind::Invalid, "the sum does not fit into 64 bits"),
        _ if says("invalid cursor") => (Kind::Invalid, "redis refused the cursor"),
        _ if says("max request size") || says("string exceeds maximum") => {
            (Kind::TooLarge, "the request or the value is longer than redis allows")
        }
        _ if says("request limit") => (Kind::Unavailable, "the request limit of the Redis plan is reached"),
        _ => {
            // Cut before Redis quotes what it was sent.
            let said = text.split(',').next().unwrap_or_default().trim_end();
            let shown = said.chars().take(120).filter(|c| !c.is_control()).collect::<String>();
            return Error::new(Kind::Protocol, format!("redis answered `{shown}`"));
        }
    };
    Error::new(kind, sentence)
}

/// Redis before 7 wraps the error of a command in a script:
/// `ERR Error running script (call to f_0123…): @user_script:1: WRONGTYPE Operation …`.
fn out_of_script(text: &str) -> &str {
    if !text.starts_with("ERR Error running script") {
        return text;
    }
    let inner = text.split('@').nth(1).and_then(|place| place.splitn(3, ':').nth(2)).unwrap_or(text);
    inner.trim_start_matches([' ', '-'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_or_the_text_decides() {
        for (text, kind) in [
            ("WRONGTYPE Operation against a key holding the wrong kind of value", Kind::Invalid),
            ("ERR value is not an integer or out of range script: 1f, on @user_script:1.", Kind::Invalid),
            ("ERR increment or decrement would overflow", Kind::Invalid),
            ("NOAUTH Authentication required.", Kind::AccessDenied),
            ("OOM command not allowed when used memory > 'maxmemory'.", Kind::Unavailable),
            ("ERR max daily request limit exceeded. Limit: 10000, Usage: 10000.", Kind::Unavailable),
            ("ERR max request size exceeded. Limit: 1048576 bytes, Actual: 2000000 bytes", Kind::TooLarge),
            ("ERR unknown command 'FOO'", Kind::Protocol),
            ("", Kind::Protocol),
        ] {
            assert_eq!(error_of(text).kind, kind, "{text}");
        }
    }

    #[test]
    fn the_error_of_a_command_in_a_script_is_found() {
        let wrapped = "ERR Error running script (call to f_3104): @user_script:1: ";
        for (text, kind) in [
            ("WRONGTYPE Operation against a key holding the wrong kind of value", Kind::Invalid),
            ("-OOM command not allowed when used memory > 'maxmemory'.", Kind::Unavailable),
            ("ERR value is not an integer or out of range", Kind::Invalid),
        ] {
            assert_eq!(error_of(&format!("{wrapped}{text}")).kind, kind, "{text}");
        }
        assert_eq!(error_of("ERR Error running script").kind, Kind::Protocol);
    }

    #[test]
    fn what_redis_quotes_is_left_out() {
        let error = error_of("ERR unknown command 'abc', with args beginning with: 'SET' 'profile:x' '{}' ");
        assert_eq!(error.sentence, "redis answered `ERR unknown command 'abc'`");
    }

    #[test]
    fn a_long_text_is_cut() {
        assert!(error_of(&"x".repeat(1000)).sentence.len() < 150);
    }
}

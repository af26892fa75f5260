//! The text forms that settings have. Each parser answers with what it expected.

use std::time::Duration;

pub(crate) type Parsed<T> = Result<T, &'static str>;

pub(crate) fn flag(text: &str) -> Parsed<bool> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err("`true` or `false`"),
    }
}

/// `1500ms`, `30s`, `5m`, `1h`, `7d`: a whole number and a unit, more than nothing.
pub(crate) fn duration(text: &str) -> Parsed<Duration> {
    const EXPECTED: &str = "a duration above zero such as `30s` or `1500ms` (units: ms, s, m, h, d)";
    let (number, unit) = split_unit(text).ok_or(EXPECTED)?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(EXPECTED),
    };
    let total = number.checked_mul(milliseconds).ok_or(EXPECTED)?;
    // i64 milliseconds are what the services count in; 292 million years suffice.
    if total == 0 || i64::try_from(total).is_err() {
        return Err(EXPECTED);
    }
    Ok(Duration::from_millis(total))
}

/// `65536`, `64KiB`, `16MiB`: bytes, more than nothing.
pub(crate) fn size(text: &str) -> Parsed<u64> {
    const EXPECTED: &str = "a size above zero in bytes such as `65536` or `64MiB` (units: KiB, MiB, GiB)";
    let (number, unit) = split_unit(text).ok_or(EXPECTED)?;
    let factor = match unit {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(EXPECTED),
    };
    number.checked_mul(factor).filter(|n| *n > 0).ok_or(EXPECTED)
}

fn split_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit))
}

/// Names with commas or blanks between them. Both, as wasmtime's command line has no way to pass a comma.
pub(crate) fn list(text: &str) -> Vec<String> {
    text.split(|c: char| c == ',' || c.is_whitespace())
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(7 * 86_400)));
        for bad in
            ["", "30", "s", "0s", "-1s", "1.5s", "30 s", "99999999999999999999s", "18446744073709551615d"]
        {
            assert!(duration(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(size("65536"), Ok(65536));
        assert_eq!(size("64MiB"), Ok(64 << 20));
        for bad in ["", "0", "MiB", "64MB", "64 MiB", "-5", "99999999999999999999", "18446744073709551615GiB"]
        {
            assert!(size(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn lists() {
        assert_eq!(list("a, b,,c "), ["a", "b", "c"]);
        assert_eq!(list("a b\t\nc"), ["a", "b", "c"]);
        assert_eq!(list(" , "), Vec::<String>::new());
    }

    #[test]
    fn flags() {
        assert_eq!((flag("true"), flag("false")), (Ok(true), Ok(false)));
        assert!(flag("yes").is_err());
    }
}

/// The day before the first of March of the year 0, counted from the first of January 1970.
const EPOCH: i64 = 719_469;

/// Seconds from the Unix epoch to a date as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section
/// 5.6.7). The two obsolete forms, which nobody sends any more, are none.
pub fn seconds(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, date) = text.split_once(',')?;
    let mut words = date.strip_prefix(' ')?.strip_suffix(" GMT")?.split([' ', ':']);
    let day = number(words.next()?, 1, 31)?;
    let name = words.next()?;
    let month = i64::try_from(MONTHS.iter().position(|month| *month == name)?).ok()?;
    let year = number(words.next()?, 1601, 9999)?;
    let (hour, minute) = (number(words.next()?, 0, 23)?, number(words.next()?, 0, 59)?);
    let second = number(words.next()?, 0, 60)?;
    if words.next().is_some() {
        return None;
    }
    Some(((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

/// The same to a date of ISO 8601, in UTC: `1994-11-06T08:49:37Z`. Fractions of a second are dropped.
pub fn iso_seconds(text: &str) -> Option<i64> {
    let text = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"))?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut words = whole.split(['-', 'T', ':']);
    let (year, month) = (number(words.next()?, 1601, 9999)?, number(words.next()?, 1, 12)?);
    let (day, hour) = (number(words.next()?, 1, 31)?, number(words.next()?, 0, 23)?);
    let (minute, second) = (number(words.next()?, 0, 59)?, number(words.next()?, 0, 60)?);
    if words.next().is_some() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(((days(year, month - 1, day) * 24 + hour) * 60 + minute) * 60 + second)
}

/// From the Unix epoch to a day. January is 0.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Counted from the first of March, a leap day is the last of its year; 153 days are five months from there.
    let (year, month) = if month < 2 { (year - 1, month + 10) } else { (year, month - 2) };
    year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - EPOCH
}

fn number(digits: &str, least: i64, most: i64) -> Option<i64> {
    digits.parse().ok().filter(|n| (least..=most).contains(n) && !digits.starts_with('+'))
}

#[cfg(test)]
mod tests {
    use super::{iso_seconds, seconds};

    /// The numbers are those of `date -ud DATE +%s`.
    #[test]
    fn counts_over_leap_days_months_and_years() {
        for (date, unix) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Tue, 29 Feb 2000 23:59:59 GMT", 951_868_799),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Thu, 31 Dec 2026 23:59:60 GMT", 1_798_761_600),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
        ] {
            assert_eq!(seconds(date), Some(unix), "{date}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for bad in [
            "",
            "120",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(seconds(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn reads_iso_8601() {
        for (date, unix) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1994-11-06T08:49:37Z", 784_111_777),
            ("2000-02-29T23:59:59.999999Z", 951_868_799),
            ("2100-03-01T00:00:00+00:00", 4_107_542_400),
        ] {
            assert_eq!(iso_seconds(date), Some(unix), "{date}");
        }
        for bad in [
            "",
            "Z",
            "1994-11-06",
            "1994-11-06T08:49:37",
            "1994-11-06T08:49:37+01:00",
            "1994-13-06T08:49:37Z",
            "1994-00-06T08:49:37Z",
            "1994-11-06T08:49:37:00Z",
            "1994-11-06T08:49:37.xZ",
            "-1994-11-06T08:49:37Z",
        ] {
            assert_eq!(iso_seconds(bad), None, "{bad:?}");
        }
    }
}

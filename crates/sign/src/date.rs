/// The day before the first of March of the year 0, counted from the first of January 1970.
const EPOCH: u64 = 719_468;

/// A time, in seconds since the Unix epoch, as HTTP writes it: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section
/// 5.6.7).
pub fn http_date(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let name = |names: &[&'static str], at: u64| {
        usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or_default()
    };
    let Time { year, month, day, hour, minute, second } = Time::of(seconds);
    let (weekday, month) = (name(&DAYS, seconds / 86_400 % 7), name(&MONTHS, month - 1));
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// The same in ISO 8601's basic format, which `x-amz-date` has: `19941106T084937Z`.
pub fn basic_date(seconds: u64) -> String {
    let Time { year, month, day, hour, minute, second } = Time::of(seconds);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

struct Time {
    year: u64,
    /// January is 1.
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
}

impl Time {
    fn of(seconds: u64) -> Time {
        let (days, second) = (seconds / 86_400, seconds % 86_400);

        // Gregorian years repeat every 400, which are 146,097 days. A century lacks the leap day that every fourth
        // year has, but for each fourth century.
        let since_march = days + EPOCH;
        let (era, day) = (since_march / 146_097, since_march % 146_097);
        let year_of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
        // From March on, the lengths of months repeat every five, and a leap day is the last of its year.
        let month = (5 * day_of_year + 2) / 153;
        Time {
            year: era * 400 + year_of_era + u64::from(month >= 10),
            month: (month + 2) % 12 + 1,
            day: day_of_year - (153 * month + 2) / 5 + 1,
            hour: second / 3_600,
            minute: second / 60 % 60,
            second: second % 60,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{basic_date, http_date};

    /// The numbers are those of `date -ud DATE +%s`.
    #[test]
    fn writes_dates_over_leap_days_months_and_years() {
        for (unix, date) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (1_798_761_600, "Fri, 01 Jan 2027 00:00:00 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
        ] {
            assert_eq!(http_date(unix), date);
        }
    }

    #[test]
    fn no_time_is_too_late() {
        assert!(http_date(u64::MAX).ends_with(" GMT"));
    }

    #[test]
    fn writes_the_basic_format() {
        for (unix, date) in [
            (784_111_777, "19941106T084937Z"),
            (951_868_799, "20000229T235959Z"),
            (1_735_689_599, "20241231T235959Z"),
            (1_798_761_600, "20270101T000000Z"),
        ] {
            assert_eq!(basic_date(unix), date);
        }
    }
}

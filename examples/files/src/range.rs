//! The header `Range` (RFC 9110, section 14). Of several ranges none is given: then the whole file is the answer.

use wasip2::http::types::IncomingRequest;

pub enum Range {
    /// From here to there, both included.
    From(u64, u64),
    /// So many at the end.
    Last(u64),
}

impl Range {
    /// None if there is none, or none that is understood, which is the same.
    pub fn asked(request: &IncomingRequest) -> Option<Range> {
        let value = request.headers().get("range").into_iter().next()?;
        let (first, last) = std::str::from_utf8(&value).ok()?.strip_prefix("bytes=")?.split_once('-')?;
        match (first, last) {
            ("", last) => Some(Range::Last(number(last)?)),
            (first, "") => Some(Range::From(number(first)?, u64::MAX)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                (first <= last).then_some(Range::From(first, last))
            }
        }
    }

    /// What of it a file of this size has.
    pub fn within(&self, size: u64) -> Option<(u64, u64)> {
        let end = size.checked_sub(1)?;
        match *self {
            Range::From(first, last) => (first <= end).then_some((first, last.min(end))),
            Range::Last(count) => (count > 0).then_some((size.saturating_sub(count), end)),
        }
    }
}

/// Whatever does not fit is beyond every end.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

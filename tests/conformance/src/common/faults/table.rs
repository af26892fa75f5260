//! What can go wrong, and what the app must hear of it.

use std::fmt;
use std::time::Duration;

use plugboard_faults::{Answer, At, By, Fault, Proxy, Upstream, When};

/// The usual deadline, in seconds: short, as many trials wait for it.
pub(super) const DEADLINE: u64 = 1;
/// One that a busy machine does not reach, for what must succeed.
pub(super) const PATIENT: u64 = 15;

/// Twice the deadline and two seconds: a hang, not a slow machine.
pub(super) fn hang(deadline: u64) -> Duration {
    Duration::from_secs(2 * deadline + 2)
}

/// One kind of fault, and what it must come to.
pub(crate) struct Row {
    pub(crate) rule: &'static str,
    pub(crate) name: String,
    pub(crate) fault: Trouble,
    /// What an operation that may be sent again gets when it meets nothing else.
    pub(crate) always: Expect,
    /// What one gets that must happen once.
    pub(crate) once: Expect,
    /// Whether one that may be sent again gets over one occurrence.
    pub(crate) mended: bool,
    pub(super) deadline: u64,
}

#[derive(Clone)]
pub(crate) enum Trouble {
    Fault(Fault),
    Refused,
    Ignored,
}

/// The kinds of error, or `success`.
pub(crate) type Expect = &'static [&'static str];

pub(crate) const SUCCESS: Expect = &["success"];
const AMBIGUOUS: Expect = &["ambiguous"];
pub(super) const UNAVAILABLE: Expect = &["unavailable"];
/// The last of several tries may be cut off by the deadline.
pub(super) const TRIED: Expect = &["unavailable", "timeout"];
pub(super) const PROTOCOL: Expect = &["protocol"];

impl Trouble {
    pub(super) fn strike(&self, proxy: &Proxy, when: When) {
        match self {
            Trouble::Fault(fault) => proxy.arm(fault.clone(), when),
            Trouble::Refused => proxy.refuse_connections(),
            Trouble::Ignored => proxy.ignore_connections(),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::Fault(fault) => write!(f, "{fault}"),
            Trouble::Refused => f.write_str("refused"),
            Trouble::Ignored => f.write_str("ignored"),
        }
    }
}

fn row(rule: &'static str, fault: Trouble, always: Expect, once: Expect, mended: bool) -> Row {
    Row { rule, name: fault.to_string(), fault, always, once, mended, deadline: DEADLINE }
}

fn answer(rule: &'static str, answer: Answer, always: Expect, once: Expect, mended: bool) -> Row {
    let fault = Fault::Answer { answer, upstream: Upstream::Skipped };
    row(rule, Trouble::Fault(fault), always, once, mended)
}

/// `nonsense` is what is no answer of the service's, to anything.
pub(super) fn table(nonsense: Vec<Answer>) -> Vec<Row> {
    let mut rows = vec![
        // Nothing was sent, so everything may be tried again: long enough that the deadline spoils no try.
        Row { deadline: 5, ..row("all.retry", Trouble::Refused, UNAVAILABLE, UNAVAILABLE, false) },
        row("all.deadline", Trouble::Ignored, &["timeout"], AMBIGUOUS, false),
    ];
    for upstream in Upstream::ALL {
        // Whether it ran, only the fault knows: what the app hears must be true in both cases.
        let rule = if upstream == Upstream::Executed { "all.commit-lost" } else { "all.retry" };
        for at in At::ALL {
            for by in [By::Reset, By::Close] {
                let fault = Trouble::Fault(Fault::Cut { at, by, upstream });
                rows.push(row(rule, fault, TRIED, AMBIGUOUS, true));
            }
            let stall = Trouble::Fault(Fault::Cut { at, by: By::Stall, upstream });
            rows.push(row("all.deadline", stall, &["timeout"], AMBIGUOUS, false));
        }
        for status in [500, 502, 503, 504] {
            let fault = Trouble::Fault(Fault::Answer { answer: Answer::status(status), upstream });
            rows.push(row(rule, fault, TRIED, AMBIGUOUS, true));
        }
    }
    let close = Trouble::Fault(Fault::CloseMidRequest { after: 0 });
    rows.push(row("all.retry", close, TRIED, AMBIGUOUS, true));
    // That there were too many requests means that this one was not done.
    rows.push(answer("all.retry", Answer::status(429), TRIED, UNAVAILABLE, true));

    let late = |fault| Trouble::Fault(fault);
    let slow = Fault::SlowFirstByte(Duration::from_secs(30));
    rows.push(row("all.deadline", late(slow), &["timeout"], AMBIGUOUS, false));
    for from in At::ALL {
        // Each byte would come in time, but not two of them; half of an answer may be one.
        let every = Duration::from_millis(if from == At::MidBody { 1100 } else { 700 });
        let drip = Fault::SlowDrip { every, from };
        rows.push(row("all.deadline", late(drip), &["timeout"], AMBIGUOUS, false));
    }
    for chunked in [true, false] {
        let endless = Fault::Endless { chunked, limit: 1 << 30 };
        let capped: Expect = &["too-large", "timeout"];
        rows.push(row("all.no-trap", late(endless), capped, AMBIGUOUS, false));
    }

    // What the service did not do, and says so.
    let refused: Expect = &["access-denied"];
    rows.push(answer("all.errors", Answer::status(401), refused, refused, false));
    rows.push(answer("all.errors", Answer::status(403), refused, refused, false));
    for status in [400, 404, 405, 418] {
        // Without a word of the service's own it may be from anything on the way.
        let kinds: Expect = &["protocol", "invalid"];
        let once: Expect = &["protocol", "invalid", "ambiguous"];
        rows.push(answer("all.errors", Answer::status(status), kinds, once, false));
    }
    rows.push(answer("all.errors", Answer::status(413), &["too-large"], &["too-large"], false));

    // What is no answer at all: an operation that must not happen twice may have happened.
    let everywhere = [
        Answer::status(200),
        Answer::status(204),
        Answer::garbage_bytes(),
        Answer::json("html", "<html><body>It works!</body></html>"),
    ];
    for nonsense in everywhere.into_iter().chain(nonsense) {
        rows.push(answer("all.no-trap", nonsense, PROTOCOL, AMBIGUOUS, false));
    }
    let not_http = Trouble::Fault(Fault::NotHttp);
    rows.push(row("all.no-trap", not_http, &["protocol", "unavailable", "timeout"], AMBIGUOUS, false));
    let headers: Expect = &["protocol", "too-large", "unavailable", "timeout"];
    rows.push(answer("all.no-trap", Answer::oversized_headers(), headers, AMBIGUOUS, false));

    // Unusual, and right.
    let unusual =
        [Fault::WithoutLength, Fault::InterimNoise, Fault::SlowFirstByte(Duration::from_millis(100))];
    for fault in unusual {
        let fine = row("all.no-trap", Trouble::Fault(fault), SUCCESS, SUCCESS, true);
        let mut fine = Row { deadline: PATIENT, ..fine };
        if fine.name == "slow-first-byte" {
            fine.name = "slow-first-byte-in-time".to_owned();
        }
        rows.push(fine);
    }
    rows
}

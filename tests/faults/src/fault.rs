//! What can go wrong, as data.

use std::{fmt, time::Duration};

use crate::Answer;

/// A fault of one exchange. The variants that carry an [`Upstream`] come in two kinds, since a provider may
/// repeat a request that never ran and must not repeat one that may have. Faults of whole connections are
/// [`Proxy::refuse_connections`](crate::Proxy::refuse_connections) and
/// [`Proxy::ignore_connections`](crate::Proxy::ignore_connections).
///
/// `Display` gives a name for trials, such as `reset-mid-body-executed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The client sees an answer that ends, or stops, at a point before its end; an answer that can have no
    /// body (to HEAD, 204, 304) is cut inside its headers. The server: as `upstream` says.
    Cut { at: At, by: By, upstream: Upstream },
    /// The client sees this answer, whole and well-formed. The server: as `upstream` says.
    Answer { answer: Answer, upstream: Upstream },
    /// The client, still sending, sees its connection closed after `after` bytes of its body were read (FIN,
    /// or RST where more is in flight). The server never sees the request. Predicates see an empty body.
    CloseMidRequest { after: usize },
    /// The client sees the true answer, begun this much late. The server executed the request at once.
    SlowFirstByte(Duration),
    /// The client sees the true answer, one byte per interval from this point on. The server executed the
    /// request.
    SlowDrip { every: Duration, from: At },
    /// The client sees a 200 whose body does not end before `limit` bytes (then FIN): chunked, or with a
    /// Content-Length of a pebibyte. The server never sees the request.
    Endless { chunked: bool, limit: u64 },
    /// The client sees the true answer as HTTP/1.0 without a length, ended by FIN. The server executed the
    /// request.
    WithoutLength,
    /// The client sees `100 Continue` and `103 Early Hints` nobody asked for, then the true answer. The
    /// server executed the request.
    InterimNoise,
    /// The client sees what a server of another protocol says (a Redis error), then FIN. The server never
    /// sees the request.
    NotHttp,
}

/// A point in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Before the first byte of the status line.
    BeforeHeaders,
    /// After the blank line, before the first byte of the body.
    AfterHeaders,
    /// In the middle of the body.
    MidBody,
}

/// How an answer is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// RST: the client's next read fails.
    Reset,
    /// FIN: the client's next read is the end of the stream; `MidBody` makes it a truncated body.
    Close,
    /// Silence until the client leaves, [`Proxy::clear`](crate::Proxy::clear) or the end of the proxy.
    Stall,
}

/// Whether the server executes the request whose answer is spoilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// It never sees the request; where part of an answer is needed, it is made up.
    Skipped,
    /// It got the request and answered in full before the fault strikes.
    Executed,
}

impl At {
    pub const ALL: [At; 3] = [At::BeforeHeaders, At::AfterHeaders, At::MidBody];
}

impl By {
    pub const ALL: [By; 3] = [By::Reset, By::Close, By::Stall];
}

impl Upstream {
    pub const ALL: [Upstream; 2] = [Upstream::Skipped, Upstream::Executed];
}

impl Fault {
    /// Whether the server executes a request that meets this fault.
    pub fn reaches_upstream(&self) -> bool {
        match self {
            Fault::Cut { upstream, .. } | Fault::Answer { upstream, .. } => *upstream == Upstream::Executed,
            Fault::SlowFirstByte(_) | Fault::SlowDrip { .. } | Fault::WithoutLength | Fault::InterimNoise => {
                true
            }
            Fault::CloseMidRequest { .. } | Fault::Endless { .. } | Fault::NotHttp => false,
        }
    }

    /// Whether the fault takes its time, so that clearing the proxy must end it.
    pub(crate) fn holds(&self) -> bool {
        matches!(
            self,
            Fault::Cut { by: By::Stall, .. }
                | Fault::SlowFirstByte(_)
                | Fault::SlowDrip { .. }
                | Fault::Endless { .. }
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let executed = |upstream| if upstream == Upstream::Executed { "-executed" } else { "" };
        match *self {
            Fault::Cut { at, by, upstream } => {
                let by = match by {
                    By::Reset => "reset",
                    By::Close => "close",
                    By::Stall => "stall",
                };
                write!(f, "{by}-{at}{}", executed(upstream))
            }
            Fault::Answer { ref answer, upstream } => write!(f, "{}{}", answer.name, executed(upstream)),
            Fault::CloseMidRequest { .. } => f.write_str("close-mid-request"),
            Fault::SlowFirstByte(_) => f.write_str("slow-first-byte"),
            Fault::SlowDrip { from, .. } => write!(f, "slow-drip-{from}"),
            Fault::Endless { chunked: true, .. } => f.write_str("endless-chunked"),
            Fault::Endless { chunked: false, .. } => f.write_str("endless-length"),
            Fault::WithoutLength => f.write_str("without-length"),
            Fault::InterimNoise => f.write_str("interim-noise"),
            Fault::NotHttp => f.write_str("not-http"),
        }
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            At::BeforeHeaders => "before-headers",
            At::AfterHeaders => "after-headers",
            At::MidBody => "mid-body",
        })
    }
}

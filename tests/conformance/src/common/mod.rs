//! The trials that every interface has: those of the rules `all.*`.

mod composition;
mod errors;
pub(crate) mod faults;
mod secrets;

use plugboard_faults::Request;

use crate::case::Case;
use crate::cx::Cx;
use crate::interface::Interface;
use crate::reply::{Problem, Reply, kind};
use crate::session::Session;

pub(crate) fn cases<I: Interface>() -> Vec<Case<I>> {
    [composition::cases(), errors::cases(), secrets::cases(), faults::cases()].into_iter().flatten().collect()
}

/// Every operation of an interface in its plainest form, for the rules that hold for all of them.
pub(crate) trait Operation<I: Interface>: Copy + PartialEq + Send + Sync + 'static {
    const ALL: &'static [Self];
    /// The plainest ones of one request that read and write.
    const READ: Self;
    const WRITE: Self;

    fn name(self) -> &'static str;

    fn flavors(self) -> &'static [I::Flavor];

    /// HTTP requests that it takes without trouble, with a provider that declares this.
    fn requests(self, capabilities: &I::Capabilities) -> usize;

    /// The most requests more that it takes where one of its requests meets a fault.
    fn mending(self) -> usize {
        1
    }

    /// The requests that faults are for, and that are counted.
    fn concerns(self, _: &Cx<I>) -> fn(&Request) -> bool {
        |_| true
    }

    /// How often the deadline begins anew.
    fn waits(self) -> usize {
        1
    }

    /// Whether it must not happen twice, so that it must not be sent twice.
    fn once(self) -> bool {
        false
    }

    /// Whether the service is needed already to make it ready.
    fn continues(self) -> bool {
        false
    }

    /// What it must come to where all its requests meet this fault.
    fn expect(self, cx: &Cx<I>, row: &faults::Row) -> faults::Expect;

    /// What it must come to where only its first request meets this fault; none where that is the same.
    fn mended(self, row: &faults::Row) -> Option<faults::Expect>;

    /// What it must come to with credentials that the service refuses.
    fn refused(self) -> faults::Expect {
        &["access-denied"]
    }

    /// Makes everything ready with a working service, so that [`Prepared::run`] is the operation and no more.
    fn prepare<'a>(self, cx: &Cx<I>, session: &'a Session<I>) -> anyhow::Result<Box<dyn Prepared<I> + 'a>>;
}

pub(crate) trait Prepared<I: Interface> {
    /// Does it; what it answers must be right.
    fn run(&mut self) -> Reply<()>;

    /// Nothing was done by halves, doubled, or done although the answer says that it was not. `kind` is that of
    /// the error, none after success.
    fn check(&self, cx: &Cx<I>, kind: Option<&str>) -> anyhow::Result<()>;
}

/// A call without trouble, but with the short deadline that the trouble needs: a busy machine may miss it.
pub(crate) fn patiently<T>(call: impl Fn() -> Reply<T>) -> Reply<T> {
    for _ in 0..9 {
        match call() {
            Err(Problem::Failed { error, .. }) if kind(&error) == "timeout" => {}
            reply => return reply,
        }
    }
    call()
}

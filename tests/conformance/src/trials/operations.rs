//! Every operation in its plainest form, for the rules that hold for all of them.

use anyhow::{Result, ensure};

use super::{equal, some};
use crate::app::{Bucket, Cas};
use crate::case::Flavor;
use crate::cx::Cx;
use crate::reply::{Problem, Reply, kind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Get,
    Set,
    Delete,
    Exists,
    ListKeys,
    Increment,
    GetMany,
    SetMany,
    DeleteMany,
    CasNew,
    Swap,
}

/// Whether an operation may be sent again when its answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// Twice is the same as once.
    Repeatable,
    /// Twice is once too often.
    Once,
}

impl Operation {
    pub(super) const ALL: [Operation; 11] = [
        Operation::Get,
        Operation::Set,
        Operation::Delete,
        Operation::Exists,
        Operation::ListKeys,
        Operation::Increment,
        Operation::GetMany,
        Operation::SetMany,
        Operation::DeleteMany,
        Operation::CasNew,
        Operation::Swap,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Operation::Get => "get",
            Operation::Set => "set",
            Operation::Delete => "delete",
            Operation::Exists => "exists",
            Operation::ListKeys => "list-keys",
            Operation::Increment => "increment",
            Operation::GetMany => "get-many",
            Operation::SetMany => "set-many",
            Operation::DeleteMany => "delete-many",
            Operation::CasNew => "cas-new",
            Operation::Swap => "swap",
        }
    }

    pub(super) fn flavors(self) -> &'static [Flavor] {
        match self {
            Operation::CasNew | Operation::Swap => Flavor::WITH_CAS,
            _ => Flavor::EACH,
        }
    }

    pub(super) fn nature(self) -> Nature {
        match self {
            Operation::Increment | Operation::Swap => Nature::Once,
            _ => Nature::Repeatable,
        }
    }

    /// What the key holds after the operation happened, if it was there with [`BEFORE`].
    fn after(self) -> Option<Vec<u8>> {
        match self {
            Operation::Set | Operation::SetMany | Operation::Swap => some("42 and more"),
            Operation::Increment => some("42"),
            Operation::Delete | Operation::DeleteMany => None,
            _ => some(BEFORE),
        }
    }

    /// Makes everything ready with a working service, so that [`Prepared::run`] is the operation and no more.
    pub(super) fn prepare<'a>(self, cx: &Cx, bucket: &'a Bucket<'a>) -> Result<Prepared<'a>> {
        let key = cx.key(self.name());
        cx.outside().set(key.as_bytes(), BEFORE.as_bytes())?;
        let cas = (self == Operation::Swap).then(|| patiently(|| bucket.cas(&key))).transpose()?;
        Ok(Prepared { operation: self, bucket, key, cas })
    }
}

const BEFORE: &str = "41";

/// A call without trouble, but with the short deadline that the trouble needs: a busy machine may miss it.
pub(super) fn patiently<T>(call: impl Fn() -> Reply<T>) -> Reply<T> {
    for _ in 0..9 {
        match call() {
            Err(Problem::Failed { failure, .. }) if kind(&failure) == "timeout" => {}
            reply => return reply,
        }
    }
    call()
}

pub(super) struct Prepared<'a> {
    operation: Operation,
    bucket: &'a Bucket<'a>,
    key: String,
    cas: Option<Cas<'a>>,
}

impl Prepared<'_> {
    /// Does it; what it answers must be right.
    pub(super) fn run(&mut self) -> Reply<()> {
        let (bucket, key) = (self.bucket, self.key.as_str());
        match self.operation {
            Operation::Get => equal("get", bucket.get(key)?, some(BEFORE))?,
            Operation::Set => bucket.set(key, "42 and more")?,
            Operation::Delete => bucket.delete(key)?,
            Operation::Exists => equal("exists", bucket.exists(key)?, true)?,
            Operation::ListKeys => drop(bucket.list(None)?),
            Operation::Increment => equal("increment", bucket.increment(key, 1)?, 42)?,
            Operation::GetMany => {
                let values = bucket.get_many(&[key, "missing"])?.into_iter().map(|pair| pair.1);
                equal("get-many", values.collect(), vec![some(BEFORE), None])?;
            }
            Operation::SetMany => bucket.set_many(&[(key, "42 and more")])?,
            Operation::DeleteMany => bucket.delete_many(&[key, "missing"])?,
            Operation::CasNew => drop(bucket.cas(key)?),
            Operation::Swap => {
                let cas = self.cas.take().ok_or_else(|| anyhow::anyhow!("swapped twice"))?;
                if cas.swap("42 and more")?.is_some() {
                    return Err(anyhow::anyhow!("cas-failed, although nobody else wrote").into());
                }
            }
        }
        Ok(())
    }

    /// Nothing was done by halves, doubled, or done although the answer says that it was not.
    pub(super) fn check(&self, cx: &Cx, kind: Option<&str>) -> Result<()> {
        let now = cx.outside().get(self.key.as_bytes())?;
        let (before, after) = (some(BEFORE), self.operation.after());
        match (kind, self.operation.nature()) {
            (None, _) => equal("the value after success", now, after),
            (Some("ambiguous"), _) | (Some(_), Nature::Repeatable) => {
                ensure!(
                    now == before || now == after,
                    "the value is neither the old nor the new one: {now:?}"
                );
                Ok(())
            }
            (Some(kind), Nature::Once) => equal(&format!("the value after `{kind}`"), now, before),
        }
    }
}

//! Every operation in its plainest form.

use anyhow::{Result, ensure};
use plugboard_faults::{At, Fault, Request};

use super::app::{Bucket, Cas};
use super::trials::some;
use super::{Capabilities, Cx, Flavor, Keyvalue, Session};
use crate::check::equal;
use crate::common::faults::{Expect, Row, SUCCESS, Trouble};
use crate::common::{self, Operation as _, patiently};
use crate::reply::Reply;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
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

const BEFORE: &str = "41";
/// In the batches that read and delete, one of which is missing.
const KEYS: usize = 2;

impl common::Operation<Keyvalue> for Operation {
    const ALL: &'static [Operation] = &[
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
    const READ: Operation = Operation::Get;
    const WRITE: Operation = Operation::Set;

    fn name(self) -> &'static str {
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

    fn requests(self, capabilities: &Capabilities) -> usize {
        let one = capabilities.requests.get(self.name()).copied().unwrap_or(1);
        let batch = capabilities.batch;
        match self {
            Operation::GetMany => batch.get.map_or(1, |limit| KEYS.div_ceil(limit)) * one,
            Operation::DeleteMany if batch.missing_apart => one + KEYS,
            Operation::DeleteMany => batch.delete.map_or(1, |limit| KEYS.div_ceil(limit)) * one,
            _ => one,
        }
    }

    fn concerns(self, cx: &Cx) -> fn(&Request) -> bool {
        let writes = self.once().then(|| cx.fixture().writes_what_was_read()).flatten();
        writes.unwrap_or(|_| true)
    }

    fn flavors(self) -> &'static [Flavor] {
        match self {
            Operation::CasNew | Operation::Swap => Flavor::WITH_CAS,
            _ => Flavor::EACH,
        }
    }

    /// Twice is once too often.
    fn once(self) -> bool {
        matches!(self, Operation::Increment | Operation::Swap)
    }

    /// A swap needs a snapshot.
    fn continues(self) -> bool {
        self == Operation::Swap
    }

    fn expect(self, cx: &Cx, row: &Row) -> Expect {
        if matches!(row.fault, Trouble::Fault(Fault::SlowDrip { from: At::AfterHeaders | At::MidBody, .. }))
            && !cx.fixture().answers_in_words(self)
        {
            return SUCCESS;
        }
        // The reading before the writing is all that there was then.
        let unread = self == Operation::Increment
            && cx.fixture().writes_what_was_read().is_some()
            && matches!(row.fault, Trouble::Ignored);
        if self.once() && !unread { row.once } else { row.always }
    }

    fn mended(self, row: &Row) -> Option<Expect> {
        (row.mended && !self.once()).then_some(SUCCESS)
    }

    fn prepare<'a>(self, cx: &Cx, session: &'a Session) -> Result<Box<dyn common::Prepared<Keyvalue> + 'a>> {
        let (bucket, key) = (session.open("")?, cx.key(self.name()));
        cx.outside().set(key.as_bytes(), BEFORE.as_bytes())?;
        if cx.fixture().token_path().is_some() {
            // The operation begins where a token is there; wrong credentials give none.
            let _ = patiently(|| bucket.exists(&key));
        }
        let cas = (self == Operation::Swap).then(|| patiently(|| bucket.cas(&key))).transpose()?;
        Ok(Box::new(Prepared { operation: self, bucket, key, cas }))
    }
}

impl Operation {
    /// What the key holds after the operation happened, if it was there with [`BEFORE`].
    fn after(self) -> Option<Vec<u8>> {
        match self {
            Operation::Set | Operation::SetMany | Operation::Swap => some("42 and more"),
            Operation::Increment => some("42"),
            Operation::Delete | Operation::DeleteMany => None,
            _ => some(BEFORE),
        }
    }
}

struct Prepared<'a> {
    operation: Operation,
    bucket: Bucket<'a>,
    key: String,
    cas: Option<Cas<'a>>,
}

impl common::Prepared<Keyvalue> for Prepared<'_> {
    fn run(&mut self) -> Reply<()> {
        let (bucket, key) = (&self.bucket, self.key.as_str());
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

    fn check(&self, cx: &Cx, kind: Option<&str>) -> Result<()> {
        let now = cx.outside().get(self.key.as_bytes())?;
        let (before, after) = (some(BEFORE), self.operation.after());
        match kind {
            None => equal("the value after success", now, after),
            Some(kind) if self.operation.once() && kind != "ambiguous" => {
                equal(&format!("the value after `{kind}`"), now, before)
            }
            Some(_) => {
                ensure!(
                    now == before || now == after,
                    "the value is neither the old nor the new one: {now:?}"
                );
                Ok(())
            }
        }
    }
}

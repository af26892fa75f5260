//! Runs the steps of `wasi:keyvalue`.

use std::collections::BTreeMap;

use super::Next;
use super::bindings::wasi::keyvalue0_2_0_draft2::atomics::{self, Cas, CasError};
use super::drafts::{Bucket, draft, draft2};
use crate::Bytes;
use crate::keyvalue::{Failure, Outcome, Step};

#[derive(Default)]
pub(super) struct Run {
    buckets: BTreeMap<String, Bucket>,
    handles: BTreeMap<String, Cas>,
}

/// Calls one function of the bucket's draft.
macro_rules! call {
    ($run:ident, $bucket:ident, $function:ident $(, $argument:expr)*) => {
        match &$run.buckets[&$bucket] {
            Bucket::Draft(bucket) => draft::$function(bucket $(, $argument)*),
            Bucket::Draft2(bucket) => draft2::$function(bucket $(, $argument)*),
        }
    };
}

impl super::Run for Run {
    type Step = Step;
    type Outcome = Outcome;

    fn next(&mut self, step: Step) -> Next<Outcome> {
        match step {
            Step::Barrier { runner, session } => Next::Barrier { runner, session },
            step => Next::Outcome(self.step(step).unwrap_or_else(Outcome::Failed)),
        }
    }
}

impl Run {
    fn step(&mut self, step: Step) -> Result<Outcome, Failure> {
        match step {
            Step::Open { draft, identifier, handle } => {
                self.buckets.insert(handle, Bucket::open(draft, &identifier)?);
                Ok(Outcome::Done)
            }
            Step::Get { bucket, key } => call!(self, bucket, get, &key),
            Step::Set { bucket, key, value } => call!(self, bucket, set, &key, &value.0),
            Step::Delete { bucket, key } => call!(self, bucket, delete, &key),
            Step::Exists { bucket, key } => call!(self, bucket, exists, &key),
            Step::ListKeys { bucket, cursor } => call!(self, bucket, list_keys, cursor),
            Step::Increment { bucket, key, delta } => call!(self, bucket, increment, &key, delta),
            Step::GetMany { bucket, keys } => call!(self, bucket, get_many, &keys),
            Step::SetMany { bucket, pairs } => call!(self, bucket, set_many, pairs),
            Step::DeleteMany { bucket, keys } => call!(self, bucket, delete_many, &keys),
            Step::CasNew { bucket, key, handle } => {
                self.handles.insert(handle, Cas::new(self.draft2(&bucket), &key)?);
                Ok(Outcome::Done)
            }
            Step::CasCurrent { cas } => Ok(Outcome::Value(self.handles[&cas].current()?.map(Bytes))),
            Step::CasSwap { cas, value, failed } => {
                let cas = self.handles.remove(&cas).expect("the handle is there");
                match atomics::swap(cas, &value.0) {
                    Ok(()) => Ok(Outcome::Done),
                    Err(CasError::StoreError(error)) => Err(error.into()),
                    Err(CasError::CasFailed(fresh)) => {
                        self.handles.insert(failed, fresh);
                        Ok(Outcome::CasFailed)
                    }
                }
            }
            Step::CasCount { bucket, key } => cas_count(self.draft2(&bucket), &key),
            Step::Drop { handle } => {
                let dropped = self.buckets.remove(&handle).is_some() | self.handles.remove(&handle).is_some();
                assert!(dropped, "there is no handle {handle}");
                Ok(Outcome::Done)
            }
            Step::Barrier { .. } => unreachable!("the program's loop takes barriers"),
        }
    }

    fn draft2(&self, bucket: &str) -> &draft2::Bucket {
        match &self.buckets[bucket] {
            Bucket::Draft2(bucket) => bucket,
            Bucket::Draft(_) => panic!("draft has no compare-and-swap"),
        }
    }
}

fn cas_count(bucket: &draft2::Bucket, key: &str) -> Result<Outcome, Failure> {
    let mut cas = Cas::new(bucket, key)?;
    loop {
        let current = cas.current()?.unwrap_or_else(|| b"0".to_vec());
        let current: i64 = String::from_utf8_lossy(&current).parse().expect("the runner put a number there");
        match atomics::swap(cas, (current + 1).to_string().as_bytes()) {
            Ok(()) => return Ok(Outcome::Number((current + 1).into())),
            Err(CasError::StoreError(error)) => return Err(error.into()),
            Err(CasError::CasFailed(fresh)) => cas = fresh,
        }
    }
}

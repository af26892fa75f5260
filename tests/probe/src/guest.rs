//! Receives a program, runs it, answers.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingRequest, Method, OutgoingBody, OutgoingRequest, OutgoingResponse,
    ResponseOutparam, Scheme,
};

use crate::bindings::wasi::keyvalue0_2_0_draft2::atomics::{self, Cas, CasError};
use crate::drafts::{Bucket, draft, draft2};
use crate::{Bytes, Failure, Outcome, Step};

struct Probe;
wasip2::http::proxy::export!(Probe);

impl Guest for Probe {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let program = read(request.consume().expect("the body is taken once"));
        let answer = serde_json::to_vec(&Run::default().program(&program)).expect("outcomes are JSON");
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().expect("the body is taken once");
        ResponseOutparam::set(out, Ok(response));
        write(body, &answer);
    }
}

#[derive(Default)]
struct Run {
    buckets: BTreeMap<String, Bucket>,
    handles: BTreeMap<String, Cas>,
    outcomes: Vec<Outcome>,
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

impl Run {
    /// Runs the steps, those that barriers bring included, and returns the outcomes since the last barrier.
    fn program(mut self, program: &[u8]) -> Vec<Outcome> {
        let mut steps = parse(program);
        while let Some(step) = steps.pop() {
            if let Step::Barrier { runner, session } = step {
                let outcomes =
                    serde_json::to_vec(&std::mem::take(&mut self.outcomes)).expect("outcomes are JSON");
                steps.extend(parse(&post(&runner, &session, &outcomes)));
            } else {
                let outcome = self.step(step).unwrap_or_else(Outcome::Failed);
                self.outcomes.push(outcome);
            }
        }
        self.outcomes
    }

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

/// The steps, last one first.
fn parse(json: &[u8]) -> Vec<Step> {
    let mut steps = serde_json::from_slice::<Vec<Step>>(json).expect("the runner sends a list of steps");
    steps.reverse();
    steps
}

/// One request to the runner, which answers when it is done with what it has to do.
fn post(runner: &str, path: &str, bytes: &[u8]) -> Vec<u8> {
    let fields = Fields::new();
    fields.set("content-length", &[bytes.len().to_string().into_bytes()]).expect("a header that may be set");
    let request = OutgoingRequest::new(fields);
    request.set_method(&Method::Post).expect("POST is a method");
    request.set_scheme(Some(&Scheme::Http)).expect("http is a scheme");
    request.set_authority(Some(runner)).expect("the runner has an address");
    request.set_path_with_query(Some(&format!("/{path}"))).expect("the session is a path");
    let body = request.body().expect("the body is taken once");
    let response = outgoing_handler::handle(request, None).expect("the host lets requests out");
    write(body, bytes);
    response.subscribe().block();
    let response = response.get().expect("ready").expect("taken once").expect("the runner answers");
    assert_eq!(response.status(), 200, "the runner knows the session");
    read(response.consume().expect("the body is taken once"))
}

fn read(body: IncomingBody) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut stream = body.stream().expect("the stream is taken once");
    stream.read_to_end(&mut bytes).expect("the whole body arrives");
    drop(stream);
    IncomingBody::finish(body);
    bytes
}

fn write(body: OutgoingBody, bytes: &[u8]) {
    let mut stream = body.write().expect("the stream is taken once");
    stream.write_all(bytes).expect("the receiver is there");
    drop(stream);
    OutgoingBody::finish(body, None).expect("as long as was said");
}

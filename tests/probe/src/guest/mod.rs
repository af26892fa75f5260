//! Receives a program, runs it, answers.

mod bindings;
#[cfg(feature = "blobstore")]
mod blobstore;
#[cfg(not(feature = "blobstore"))]
mod drafts;
#[cfg(feature = "cli")]
mod files;
mod http;
#[cfg(not(feature = "blobstore"))]
mod keyvalue;
#[cfg(feature = "blobstore")]
mod streams;

#[cfg(feature = "blobstore")]
use blobstore::Run as TheRun;
#[cfg(not(feature = "blobstore"))]
use keyvalue::Run as TheRun;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{Fields, IncomingRequest, OutgoingResponse, ResponseOutparam};

struct Probe;
wasip2::http::proxy::export!(Probe);

impl Guest for Probe {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let steps = http::read(request.consume().expect("the body is taken once"));
        let answer = program(&mut TheRun::default(), &steps);
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().expect("the body is taken once");
        ResponseOutparam::set(out, Ok(response));
        http::write(body, &answer);
    }
}

/// The handles of one instance, and what can be done to them.
trait Run {
    type Step: DeserializeOwned;
    type Outcome: Serialize;

    fn next(&mut self, step: Self::Step) -> Next<Self::Outcome>;
}

enum Next<O> {
    Outcome(O),
    /// To be waited at.
    Barrier {
        runner: String,
        session: String,
    },
}

/// Runs the steps, those that barriers bring included, and returns the outcomes since the last barrier.
fn program<R: Run>(run: &mut R, steps: &[u8]) -> Vec<u8> {
    let mut steps = parse::<R::Step>(steps);
    let mut outcomes = Vec::new();
    while let Some(step) = steps.pop() {
        match run.next(step) {
            Next::Outcome(outcome) => outcomes.push(outcome),
            Next::Barrier { runner, session } => {
                let so_far = json(&std::mem::take(&mut outcomes));
                steps.extend(parse(&http::post(&runner, &session, &so_far)));
            }
        }
    }
    json(&outcomes)
}

fn json(outcomes: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(outcomes).expect("outcomes are JSON")
}

/// The steps, last one first.
fn parse<S: DeserializeOwned>(json: &[u8]) -> Vec<S> {
    let mut steps = serde_json::from_slice::<Vec<S>>(json).expect("the runner sends a list of steps");
    steps.reverse();
    steps
}

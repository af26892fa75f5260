//! Runs the steps of `wasi:blobstore`.

use std::collections::BTreeMap;

use wasip2::http::types::{IncomingBody, Method, OutgoingBody};
use wasip2::io::streams::{InputStream, OutputStream};

use super::bindings::wasi::blobstore::blobstore;
use super::bindings::wasi::blobstore::container::{Container, StreamObjectNames};
use super::bindings::wasi::blobstore::types::{IncomingValue, ObjectId, OutgoingValue};
use super::{Next, http, streams};
use crate::Data;
use crate::blobstore::{Failure, Outcome, Step};

/// The handles, by their names. Streams stand before what they come from, as they must be dropped first.
#[derive(Default)]
pub(super) struct Run {
    outputs: BTreeMap<String, OutputStream>,
    inputs: BTreeMap<String, InputStream>,
    bodies: Vec<IncomingBody>,
    outgoing: BTreeMap<String, OutgoingValue>,
    incoming: BTreeMap<String, IncomingValue>,
    listings: BTreeMap<String, StreamObjectNames>,
    containers: BTreeMap<String, Container>,
}

type Answer = Result<Outcome, Failure>;

impl From<String> for Failure {
    fn from(sentence: String) -> Self {
        Failure::Error(sentence)
    }
}

impl From<()> for Failure {
    fn from((): ()) -> Self {
        Failure::Refused
    }
}

fn done<E>(result: Result<(), E>) -> Answer
where
    Failure: From<E>,
{
    Ok(result.map(|()| Outcome::Done)?)
}

fn object((container, object): (String, String)) -> ObjectId {
    ObjectId { container, object }
}

fn take<T>(handles: &mut BTreeMap<String, T>, handle: &str) -> T {
    handles.remove(handle).unwrap_or_else(|| panic!("there is no handle {handle}"))
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
    fn step(&mut self, step: Step) -> Answer {
        match step {
            Step::CreateContainer { name, handle } => {
                self.containers.insert(handle, blobstore::create_container(&name)?);
                Ok(Outcome::Done)
            }
            Step::GetContainer { name, handle } => {
                self.containers.insert(handle, blobstore::get_container(&name)?);
                Ok(Outcome::Done)
            }
            Step::DeleteContainer { name } => done(blobstore::delete_container(&name)),
            Step::ContainerExists { name } => Ok(Outcome::Exists(blobstore::container_exists(&name)?)),
            Step::CopyObject { from, to } => done(blobstore::copy_object(&object(from), &object(to))),
            Step::MoveObject { from, to } => done(blobstore::move_object(&object(from), &object(to))),
            Step::Drop { handle } => {
                // One by one: a stream before the value that it comes from.
                let dropped = self.outputs.remove(&handle).is_some()
                    || self.inputs.remove(&handle).is_some()
                    || self.outgoing.remove(&handle).is_some()
                    || self.incoming.remove(&handle).is_some()
                    || self.listings.remove(&handle).is_some()
                    || self.containers.remove(&handle).is_some();
                assert!(dropped, "there is no handle {handle}");
                Ok(Outcome::Done)
            }
            step => self.of_container(step),
        }
    }

    fn of_container(&mut self, step: Step) -> Answer {
        match step {
            Step::ContainerName { container } => Ok(Outcome::Name(self.containers[&container].name()?)),
            Step::ContainerInfo { container } => {
                let info = self.containers[&container].info()?;
                Ok(Outcome::ContainerInfo { name: info.name, created_at: info.created_at })
            }
            Step::GetData { container, name, start, end, handle } => {
                let value = self.containers[&container].get_data(&name, start, end)?;
                self.incoming.insert(handle, value);
                Ok(Outcome::Done)
            }
            Step::WriteData { container, name, value } => {
                done(self.containers[&container].write_data(&name, &self.outgoing[&value]))
            }
            Step::ListObjects { container, handle } => {
                self.listings.insert(handle, self.containers[&container].list_objects()?);
                Ok(Outcome::Done)
            }
            Step::DeleteObject { container, name } => done(self.containers[&container].delete_object(&name)),
            Step::DeleteObjects { container, names } => {
                done(self.containers[&container].delete_objects(&names))
            }
            Step::HasObject { container, name } => {
                Ok(Outcome::Exists(self.containers[&container].has_object(&name)?))
            }
            Step::ObjectInfo { container, name } => {
                let info = self.containers[&container].object_info(&name)?;
                let (name, container) = (info.name, info.container);
                Ok(Outcome::ObjectInfo { name, container, created_at: info.created_at, size: info.size })
            }
            Step::Clear { container } => done(self.containers[&container].clear()),
            Step::ReadNames { listing, length } => {
                let (names, end) = self.listings[&listing].read_stream_object_names(length)?;
                Ok(Outcome::Names { names, end })
            }
            Step::SkipNames { listing, count } => {
                let (count, end) = self.listings[&listing].skip_stream_object_names(count)?;
                Ok(Outcome::Skipped { count, end })
            }
            Step::Put { container, name, content } => {
                let value = OutgoingValue::new_outgoing_value();
                self.containers[&container].write_data(&name, &value)?;
                let stream = value.outgoing_value_write_body()?;
                // What became of it is for `finish` to say.
                let _ = streams::write_all(&stream, &content, 1 << 20);
                drop(stream);
                done(OutgoingValue::finish(value))
            }
            Step::Get { container, name } => {
                let value = self.containers[&container].get_data(&name, 0, u64::MAX)?;
                let stream = IncomingValue::incoming_value_consume_async(value)?;
                Ok(Outcome::Data(streams::read_all(&stream)?))
            }
            step => self.of_value(step),
        }
    }

    fn of_value(&mut self, step: Step) -> Answer {
        match step {
            Step::NewValue { handle } => {
                self.outgoing.insert(handle, OutgoingValue::new_outgoing_value());
                Ok(Outcome::Done)
            }
            Step::WriteBody { value, handle } => {
                self.outputs.insert(handle, self.outgoing[&value].outgoing_value_write_body()?);
                Ok(Outcome::Done)
            }
            Step::Finish { value } => done(OutgoingValue::finish(take(&mut self.outgoing, &value))),
            Step::Size { value } => Ok(Outcome::Number(self.incoming[&value].size())),
            Step::ConsumeSync { value } => {
                let value = take(&mut self.incoming, &value);
                Ok(Outcome::Data(Data::of(&IncomingValue::incoming_value_consume_sync(value)?)))
            }
            Step::ConsumeAsync { value, handle } => {
                let value = take(&mut self.incoming, &value);
                self.inputs.insert(handle, IncomingValue::incoming_value_consume_async(value)?);
                Ok(Outcome::Done)
            }
            Step::Read { stream, length } => {
                Ok(Outcome::Data(Data::of(&self.inputs[&stream].blocking_read(length)?)))
            }
            Step::ReadAll { stream } => Ok(Outcome::Data(streams::read_all(&self.inputs[&stream])?)),
            step => self.of_output(step),
        }
    }

    fn of_output(&mut self, step: Step) -> Answer {
        let output = |stream: &String| &self.outputs[stream];
        match step {
            Step::CheckWrite { stream } => Ok(Outcome::Number(output(&stream).check_write()?)),
            Step::WriteAll { stream, content, piece } => {
                done(streams::write_all(output(&stream), &content, piece))
            }
            Step::Write { stream, bytes } => {
                let permit = streams::permit(output(&stream))?;
                assert!(bytes.0.len() as u64 <= permit, "the permit is for {permit} bytes");
                done(output(&stream).write(&bytes.0))
            }
            Step::BlockingWriteAndFlush { stream, bytes } => {
                done(output(&stream).blocking_write_and_flush(&bytes.0))
            }
            Step::Flush { stream } => done(output(&stream).flush()),
            Step::BlockingFlush { stream } => done(output(&stream).blocking_flush()),
            Step::WriteZeroes { stream, length } => done(streams::write_zeroes(output(&stream), length)),
            Step::BlockingWriteZeroesAndFlush { stream, length } => {
                done(output(&stream).blocking_write_zeroes_and_flush(length))
            }
            Step::Splice { stream, from, length } => {
                let pair = (output(&stream), &self.inputs[&from]);
                Ok(Outcome::Number(streams::splice(OutputStream::splice, pair, length)?))
            }
            Step::BlockingSplice { stream, from, length } => {
                let pair = (output(&stream), &self.inputs[&from]);
                Ok(Outcome::Number(streams::splice(OutputStream::blocking_splice, pair, length)?))
            }
            step => self.of_host(step),
        }
    }

    /// What is the host's, with and without streams of ours.
    fn of_host(&mut self, step: Step) -> Answer {
        match step {
            Step::Fetch { runner, path, handle } => {
                let nothing = |body| OutgoingBody::finish(body, None).expect("an empty body");
                let body = http::exchange(&Method::Get, (&runner, &path), None, nothing);
                self.inputs.insert(handle, body.stream().expect("the stream is taken once"));
                self.bodies.push(body);
                Ok(Outcome::Done)
            }
            Step::Send { runner, path, stream } => {
                let from = &self.inputs[&stream];
                let mut outcome = Ok(0);
                let fill = |body: OutgoingBody| {
                    let to = body.write().expect("the stream is taken once");
                    outcome = streams::splice(OutputStream::splice, (&to, from), u64::MAX);
                    drop(to);
                    OutgoingBody::finish(body, None).expect("no length was said");
                };
                let answer = http::read(http::exchange(&Method::Post, (&runner, &path), None, fill));
                outcome?;
                Ok(Outcome::Data(serde_json::from_slice(&answer).expect("the runner sends a digest")))
            }
            Step::Print { text } => {
                for stream in [wasip2::cli::stdout::get_stdout(), wasip2::cli::stderr::get_stderr()] {
                    stream.blocking_write_and_flush(text.as_bytes())?;
                }
                Ok(Outcome::Done)
            }
            #[cfg(feature = "cli")]
            Step::WriteFile { name, content } => super::files::write(&name, &content),
            #[cfg(feature = "cli")]
            Step::Exchange { content } => super::files::exchange(&content),
            step => panic!("not a step of this flavour: {step:?}"),
        }
    }
}

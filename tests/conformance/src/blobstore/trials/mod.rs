//! The trials of the rules `blob.*`, a file for each group, and what of `all.*` is about objects.

mod containers;
mod copies;
mod downloads;
mod extremes;
mod host_streams;
mod interop;
mod list;
mod memory;
mod names;
mod objects;
mod ranges;
mod requests;
mod streams;
mod uploads;
mod values;
mod writers;

use anyhow::Result;
use probe::{Content, Data};

use super::app::{Container, Output, Value, data};
use super::{Case, Cx};
use crate::check::equal;
use crate::reply::Reply;

pub(crate) fn all() -> Vec<Case> {
    let groups = [
        interop::cases(),
        containers::cases(),
        ranges::cases(),
        values::cases(),
        writers::cases(),
        streams::cases(),
        objects::cases(),
        copies::cases(),
        list::cases(),
        names::cases(),
        requests::cases(),
        uploads::cases(),
        downloads::cases(),
        extremes::cases(),
        host_streams::cases(),
        memory::cases(),
    ];
    groups.into_iter().flatten().collect()
}

/// What another client reads in the shared container.
fn outside(cx: &Cx, name: &str) -> Result<Option<Data>> {
    data(cx.outside().get(cx.shared(), name))
}

/// That another client reads this in the shared container.
fn holds(cx: &Cx, name: &str, content: &Content) -> Result<()> {
    equal("what another client reads", outside(cx, name)?, Some(content.data()))
}

/// That there is no such object in the shared container.
fn absent(cx: &Cx, name: &str) -> Result<()> {
    equal("what another client reads", outside(cx, name)?, None)
}

/// A value that goes to the name, and its stream.
fn begin<'a>(container: &Container<'a>, value: Value<'a>, name: &str) -> Reply<(Value<'a>, Output<'a>)> {
    container.write_data(name, &value)?;
    let stream = value.body()?;
    Ok((value, stream))
}

//! Files of any size, in containers. An ordinary `wasi:http/proxy` component on `wasi:blobstore`: which store that
//! is, is decided when it is plugged together.
//!
//! | request | does |
//! | --- | --- |
//! | `PUT /{container}/{name}` | stores the body as it comes, and makes the container if there is none |
//! | `GET /{container}/{name}` | gives the file, or the part of it that `Range` asks for |
//! | `HEAD /{container}/{name}` | gives its size |
//! | `DELETE /{container}/{name}` | deletes it |
//! | `POST /{container}/{name}?copy=/{container}/{name}` | copies it there; `?move=` moves it |
//! | `GET /{container}` | lists the names |

#[allow(clippy::all, unreachable_pub)]
mod blobs {
    wit_bindgen::generate!({
        path: ["../../wit/wasi/io.wit", "../../wit/blobstore", "wit"],
        world: "example:files/app",
        with: {
            "wasi:io/error@0.2.12": wasip2::io::error,
            "wasi:io/poll@0.2.12": wasip2::io::poll,
            "wasi:io/streams@0.2.12": wasip2::io::streams,
        },
        generate_all,
    });
    pub use wasi::blobstore::{blobstore, container, types};
}
mod answer;
mod place;
mod range;
mod upload;

use answer::{Answer, Failure};
use blobs::blobstore;
use place::{Change, Place};
use range::Range;
use serde_json::json;
use wasip2::http::types::{IncomingRequest, Method, ResponseOutparam};

/// How many names one call of the listing gives at most.
const PAGE: u64 = 1000;

struct Files;

impl wasip2::exports::http::incoming_handler::Guest for Files {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let answer = answer(&request).unwrap_or_else(|failure| failure.answer());
        answer.send(out);
    }
}

wasip2::http::proxy::export!(Files);

fn answer(request: &IncomingRequest) -> Result<Answer, Failure> {
    let target = request.path_with_query().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let place = Place::read(path)?;
    match (request.method(), &place.name) {
        (Method::Put, Some(name)) => upload::put(request, &place.container, name),
        (Method::Get, Some(name)) => get(request, &place.container, name),
        (Method::Head, Some(name)) => {
            let info = blobstore::get_container(&place.container)?.object_info(name)?;
            Ok(Answer::head(info.size))
        }
        (Method::Delete, Some(name)) => {
            blobstore::get_container(&place.container)?.delete_object(name)?;
            Ok(Answer::empty(204))
        }
        (Method::Post, Some(name)) => change(&Change::read(query)?, &place.container, name),
        (Method::Get, None) => list(&place.container),
        (_, Some(_)) => Err(Failure::new(405, "files take PUT, GET, HEAD, POST and DELETE")),
        (_, None) => Err(Failure::new(405, "containers take GET")),
    }
}

fn get(request: &IncomingRequest, container: &str, name: &str) -> Result<Answer, Failure> {
    let container = blobstore::get_container(container)?;
    let Some(range) = Range::asked(request) else {
        return Ok(Answer::file(container.get_data(name, 0, u64::MAX)?));
    };
    // How much there is: what is answered has to say it.
    let size = container.object_info(name)?.size;
    match range.within(size) {
        Some((first, last)) => Ok(Answer::part(container.get_data(name, first, last)?, first, size)),
        None => Ok(Answer::beyond_the_end(size)),
    }
}

fn change(change: &Change, container: &str, name: &str) -> Result<Answer, Failure> {
    let from = blobs::types::ObjectId { container: container.into(), object: name.into() };
    let (to, change): (_, fn(&_, &_) -> Result<(), String>) = match change {
        Change::Copy(to) => (to, blobstore::copy_object),
        Change::Move(to) => (to, blobstore::move_object),
    };
    match change(&from, to) {
        Err(error) if error.starts_with("no-such-container") => {
            // That of the source or, as with an upload, one that is to be made.
            blobstore::get_container(container)?;
            upload::open(&to.container)?;
            change(&from, to)?;
        }
        outcome => outcome?,
    }
    Ok(Answer::empty(201))
}

fn list(container: &str) -> Result<Answer, Failure> {
    let listing = blobstore::get_container(container)?.list_objects()?;
    let mut files = Vec::new();
    loop {
        let (page, end) = listing.read_stream_object_names(PAGE)?;
        files.extend(page);
        if end {
            return Ok(Answer::json(200, &json!({ "files": files })));
        }
    }
}

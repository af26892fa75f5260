//! The operations of the Table service as requests, and its answers
//! (learn.microsoft.com/rest/api/storageservices/table-service-rest-api).

mod batch;
mod entity;
mod failure;

use plugboard_http::{Endpoint, Method, Request, Resend, Response, escape, form};
use serde_json::Value;

pub(crate) use batch::{Batch, outcome};
pub(crate) use entity::{LARGEST, value};
pub(crate) use failure::{error_of, said};

use crate::keys::Place;

/// Of the service's interface: the first that takes tokens of Entra ID.
const VERSION: &str = "2020-12-06";
/// Types of properties are told only where JSON does not show them.
const JSON: &str = "application/json;odata=minimalmetadata";
const JSON_WITHOUT_TYPES: &str = "application/json;odata=nometadata";

const ERROR_CODE: &str = "x-ms-error-code";
/// In every answer of the service, and of nobody who stands before it or in its place.
const REQUEST_ID: &str = "x-ms-request-id";
const ETAG: &str = "etag";
/// Where a listing goes on.
const NEXT: [(&str, &str); 2] = [
    ("x-ms-continuation-nextpartitionkey", "NextPartitionKey"),
    ("x-ms-continuation-nextrowkey", "NextRowKey"),
];
/// As many as the service gives at a time.
const PAGE: &str = "1000";

/// The table that all pairs are in.
pub(crate) struct Table {
    pub(crate) name: String,
}

impl Table {
    pub(crate) fn get(&self, place: &Place) -> Request {
        request("Get Entity", Method::Get, self.path(place), Resend::Allowed)
    }

    /// Whether there is an entity, with as little of it as there can be.
    pub(crate) fn look(&self, place: &Place) -> Request {
        let mut request = self.get(place);
        request.path.push_str("?$select=RowKey");
        request
    }

    /// Replaces what is there, if anything is.
    pub(crate) fn put(&self, place: &Place, value: &[u8]) -> Request {
        let request = request("Insert Or Replace Entity", Method::Put, self.path(place), Resend::Allowed);
        with_json(request, entity::json(place, value))
    }

    /// Replaces what has that etag.
    pub(crate) fn update(&self, place: &Place, value: &[u8], etag: &str) -> Request {
        let mut request = request("Update Entity", Method::Put, self.path(place), Resend::Never);
        request.headers.push(("if-match", etag.to_owned()));
        with_json(request, entity::json(place, value))
    }

    pub(crate) fn insert(&self, place: &Place, value: &[u8]) -> Request {
        let path = ["/", &self.name].concat();
        let mut request = request("Insert Entity", Method::Post, path, Resend::Never);
        request.headers.push(("prefer", "return-no-content".to_owned()));
        with_json(request, entity::json(place, value))
    }

    pub(crate) fn delete(&self, place: &Place) -> Request {
        let mut request = request("Delete Entity", Method::Delete, self.path(place), Resend::Allowed);
        request.headers.push(("if-match", "*".to_owned()));
        request
    }

    /// The rows of a partition from `first` on, in order.
    pub(crate) fn list(&self, partition: &str, first: &str, after: Option<&str>) -> Request {
        let mut filter = ["PartitionKey eq ", &quoted(partition)].concat();
        if !first.is_empty() {
            filter.extend([" and RowKey ge ", &quoted(first)]);
        }
        let mut query = vec![("$filter", filter.as_str()), ("$select", "RowKey"), ("$top", PAGE)];
        let after = after.map(|after| after.split_once(' ').unwrap_or((after, "")));
        if let Some((partition, row)) = after {
            let tokens = NEXT.iter().map(|(_, name)| *name).zip([partition, row]);
            query.extend(tokens.filter(|(_, token)| !token.is_empty()));
        }
        let path = ["/", &self.name, "()?", &form(query)].concat();
        let mut request = request("Query Entities", Method::Get, path, Resend::Allowed);
        request.answer_fields = &[ERROR_CODE, REQUEST_ID, NEXT[0].0, NEXT[1].0];
        for (name, value) in &mut request.headers {
            if *name == "accept" {
                *value = JSON_WITHOUT_TYPES.to_owned();
            }
        }
        request
    }

    /// Several changes that happen at one moment.
    pub(crate) fn batch(&self, batch: Batch) -> Request {
        let mut request =
            request("Entity Group Transaction", Method::Post, "/$batch".to_owned(), Resend::Allowed);
        request.headers.push(("content-type", batch::CONTENT_TYPE.to_owned()));
        request.body = batch.into_body().into();
        request
    }

    /// Where an entity is, behind the endpoint.
    fn path(&self, place: &Place) -> String {
        let mut path = ["/", &self.name, "(PartitionKey="].concat();
        escape(&mut path, quoted(&place.partition));
        path.push_str(",RowKey=");
        escape(&mut path, quoted(&place.row));
        path.push(')');
        path
    }

    /// The same as a whole address, which is how it is written in a batch.
    fn address(&self, endpoint: &Endpoint, place: &Place) -> String {
        let scheme = if endpoint.https { "https://" } else { "http://" };
        [scheme, &endpoint.authority, &endpoint.base_path, &self.path(place)].concat()
    }
}

fn request(what: &'static str, method: Method, path: String, resend: Resend) -> Request {
    Request {
        method,
        path,
        headers: vec![
            ("accept", JSON.to_owned()),
            ("dataserviceversion", "3.0".to_owned()),
            ("x-ms-version", VERSION.to_owned()),
        ],
        body: Vec::new().into(),
        resend,
        answer_fields: &[ERROR_CODE, REQUEST_ID, ETAG],
        what,
    }
}

fn with_json(mut request: Request, json: String) -> Request {
    request.headers.push(("content-type", "application/json".to_owned()));
    request.body = json.into_bytes().into();
    request
}

/// Text in an expression of OData.
fn quoted(text: &str) -> String {
    ["'", &text.replace('\'', "''"), "'"].concat()
}

/// Whether the service itself has answered.
pub(crate) fn is_of_service(response: &Response) -> bool {
    response.header(REQUEST_ID).is_some()
}

pub(crate) fn etag(response: &Response) -> Option<String> {
    response.header(ETAG).map(str::to_owned)
}

/// The rows of a page, and where the next one begins.
pub(crate) fn page(response: &Response) -> Option<(Vec<String>, Option<String>)> {
    let json: Value = serde_json::from_slice(&response.body).ok()?;
    let rows = json.get("value")?.as_array()?.iter();
    let rows = rows.map(|row| Some(row.get("RowKey")?.as_str()?.to_owned())).collect::<Option<_>>()?;
    let [partition, row] = NEXT.map(|(field, _)| response.header(field).unwrap_or_default());
    let next = (!partition.is_empty()).then(|| [partition, " ", row].concat());
    Some((rows, next))
}

#[cfg(test)]
mod tests;

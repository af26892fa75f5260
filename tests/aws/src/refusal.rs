//! The errors of the services, in the form that AWS gives them.

use std::time::SystemTime;

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::header::{CONTENT_TYPE, DATE};
use hyper::http::request::Parts;
use hyper::{Method, Response};
use serde_json::json;

use plugboard_strict::Answer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
    S3,
    /// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html>
    DynamoDb,
}

impl Service {
    /// Of those that are here.
    pub(crate) fn of(head: &Parts) -> Service {
        if head.headers.contains_key("x-amz-target") { Service::DynamoDb } else { Service::S3 }
    }

    /// As signatures have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Service::S3 => "s3",
            Service::DynamoDb => "dynamodb",
        }
    }

    /// The field that every answer has.
    pub(crate) fn request_id(self) -> &'static str {
        match self {
            Service::S3 => "x-amz-request-id",
            Service::DynamoDb => "x-amzn-requestid",
        }
    }
}

/// A request that is not served.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { status, code, message: message.into() }
    }

    pub(crate) fn answer(self, service: Service, method: &Method, now: SystemTime) -> Answer {
        let Refusal { status, code, message } = self;
        let id = request_id();
        let (content_type, body) = match service {
            _ if method == Method::HEAD => ("application/xml", String::new()),
            Service::S3 => {
                let message = message.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let xml = format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
                     <Message>{message}</Message><RequestId>{id}</RequestId><HostId>{id}</HostId></Error>"
                );
                ("application/xml", xml)
            }
            Service::DynamoDb => {
                let kind = format!("com.amazon.coral.service#{code}");
                ("application/x-amz-json-1.0", json!({ "__type": kind, "message": message }).to_string())
            }
        };
        Response::builder()
            .status(status)
            .header(service.request_id(), id)
            .header(DATE, httpdate::fmt_http_date(now))
            .header(CONTENT_TYPE, content_type)
            .body(Either::Left(Full::new(Bytes::from(body))))
            .expect("all of it is text")
    }
}

pub(crate) fn request_id() -> String {
    format!("{:016X}", fastrand::u64(..))
}

//! blob-s3 against imitations of S3, and with each of its credentials.

use std::net::SocketAddr;
use std::sync::OnceLock;

use anyhow::Result;
use aws_strict::Config;
use axum::http::{Method, Uri};
use plugboard_faults::Request;
use plugboard_harness::servers::{Moto, S3s};
use plugboard_harness::{Run, tools};

use super::sdk::Sdk;
use super::{Fixture, Operation, Outside};
use crate::credentials::{Credentials, aws};
use crate::fixture::{self, Settings};
use crate::script::Script;

const PREFIX: &str = "s3";
const CONTAINER: &str = "conformance";
/// Moto is told to take parts as small as that, so that objects of many parts are quickly made.
const SMALL: &str = include_str!("s3_moto.py");
const SMALL_BLOCK: u64 = 64 << 10;
/// The smallest that AWS takes.
const BLOCK: u64 = 5 << 20;
/// One where a bucket that is made says where it goes.
const ELSEWHERE: &str = "eu-west-1";

struct Service<S> {
    address: SocketAddr,
    region: &'static str,
    block: u64,
    credentials: Credentials,
    outside: Sdk,
    filled: OnceLock<String>,
    /// Dropped, and so stopped, last.
    _servers: S,
}

/// Moto as it is, but for the smallest size of a part.
pub(super) fn moto(run: &Run) -> Result<Box<dyn Fixture>> {
    let moto = Moto::start_changed(run, SMALL)?;
    let credentials = aws::key(PREFIX, Moto::ACCESS_KEY_ID, Moto::SECRET_ACCESS_KEY);
    let outside = sdk(run, &moto.url(), ELSEWHERE, (Moto::ACCESS_KEY_ID, Moto::SECRET_ACCESS_KEY))?;
    service(moto.addr(), ELSEWHERE, SMALL_BLOCK, credentials, outside, moto)
}

/// What objects can do that are files of their names, in folders that are buckets, and are written in parts as large
/// as in AWS.
pub(super) const WITH_FILES: &[&str] = &[
    "all.composition",
    "all.errors/wrong-credentials-are-access-denied",
    "all.secrets",
    "blob.drop",
    "blob.move",
    "blob.order",
    "blob.range",
    "blob.type",
    "blob.writers",
    "blob.copy/copies",
    "blob.copy/into-another-container",
    "blob.finish/every-byte",
    "blob.finish/replaces-the-whole",
    "blob.finish/sizes-around-a-block",
    "blob.finish/with-the-stream-open",
    "blob.list/pages-of-any-size",
    "blob.list/two-listings-side-by-side",
    "blob.requests/one-for-a-block-more-for-more",
    "blob.stream/64-MiB-in-both-directions",
];

pub(super) fn s3s(run: &Run) -> Result<Box<dyn Fixture>> {
    let s3s = S3s::start(run)?;
    let keys = (S3s::ACCESS_KEY_ID, S3s::SECRET_ACCESS_KEY);
    let outside = sdk(run, &s3s.url(), ELSEWHERE, keys)?;
    service(s3s.addr(), ELSEWHERE, BLOCK, aws::key(PREFIX, keys.0, keys.1), outside, s3s)
}

pub(super) fn access_key(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, aws::access_key)
}

pub(super) fn temporary(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, aws::temporary)
}

pub(super) fn container(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, aws::container)
}

pub(super) fn instance(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, aws::instance)
}

pub(super) fn web_identity(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, aws::web_identity)
}

pub(super) fn short_lived(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, aws::short_lived)
}

pub(super) fn skewed(run: &Run) -> Result<Box<dyn Fixture>> {
    strict(run, aws::skewed)
}

/// Moto behind what makes it as strict as AWS.
fn strict(run: &Run, credentials: aws::Way) -> Result<Box<dyn Fixture>> {
    let moto = Moto::start_changed(run, SMALL)?;
    let strict = Config::new((&moto).into()).serve()?;
    // The other client has no part in that.
    let outside = sdk(run, &moto.url(), aws_strict::REGION, (Moto::ACCESS_KEY_ID, Moto::SECRET_ACCESS_KEY))?;
    let credentials = credentials(PREFIX, &strict)?;
    service(strict.addr(), aws_strict::REGION, SMALL_BLOCK, credentials, outside, (strict, moto))
}

fn sdk(run: &Run, url: &str, region: &str, (id, secret): (&str, &str)) -> Result<Sdk> {
    let python = tools::python_aws()?;
    Ok(Sdk(Script::start(run, &python, include_str!("s3_outside.py"), [url, region, id, secret])?))
}

fn service(
    address: SocketAddr,
    region: &'static str,
    block: u64,
    credentials: Credentials,
    outside: Sdk,
    servers: impl Send + Sync + 'static,
) -> Result<Box<dyn Fixture>> {
    outside.create_container(CONTAINER)?;
    let filled = OnceLock::new();
    Ok(Box::new(Service { address, region, block, credentials, outside, filled, _servers: servers }))
}

impl<S: Send + Sync> fixture::Fixture for Service<S> {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn place(&self, address: SocketAddr) -> Settings {
        let settings = [
            ("s3-endpoint", format!("http://{address}")),
            ("s3-region", self.region.to_owned()),
            ("s3-block-size", self.block.to_string()),
        ];
        settings.map(|(name, value)| (name.to_owned(), value)).into()
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn malformed(&self) -> &[(&str, &str)] {
        &[
            ("s3-endpoint", "ftp://127.0.0.1"),
            ("s3-endpoint", "127.0.0.1:9000"),
            ("s3-endpoint", "http://"),
            ("s3-region", "eu west"),
            ("s3-path-style", "false"),
            ("s3-block-size", "lots"),
            ("s3-block-size", "1KiB"),
            ("s3-block-size", "1GiB"),
            ("s3-equal-blocks", "mostly"),
            ("s3-empty-segments", "none"),
            ("s3-delete-many", "many"),
            ("s3-sign-payload", "yes"),
            ("s3-timeout", "soon"),
            ("s3-timeout", "0s"),
            ("s3-containers", "docs="),
            ("s3-containers", "docs=Prod_Docs"),
            ("s3-check-container", "maybe"),
            ("s3-deny", "everything"),
            ("s3-denny", "delete"),
            ("s3-content-type", "text/plain; name=é"),
            ("s3-allow-http", "yes"),
            ("s3-log", "loud"),
        ]
    }
}

impl<S: Send + Sync> Fixture for Service<S> {
    fn container(&self) -> &str {
        CONTAINER
    }

    fn filled(&self) -> &OnceLock<String> {
        &self.filled
    }

    fn block(&self) -> u64 {
        self.block
    }

    fn default_block(&self) -> u64 {
        BLOCK
    }

    fn is_commit(&self) -> fn(&Request) -> bool {
        |request| request.method == "POST" && has(request, "uploadId")
    }

    fn is_no_block(&self) -> fn(&Request) -> bool {
        |request| !has(request, "partNumber")
    }

    fn deletes(&self) -> fn(&Request, &str) -> bool {
        |request, name| has(request, "delete") && String::from_utf8_lossy(&request.body).contains(name)
    }

    fn answers_in_words(&self, operation: Operation) -> bool {
        // What is written is answered by a field, and whether an upload has ended is found out where it is.
        !matches!(
            operation,
            Operation::Put
                | Operation::Commit
                | Operation::Get
                | Operation::HasObject
                | Operation::ObjectInfo
                | Operation::GetContainer
                | Operation::ContainerExists
                | Operation::CreateContainer
        )
    }

    fn consent(&self) -> fn(&Method, &Uri) -> &'static str {
        |method, uri| match (method, uri.query().unwrap_or_default()) {
            (&Method::GET, _) => "<ListBucketResult/>",
            (&Method::POST, "uploads=") => {
                "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
            }
            (&Method::POST, _) => "<CompleteMultipartUploadResult/>",
            _ => "",
        }
    }

    fn forbidden_containers(&self) -> &[&str] {
        const LONG: &str = "a-name-of-64-characters-is-one-more-than-the-service-would-take-";
        &["", "ab", "Upper", "-dash", "dash-", "two..dots", ".dot", "192.168.0.1", "sl/ash", "é-é", LONG]
    }

    fn outside(&self) -> &dyn Outside {
        &self.outside
    }
}

/// Whether the query has the name.
fn has(request: &Request, name: &str) -> bool {
    let (_, query) = request.target.split_once('?').unwrap_or_default();
    query.split('&').any(|pair| pair.split('=').next() == Some(name))
}

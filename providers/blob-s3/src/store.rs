//! The operations, in those of the service.

mod copy;
mod delete;

use std::collections::VecDeque;
use std::time::Duration;

use plugboard_blobstore::{
    Blocks, ContainerInfo, Download, Failures, Object, ObjectInfo, Page, Policy, Store,
};
use plugboard_config::{Settings, WasiConfig};
use plugboard_credentials::aws::{Payload, Signer};
use plugboard_error::{Error, Kind, Result};
use plugboard_http::{Chunks, Client, Endpoint, Host, Limits, Request, Response, Said, Sending, Transport};

use crate::config::Config;
use crate::wire::{self, Call, Hosts, Names, Place, Refusal};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A page of a listing with the longest names there are; all other answers are short.
const MAX_ANSWER: u64 = 16 << 20;

pub(crate) struct S3<T> {
    /// Of the service itself; each bucket may have a host of its own.
    client: Client<T>,
    hosts: Hosts,
    names: Names,
    signer: Signer<T>,
    region: String,
    /// Whether who makes a bucket that is his already may be told that he made it.
    looks_first: bool,
    policy: Policy,
    blocks: Blocks,
    delete_many: bool,
    sign_payload: bool,
}

/// An object on its way.
pub(crate) struct Upload {
    place: Place,
    sent: usize,
    /// What the service knows the parts by.
    etags: Vec<String>,
}

/// A request on its way.
pub(crate) struct Block<E> {
    call: Call,
    request: Request,
    sending: Sending<E>,
}

impl<T: Transport + Host + Default> S3<T> {
    fn new(config: Config) -> Self {
        let limits =
            Limits { timeout: config.timeout, connect_timeout: CONNECT_TIMEOUT, max_answer: MAX_ANSWER };
        let (name, log) = ("blob-s3", config.log);
        let client = |endpoint| Client { transport: T::default(), endpoint, limits, name, log };
        S3 {
            client: client(config.hosts.endpoint.clone()),
            hosts: config.hosts,
            names: config.names,
            // As Garage tells everybody, Ceph most, and AWS in its first region
            // (docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html).
            looks_first: config.access.endpoint.is_some() || config.access.region == wire::HOME,
            region: config.access.region.clone(),
            signer: Signer::new(config.access, "s3", client),
            policy: config.policy,
            blocks: config.blocks,
            delete_many: config.delete_many,
            sign_payload: config.sign_payload,
        }
    }
}

impl<T: Transport + Host> S3<T> {
    /// That of who a call is for.
    fn client(&self, call: &Call) -> Client<&T> {
        let endpoint = match &call.bucket {
            Some(bucket) => self.hosts.bucket(bucket),
            None => self.hosts.endpoint.clone(),
        };
        self.client.at(endpoint)
    }

    /// Sends a call, with a short body or none.
    fn call(&self, call: &Call, body: impl Into<Chunks>, deadline: Duration) -> Result<Response> {
        let response = self.answer(call, body, deadline)?;
        self.succeeded(call, response)
    }

    /// The same, and whatever it is answered.
    fn answer(&self, call: &Call, body: impl Into<Chunks>, deadline: Duration) -> Result<Response> {
        let client = self.client(call);
        let mut request = self.sign(call, &client.endpoint, body.into(), deadline)?;
        self.settle(call, &client.endpoint, &mut request, Some(deadline), &mut |request| {
            client.send_as(request, deadline, &|response| self.said(call, &client.endpoint, response))
        })
    }

    /// Begins to send a call. Whatever fails shows in [`S3::finish_call`], for which there is time as long as
    /// something moves.
    fn begin_call(&self, call: Call, body: impl Into<Chunks>) -> Result<Block<T::Exchange>> {
        let client = self.client(&call);
        let request = self.sign(&call, &client.endpoint, body.into(), client.deadline())?;
        let sending = client.begin(&request);
        Ok(Block { call, request, sending })
    }

    fn finish_call(&self, begun: Block<T::Exchange>) -> Result<Response> {
        let (call, response) = self.finish_answer(begun)?;
        self.succeeded(&call, response)
    }

    fn finish_answer(&self, begun: Block<T::Exchange>) -> Result<(Call, Response)> {
        let Block { call, mut request, sending } = begun;
        let client = self.client(&call);
        let mut begun = Some(sending);
        let response = self.settle(&call, &client.endpoint, &mut request, None, &mut |request| {
            let sending = begun.take().unwrap_or_else(|| client.begin(request));
            client.finish_as(sending, request, &|response| self.said(&call, &client.endpoint, response))
        })?;
        Ok((call, response))
    }

    fn sign(&self, call: &Call, endpoint: &Endpoint, body: Chunks, deadline: Duration) -> Result<Request> {
        let mut request = call.request(body);
        self.sign_anew(call, endpoint, &mut request, deadline)?;
        Ok(request)
    }

    fn sign_anew(
        &self,
        call: &Call,
        endpoint: &Endpoint,
        request: &mut Request,
        deadline: Duration,
    ) -> Result<()> {
        let is_open = call.is_bulky && !self.sign_payload;
        let payload = if is_open { Payload::Unsigned } else { Payload::Signed };
        self.signer.sign(endpoint, request, payload, deadline)
    }

    fn said(&self, call: &Call, endpoint: &Endpoint, response: &Response) -> Option<Said> {
        wire::said(endpoint, &self.region, call, response)
    }

    /// Sends a signed call, and once more where a new signature mends the refusal. What goes on as long as something
    /// moves has no deadline.
    fn settle(
        &self,
        call: &Call,
        endpoint: &Endpoint,
        request: &mut Request,
        deadline: Option<Duration>,
        send: &mut dyn FnMut(&Request) -> Result<Response>,
    ) -> Result<Response> {
        let response = send(request)?;
        let refusal = Refusal::of(&response).filter(|_| call.mark.allows(response.status));
        let is_mended = self.signer.mend(&response, refusal.as_ref().map(Refusal::code));
        if !is_mended && !refusal.is_some_and(|refusal| refusal.is_stale()) {
            return Ok(response);
        }
        self.sign_anew(call, endpoint, request, deadline.unwrap_or_else(|| self.client.deadline()))?;
        send(request)
    }

    fn succeeded(&self, call: &Call, response: Response) -> Result<Response> {
        match response.is_success() {
            true if wire::is_of_service(&response, call.mark) => Ok(response),
            true if Refusal::of(&response).is_none() || !call.mark.allows(response.status) => {
                Err(self.senseless(call))
            }
            _ => Err(self.refusal(call, &response)),
        }
    }

    fn refusal(&self, call: &Call, response: &Response) -> Error {
        let mut error = wire::error_of(&self.client(call).endpoint, &self.region, call, response);
        if error.kind == Kind::AccessDenied {
            error.sentence.push_str(self.signer.shown());
        }
        error
    }

    fn senseless(&self, call: &Call) -> Error {
        let authority = &self.client(call).endpoint.authority;
        call.resend.malformed(call.what, format!("`{authority}` answered {} with something else", call.what))
    }

    /// Whether there is such a bucket, in words.
    fn look(&self, container: &str, deadline: Duration) -> Result<bool> {
        match self.call(&Call::look(container), Chunks::default(), deadline) {
            Ok(_) => Ok(true),
            Err(error) if error.kind == Kind::NoSuchContainer => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the object of an upload is in its place.
    fn is_done(&self, upload: &Upload) -> bool {
        let Some(etag) = wire::whole_etag(&upload.etags) else { return false };
        let found = self.call(&Call::head_upload(&upload.place), Chunks::default(), self.client.deadline());
        let found = found.as_ref().ok().and_then(|response| response.header(wire::ETAG));
        found.is_some_and(|found| found.trim_matches('"') == etag)
    }

    fn begin_upload(&self, object: Object, content_type: String) -> Result<Upload> {
        let call = Call::create_upload(object, content_type);
        let response = self.call(&call, Chunks::default(), self.client.deadline())?;
        let id = wire::upload_id(&response.body).ok_or_else(|| self.senseless(&call))?;
        Ok(Upload { place: Place::new(object, id), sent: 0, etags: Vec::new() })
    }

    fn get_by(&self, object: Object, first: u64, last: u64, deadline: Duration) -> Result<Download<T::Body>> {
        let call = Call::get(object, first, last);
        let client = self.client(&call);
        let mut request = self.sign(&call, &client.endpoint, Chunks::default(), deadline)?;
        let mut body = None;
        let response =
            self.settle(&call, &client.endpoint, &mut request, Some(deadline), &mut |request| {
                let (response, rest) = client.open(request, deadline)?;
                body = rest;
                Ok(response)
            })?;
        let is_whole = (first, last) == (0, u64::MAX);
        let size = match response.status {
            // The range begins behind the end.
            416 if Refusal::of(&response).is_some() => Some(0),
            status => {
                let size = wire::length(&self.succeeded(&call, response)?);
                // Whoever does not know ranges gives everything.
                size.filter(|size| is_whole || status == 206 || *size == 0)
            }
        };
        match (size, body) {
            (Some(size), Some(body)) => Ok(Download { size, body }),
            _ => Err(self.senseless(&call)),
        }
    }
}

impl<T: Transport + Host + Default + 'static> Store for S3<T> {
    type Upload = Upload;
    type Block = Block<T::Exchange>;
    type Body = T::Body;

    fn configure() -> Result<Self> {
        Ok(S3::new(Config::read(&Settings::new("s3", &WasiConfig))?))
    }

    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn blocks(&self) -> Blocks {
        self.blocks
    }

    fn create_container(&self, container: &str) -> Result<()> {
        self.names.check_container(container)?;
        let deadline = self.client.deadline();
        let call = Call::create_bucket(container);
        if self.looks_first && self.look(container, deadline) == Ok(true) {
            return Err(Error::new(Kind::ContainerAlreadyExists, "there is such a bucket"));
        }
        let response = self.call(&call, wire::location(&self.region).into_bytes(), deadline)?;
        // Not everybody says where it is; but whether it is there.
        match wire::has_place(&response) || self.look(container, deadline) == Ok(true) {
            true => Ok(()),
            false => Err(self.senseless(&call)),
        }
    }

    fn has_container(&self, container: &str) -> Result<bool> {
        self.names.check_container(container)?;
        let deadline = self.client.deadline();
        let call = Call::head_bucket(container);
        let response = self.answer(&call, Chunks::default(), deadline)?;
        match response.status {
            200 if wire::has_own_field(&response) => Ok(true),
            // Without a word nobody can tell who says so.
            200 | 400 | 404 => self.look(container, deadline),
            _ => self.succeeded(&call, response).map(|_| true),
        }
    }

    fn container(&self, container: &str) -> Result<Option<ContainerInfo>> {
        self.names.check_container(container)?;
        let deadline = self.client.deadline();
        let call = Call::list_buckets(container);
        let response = self.call(&call, Chunks::default(), deadline)?;
        match wire::made_at(&response.body, container).ok_or_else(|| self.senseless(&call))? {
            Some(created_at) => Ok(Some(ContainerInfo { created_at })),
            None if self.look(container, deadline)? => Err(Error::new(
                Kind::AccessDenied,
                format!("when `{container}` was made, only the account knows whose bucket it is"),
            )),
            None => Ok(None),
        }
    }

    fn delete_container(&self, container: &str) -> Result<()> {
        self.names.check_container(container)?;
        self.delete_bucket(container)
    }

    fn put(&self, object: Object<'_>, bytes: Chunks) -> Result<()> {
        self.names.check(object)?;
        let call = Call::put(object, self.policy.content_type(object.name));
        self.finish_call(self.begin_call(call, bytes)?).map(drop)
    }

    fn begin(&self, object: Object<'_>) -> Result<Upload> {
        self.names.check(object)?;
        self.begin_upload(object, self.policy.content_type(object.name))
    }

    fn send_block(&self, upload: &mut Upload, bytes: Chunks) -> Result<Self::Block> {
        upload.sent += 1;
        self.begin_call(Call::upload_part(&upload.place, upload.sent), bytes)
    }

    fn pump(&self, block: &mut Self::Block) -> bool {
        self.client.pump(&mut block.sending, &block.request)
    }

    fn wait(&self, blocks: &VecDeque<Self::Block>) -> Result<()> {
        self.client.wait(blocks.iter().map(|block| &block.sending))
    }

    /// They are finished in the order in which they were sent.
    fn finish_block(&self, upload: &mut Upload, block: Self::Block) -> Result<()> {
        let response = self.finish_call(block)?;
        upload.etags.extend(response.header(wire::ETAG).map(str::to_owned));
        Ok(())
    }

    fn commit(&self, upload: Upload) -> Result<()> {
        let body = wire::list(&upload.etags).into_bytes();
        let committed = self.begin_call(Call::complete_upload(&upload.place), body);
        match committed.and_then(|begun| self.finish_call(begun)) {
            Ok(_) => Ok(()),
            Err(error) if error.kind == Kind::Ambiguous => {
                if self.is_done(&upload) {
                    Ok(())
                } else {
                    Err(error)
                }
            }
            Err(error) => {
                self.abort(upload);
                Err(error)
            }
        }
    }

    /// The service would keep the parts, and what they cost. If it cannot be told, a rule of the bucket may help.
    fn abort(&self, upload: Upload) {
        let _ = self.call(&Call::abort_upload(&upload.place), Chunks::default(), self.client.deadline());
    }

    fn get(&self, object: Object<'_>, first: u64, last: u64) -> Result<Download<T::Body>> {
        self.names.check(object)?;
        self.get_by(object, first, last, self.client.deadline())
    }

    fn head(&self, object: Object<'_>) -> Result<Option<ObjectInfo>> {
        self.names.check(object)?;
        let deadline = self.client.deadline();
        let call = Call::head(object);
        let response = self.answer(&call, Chunks::default(), deadline)?;
        if matches!(response.status, 400 | 404) {
            // What is missing, or wrong, has words only where the answer has a body.
            match self.get_by(object, 0, 0, deadline) {
                Err(error) if error.kind == Kind::NoSuchObject => return Ok(None),
                Err(error) => return Err(error),
                Ok(_) if response.status == 404 => return Ok(None),
                Ok(_) => {}
            }
        }
        let response = self.succeeded(&call, response)?;
        match (wire::created_at(&response), wire::length(&response)) {
            (Some(created_at), Some(size)) => Ok(Some(ObjectInfo { created_at, size })),
            _ => Err(self.senseless(&call)),
        }
    }

    fn list(&self, container: &str, after: Option<&str>) -> Result<Page> {
        self.names.check_container(container)?;
        let call = Call::list(container, after);
        let response = self.call(&call, Chunks::default(), self.client.deadline())?;
        wire::page(&response.body).ok_or_else(|| self.senseless(&call))
    }

    /// By the request that deletes many: the answer to the other has no words, whether it is the service's or not.
    fn delete(&self, object: Object<'_>) -> Result<()> {
        self.names.check(object)?;
        let deadline = self.client.deadline();
        if self.delete_many && wire::can_hold(object.name) {
            let mut failed = Failures::default();
            self.delete_some(object.container, &[object.name], deadline, &mut failed);
            return failed.single();
        }
        match self.call(&Call::delete(object), Chunks::default(), deadline) {
            Err(error) if error.kind != Kind::NoSuchObject => Err(error),
            _ => Ok(()),
        }
    }

    fn delete_each(&self, container: &str, names: &[String], listed: bool, failed: &mut Failures) {
        self.delete_all(container, names, listed, failed);
    }

    fn copy(&self, from: Object<'_>, to: Object<'_>) -> Result<()> {
        self.names.check(from)?;
        self.names.check(to)?;
        let begun = self.begin_call(Call::copy(from, to), Chunks::default())?;
        let (call, response) = self.finish_answer(begun)?;
        let is_large = Refusal::of(&response).is_some_and(|refusal| refusal.is_large());
        match self.succeeded(&call, response) {
            Err(error) if is_large => self.copy_in_parts(from, to, error),
            outcome => outcome.map(drop),
        }
    }
}

#[cfg(test)]
mod tests;

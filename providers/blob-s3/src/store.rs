//! The operations, in those of the service.

mod copy;

use std::collections::VecDeque;
use std::time::Duration;

use plugboard_blobstore::{
    Blocks, ContainerInfo, Download, Failures, Object, ObjectInfo, Page, Policy, Store, clear, side_by_side,
};
use plugboard_config::{Settings, WasiConfig};
use plugboard_credentials::aws::{Payload, Signer};
use plugboard_error::{Error, Kind, Result};
use plugboard_http::{Chunks, Client, Host, Limits, Request, Resend, Response, Sending, Transport};

use crate::config::Config;
use crate::wire::{self, Call, Hosts, Place, Refusal};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A page of a listing with the longest names there are; all other answers are short.
const MAX_ANSWER: u64 = 16 << 20;

pub(crate) struct S3<T> {
    /// Of the service itself; each bucket may have a host of its own.
    client: Client<T>,
    hosts: Hosts,
    signer: Signer<T>,
    region: String,
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
        let log = config.log.then_some("blob-s3");
        let client = |endpoint| Client { transport: T::default(), endpoint, limits, log };
        S3 {
            client: client(config.hosts.endpoint.clone()),
            hosts: config.hosts,
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
    fn call(&self, call: &Call, body: impl Into<Chunks>) -> Result<Response> {
        let response = self.answer(call, body)?;
        self.succeeded(call, response)
    }

    /// The same, and whatever it is answered.
    fn answer(&self, call: &Call, body: impl Into<Chunks>) -> Result<Response> {
        let client = self.client(call);
        let mut request = self.sign(call, &client, body.into())?;
        self.settle(call, &client, &mut request, &mut |request| client.send(request))
    }

    /// Begins to send a call. Whatever fails shows in [`S3::finish_call`], for which there is time as long as
    /// something moves.
    fn begin_call(&self, call: Call, body: impl Into<Chunks>) -> Result<Block<T::Exchange>> {
        let client = self.client(&call);
        let request = self.sign(&call, &client, body.into())?;
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
        let response = self.settle(&call, &client, &mut request, &mut |request| {
            let sending = begun.take().unwrap_or_else(|| client.begin(request));
            client.finish(sending, request)
        })?;
        Ok((call, response))
    }

    fn sign(&self, call: &Call, client: &Client<&T>, body: Chunks) -> Result<Request> {
        let mut request = call.request(body);
        self.signer.sign(&client.endpoint, &mut request, self.payload(call), client.deadline())?;
        Ok(request)
    }

    fn payload(&self, call: &Call) -> Payload {
        if call.is_bulky && !self.sign_payload { Payload::Unsigned } else { Payload::Signed }
    }

    /// Sends a signed call, and once more where the refusal passes or can be mended.
    fn settle(
        &self,
        call: &Call,
        client: &Client<&T>,
        request: &mut Request,
        send: &mut dyn FnMut(&Request) -> Result<Response>,
    ) -> Result<Response> {
        let response = send(request)?;
        let refusal = Refusal::of(&response);
        let mended = self.signer.mend(&response, refusal.as_ref().map(Refusal::code));
        let passes = refusal.as_ref().is_some_and(Refusal::passes) && call.mark.allows(response.status);
        if !mended && !passes {
            return Ok(response);
        }
        self.signer.sign(&client.endpoint, request, self.payload(call), client.deadline())?;
        let again = send(request)?;
        if response.is_success() && !again.is_success() && call.resend != Resend::Allowed {
            // The first may have been done after all.
            return Err(wire::error_of(&client.endpoint, call, &response));
        }
        Ok(again)
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
        let mut error = wire::error_of(&self.client(call).endpoint, call, response);
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
    fn look(&self, container: &str) -> Result<bool> {
        match self.call(&Call::look(container)?, Chunks::default()) {
            Ok(_) => Ok(true),
            Err(error) if error.kind == Kind::NoSuchContainer => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes objects by one request. Gives those that could not be.
    fn delete_some(&self, container: &str, names: &[&str]) -> Result<Vec<(String, Error)>> {
        let body = wire::deletion(names.iter().copied());
        let call = Call::delete_many(container, &body)?;
        let response = self.call(&call, body.into_bytes())?;
        wire::deletions(&response.body).ok_or_else(|| self.senseless(&call))
    }

    /// Ends the uploads to a container that never ended: the service may count them as something in it.
    fn end_uploads(&self, container: &str) -> Result<()> {
        let call = Call::list_uploads(container)?;
        let response = self.call(&call, Chunks::default())?;
        for (name, id) in wire::uploads(&response.body).ok_or_else(|| self.senseless(&call))? {
            let place = Place::new(Object { container, name: &name }, id)?;
            match self.call(&Call::abort_upload(&place), Chunks::default()) {
                // Somebody else was faster.
                Err(error) if error.kind != Kind::Conflict => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether the object of an upload is in its place.
    fn is_done(&self, upload: &Upload) -> bool {
        let Some(etag) = wire::whole_etag(&upload.etags) else { return false };
        let found = self.call(&Call::head_upload(&upload.place), Chunks::default());
        let found = found.as_ref().ok().and_then(|response| response.header(wire::ETAG));
        found.is_some_and(|found| found.trim_matches('"') == etag)
    }

    fn begin_upload(&self, object: Object, content_type: String) -> Result<Upload> {
        let call = Call::create_upload(object, content_type)?;
        let response = self.call(&call, Chunks::default())?;
        let id = wire::upload_id(&response.body).ok_or_else(|| self.senseless(&call))?;
        Ok(Upload { place: Place::new(object, id)?, sent: 0, etags: Vec::new() })
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
        let call = Call::create_bucket(container)?;
        // There, who owns the bucket already is told that it was made
        // (docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html).
        if self.region == wire::HOME && self.look(container) == Ok(true) {
            return Err(Error::new(Kind::ContainerAlreadyExists, "there is such a bucket"));
        }
        let response = self.call(&call, wire::location(&self.region).into_bytes())?;
        // Not everybody says where it is; but whether it is there.
        match wire::has_place(&response) || self.look(container) == Ok(true) {
            true => Ok(()),
            false => Err(self.senseless(&call)),
        }
    }

    fn has_container(&self, container: &str) -> Result<bool> {
        let call = Call::head_bucket(container)?;
        let response = self.answer(&call, Chunks::default())?;
        match response.status {
            200 if wire::has_own_field(&response) => Ok(true),
            // Without a word nobody can tell who says so.
            200 | 400 | 404 => self.look(container),
            _ => self.succeeded(&call, response).map(|_| true),
        }
    }

    fn container(&self, container: &str) -> Result<Option<ContainerInfo>> {
        let call = Call::list_buckets(container)?;
        let response = self.call(&call, Chunks::default())?;
        match wire::made_at(&response.body, container).ok_or_else(|| self.senseless(&call))? {
            Some(created_at) => Ok(Some(ContainerInfo { created_at })),
            None if self.look(container)? => Err(Error::new(
                Kind::AccessDenied,
                format!("when `{container}` was made, only the account knows whose bucket it is"),
            )),
            None => Ok(None),
        }
    }

    fn delete_container(&self, container: &str) -> Result<()> {
        let call = Call::delete_bucket(container)?;
        let mut outcome = self.call(&call, Chunks::default());
        for empty in [clear, Self::end_uploads] {
            if outcome.as_ref().is_err_and(|error| error.kind == Kind::Conflict) {
                empty(self, container)?;
                outcome = self.call(&call, Chunks::default());
            }
        }
        match outcome.map(|_| self.look(container)) {
            Err(error) if error.kind != Kind::NoSuchContainer => Err(error),
            // The answer to a deletion has no words; whoever finds some for this one has given it.
            Ok(Err(error)) if error.kind != Kind::AccessDenied => Err(error),
            _ => Ok(()),
        }
    }

    fn put(&self, object: Object<'_>, bytes: Chunks) -> Result<()> {
        let call = Call::put(object, self.policy.content_type(object.name))?;
        self.finish_call(self.begin_call(call, bytes)?).map(drop)
    }

    fn begin(&self, object: Object<'_>) -> Result<Upload> {
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
        let _ = self.call(&Call::abort_upload(&upload.place), Chunks::default());
    }

    fn get(&self, object: Object<'_>, first: u64, last: u64) -> Result<Download<T::Body>> {
        let call = Call::get(object, first, last)?;
        let client = self.client(&call);
        let mut request = self.sign(&call, &client, Chunks::default())?;
        let mut body = None;
        let response = self.settle(&call, &client, &mut request, &mut |request| {
            let (response, rest) = client.open(request)?;
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

    fn head(&self, object: Object<'_>) -> Result<Option<ObjectInfo>> {
        let call = Call::head(object)?;
        let response = self.answer(&call, Chunks::default())?;
        if matches!(response.status, 400 | 404) {
            // What is missing, or wrong, has words only where the answer has a body.
            match self.get(object, 0, 0) {
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
        let call = Call::list(container, after)?;
        let response = self.call(&call, Chunks::default())?;
        wire::page(&response.body).ok_or_else(|| self.senseless(&call))
    }

    /// By the request that deletes many: the answer to the other has no words, whether it is the service's or not.
    fn delete(&self, object: Object<'_>) -> Result<()> {
        if self.delete_many && wire::is_writable(object.name)? {
            let failed = self.delete_some(object.container, &[object.name])?.pop();
            return failed.map_or(Ok(()), |(_, error)| Err(error));
        }
        match self.call(&Call::delete(object)?, Chunks::default()) {
            Err(error) if error.kind != Kind::NoSuchObject => Err(error),
            _ => Ok(()),
        }
    }

    fn delete_each(&self, container: &str, names: &[String], _: bool, failed: &mut Failures) {
        let deadline = self.client.transport.now().saturating_add(self.client.limits.timeout);
        let is_late = || self.client.transport.now() >= deadline;
        // Each name that can, in a request for many.
        let fits = |name: &&str| self.delete_many && wire::is_writable(name) == Ok(true);
        let (many, others) = names.iter().map(String::as_str).partition::<Vec<_>, _>(fits);
        let mut late = None;
        for some in many.chunks(wire::MANY) {
            match late.clone().map_or_else(|| self.delete_some(container, some), Err) {
                Ok(of_these) => of_these.into_iter().for_each(|(name, error)| failed.add(&name, error)),
                Err(error) => {
                    some.iter().for_each(|name| failed.add(name, error.clone()));
                    if error.kind == Kind::Timeout || is_late() {
                        late.get_or_insert(error);
                    }
                }
            }
        }
        side_by_side(
            self,
            others,
            |name| match &late {
                Some(error) => Err(Error::clone(error)),
                None => self.begin_call(Call::delete(Object { container, name })?, Chunks::default()),
            },
            |block| self.finish_call(block).map(drop),
            is_late,
            failed,
        );
    }

    fn copy(&self, from: Object<'_>, to: Object<'_>) -> Result<()> {
        let begun = self.begin_call(Call::copy(from, to)?, Chunks::default())?;
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

//! The operations, in those of the service.

use std::collections::VecDeque;
use std::time::Duration;

use plugboard_blobstore::{
    Blocks, ContainerInfo, Download, Failures, Object, ObjectInfo, Page, Policy, Store, side_by_side,
};
use plugboard_config::{Settings, WasiConfig};
use plugboard_credentials::azure::Signer;
use plugboard_error::{Error, Kind, Result};
use plugboard_http::{
    Chunks, Client, Endpoint, Host, Limits, Request, Response, Sending, Transport, date_seconds,
};

use crate::config::Config;
use crate::wire::{self, BlockIds, Call, State};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A page of a listing with the longest names there are; all other answers are short.
const MAX_ANSWER: u64 = 16 << 20;
/// Blocks in an object, and the largest that a component's memory has room for.
const BLOCKS: u32 = 50_000;
const LARGEST_BLOCK: usize = 512 << 20;
/// Between two looks at a copy.
const FIRST_LOOK: Duration = Duration::from_millis(100);
const LATER_LOOK: Duration = Duration::from_secs(2);

pub(crate) struct Azure<T> {
    client: Client<T>,
    signer: Signer<T>,
    policy: Policy,
    block_size: usize,
}

/// An object on its way.
pub(crate) struct Upload {
    path: String,
    content_type: String,
    ids: BlockIds,
    count: u32,
}

/// A request on its way.
pub(crate) struct Block<E> {
    call: Call,
    request: Request,
    sending: Sending<E>,
}

impl<T: Transport + Host + Default> Azure<T> {
    fn new(config: Config) -> Self {
        let limits =
            Limits { timeout: config.timeout, connect_timeout: CONNECT_TIMEOUT, max_answer: MAX_ANSWER };
        let (name, log) = ("blob-azure", config.log);
        let client = |endpoint| Client { transport: T::default(), endpoint, limits, name, log };
        Azure {
            client: client(config.access.endpoint.clone()),
            signer: Signer::new(config.access, client),
            policy: config.policy,
            block_size: config.block_size,
        }
    }
}

impl<T: Transport + Host> Azure<T> {
    /// Sends a call without a body.
    fn call(&self, call: &Call) -> Result<Response> {
        let deadline = self.client.deadline();
        let mut request = self.sign(call, Chunks::default(), deadline)?;
        let mut send = |request: &Request| self.client.send_by(request, deadline);
        let response = self.settle(&mut request, Some(deadline), &mut send)?;
        self.succeeded(call, response)
    }

    /// Begins to send a call. Whatever fails shows in [`Azure::finish`], for which there is time as long as
    /// something moves.
    fn begin_call(&self, call: Call, body: Chunks) -> Result<Block<T::Exchange>> {
        let request = self.sign(&call, body, self.client.deadline())?;
        let sending = self.client.begin(&request);
        Ok(Block { call, request, sending })
    }

    fn finish_call(&self, begun: Block<T::Exchange>) -> Result<()> {
        let Block { call, mut request, sending } = begun;
        let mut begun = Some(sending);
        let response = self.settle(&mut request, None, &mut |request| {
            let sending = begun.take().unwrap_or_else(|| self.client.begin(request));
            self.client.finish(sending, request)
        })?;
        self.succeeded(&call, response).map(drop)
    }

    fn sign(&self, call: &Call, body: Chunks, deadline: Duration) -> Result<Request> {
        let mut request = call.request(body);
        self.signer.sign(&self.client, &mut request, deadline)?;
        Ok(request)
    }

    /// Sends a signed call, and once more where the refusal can be mended. What goes on as long as something moves has no
    /// deadline.
    fn settle(
        &self,
        request: &mut Request,
        deadline: Option<Duration>,
        send: &mut dyn FnMut(&Request) -> Result<Response>,
    ) -> Result<Response> {
        let response = send(request)?;
        if !self.signer.mend(&self.client, &response) {
            return Ok(response);
        }
        let deadline = deadline.unwrap_or_else(|| self.client.deadline());
        self.signer.sign(&self.client, request, deadline)?;
        send(request)
    }

    fn succeeded(&self, call: &Call, response: Response) -> Result<Response> {
        match response.is_success() {
            true if wire::is_of_service(&response) => Ok(response),
            true => Err(self.senseless(call)),
            false => Err(self.refusal(call, &response)),
        }
    }

    fn refusal(&self, call: &Call, response: &Response) -> Error {
        let mut error = wire::error_of(&self.client.endpoint, call, response);
        if error.kind == Kind::AccessDenied {
            error.sentence.push_str(self.signer.shown());
        }
        error
    }

    fn senseless(&self, call: &Call) -> Error {
        let authority = &self.client.endpoint.authority;
        call.resend.malformed(call.what, format!("`{authority}` answered {} with something else", call.what))
    }

    /// The whole address of an object, as the service itself may read it.
    fn address(&self, object: Object) -> Result<String> {
        let Endpoint { https, authority, base_path } = &self.client.endpoint;
        let scheme = if *https { "https://" } else { "http://" };
        let ready = self.signer.in_address().map(|sas| ["?", sas.expose()].concat());
        let path = wire::path(object)?;
        Ok([scheme, authority, base_path, &path, ready.as_deref().unwrap_or_default()].concat())
    }

    /// Whether the container was there for longer than some time that has passed.
    fn is_older(&self, container: &str, than: Duration) -> Result<bool> {
        let response = self.call(&Call::container_properties(container)?)?;
        let changed = wire::created_at(&response);
        let now = response.header("date").and_then(date_seconds).and_then(|now| u64::try_from(now).ok());
        // Both dates are the service's, and lack the fraction of a second.
        Ok(changed.zip(now).is_some_and(|(changed, now)| now.saturating_sub(changed) > than.as_secs() + 1))
    }
}

impl<T: Transport + Host + Default + 'static> Store for Azure<T> {
    type Upload = Upload;
    type Block = Block<T::Exchange>;
    type Body = T::Body;

    fn configure() -> Result<Self> {
        Ok(Azure::new(Config::read(&Settings::new("azure", &WasiConfig))?))
    }

    fn policy(&self) -> &Policy {
        &self.policy
    }

    fn blocks(&self) -> Blocks {
        Blocks { first: self.block_size, largest: LARGEST_BLOCK, count: BLOCKS }
    }

    /// After a lost answer the container is there in any case. Whether it was before, its age may tell.
    fn create_container(&self, container: &str) -> Result<()> {
        let call = Call::create_container(container)?;
        let started = self.client.transport.now();
        let error = match self.call(&call) {
            Err(error) if error.kind == Kind::Ambiguous => error,
            outcome => return outcome.map(drop),
        };
        match self.is_older(container, self.client.transport.now().saturating_sub(started)) {
            Ok(true) => Err(Error::new(
                Kind::ContainerAlreadyExists,
                "there was such a container before it was created",
            )),
            _ => Err(error),
        }
    }

    fn container(&self, container: &str) -> Result<Option<ContainerInfo>> {
        let call = Call::container_properties(container)?;
        match self.call(&call) {
            Ok(response) => {
                let created_at = wire::created_at(&response).ok_or_else(|| self.senseless(&call))?;
                Ok(Some(ContainerInfo { created_at }))
            }
            Err(error) if error.kind == Kind::NoSuchContainer => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn delete_container(&self, container: &str) -> Result<()> {
        match self.call(&Call::delete_container(container)?) {
            Err(error) if error.kind != Kind::NoSuchContainer => Err(error),
            _ => Ok(()),
        }
    }

    fn put(&self, object: Object<'_>, bytes: Chunks) -> Result<()> {
        let call = Call::put(object, self.policy.content_type(object.name))?;
        self.finish_call(self.begin_call(call, bytes)?)
    }

    fn begin(&self, object: Object<'_>) -> Result<Upload> {
        Ok(Upload {
            path: wire::path(object)?,
            content_type: self.policy.content_type(object.name),
            ids: BlockIds { upload: self.client.transport.random() },
            count: 0,
        })
    }

    fn send_block(&self, upload: &mut Upload, bytes: Chunks) -> Result<Self::Block> {
        let call = Call::put_block(&upload.path, upload.ids.id(upload.count));
        let block = self.begin_call(call, bytes)?;
        upload.count += 1;
        Ok(block)
    }

    fn pump(&self, block: &mut Self::Block) -> bool {
        self.client.pump(&mut block.sending, &block.request)
    }

    fn wait(&self, blocks: &VecDeque<Self::Block>) -> Result<()> {
        self.client.wait(blocks.iter().map(|block| &block.sending))
    }

    fn finish_block(&self, _: &mut Upload, block: Self::Block) -> Result<()> {
        self.finish_call(block)
    }

    fn commit(&self, upload: Upload) -> Result<()> {
        let call = Call::put_block_list(&upload.path, &upload.content_type);
        self.finish_call(self.begin_call(call, upload.ids.list(upload.count).into())?)
    }

    /// The service drops blocks that nobody asks for, a week later or when the object is written.
    fn abort(&self, _: Upload) {}

    fn get(&self, object: Object<'_>, first: u64, last: u64) -> Result<Download<T::Body>> {
        let call = Call::get(object, first, last)?;
        let mut request = self.sign(&call, Chunks::default(), self.client.deadline())?;
        let mut body = None;
        let response = self.settle(&mut request, None, &mut |request| {
            let (response, rest) = self.client.open(request, self.client.deadline())?;
            body = rest;
            Ok(response)
        })?;
        let size = match response.status {
            // The range begins behind the end.
            416 if wire::is_of_service(&response) => Some(0),
            _ => wire::length(&self.succeeded(&call, response)?),
        };
        match (size, body) {
            (Some(size), Some(body)) => Ok(Download { size, body }),
            _ => Err(self.senseless(&call)),
        }
    }

    fn head(&self, object: Object<'_>) -> Result<Option<ObjectInfo>> {
        let call = Call::head(object)?;
        match self.call(&call) {
            Ok(response) => match (wire::created_at(&response), wire::length(&response)) {
                (Some(created_at), Some(size)) => Ok(Some(ObjectInfo { created_at, size })),
                _ => Err(self.senseless(&call)),
            },
            Err(error) if error.kind == Kind::NoSuchObject => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn list(&self, container: &str, after: Option<&str>) -> Result<Page> {
        let call = Call::list(container, after)?;
        let response = self.call(&call)?;
        wire::page(&response.body).ok_or_else(|| self.senseless(&call))
    }

    fn delete(&self, object: Object<'_>) -> Result<()> {
        match self.call(&Call::delete(object)?) {
            Err(error) if error.kind != Kind::NoSuchObject => Err(error),
            _ => Ok(()),
        }
    }

    /// Many at a time, each in a request of its own: the service's request for many has a signature for each as well.
    fn delete_each(&self, container: &str, names: &[String], _: bool, failed: &mut Failures) {
        let deadline = self.client.deadline();
        side_by_side(
            self,
            names.iter().map(String::as_str),
            |name| self.begin_call(Call::delete(Object { container, name })?, Chunks::default()),
            |block| self.finish_call(block),
            || self.client.transport.now() >= deadline,
            failed,
        );
    }

    fn copy(&self, from: Object<'_>, to: Object<'_>) -> Result<()> {
        let call = Call::copy(to, self.address(from)?)?;
        let look = Call::copy_progress(to)?;
        let transport = &self.client.transport;
        let mut copying = wire::copying(&self.call(&call)?).ok_or_else(|| self.senseless(&call))?;
        let mut moved = transport.now();
        let mut pause = FIRST_LOOK;
        loop {
            match copying.state {
                State::Done => return Ok(()),
                State::Failed => return Err(Error::new(Kind::Unavailable, "the service gave the copy up")),
                State::Pending if transport.now().saturating_sub(moved) >= self.client.limits.timeout => {
                    let sentence = "the copy makes no progress; it may still become complete";
                    return Err(Error::new(Kind::Timeout, sentence));
                }
                State::Pending => transport.sleep(pause),
            }
            pause = LATER_LOOK.min(pause.saturating_mul(2));
            let now =
                wire::copying(&self.call(&look)?).filter(|now| now.id == copying.id).ok_or_else(|| {
                    Error::new(Kind::Conflict, "another client wrote to where the copy was to be")
                })?;
            if now != copying {
                moved = transport.now();
            }
            copying = now;
        }
    }
}

#[cfg(test)]
mod tests;

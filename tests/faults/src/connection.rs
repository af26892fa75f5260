//! One client connection: its requests one after the other, relayed or struck by a fault.

use std::{io, net::TcpStream, sync::Arc, thread, time::Duration};

use socket2::SockRef;

use crate::{
    Answer, At, By, Fault, Recorded,
    http::{self, Body, RequestHead, ResponseHead},
    peer::Peer,
    reply::Reply,
    shared::Shared,
};

/// How much of a request's body is read before its fault is chosen, and recorded.
const BODY_CAP: usize = 64 * 1024;

/// What follows an exchange.
enum Then {
    KeepAlive,
    Close,
    Reset,
}

pub(crate) fn serve(shared: &Shared, stream: TcpStream) {
    let mut client = Peer::new(shared.accepted(stream));
    if shared.ignores(&client.socket) {
        return client.stall();
    }
    loop {
        match next_exchange(shared, &mut client) {
            Ok(Then::KeepAlive) => {}
            Ok(Then::Close) => return,
            Ok(Then::Reset) => {
                // An error: the client was faster.
                let _ = SockRef::from(client.socket.stream()).set_linger(Some(Duration::ZERO));
                return;
            }
            // Either side has left, or the proxy dropped it; what matters of it is in the log.
            Err(_) => return,
        }
    }
}

fn next_exchange(shared: &Shared, client: &mut Peer<'_>) -> io::Result<Then> {
    let connection = client.socket.number;
    let (mut raw, head) = match client.head(http::request_head) {
        Ok(Some(head)) => head,
        Ok(None) => return Ok(Then::Close),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            let mut recorded = Recorded { connection, status: Some(400), ..Recorded::default() };
            recorded.problem = Some(format!("not a request: {error}"));
            recorded.request.body = client.unread();
            shared.log.push(recorded);
            client.write(&Reply::made_up(&Answer::status(400), "").bytes())?;
            return Ok(Then::Close);
        }
        Err(error) => return Err(error),
    };
    let RequestHead { mut request, mut body, keep_alive, expects_continue } = head;
    if expects_continue {
        client.write(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }

    let mut fault = shared.pick(&client.socket, &request, false);
    let enough =
        if let Some(Fault::CloseMidRequest { after }) = fault.as_deref() { *after } else { BODY_CAP };
    let captured = client.capture(&mut body, &mut raw, &mut request.body, enough);
    if captured.is_ok() && fault.is_none() {
        fault = shared.pick(&client.socket, &request, true);
    }

    let body_len = request.body.len() as u64;
    request.body.truncate(BODY_CAP);
    let method = request.method.clone();
    let recorded = Recorded { request, connection, body_len, fault: fault.clone(), ..Recorded::default() };
    let exchange = Exchange { shared, number: shared.log.push(recorded), method, keep_alive };
    exchange.noting("client", captured)?;
    match fault {
        None => exchange.relay(client, &raw, body),
        Some(fault) => exchange.strike(client, &raw, body, fault),
    }
}

/// A request that is in the log, and its way from there.
struct Exchange<'a> {
    shared: &'a Shared,
    /// In the log.
    number: usize,
    method: String,
    keep_alive: bool,
}

impl<'a> Exchange<'a> {
    fn relay(&self, client: &mut Peer<'_>, raw: &[u8], body: Body) -> io::Result<Then> {
        let (mut server, raw, head) = self.forward(client, raw, body)?;
        self.sending(head.status);
        client.write(&raw)?;
        let mut body = head.body.unwrap_or(Body::Length(0));
        while let Some(piece) = self.noting("server", server.piece(&mut body))? {
            client.write(&piece.raw)?;
        }
        Ok(self.then(head.keep_alive))
    }

    fn strike(&self, client: &mut Peer<'_>, raw: &[u8], body: Body, fault: Arc<Fault>) -> io::Result<Then> {
        let reply = if fault.reaches_upstream() {
            self.executed(client, raw, body)?
        } else {
            if !matches!(*fault, Fault::CloseMidRequest { .. }) {
                self.rest_of_request(client, body, |_| {})?;
            }
            Reply::made_up(&Answer::status(200).body([b'x'; 64]), &self.method)
        };
        match &*fault {
            Fault::CloseMidRequest { .. } => Ok(Then::Close),
            Fault::Cut { at, by, .. } => self.cut(client, reply, *at, *by),
            Fault::Answer { answer, .. } => self.send(client, Reply::made_up(answer, &self.method)),
            Fault::SlowFirstByte(delay) => {
                client.pause(*delay)?;
                self.shared.release(&client.socket);
                self.send(client, reply)
            }
            Fault::SlowDrip { every, from } => self.drip(client, reply, *every, *from),
            Fault::Endless { chunked, limit } => self.endless(client, *chunked, *limit),
            Fault::WithoutLength => self.send(client, reply.without_length()),
            Fault::InterimNoise => {
                client.write(b"HTTP/1.1 100 Continue\r\n\r\n")?;
                client.write(b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n")?;
                self.send(client, reply)
            }
            Fault::NotHttp => {
                client.write(b"-ERR unknown command 'GET', with args beginning with: \r\n")?;
                Ok(Then::Close)
            }
        }
    }

    fn send(&self, client: &mut Peer<'_>, reply: Reply) -> io::Result<Then> {
        self.sending(reply.status);
        let then = self.then(reply.keep_alive);
        client.write(&reply.bytes())?;
        Ok(then)
    }

    fn cut(&self, client: &mut Peer<'_>, reply: Reply, at: At, by: By) -> io::Result<Then> {
        let status = reply.status;
        let (sent, _) = reply.cuttable().split(at);
        if !sent.is_empty() {
            self.sending(status);
            client.write(&sent)?;
        }
        match by {
            By::Reset => {
                // RST may overtake bytes that the client has not read yet.
                thread::sleep(Duration::from_millis(if sent.is_empty() { 0 } else { 20 }));
                Ok(Then::Reset)
            }
            By::Close => Ok(Then::Close),
            By::Stall => {
                client.stall();
                Ok(Then::Close)
            }
        }
    }

    fn drip(&self, client: &mut Peer<'_>, reply: Reply, every: Duration, from: At) -> io::Result<Then> {
        self.sending(reply.status);
        let then = self.then(reply.keep_alive);
        let (mut next, drops) = reply.split(from);
        for drop in drops {
            client.write(&next)?;
            client.pause(every)?;
            next = vec![drop];
        }
        // Before the end, which lets the client go on: a `clear` after it must not drop this connection.
        self.shared.release(&client.socket);
        client.write(&next)?;
        Ok(then)
    }

    fn endless(&self, client: &mut Peer<'_>, chunked: bool, limit: u64) -> io::Result<Then> {
        const PART: usize = 16 * 1024;
        self.sending(200);
        let framing = if chunked { "Transfer-Encoding: chunked" } else { "Content-Length: 1125899906842624" };
        client.write(format!("HTTP/1.1 200 Injected\r\n{framing}\r\n\r\n").as_bytes())?;
        let mut left = limit;
        while left > 0 {
            let length = PART.min(usize::try_from(left).unwrap_or(PART));
            left -= length as u64;
            let data = "x".repeat(length);
            let part = if chunked { format!("{length:x}\r\n{data}\r\n") } else { data };
            client.write(part.as_bytes())?;
        }
        Ok(Then::Close)
    }

    /// Has the server execute the request, to the end of its answer.
    fn executed(&self, client: &mut Peer<'_>, raw: &[u8], body: Body) -> io::Result<Reply> {
        let (mut server, raw_head, head) = self.forward(client, raw, body)?;
        let (mut raw, mut data) = (Vec::new(), Vec::new());
        let mut body = head.body.unwrap_or(Body::Length(0));
        self.noting("server", server.capture(&mut body, &mut raw, &mut data, usize::MAX))?;
        Ok(Reply::received(raw_head, head, raw, data))
    }

    /// Sends the server the request, of which `raw` was read already, and reads the head of the answer.
    fn forward(
        &self,
        client: &mut Peer<'_>,
        raw: &[u8],
        body: Body,
    ) -> io::Result<(Peer<'a>, Vec<u8>, ResponseHead)> {
        let mut server = Peer::new(self.noting("server", self.shared.connect_upstream())?);
        self.update(|recorded| recorded.forwarded = true);
        // Errors: a server may answer and leave before it has read all (413). The rest is read nonetheless.
        let _ = server.write(raw);
        self.rest_of_request(client, body, |piece| _ = server.write(piece))?;
        loop {
            let head = server.head(|bytes| http::response_head(bytes, &self.method));
            let early_end =
                || io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended without an answer");
            let (raw, head) = self.noting("server", head.and_then(|head| head.ok_or_else(early_end)))?;
            if head.status >= 200 {
                self.update(|recorded| recorded.upstream_status = Some(head.status));
                return Ok((server, raw, head));
            }
        }
    }

    fn rest_of_request(
        &self,
        client: &mut Peer<'_>,
        mut body: Body,
        mut sink: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        while let Some(piece) = self.noting("client", client.piece(&mut body))? {
            self.update(|recorded| recorded.body_len += piece.data().len() as u64);
            sink(&piece.raw);
        }
        Ok(())
    }

    fn then(&self, keep_alive: bool) -> Then {
        if self.keep_alive && keep_alive { Then::KeepAlive } else { Then::Close }
    }

    /// Recorded before the client can see it, so that a test which has its answer finds it.
    fn sending(&self, status: u16) {
        self.update(|recorded| recorded.status = Some(status));
    }

    fn noting<T>(&self, who: &str, result: io::Result<T>) -> io::Result<T> {
        result.inspect_err(|error| self.update(|recorded| recorded.problem = Some(format!("{who}: {error}"))))
    }

    fn update(&self, change: impl FnOnce(&mut Recorded)) {
        self.shared.log.update(self.number, change);
    }
}

//! Streams of files and sockets, which are the host's also where the provider has streams of its own.

use wasip2::filesystem::preopens;
use wasip2::filesystem::types::{DescriptorFlags, OpenFlags, PathFlags};
use wasip2::io::streams::{InputStream, OutputStream};
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use wasip2::sockets::tcp::{ShutdownType, TcpSocket};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;

use super::streams;
use crate::blobstore::{Failure, Outcome};
use crate::{Bytes, Content};

/// Writes the content with both calls that give a stream, and reads what the file holds then: it twice.
pub(super) fn write(name: &str, content: &Content) -> Result<Outcome, Failure> {
    let folders = preopens::get_directories();
    let (folder, _) = folders.first().expect("the host gives a folder");
    let both = DescriptorFlags::READ | DescriptorFlags::WRITE;
    let file = folder.open_at(PathFlags::empty(), name, OpenFlags::CREATE, both).expect("a file may be made");
    for stream in [file.write_via_stream(0), file.append_via_stream()] {
        send(&stream.expect("a stream of the file"), content)?;
    }
    let stream = file.read_via_stream(0).expect("a stream of the file");
    Ok(Outcome::Data(streams::read_all(&stream)?))
}

/// Sends the content to itself over a socket, and what arrived back again.
pub(super) fn exchange(content: &Content) -> Result<Outcome, Failure> {
    let network = instance_network();
    let any = IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 0, address: (127, 0, 0, 1) });
    let server = create_tcp_socket(IpAddressFamily::Ipv4).expect("a socket");
    wait(&server, || server.start_bind(&network, any));
    wait(&server, || server.finish_bind());
    wait(&server, || server.start_listen());
    wait(&server, || server.finish_listen());
    let client = create_tcp_socket(IpAddressFamily::Ipv4).expect("a socket");
    let address = server.local_address().expect("the server is bound");
    wait(&client, || client.start_connect(&network, address));
    let (answer, request) = wait(&client, || client.finish_connect());
    let (peer, arriving, reply) = wait(&server, || server.accept());

    send(&request, content)?;
    client.shutdown(ShutdownType::Send).expect("the connection stands");
    let arrived = all(&arriving)?;
    send(&reply, &Content::Bytes(Bytes(arrived)))?;
    peer.shutdown(ShutdownType::Send).expect("the connection stands");
    Ok(Outcome::Data(streams::read_all(&answer)?))
}

fn send(stream: &OutputStream, content: &Content) -> Result<(), Failure> {
    streams::write_all(stream, content, 1 << 10)?;
    Ok(stream.blocking_flush()?)
}

fn all(stream: &InputStream) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    while let Some(mut piece) = streams::next(stream)? {
        bytes.append(&mut piece);
    }
    Ok(bytes)
}

fn wait<T>(socket: &TcpSocket, call: impl Fn() -> Result<T, ErrorCode>) -> T {
    loop {
        match call() {
            Err(ErrorCode::WouldBlock) => socket.subscribe().block(),
            result => return result.expect("sockets of this machine"),
        }
    }
}

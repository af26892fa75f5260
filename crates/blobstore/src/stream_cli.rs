//! The functions of files and sockets that give out a stream.

use wasip2::filesystem::types::{Descriptor, ErrorCode as FileError, Filesize};
use wasip2::io::streams::InputStream;
use wasip2::sockets::network::ErrorCode;
use wasip2::sockets::tcp::TcpSocket;

use crate::bindings::exports::plugboard::inner::hooks_cli;
use crate::bindings::exports::plugboard::inner::streams::OutputStream;
use crate::export::{Export, Instance};
use crate::stream::host;

impl<S: Instance> hooks_cli::Guest for Export<S> {
    fn write_via_stream(file: &Descriptor, offset: Filesize) -> Result<OutputStream, FileError> {
        Ok(host::<S>(file.write_via_stream(offset)?))
    }

    fn append_via_stream(file: &Descriptor) -> Result<OutputStream, FileError> {
        Ok(host::<S>(file.append_via_stream()?))
    }

    fn finish_connect(socket: &TcpSocket) -> Result<(InputStream, OutputStream), ErrorCode> {
        let (incoming, outgoing) = socket.finish_connect()?;
        Ok((incoming, host::<S>(outgoing)))
    }

    fn accept(socket: &TcpSocket) -> Result<(TcpSocket, InputStream, OutputStream), ErrorCode> {
        let (socket, incoming, outgoing) = socket.accept()?;
        Ok((socket, incoming, host::<S>(outgoing)))
    }
}

//! What the app finds of an environment, of files and of sockets.

use std::fmt::Display;

use wasip2::cli::{environment, stderr, stdin, terminal_stdout};
use wasip2::clocks::wall_clock;
use wasip2::filesystem::preopens;
use wasip2::filesystem::types::{Descriptor, DescriptorFlags, ErrorCode as FileError, OpenFlags, PathFlags};
use wasip2::io::streams::StreamError;
use wasip2::random::{insecure, insecure_seed};
use wasip2::sockets::network::{ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use wasip2::sockets::{instance_network, ip_name_lookup, tcp_create_socket, udp_create_socket};

use crate::write;

/// One line for each; `cli/<port>` names the port on this machine that echoes four bytes.
pub(crate) fn report(path: &str) -> String {
    let port = path.trim_start_matches("cli/").parse().unwrap_or_default();
    let directories = preopens::get_directories();
    let seed = insecure_seed::insecure_seed();
    write(&stderr::get_stderr(), b"a report\n");
    drop(stdin::get_stdin());
    let now = wall_clock::now().seconds > 1_700_000_000;
    [
        format!("now {now}"),
        format!("variables {:?}", environment::get_environment()),
        format!("arguments {}", environment::get_arguments().len()),
        format!("terminal {}", terminal_stdout::get_terminal_stdout().is_some()),
        format!("seeds differ {}", seed != insecure_seed::insecure_seed()),
        format!(
            "random {} {}",
            insecure::get_insecure_random_bytes(9).len(),
            insecure::get_insecure_random_u64() > 0
        ),
        format!("directories {}", directories.len()),
        format!("file {}", directories.first().map_or("none".into(), |(root, _)| said(note(root)))),
        format!("name {}", said(lookup())),
        format!("udp {}", said(udp_create_socket::create_udp_socket(IpAddressFamily::Ipv4).map(|_| "made"))),
        format!("tcp {}", said(echo(port))),
    ]
    .join("\n")
}

fn said<T: AsRef<str>>(result: Result<T, impl Display>) -> String {
    result.map_or_else(|error| error.to_string(), |text| text.as_ref().to_owned())
}

/// Both ways in which a file gives a stream that takes bytes.
fn note(root: &Descriptor) -> Result<String, FileError> {
    let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
    let file = root.open_at(PathFlags::empty(), "note", OpenFlags::CREATE | OpenFlags::TRUNCATE, flags)?;
    write(&file.write_via_stream(0)?, b"written ");
    write(&file.append_via_stream()?, b"and appended");
    Ok(String::from_utf8_lossy(&file.read(99, 0)?.0).into_owned())
}

fn lookup() -> Result<String, ErrorCode> {
    let network = instance_network::instance_network();
    let found = ip_name_lookup::resolve_addresses(&network, "localhost")?;
    found.subscribe().block();
    Ok(format!("found {}", found.resolve_next_address()?.is_some()))
}

fn echo(port: u16) -> Result<String, ErrorCode> {
    let socket = tcp_create_socket::create_tcp_socket(IpAddressFamily::Ipv4)?;
    let address = IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (127, 0, 0, 1) });
    socket.start_connect(&instance_network::instance_network(), address)?;
    socket.subscribe().block();
    let (input, output) = socket.finish_connect()?;
    write(&output, b"ping");
    let mut heard = Vec::new();
    while heard.len() < 4 {
        match input.blocking_read(4) {
            Ok(bytes) => heard.extend(bytes),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => return Ok(error.to_debug_string()),
        }
    }
    Ok(String::from_utf8_lossy(&heard).into_owned())
}

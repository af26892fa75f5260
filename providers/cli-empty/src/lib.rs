//! The part of WASI that `wasi:http/proxy` leaves out, with nothing in it.

#[allow(clippy::all, clippy::unreachable, unreachable_pub, unsafe_code)]
mod bindings {
    // `stubs` is for the methods of resources: nobody ever has one, so nobody calls them. It also exports all of its
    // functions, which would be a second time.
    macro_rules! export {
        (Stub) => {};
    }

    wit_bindgen::generate!({
        path: [
            "../../wit/wasi/io.wit",
            "../../wit/wasi/clocks.wit",
            "../../wit/wasi/random.wit",
            "../../wit/wasi/filesystem.wit",
            "../../wit/wasi/sockets.wit",
            "../../wit/wasi/cli.wit",
            "wit",
        ],
        world: "plugboard:cli-empty/empty",
        stubs,
        export_macro_name: "offer",
        with: {
            "wasi:io/error@0.2.12": wasip2::io::error,
            "wasi:io/poll@0.2.12": wasip2::io::poll,
            "wasi:io/streams@0.2.12": wasip2::io::streams,
            "wasi:clocks/wall-clock@0.2.12": wasip2::clocks::wall_clock,
            "wasi:clocks/monotonic-clock@0.2.12": wasip2::clocks::monotonic_clock,
            "wasi:random/random@0.2.12": wasip2::random::random,
        },
    });

    use super::Empty;
    offer!(Empty);
}

use bindings::Stub;
use bindings::exports::wasi::cli::{
    environment, exit, terminal_input, terminal_output, terminal_stderr, terminal_stdin, terminal_stdout,
};
use bindings::exports::wasi::filesystem::{preopens, types};
use bindings::exports::wasi::random::{insecure, insecure_seed};
use bindings::exports::wasi::sockets::{
    instance_network, ip_name_lookup, network, tcp, tcp_create_socket, udp, udp_create_socket,
};
use wasip2::io::error::Error;
use wasip2::random::random;

struct Empty;

impl environment::Guest for Empty {
    fn get_environment() -> Vec<(String, String)> {
        Vec::new()
    }

    fn get_arguments() -> Vec<String> {
        Vec::new()
    }

    fn initial_cwd() -> Option<String> {
        None
    }
}

impl exit::Guest for Empty {
    fn exit(_: Result<(), ()>) {
        std::process::abort()
    }

    fn exit_with_code(_: u8) {
        std::process::abort()
    }
}

impl terminal_input::Guest for Empty {
    type TerminalInput = Stub;
}

impl terminal_output::Guest for Empty {
    type TerminalOutput = Stub;
}

impl terminal_stdin::Guest for Empty {
    fn get_terminal_stdin() -> Option<terminal_input::TerminalInput> {
        None
    }
}

impl terminal_stdout::Guest for Empty {
    fn get_terminal_stdout() -> Option<terminal_output::TerminalOutput> {
        None
    }
}

impl terminal_stderr::Guest for Empty {
    fn get_terminal_stderr() -> Option<terminal_output::TerminalOutput> {
        None
    }
}

impl types::Guest for Empty {
    type Descriptor = Stub;
    type DirectoryEntryStream = Stub;

    fn filesystem_error_code(_: &Error) -> Option<types::ErrorCode> {
        None
    }
}

impl preopens::Guest for Empty {
    fn get_directories() -> Vec<(types::Descriptor, String)> {
        Vec::new()
    }
}

impl insecure::Guest for Empty {
    fn get_insecure_random_bytes(len: u64) -> Vec<u8> {
        random::get_random_bytes(len)
    }

    fn get_insecure_random_u64() -> u64 {
        random::get_random_u64()
    }
}

impl insecure_seed::Guest for Empty {
    fn insecure_seed() -> (u64, u64) {
        (random::get_random_u64(), random::get_random_u64())
    }
}

impl network::Guest for Empty {
    type Network = Stub;
}

impl instance_network::Guest for Empty {
    fn instance_network() -> network::Network {
        network::Network::new(Stub)
    }
}

impl ip_name_lookup::Guest for Empty {
    type ResolveAddressStream = Stub;

    fn resolve_addresses(
        _: network::NetworkBorrow<'_>,
        _: String,
    ) -> Result<ip_name_lookup::ResolveAddressStream, network::ErrorCode> {
        Err(network::ErrorCode::AccessDenied)
    }
}

impl tcp::Guest for Empty {
    type TcpSocket = Stub;
}

impl tcp_create_socket::Guest for Empty {
    fn create_tcp_socket(_: network::IpAddressFamily) -> Result<tcp::TcpSocket, network::ErrorCode> {
        Err(network::ErrorCode::AccessDenied)
    }
}

impl udp::Guest for Empty {
    type UdpSocket = Stub;
    type IncomingDatagramStream = Stub;
    type OutgoingDatagramStream = Stub;
}

impl udp_create_socket::Guest for Empty {
    fn create_udp_socket(_: network::IpAddressFamily) -> Result<udp::UdpSocket, network::ErrorCode> {
        Err(network::ErrorCode::AccessDenied)
    }
}

//! The macro takes its world as it stands, so there is one call for each.

macro_rules! bindings {
    ($module:ident, $world:literal, $($more:tt)*) => {
        #[allow(clippy::all, unreachable_pub)]
        mod $module {
            wit_bindgen::generate!({
                path: [
                    "../../wit/wasi/io.wit",
                    "../../wit/wasi/clocks.wit",
                    "../../wit/wasi/random.wit",
                    "../../wit/wasi/filesystem.wit",
                    "../../wit/wasi/sockets.wit",
                    "../../wit/wasi/cli.wit",
                    "../../wit/wasi/http.wit",
                    "../../wit/inner",
                    "../../wit/config",
                    "wit",
                ],
                world: $world,
                generate_all,
                with: {
                    "wasi:io/error@0.2.12": wasip2::io::error,
                    "wasi:io/poll@0.2.12": wasip2::io::poll,
                    "wasi:io/streams@0.2.12": wasip2::io::streams,
                    "wasi:clocks/monotonic-clock@0.2.12": wasip2::clocks::monotonic_clock,
                    "wasi:http/types@0.2.12": wasip2::http::types,
                    $($more)*
                },
            });
            export!(Toy);
            use crate::Toy;
        }
        pub(crate) use $module::*;
    };
}

#[cfg(not(feature = "cli"))]
bindings!(proxy, "plugboard:toy/proxy",);
#[cfg(feature = "cli")]
bindings!(
    cli,
    "plugboard:toy/cli",
    "wasi:clocks/wall-clock@0.2.12": wasip2::clocks::wall_clock,
    "wasi:filesystem/types@0.2.12": wasip2::filesystem::types,
    "wasi:sockets/network@0.2.12": wasip2::sockets::network,
    "wasi:sockets/tcp@0.2.12": wasip2::sockets::tcp,
);

//! Of the interfaces as a provider exports them before it is joined with the facade; WASI's own are those of `wasip2`.

macro_rules! generate {
    ($world:literal, $($more:tt)*) => {
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
            ],
            world: $world,
            with: {
                "wasi:io/error@0.2.12": wasip2::io::error,
                "wasi:io/poll@0.2.12": wasip2::io::poll,
                "wasi:io/streams@0.2.12": wasip2::io::streams,
                "wasi:clocks/monotonic-clock@0.2.12": wasip2::clocks::monotonic_clock,
                "wasi:http/types@0.2.12": wasip2::http::types,
                $($more)*
            },
            pub_export_macro: true,
            default_bindings_module: "plugboard_blobstore::bindings",
        });
    };
}

#[cfg(not(feature = "cli"))]
generate!("plugboard:inner/provider",);
#[cfg(feature = "cli")]
generate!(
    "plugboard:inner/provider-cli",
    "wasi:clocks/wall-clock@0.2.12": wasip2::clocks::wall_clock,
    "wasi:filesystem/types@0.2.12": wasip2::filesystem::types,
    "wasi:sockets/network@0.2.12": wasip2::sockets::network,
    "wasi:sockets/tcp@0.2.12": wasip2::sockets::tcp,
);

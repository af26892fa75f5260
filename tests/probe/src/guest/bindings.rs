#[cfg(feature = "blobstore")]
wit_bindgen::generate!({
    path: ["../../wit/wasi/io.wit", "../../wit/blobstore", "wit/blobstore.wit"],
    world: "plugboard:probe/blobstore",
    generate_all,
    with: {
        "wasi:io/error@0.2.12": wasip2::io::error,
        "wasi:io/poll@0.2.12": wasip2::io::poll,
        "wasi:io/streams@0.2.12": wasip2::io::streams,
    },
});
#[cfg(not(any(feature = "batch-a", feature = "blobstore")))]
wit_bindgen::generate!({
    path: ["../../wit/keyvalue-draft", "../../wit/keyvalue-draft2", "wit/keyvalue.wit"],
    world: "plugboard:probe/keyvalue",
    generate_all,
});
#[cfg(feature = "batch-a")]
wit_bindgen::generate!({
    path: ["../../wit/keyvalue-draft", "../../wit/keyvalue-draft2-batch-a", "wit/keyvalue.wit"],
    world: "plugboard:probe/keyvalue",
    generate_all,
});

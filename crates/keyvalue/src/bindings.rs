#[cfg(not(feature = "batch-a"))]
wit_bindgen::generate!({
    path: ["../../wit/keyvalue-draft", "../../wit/keyvalue-draft2", "../../wit/worlds"],
    world: "plugboard:worlds/keyvalue",
    pub_export_macro: true,
    default_bindings_module: "plugboard_keyvalue::bindings",
});
#[cfg(feature = "batch-a")]
wit_bindgen::generate!({
    path: ["../../wit/keyvalue-draft", "../../wit/keyvalue-draft2-batch-a", "../../wit/worlds"],
    world: "plugboard:worlds/keyvalue",
    pub_export_macro: true,
    default_bindings_module: "plugboard_keyvalue::bindings",
});

#[cfg(not(feature = "batch-a"))]
wit_bindgen::generate!({
    path: ["../../wit/keyvalue-draft", "../../wit/keyvalue-draft2", "wit"],
    world: "plugboard:probe/imports",
    generate_all,
});
#[cfg(feature = "batch-a")]
wit_bindgen::generate!({
    path: ["../../wit/keyvalue-draft", "../../wit/keyvalue-draft2-batch-a", "wit"],
    world: "plugboard:probe/imports",
    generate_all,
});

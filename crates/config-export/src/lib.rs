//! `wasi:config/store` as the export of a component, under the three names that it has.

mod export;

pub mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit/config", "../../wit/config-spin", "../../wit/config-draft", "wit"],
        world: "plugboard:config-export/stores",
        pub_export_macro: true,
        default_bindings_module: "plugboard_config_export::bindings",
    });
}

pub use export::{Config, Export};

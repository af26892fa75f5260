//! Azure's own SDK for tables is served, whatever it proves itself with, and refused where Azure refuses.

mod common;

use anyhow::{Result, ensure};
use azure_strict::{Azure, Config, KEY};
use common::python;
use plugboard_harness::Run;
use plugboard_harness::servers::Azurite;

fn with_tables(test: impl FnOnce(&Azure) -> Result<()>) -> Result<()> {
    Run::scope("azure-strict-tables", |run| {
        let azurite = Azurite::start_tables(run)?;
        test(&Config::tables(azurite.addr()).serve()?)
    })
}

fn works(azure: &Azure, kind: &str, secret: &str) -> Result<()> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/clients/tables.py");
    let said = python(script, &[&azure.url(), kind, secret])?;
    ensure!(said == "all of it worked", "{said}");
    Ok(())
}

#[test]
fn with_the_key_a_signature_or_a_token() -> Result<()> {
    with_tables(|azure| {
        works(azure, "key", KEY)?;
        works(azure, "sas", KEY)?;
        works(azure, "token", &azure.issue_token())
    })
}

#[test]
fn what_proves_nothing_is_refused() -> Result<()> {
    with_tables(|azure| {
        for (kind, secret, code) in [
            ("key", "d3Jvbmc=", "AuthenticationFailed"),
            ("sas", "d3Jvbmc=", "AuthenticationFailed"),
            ("token", "wrong", "InvalidAuthenticationInfo"),
        ] {
            let error = works(azure, kind, secret).unwrap_err().to_string();
            ensure!(error.contains(code), "{kind}: {error}");
        }
        azure.shift_clock(16 * 60);
        let error = works(azure, "key", KEY).unwrap_err().to_string();
        ensure!(error.contains("AuthenticationFailed"), "{error}");
        azure.shift_clock(14 * 60);
        works(azure, "key", KEY)
    })
}

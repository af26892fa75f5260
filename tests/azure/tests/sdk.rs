//! Azure's own SDK is served, whatever it proves itself with: so the strictness refuses nothing that is right.

mod common;

use anyhow::{Result, ensure};
use azure_strict::KEY;
use common::{python, with_azure};

fn works(url: &str, kind: &str, secret: &str) -> Result<()> {
    let said = python(concat!(env!("CARGO_MANIFEST_DIR"), "/clients/sdk.py"), &[url, kind, secret])?;
    ensure!(said == "all of it worked", "{said}");
    Ok(())
}

#[test]
fn with_the_key() -> Result<()> {
    with_azure(|azure| {
        works(&azure.url(), "key", KEY)?;
        works(&azure.host_style_url(), "key", KEY)
    })
}

#[test]
fn with_a_shared_access_signature() -> Result<()> {
    with_azure(|azure| {
        works(&azure.url(), "sas", KEY)?;
        works(&azure.host_style_url(), "sas", KEY)
    })
}

#[test]
fn with_a_token() -> Result<()> {
    with_azure(|azure| {
        works(&azure.url(), "token", &azure.issue_token())?;
        works(&azure.host_style_url(), "token", &azure.issue_token())
    })
}

#[test]
fn a_wrong_key_is_refused() -> Result<()> {
    with_azure(|azure| {
        let error = works(&azure.url(), "key", "d3Jvbmc=").unwrap_err().to_string();
        ensure!(error.contains("ErrorCode:AuthenticationFailed"), "{error}");
        ensure!(error.contains("Server used following string to sign: 'PUT"), "{error}");
        let error = works(&azure.url(), "sas", "d3Jvbmc=").unwrap_err().to_string();
        ensure!(error.contains("ErrorCode:AuthenticationFailed"), "{error}");
        Ok(())
    })
}

#[test]
fn a_clock_that_is_off_by_more_than_a_quarter_of_an_hour_is_refused() -> Result<()> {
    with_azure(|azure| {
        for (seconds, why) in [(16 * 60, "too old"), (-16 * 60, "in the future")] {
            azure.shift_clock(seconds);
            let error = works(&azure.url(), "key", KEY).unwrap_err().to_string();
            ensure!(error.contains("ErrorCode:AuthenticationFailed") && error.contains(why), "{error}");
        }
        azure.shift_clock(14 * 60);
        works(&azure.url(), "key", KEY)
    })
}

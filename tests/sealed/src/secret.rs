//! Secrets, and where they must not be.

use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// Of letters and digits, so that in URLs and in JSON it is itself.
pub(crate) const SECRET: &str = "Zq7secretW3x9Lk2";

/// Neither as it is nor in hex nor in base64.
pub(crate) fn kept(text: &str, place: &str) -> Result<()> {
    let lower = text.to_lowercase();
    let hex = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    ensure!(!lower.contains(&SECRET.to_lowercase()), "{place} holds the secret: {text}");
    ensure!(!lower.contains(&hex), "{place} holds the secret in hex: {text}");
    for offset in 0..3 {
        let mut padded = vec![0; offset];
        padded.extend(SECRET.as_bytes());
        // What the secret alone decides: the first and the last character may share bits with the neighbours.
        let inside = &BASE64_STANDARD.encode(&padded)[(offset * 8).div_ceil(6)..padded.len() * 8 / 6];
        ensure!(!text.contains(inside), "{place} holds the secret in base64: {text}");
    }
    Ok(())
}

/// The scan finds what it is for.
pub(crate) fn finds_every_form() -> Result<()> {
    let hex = SECRET.bytes().map(|byte| format!("{byte:02X}")).collect::<String>();
    let mut texts = vec![format!("a {SECRET}."), SECRET.to_uppercase(), format!("0x{hex}")];
    texts.extend(
        ["", "u", "us", "user:"].map(|before| BASE64_STANDARD.encode(format!("{before}{SECRET} and more"))),
    );
    for text in texts {
        ensure!(kept(&text, "it").is_err(), "not found: {text}");
    }
    kept(&BASE64_STANDARD.encode("another text of about that length"), "it")
}

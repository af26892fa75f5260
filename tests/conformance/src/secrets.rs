//! `all.secrets`: no byte of output holds a credential, in any of the forms that code leaks them in.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Mutex;

use aho_corasick::AhoCorasick;
use anyhow::{Result, bail};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// Looks for the secrets in use.
pub(crate) struct Scanner {
    needles: AhoCorasick,
    forms: Vec<&'static str>,
    /// Every place where something was found, for the end of the run.
    found: Mutex<BTreeSet<String>>,
}

impl Scanner {
    pub(crate) fn new(secrets: &[String]) -> Result<Scanner> {
        let all = secrets.iter().flat_map(|secret| needles(secret.as_bytes())).collect::<BTreeSet<_>>();
        let (forms, needles): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        Ok(Scanner { needles: AhoCorasick::new(&needles)?, forms, found: Mutex::default() })
    }

    /// An error that says where, and in which form, but not what.
    pub(crate) fn scan(&self, bytes: &[u8], place: &str) -> Result<()> {
        let Some(found) = self.needles.find(bytes) else { return Ok(()) };
        let form = self.forms[found.pattern().as_usize()];
        let finding = format!("all.secrets: {place} holds a secret, {form}, at byte {}", found.start());
        self.found.lock().expect("no panic holds it").insert(finding.clone());
        bail!(finding)
    }

    /// All findings of the run.
    pub(crate) fn findings(&self) -> Vec<String> {
        self.found.lock().expect("no panic holds it").iter().cloned().collect()
    }
}

/// The secret in every form, each with its name. Forms that equal the raw secret do no harm.
fn needles(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    /// What clients leave alone in a URL; other encoders encode more, or all of it.
    const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let every = secret.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "%{byte:02X}"); // a String takes everything
        text
    });
    let mut needles = vec![
        ("as it is", secret.to_vec()),
        ("escaped for JSON", json_escaped(secret)),
        ("percent-encoded", percent_encode(secret, UNRESERVED).to_string().into_bytes()),
        ("percent-encoded", percent_encode(secret, NON_ALPHANUMERIC).to_string().into_bytes()),
        ("percent-encoded", every.clone().into_bytes()),
        ("in hex", every.replace('%', "").into_bytes()),
    ];
    for offset in 0..3 {
        needles.push(("in base64", base64_inside(secret, offset, &STANDARD)));
        needles.push(("in base64", base64_inside(secret, offset, &URL_SAFE)));
    }
    let lower = needles
        .iter()
        .filter(|(form, _)| ["percent-encoded", "in hex"].contains(form))
        .map(|(form, needle)| (*form, lower_hex(needle, *form == "in hex")))
        .collect::<Vec<_>>();
    needles.extend(lower);
    needles
}

/// The characters of a base64 text that the secret alone decides, when it begins `offset` bytes after a group of
/// three: its first and last character may share bits with the neighbours.
fn base64_inside(secret: &[u8], offset: usize, engine: &impl Engine) -> Vec<u8> {
    let mut padded = vec![0; offset];
    padded.extend(secret);
    let text = engine.encode(&padded);
    let start = (offset * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    text.as_bytes()[start..end].to_vec()
}

fn json_escaped(secret: &[u8]) -> Vec<u8> {
    let quoted = serde_json::to_vec(&String::from_utf8_lossy(secret)).expect("a string is JSON");
    quoted[1..quoted.len() - 1].to_vec()
}

/// Hex digits in lower case: all of them, or those behind a `%`.
fn lower_hex(needle: &[u8], all: bool) -> Vec<u8> {
    let behind_percent = |at: usize| (1..=2).any(|back| at >= back && needle[at - back] == b'%');
    let lowered =
        |(at, byte): (usize, &u8)| if all || behind_percent(at) { byte.to_ascii_lowercase() } else { *byte };
    needle.iter().enumerate().map(lowered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "Zt/9+\"pass word~%é";

    fn finds(text: impl AsRef<[u8]>) -> bool {
        let scanner = Scanner::new(&[SECRET.to_owned()]).unwrap();
        let found = scanner.scan(text.as_ref(), "a test").is_err();
        assert_eq!(found, !scanner.findings().is_empty());
        found
    }

    #[test]
    fn finds_every_form() {
        assert!(finds(format!("an error about {SECRET} and more")));
        assert!(finds(format!("{SECRET:?}")) && finds(serde_json::to_vec(SECRET).unwrap()));
        for before in ["", "u", "us", "user:"] {
            for after in ["", "1", "22", "333"] {
                let text = format!("{before}{SECRET}{after}");
                assert!(finds(STANDARD.encode(&text)) && finds(URL_SAFE.encode(&text)), "{text}");
            }
        }
        let hex = SECRET.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert!(finds(&hex) && finds(hex.to_uppercase()));
        let percent = SECRET.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        assert!(finds(&percent) && finds(percent.to_uppercase()));
        assert!(finds("Zt%2F9%2B%22pass%20word~%25%C3%A9"));
        assert!(finds("Zt%2f9%2b%22pass%20word%7e%25%c3%a9"));
    }

    #[test]
    fn says_where_but_not_what() {
        let scanner = Scanner::new(&["hunter22".to_owned()]).unwrap();
        let error = scanner.scan(b"xx hunter22", "an error").unwrap_err().to_string();
        assert_eq!(error, "all.secrets: an error holds a secret, as it is, at byte 3");
    }

    #[test]
    fn leaves_the_rest_alone() {
        assert!(!finds("Zt/9+ password"));
        assert!(!finds(STANDARD.encode("some other text that is long enough")));
        assert!(!finds(""));
    }
}

//! What those who give keys answer.

use plugboard_config::Secret;
use plugboard_error::{Error, Kind, Result};
use plugboard_http::{Endpoint, Resend, Response, date_seconds, error_of, iso_seconds};
use quick_xml::Reader;
use quick_xml::events::Event;
use serde::Deserialize;

use super::Keys;

const DATE: &str = "date";

/// Keys, and until when they are good.
#[derive(Default)]
struct Answer {
    id: String,
    secret: String,
    token: String,
    /// ISO 8601.
    end: String,
    /// Of an error.
    code: String,
}

/// Of containers and instances.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Json<'a> {
    access_key_id: &'a str,
    secret_access_key: &'a str,
    token: Option<&'a str>,
    expiration: Option<&'a str>,
    #[serde(alias = "code")]
    code: Option<&'a str>,
}

impl Answer {
    fn of_json(body: &[u8]) -> Option<Answer> {
        let (json, _) = serde_json_core::from_slice::<Json>(body).ok()?;
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        Some(Answer {
            id: json.access_key_id.to_owned(),
            secret: json.secret_access_key.to_owned(),
            token: text(json.token),
            end: text(json.expiration),
            code: text(json.code),
        })
    }

    /// Of STS. None of the values has a character that XML escapes.
    fn of_xml(body: &[u8]) -> Option<Answer> {
        let mut reader = Reader::from_str(std::str::from_utf8(body).ok()?);
        let mut answer = Answer::default();
        let mut text = String::new();
        loop {
            match reader.read_event().ok()? {
                Event::Start(_) => text.clear(),
                Event::Text(part) => text.push_str(part.trim()),
                Event::End(tag) => {
                    let value = match tag.name().as_ref() {
                        "AccessKeyId" => &mut answer.id,
                        "SecretAccessKey" => &mut answer.secret,
                        "SessionToken" => &mut answer.token,
                        "Expiration" => &mut answer.end,
                        "Code" => &mut answer.code,
                        "AssumeRoleWithWebIdentityResponse" | "ErrorResponse" => return Some(answer),
                        _ => continue,
                    };
                    *value = std::mem::take(&mut text);
                }
                Event::Eof => return None,
                _ => {}
            }
        }
    }
}

/// Temporary keys, and for how many seconds they are good. `now` is our time, since the Unix epoch.
pub(super) fn keys(endpoint: &Endpoint, response: &Response, xml: bool, now: u64) -> Result<(Keys, u64)> {
    let answer = if xml { Answer::of_xml(&response.body) } else { Answer::of_json(&response.body) };
    let answer = answer.unwrap_or_default();
    if !response.is_success() {
        return Err(refusal(endpoint, response, &answer.code));
    }
    let known = [&answer.id, &answer.secret, &answer.token];
    if known.iter().any(|text| !is_word(text)) {
        let sentence = format!("what `{}` answered has no credentials in it", endpoint.authority);
        return Err(Error::new(Kind::Protocol, sentence));
    }
    // By the clock of who made them, if they say what it is: ours may be wrong.
    let now = response.header(DATE).and_then(date_seconds).or(i64::try_from(now).ok());
    let left = iso_seconds(&answer.end).zip(now).map(|(end, now)| end.saturating_sub(now));
    let lifetime = left.and_then(|left| u64::try_from(left).ok()).unwrap_or(0);
    let keys =
        Keys { id: answer.id, secret: Secret::new(answer.secret), token: Some(Secret::new(answer.token)) };
    Ok((keys, lifetime))
}

/// The one word that an answer is: a token, or the name of a role.
pub(super) fn word(endpoint: &Endpoint, response: Response, what: &str) -> Result<String> {
    if !response.is_success() {
        return Err(refusal(endpoint, &response, ""));
    }
    let text = String::from_utf8(response.body).unwrap_or_default();
    let text = text.trim();
    if !is_word(text) {
        let sentence = format!("what `{}` answered is no {what}", endpoint.authority);
        return Err(Error::new(Kind::Protocol, sentence));
    }
    Ok(text.to_owned())
}

fn refusal(endpoint: &Endpoint, response: &Response, code: &str) -> Error {
    // An instance without a role has nothing there.
    if !matches!(response.status, 400 | 401 | 403 | 404) {
        return error_of(endpoint, response, Resend::Allowed, "credentials");
    }
    let kind = match code {
        // Of STS, which has them with 400.
        "IDPCommunicationError" | "Throttling" => Kind::Unavailable,
        _ => Kind::AccessDenied,
    };
    // A word of the protocol such as `InvalidIdentityToken`; the rest may quote what was sent.
    let known = !code.is_empty() && code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphabetic());
    let code = if known { [": `", code, "`"].concat() } else { String::new() };
    Error::new(kind, format!("`{}` gave no credentials{code}", endpoint.authority))
}

/// What can be in a field of a request, and in an address without being encoded.
fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=@,".contains(&b))
}

#[cfg(test)]
mod tests;

//! Webdis (github.com/nicolasff/webdis): the words of a command between slashes, in the path or in the body
//! of a POST; the body of a PUT is the last word as it is. Every answer is asked for as `.raw`, which is the
//! Redis protocol: the JSON form cuts binary values short.

use plugboard_http::Method;

use super::{Command, Message, escape, path_of_write};

pub(super) fn encode(command: &Command, database: Option<u32>) -> Message {
    let words = command.words();
    let database = database.map(|n| n.to_string());
    let words =
        database.iter().map(|n| n.as_bytes()).chain(words.iter().map(|word| &**word)).collect::<Vec<_>>();
    if let (Command::Set { .. }, Some((value, head))) = (command, words.split_last())
        && let Some(path) = path_of_write(head, value)
    {
        return Message { method: Method::Put, path: path + ".raw", body: value.to_vec() };
    }
    let mut body = String::new();
    for (i, word) in words.into_iter().enumerate() {
        if i > 0 {
            body.push('/');
        }
        escape(&mut body, word);
    }
    Message::post("/", body + ".raw")
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use plugboard_http::Resend;

    use super::*;
    use crate::wire::Script;

    fn set<'a>(key: &'a str, value: &'a [u8]) -> Command<'a> {
        Command::Set { key, value, ttl: None }
    }

    fn post(body: &str) -> Message {
        Message::post("/", body)
    }

    #[test]
    fn a_value_is_the_body_of_a_put() {
        let put = |path: &str| Message { method: Method::Put, path: path.into(), body: b"v\0".to_vec() };
        assert_eq!(encode(&set("k/1", b"v\0"), None), put("/SET/k%2F1.raw"));
        assert_eq!(encode(&set("k", b"v\0"), Some(2)), put("/2/SET/k.raw"));
        let expiring = Command::Set { key: "k", value: b"v\0", ttl: Some("1500") };
        assert_eq!(encode(&expiring, None), put("/PSETEX/k/1500.raw"));
    }

    #[test]
    fn an_empty_value_goes_by_post() {
        assert_eq!(encode(&set("k", b""), None), post("SET/k/.raw"));
    }

    #[test]
    fn a_dot_is_encoded_or_it_would_be_read_as_a_format() {
        assert_eq!(encode(&Command::Get { key: "a.json" }, None), post("GET/a%2Ejson.raw"));
    }

    #[test]
    fn keys_that_a_url_would_swallow_go_by_post() {
        assert_eq!(encode(&set("..", b"v"), None), post("SET/%2E%2E/v.raw"));
        assert_eq!(encode(&set(".", b"v"), None), post("SET/%2E/v.raw"));
    }

    #[test]
    fn an_empty_key_goes_by_post_or_the_value_would_be_the_key() {
        assert_eq!(encode(&set("", b"v"), None), post("SET//v.raw"));
        let expiring = Command::Set { key: "", value: b"v", ttl: Some("1500") };
        assert_eq!(encode(&expiring, None), post("PSETEX//1500/v.raw"));
    }

    #[test]
    fn a_long_key_goes_by_post() {
        let key = "k".repeat(65_536);
        assert_eq!(encode(&set(&key, b"v"), None), post(&format!("SET/{key}/v.raw")));
    }

    #[test]
    fn a_script_carries_its_keys_and_arguments() {
        static SCRIPT: Script = Script { what: "x", resend: Resend::Never, text: "return 'a b'" };
        let keys = ["k".to_owned()];
        let arguments = [Cow::Borrowed(&b"+\xff"[..]), Cow::Borrowed(&b""[..])];
        let command = Command::Eval { script: &SCRIPT, keys: &keys, arguments: &arguments };
        assert_eq!(encode(&command, Some(0)), post("0/EVAL/return%20%27a%20b%27/1/k/%2B%FF/.raw"));
    }
}

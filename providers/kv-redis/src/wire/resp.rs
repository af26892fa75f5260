//! RESP2, the Redis protocol, as Webdis hands it through in its format `raw`
//! (redis.io/docs: "Redis serialization protocol specification").

use super::Reply;

/// Reads one whole reply; none if the bytes are anything else. A value is cut out of the given bytes, not
/// copied.
pub(super) fn parse(mut bytes: Vec<u8>) -> Option<Reply> {
    let (tag, head, start) = head(&bytes)?;
    if tag == b'$' && head != b"-1" {
        let length = number(head)?;
        let end = start.checked_add(length)?;
        if bytes.get(end..)? != b"\r\n" {
            return None;
        }
        bytes.truncate(end);
        bytes.drain(..start);
        return Some(Reply::Text(bytes));
    }
    let (reply, rest) = parse_front(&bytes)?;
    rest.is_empty().then_some(reply)
}

fn parse_front(bytes: &[u8]) -> Option<(Reply, &[u8])> {
    let (tag, head, start) = head(bytes)?;
    let rest = bytes.get(start..)?;
    let text = || String::from_utf8_lossy(head).into_owned();
    match tag {
        b'+' => Some((Reply::Text(head.to_vec()), rest)),
        b'-' => Some((Reply::Failure(text()), rest)),
        b':' => Some((Reply::Integer(text().parse().ok()?), rest)),
        b'$' | b'*' if head == b"-1" => Some((Reply::Nil, rest)),
        b'$' => {
            let (value, rest) = rest.split_at_checked(number(head)?)?;
            Some((Reply::Text(value.to_vec()), rest.strip_prefix(b"\r\n")?))
        }
        b'*' => {
            let mut items = Vec::new();
            let mut rest = rest;
            for _ in 0..number(head)? {
                let (item, after) = parse_flat(rest)?;
                items.push(item);
                rest = after;
            }
            Some((Reply::List(items), rest))
        }
        _ => None,
    }
}

/// An item of a list. Lists in lists do not come through Webdis whole, so they are not read.
fn parse_flat(bytes: &[u8]) -> Option<(Reply, &[u8])> {
    if bytes.first() == Some(&b'*') { None } else { parse_front(bytes) }
}

/// The tag, what stands behind it on the first line, and where the next line starts.
fn head(bytes: &[u8]) -> Option<(u8, &[u8], usize)> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    let (tag, head) = bytes.get(..end)?.split_first()?;
    Some((*tag, head, end + 2))
}

fn number(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Reply {
        Reply::Text(text.into())
    }

    #[test]
    fn reads_each_type() {
        for (bytes, reply) in [
            ("+OK\r\n", text("OK")),
            ("-ERR no\r\n", Reply::Failure("ERR no".into())),
            (":-7\r\n", Reply::Integer(-7)),
            ("$5\r\na\r\nbc\r\n", text("a\r\nbc")),
            ("$0\r\n\r\n", text("")),
            ("$-1\r\n", Reply::Nil),
            ("*0\r\n", Reply::List(vec![])),
            ("*2\r\n$2\r\n+a\r\n$-1\r\n", Reply::List(vec![text("+a"), Reply::Nil])),
        ] {
            assert_eq!(parse(bytes.into()), Some(reply), "{bytes:?}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for bytes in [
            "",
            "+OK",
            "OK\r\n",
            "$5\r\nabc\r\n",
            "$3\r\nabcd\r\n",
            "$3\r\nabc",
            "$x\r\nabc\r\n",
            ":1.5\r\n",
            ":\r\n",
            "$-2\r\n",
            "*2\r\n$1\r\na\r\n",
            "*1\r\n*0\r\n",
            "$18446744073709551615\r\nx\r\n",
            "*99999999999\r\n",
            "+OK\r\n+OK\r\n",
            "$1\r\na\r\n$1\r\nb\r\n",
            "{\"GET\":null}",
        ] {
            assert_eq!(parse(bytes.into()), None, "{bytes:?}");
        }
    }
}

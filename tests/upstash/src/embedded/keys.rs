//! Commands on keys of any type.

use super::commands::{Arguments, Failure, Outcome, Result, SYNTAX, integer, quotable};
use super::glob;
use super::store::Db;
use super::strings::invalid_expire;
use crate::reply::Reply;

pub(super) fn del(db: &mut Db, a: &Arguments) -> Outcome {
    count(a, |key| Ok(db.get(key)?.is_some() && db.remove(key)?))
}

pub(super) fn exists(db: &mut Db, a: &Arguments) -> Outcome {
    count(a, |key| Ok(db.get(key)?.is_some()))
}

fn count(keys: &Arguments, mut test: impl FnMut(&[u8]) -> Result<bool>) -> Outcome {
    let mut count = 0;
    for key in keys {
        count += i64::from(test(key)?);
    }
    Ok(Reply::Integer(count))
}

pub(super) fn kind(db: &mut Db, a: &Arguments) -> Outcome {
    let kind = db.get(&a[0])?.map_or("none", |entry| entry.value.kind());
    Ok(Reply::Status(kind.into()))
}

/// TTL and PTTL: `unit` is in milliseconds.
pub(super) fn ttl(db: &mut Db, key: &[u8], unit: u64) -> Outcome {
    Ok(Reply::Integer(match db.get(key)? {
        None => -2,
        Some(entry) => match entry.deadline {
            None => -1,
            Some(deadline) => ((deadline - db.now + unit / 2) / unit) as i64,
        },
    }))
}

pub(super) fn persist(db: &mut Db, a: &Arguments) -> Outcome {
    match db.get(&a[0])? {
        Some(entry) if entry.deadline.is_some() => {
            db.put(&a[0], &entry.value, None)?;
            Ok(true.into())
        }
        _ => Ok(false.into()),
    }
}

/// EXPIRE and PEXPIRE: `name` is for the error text, `unit` is in milliseconds.
pub(super) fn expire(db: &mut Db, a: &Arguments, name: &str, unit: i64) -> Outcome {
    let (mut nx, mut xx, mut gt, mut lt) = (false, false, false, false);
    for option in &a[2..] {
        match &option.to_ascii_uppercase()[..] {
            b"NX" => nx = true,
            b"XX" => xx = true,
            b"GT" => gt = true,
            b"LT" => lt = true,
            _ => return Err(Failure(format!("ERR Unsupported option {}", quotable(option)))),
        }
    }
    if nx && (xx || gt || lt) {
        return Err("ERR NX and XX, GT or LT options at the same time are not compatible".into());
    }
    if gt && lt {
        return Err("ERR GT and LT options at the same time are not compatible".into());
    }
    let now = db.now as i64;
    let deadline = integer(&a[1])?.checked_mul(unit).and_then(|length| length.checked_add(now));
    let deadline = deadline.ok_or_else(|| invalid_expire(name))?;

    let Some(entry) = db.get(&a[0])? else { return Ok(false.into()) };
    // For GT and LT, no deadline counts as one that never comes.
    let allowed = match entry.deadline {
        None => !xx && !gt,
        Some(old) => !(nx || gt && deadline <= old as i64 || lt && deadline >= old as i64),
    };
    if !allowed {
        return Ok(false.into());
    }
    if deadline <= now {
        db.remove(&a[0])?;
    } else {
        db.put(&a[0], &entry.value, Some(deadline as u64))?;
    }
    Ok(true.into())
}

pub(super) fn keys(db: &mut Db, a: &Arguments) -> Outcome {
    let mut found = Vec::new();
    for key in db.keys(0)? {
        let (_, key, _) = key?;
        if glob::matches(&a[0], &key) {
            found.push(Reply::Bulk(key));
        }
    }
    Ok(Reply::Array(found))
}

pub(super) fn dbsize(db: &mut Db, _: &Arguments) -> Outcome {
    Ok(Reply::Integer(db.keys(0)?.count() as i64))
}

pub(super) fn flush(db: &mut Db, a: &Arguments) -> Outcome {
    match a {
        [] => {}
        [how] if [&b"SYNC"[..], b"ASYNC"].iter().any(|known| how.eq_ignore_ascii_case(known)) => {}
        _ => return Err(SYNTAX.into()),
    }
    db.clear()?;
    Ok(Reply::ok())
}

pub(super) fn scan(db: &mut Db, a: &Arguments) -> Outcome {
    let cursor = std::str::from_utf8(&a[0]).ok().and_then(|text| text.parse::<u64>().ok());
    let cursor = cursor.ok_or("ERR invalid cursor")?;
    let (mut pattern, mut count, mut kind) = (None, 10, None);
    let (options, []) = a[1..].as_chunks::<2>() else { return Err(SYNTAX.into()) };
    for [option, value] in options {
        match &option.to_ascii_uppercase()[..] {
            b"MATCH" => pattern = Some(value),
            b"TYPE" => kind = Some(value),
            b"COUNT" => match integer(value)? {
                ..1 => return Err(SYNTAX.into()),
                number => count = number,
            },
            _ => return Err(SYNTAX.into()),
        }
    }

    let mut next = 0;
    let mut last = None;
    let mut found = Vec::new();
    for key in db.keys(cursor)? {
        let (place, key, entry) = key?;
        // A page ends between two places, never between two keys in one place.
        if count <= 0 && last != Some(place) {
            next = place;
            break;
        }
        count -= 1;
        last = Some(place);
        let wanted = pattern.is_none_or(|pattern| glob::matches(pattern, &key))
            && kind.is_none_or(|kind| kind.eq_ignore_ascii_case(entry.value.kind().as_bytes()));
        if wanted {
            found.push(Reply::Bulk(key));
        }
    }
    Ok(Reply::Array(vec![Reply::Bulk(next.to_string().into_bytes()), Reply::Array(found)]))
}

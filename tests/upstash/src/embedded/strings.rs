//! Commands on strings.

use super::commands::{Arguments, Failure, NOT_AN_INTEGER, Outcome, Result, SYNTAX, integer, wrong_arity};
use super::store::{Db, Value};
use crate::reply::Reply;

pub(super) fn get(db: &mut Db, a: &Arguments) -> Outcome {
    Ok(db.string(&a[0])?.map(|(bytes, _)| bytes).into())
}

pub(super) fn getdel(db: &mut Db, a: &Arguments) -> Outcome {
    let value = get(db, a)?;
    db.remove(&a[0])?;
    Ok(value)
}

pub(super) fn strlen(db: &mut Db, a: &Arguments) -> Outcome {
    Ok(length(&db.string(&a[0])?.unwrap_or_default().0))
}

pub(super) fn append(db: &mut Db, a: &Arguments) -> Outcome {
    let (mut bytes, deadline) = db.string(&a[0])?.unwrap_or_default();
    bytes.extend(&a[1]);
    db.put_string(&a[0], &bytes, deadline)?;
    Ok(length(&bytes))
}

fn length(bytes: &[u8]) -> Reply {
    Reply::Integer(bytes.len() as i64)
}

pub(super) fn increment(db: &mut Db, key: &[u8], by: i64) -> Outcome {
    let (bytes, deadline) = db.string(key)?.unwrap_or_else(|| (b"0".to_vec(), None));
    let sum = integer(&bytes)?.checked_add(by).ok_or("ERR increment or decrement would overflow")?;
    db.put_string(key, sum.to_string().as_bytes(), deadline)?;
    Ok(Reply::Integer(sum))
}

pub(super) fn decrby(db: &mut Db, a: &Arguments) -> Outcome {
    let by = integer(&a[1])?.checked_neg().ok_or("ERR decrement would overflow")?;
    increment(db, &a[0], by)
}

pub(super) fn mget(db: &mut Db, a: &Arguments) -> Outcome {
    let mut values = Vec::new();
    for key in a {
        values.push(match db.get(key)?.map(|entry| entry.value) {
            Some(Value::String(bytes)) => Reply::Bulk(bytes),
            _ => Reply::Nil,
        });
    }
    Ok(Reply::Array(values))
}

pub(super) fn mset(db: &mut Db, a: &Arguments) -> Outcome {
    let (pairs, []) = a.as_chunks::<2>() else { return Err(wrong_arity("mset")) };
    for [key, value] in pairs {
        db.put_string(key, value, None)?;
    }
    Ok(Reply::ok())
}

pub(super) fn setnx(db: &mut Db, a: &Arguments) -> Outcome {
    let free = db.get(&a[0])?.is_none();
    if free {
        db.put_string(&a[0], &a[1], None)?;
    }
    Ok(free.into())
}

/// SETEX and PSETEX: `name` is for the error text, `unit` is in milliseconds.
pub(super) fn setex(db: &mut Db, a: &Arguments, name: &str, unit: i64) -> Outcome {
    let deadline = lifetime(&a[1], unit, db.now, name)?;
    db.put_string(&a[0], &a[2], Some(deadline))?;
    Ok(Reply::ok())
}

pub(super) fn set(db: &mut Db, a: &Arguments) -> Outcome {
    let (mut nx, mut xx, mut get, mut keep_ttl) = (false, false, false, false);
    let mut ttl: Option<(Vec<u8>, &[u8])> = None;
    let mut options = a[2..].iter();
    while let Some(option) = options.next() {
        let option = option.to_ascii_uppercase();
        match &option[..] {
            b"NX" if !xx => nx = true,
            b"XX" if !nx => xx = true,
            b"GET" => get = true,
            b"KEEPTTL" if ttl.is_none() => keep_ttl = true,
            // As in Redis, one unit may come again, and its last number counts.
            b"EX" | b"PX" | b"EXAT" | b"PXAT"
                if !keep_ttl && ttl.as_ref().is_none_or(|(unit, _)| *unit == option) =>
            {
                ttl = Some((option, options.next().ok_or(SYNTAX)?));
            }
            _ => return Err(SYNTAX.into()),
        }
    }

    let deadline = ttl.map(|(unit, number)| {
        let milliseconds = if unit.starts_with(b"E") { 1000 } else { 1 };
        let since = if unit.ends_with(b"AT") { 0 } else { db.now };
        lifetime(number, milliseconds, since, "set")
    });
    let deadline = deadline.transpose()?;
    let old = db.get(&a[0])?;
    let answer = match get {
        true => db.string(&a[0])?.map(|(bytes, _)| bytes).into(),
        false => Reply::ok(),
    };
    if (nx && old.is_some()) || (xx && old.is_none()) {
        return Ok(if get { answer } else { Reply::Nil });
    }
    let kept = old.and_then(|entry| entry.deadline).filter(|_| keep_ttl);
    db.put_string(&a[0], &a[1], deadline.or(kept))?;
    Ok(answer)
}

/// The deadline of a value that is to live for `number` units after `since`.
fn lifetime(number: &[u8], unit: i64, since: u64, command: &str) -> Result<u64> {
    let number = integer(number)?;
    let since = i64::try_from(since).map_err(|_| NOT_AN_INTEGER)?;
    let deadline = number.checked_mul(unit).and_then(|length| length.checked_add(since));
    match deadline {
        Some(deadline) if number > 0 => Ok(deadline as u64),
        _ => Err(invalid_expire(command)),
    }
}

pub(super) fn invalid_expire(command: &str) -> Failure {
    Failure(format!("ERR invalid expire time in '{command}' command"))
}

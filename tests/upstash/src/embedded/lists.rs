//! Just enough of lists to meet a value that is not a string.

use super::commands::{Arguments, Outcome, integer};
use super::store::{Db, Value};
use crate::reply::Reply;

pub(super) fn rpush(db: &mut Db, a: &Arguments) -> Outcome {
    push(db, &a[0], |items| items.extend_from_slice(&a[1..]))
}

pub(super) fn lpush(db: &mut Db, a: &Arguments) -> Outcome {
    push(db, &a[0], |items| drop(items.splice(..0, a[1..].iter().rev().cloned())))
}

fn push(db: &mut Db, key: &[u8], add: impl FnOnce(&mut Vec<Vec<u8>>)) -> Outcome {
    let (mut items, deadline) = db.list(key)?;
    add(&mut items);
    let length = items.len() as i64;
    db.put(key, &Value::List(items), deadline)?;
    Ok(Reply::Integer(length))
}

pub(super) fn llen(db: &mut Db, a: &Arguments) -> Outcome {
    Ok(Reply::Integer(db.list(&a[0])?.0.len() as i64))
}

pub(super) fn lrange(db: &mut Db, a: &Arguments) -> Outcome {
    let (start, stop) = (integer(&a[1])?, integer(&a[2])?);
    let (items, _) = db.list(&a[0])?;
    let length = items.len() as i64;
    // Negative positions count from the end.
    let from_start = |position: i64| if position < 0 { position.saturating_add(length) } else { position };
    let (start, stop) = (from_start(start).max(0), from_start(stop).min(length - 1));
    let count = stop.saturating_sub(start).saturating_add(1).max(0);
    let range = items.into_iter().skip(start as usize).take(count as usize);
    Ok(Reply::Array(range.map(Reply::Bulk).collect()))
}

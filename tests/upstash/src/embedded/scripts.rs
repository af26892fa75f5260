//! EVAL, EVALSHA and SCRIPT: finding the script and its keys. `lua.rs` runs it.

use std::collections::HashMap;

use super::commands::{Arguments, Failure, Outcome, Result, integer, quotable, wrong_arity};
use super::lua;
use super::store::Db;
use crate::reply::Reply;

/// Sources by their SHA-1 in hex. In memory only, as in Redis: after a restart clients meet NOSCRIPT and send
/// the source again.
pub(super) type Scripts = HashMap<String, Vec<u8>>;

pub(super) fn eval(db: &mut Db, a: &Arguments) -> Outcome {
    let sha = sha1(&a[0]);
    let (keys, arguments) = split(a)?;
    lua::check(&a[0])?;
    db.scripts.insert(sha.clone(), a[0].clone());
    lua::run(db, &sha, &a[0], keys, arguments)
}

pub(super) fn evalsha(db: &mut Db, a: &Arguments) -> Outcome {
    let (keys, arguments) = split(a)?;
    let sha = String::from_utf8_lossy(&a[0]).to_ascii_lowercase();
    let source = db.scripts.get(&sha).ok_or("NOSCRIPT No matching script. Please use EVAL.")?.clone();
    lua::run(db, &sha, &source, keys, arguments)
}

/// The keys and the other arguments of `script numkeys key… argument…`.
fn split(a: &Arguments) -> Result<(&Arguments, &Arguments)> {
    let count = integer(&a[1])?;
    let count = usize::try_from(count).map_err(|_| "ERR Number of keys can't be negative")?;
    Ok(a[2..].split_at_checked(count).ok_or("ERR Number of keys can't be greater than number of args")?)
}

pub(super) fn script(db: &mut Db, a: &Arguments) -> Outcome {
    match (&a[0].to_ascii_uppercase()[..], &a[1..]) {
        (b"LOAD", [source]) => {
            lua::check(source)?;
            let sha = sha1(source);
            db.scripts.insert(sha.clone(), source.clone());
            Ok(Reply::Bulk(sha.into_bytes()))
        }
        (b"EXISTS", shas @ [_, ..]) => {
            let known =
                |sha: &Vec<u8>| db.scripts.contains_key(&String::from_utf8_lossy(sha).to_ascii_lowercase());
            Ok(Reply::Array(shas.iter().map(|sha| known(sha).into()).collect()))
        }
        (b"FLUSH", [] | [_]) => {
            let how = a.get(1).map(|how| how.to_ascii_uppercase());
            if !matches!(how.as_deref(), None | Some(b"SYNC" | b"ASYNC")) {
                return Err("ERR SCRIPT FLUSH only support SYNC|ASYNC option".into());
            }
            db.scripts.clear();
            Ok(Reply::ok())
        }
        (b"LOAD", _) => Err(wrong_arity("script|load")),
        (b"EXISTS", _) => Err(wrong_arity("script|exists")),
        (b"FLUSH", _) => Err("ERR SCRIPT FLUSH only support SYNC|ASYNC option".into()),
        _ => Err(Failure(format!("ERR unknown subcommand '{}'. Try SCRIPT HELP.", quotable(&a[0])))),
    }
}

pub(super) fn sha1(source: &[u8]) -> String {
    sha1_smol::Sha1::from(source).digest().to_string()
}

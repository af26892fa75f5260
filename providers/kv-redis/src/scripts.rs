//! What Redis has no single command for. Scripts are atomic: nothing else runs in between.
//!
//! A value that may be missing is tagged: `+value`, or `-` for none.

use plugboard_http::Resend;

use crate::wire::Script;

/// → cursor, key …; arguments: cursor, pattern. Plain values only.
pub(crate) static LIST: Script = Script {
    what: "SCAN",
    resend: Resend::Allowed,
    text: "local page=redis.call('SCAN',ARGV[1],'MATCH',ARGV[2],'COUNT',1000,'TYPE','string') \
           local out=page[2] table.insert(out,1,page[1]) return out",
};

/// → sum; arguments: delta, least sum, milliseconds to live or nothing. The sum is read back as a string: a
/// Lua number would lose digits beyond 2^53, which the comparison can bear.
pub(crate) static INCREMENT: Script = Script {
    what: "INCRBY",
    resend: Resend::Never,
    text: "local sum=redis.call('INCRBY',KEYS[1],ARGV[1]) \
           if sum<tonumber(ARGV[2]) then redis.call('DECRBY',KEYS[1],ARGV[1]) return redis.error_reply('BELOW least') end \
           if ARGV[3]~='' then redis.call('PEXPIRE',KEYS[1],ARGV[3]) end \
           return {redis.call('GET',KEYS[1])}",
};

/// → `done`, or `changed` and the tagged value; arguments: tagged value as it was, new value, time to live.
pub(crate) static SWAP: Script = Script {
    what: "swap",
    resend: Resend::Never,
    text: "local now=redis.call('GET',KEYS[1]) now=now and '+'..now or '-' \
           if now~=ARGV[1] then return {'changed',now} end \
           if ARGV[3]=='' then redis.call('SET',KEYS[1],ARGV[2]) else redis.call('PSETEX',KEYS[1],ARGV[3],ARGV[2]) end \
           return {'done'}",
};

/// → a tagged value per key.
pub(crate) static GET_MANY: Script = Script {
    what: "get-many",
    resend: Resend::Allowed,
    text: "local out={} for i,key in ipairs(KEYS) do local v=redis.call('GET',key) out[i]=v and '+'..v or '-' end \
           return out",
};

/// → nothing; arguments: time to live, a value per key. Writes whole values, so it may be sent again, as SET.
pub(crate) static SET_MANY: Script = Script {
    what: "set-many",
    resend: Resend::Allowed,
    text: "for i,key in ipairs(KEYS) do \
           if ARGV[1]=='' then redis.call('SET',key,ARGV[i+1]) else redis.call('PSETEX',key,ARGV[1],ARGV[i+1]) end end \
           return {}",
};

pub(crate) fn tag(value: Option<&[u8]>) -> Vec<u8> {
    match value {
        Some(value) => [b"+", value].concat(),
        None => b"-".to_vec(),
    }
}

/// None if there is no tag.
pub(crate) fn untag(mut tagged: Vec<u8>) -> Option<Option<Vec<u8>>> {
    match tagged.first() {
        Some(b'+') => {
            tagged.drain(..1);
            Some(Some(tagged))
        }
        Some(b'-') if tagged.len() == 1 => Some(None),
        _ => None,
    }
}

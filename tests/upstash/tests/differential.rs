//! The same commands on a real Redis and on the embedded store: every reply is compared.

mod common;

use std::collections::HashSet;
use std::sync::Arc;

use common::RedisServer;
use fastrand::Rng;
use upstash_local::{Backend, Command, Reply, Store};

/// Both back ends, empty.
struct Pair {
    redis: Arc<dyn Backend>,
    embedded: Arc<dyn Backend>,
    _server: RedisServer,
    _directory: tempfile::TempDir,
}

impl Pair {
    fn new() -> Self {
        let server = RedisServer::start();
        let directory = tempfile::tempdir().unwrap();
        Pair {
            redis: Store::Redis(server.address.clone()).open().unwrap(),
            embedded: Store::Embedded(directory.path().into()).open().unwrap(),
            _server: server,
            _directory: directory,
        }
    }

    fn compare(&self, command: Command, context: &str) {
        let expected = normal(&command, self.redis.run(command.clone()).unwrap());
        let answered = normal(&command, self.embedded.run(command.clone()).unwrap());
        assert!(
            alike(&command, &expected, &answered),
            "{context}: {}\n   redis: {expected:?}\nembedded: {answered:?}",
            show(&command)
        );
    }
}

/// The same run every time, or another one to look for differences.
fn seed() -> u64 {
    std::env::var("DIFFERENTIAL_SEED").map_or(1, |seed| seed.parse().expect("DIFFERENTIAL_SEED is a number"))
}

fn of(words: &[&str]) -> Command {
    words.iter().map(|word| word.as_bytes().to_vec()).collect()
}

fn show(command: &Command) -> String {
    command.iter().map(|argument| format!("`{}` ", argument.escape_ascii())).collect()
}

fn name(command: &Command) -> String {
    String::from_utf8_lossy(&command[0]).to_ascii_uppercase()
}

/// Takes out what may differ: the order of keys, and whether `**` matches the empty key (not so in Redis 7.0,
/// where `*` does).
fn normal(command: &Command, reply: Reply) -> Reply {
    match reply {
        Reply::Array(mut items) if name(command) == "KEYS" => {
            items.retain(|item| *item != Reply::Bulk(Vec::new()));
            items.sort_by_key(|item| format!("{item:?}"));
            Reply::Array(items)
        }
        reply => reply,
    }
}

fn alike(command: &Command, expected: &Reply, answered: &Reply) -> bool {
    match (expected, answered) {
        // The two clocks are read at different moments.
        (Reply::Integer(a @ 1..), Reply::Integer(b @ 1..)) if name(command).ends_with("TTL") => {
            a.abs_diff(*b) < 5000
        }
        (expected, answered) => expected == answered,
    }
}

/// Arguments that make commands meet: few keys, numbers at the limits, bytes of all kinds.
struct Words(Rng);

impl Words {
    fn pick(&mut self, words: &[&str]) -> Vec<u8> {
        self.0.choice(words).unwrap().as_bytes().to_vec()
    }

    fn key(&mut self) -> Vec<u8> {
        self.pick(&["", "a", "b", "c", "key:1", "key:2", "{x}", "a*", "ключ", "l", "with space"])
    }

    fn value(&mut self) -> Vec<u8> {
        match self.0.u8(..4) {
            0 => self.number(),
            1 => self.pick(&["", "OK", "v", "hello", "-0", "01", " 1", "+1", "1.5", "nil"]),
            _ => (0..self.0.usize(..20)).map(|_| self.0.u8(..)).collect(),
        }
    }

    fn number(&mut self) -> Vec<u8> {
        match self.0.u8(..3) {
            0 => self.pick(&[
                "9223372036854775807",
                "-9223372036854775808",
                "9223372036854775808",
                "x",
                "",
                "1e3",
            ]),
            1 => self.0.i64(-5..1000).to_string().into_bytes(),
            _ => self.0.i64(..).to_string().into_bytes(),
        }
    }

    /// Long enough not to pass during a run, or already past.
    fn lifetime(&mut self) -> Vec<u8> {
        match self.0.u8(..4) {
            0 => self.number_past(),
            1 => self.pick(&["9223372036854775807", "x", ""]),
            _ => self.0.i64(1_000_000..9_000_000).to_string().into_bytes(),
        }
    }

    fn number_past(&mut self) -> Vec<u8> {
        self.pick(&["0", "-1", "-9223372036854775808"])
    }

    fn pattern(&mut self) -> Vec<u8> {
        let parts = [
            "*", "?", "a", "b", "k", "1", ":", "[", "]", "[a-c]", "[^a]", "[c-a]", "\\", "^", "-", "key", " ",
        ];
        (0..self.0.usize(..5)).flat_map(|_| self.pick(&parts)).collect()
    }

    /// No short lifetimes: a key that expires meanwhile is gone at different moments.
    fn any(&mut self) -> Vec<u8> {
        match self.0.u8(..3) {
            0 => self.key(),
            1 => self.lifetime(),
            _ => self.pick(&[
                "NX", "xx", "GET", "Ex", "px", "KEEPTTL", "GT", "LT", "MATCH", "COUNT", "TYPE", "ASYNC",
            ]),
        }
    }

    fn command(&mut self) -> Command {
        let mut command = vec![match self.0.u8(..) {
            // Now and then, so that there is something to work on.
            0 => b"FLUSHALL".to_vec(),
            1 => self.pick(&["nosuch", "", "get2"]),
            _ => self.pick(&[
                "APPEND", "DBSIZE", "DECR", "DECRBY", "DEL", "ECHO", "EXISTS", "EXPIRE", "GET", "get",
                "GETDEL", "INCR", "INCRBY", "KEYS", "LLEN", "LPUSH", "LRANGE", "MGET", "MSET", "PERSIST",
                "PEXPIRE", "PING", "PSETEX", "PTTL", "RPUSH", "SET", "SET", "SET", "SETEX", "SETNX",
                "STRLEN", "TTL", "TYPE", "UNLINK",
            ]),
        }];
        let arguments: Vec<Vec<u8>> = match name(&command).as_str() {
            // Wrong numbers of arguments, and arguments of the wrong kind.
            _ if self.0.u8(..20) == 0 => (0..self.0.usize(..5)).map(|_| self.any()).collect(),
            "FLUSHALL" | "DBSIZE" | "PING" => vec![],
            "ECHO" => vec![self.value()],
            "APPEND" | "SETNX" | "LPUSH" | "RPUSH" => vec![self.key(), self.value()],
            "INCRBY" | "DECRBY" => vec![self.key(), self.number()],
            "DEL" | "UNLINK" | "EXISTS" | "MGET" => (0..self.0.usize(1..4)).map(|_| self.key()).collect(),
            "MSET" => (0..self.0.usize(1..4)).flat_map(|_| [self.key(), self.value()]).collect(),
            "KEYS" => vec![self.pattern()],
            "LRANGE" => vec![self.key(), self.number(), self.number()],
            "PSETEX" | "SETEX" => vec![self.key(), self.lifetime(), self.value()],
            "EXPIRE" | "PEXPIRE" => {
                let options = (0..self.0.usize(..3))
                    .map(|_| self.pick(&["NX", "xx", "GT", "LT", "ZZ"]))
                    .collect::<Vec<_>>();
                [vec![self.key(), self.lifetime()], options].concat()
            }
            "SET" => {
                let mut arguments = vec![self.key(), self.value()];
                for _ in 0..self.0.usize(..3) {
                    match self.pick(&["NX", "XX", "GET", "KEEPTTL", "EX", "px", "foo"]) {
                        unit if unit == b"EX" || unit == b"px" => arguments.extend([unit, self.lifetime()]),
                        option => arguments.push(option),
                    }
                }
                arguments
            }
            _ => vec![self.key()],
        };
        command.extend(arguments);
        command
    }
}

#[test]
fn random_commands() {
    let pair = Pair::new();
    let seed = seed();
    let mut words = Words(Rng::with_seed(seed));
    for step in 0..20_000 {
        pair.compare(words.command(), &format!("DIFFERENTIAL_SEED={seed}, step {step}"));
    }
}

#[test]
fn random_transactions() {
    let pair = Pair::new();
    let seed = seed();
    let mut words = Words(Rng::with_seed(seed));
    for step in 0..500 {
        let commands: Vec<Command> = (0..words.0.usize(1..5)).map(|_| words.command()).collect();
        if commands.iter().any(|command| ["KEYS", "TTL", "PTTL"].contains(&name(command).as_str())) {
            continue;
        }
        let expected = pair.redis.transaction(commands.clone()).unwrap();
        let answered = pair.embedded.transaction(commands.clone()).unwrap();
        let shown: Vec<String> = commands.iter().map(show).collect();
        assert_eq!(answered, expected, "seed {seed}, step {step}: {shown:#?}");
    }
}

#[test]
fn patterns() {
    let pair = Pair::new();
    let seed = seed();
    let mut words = Words(Rng::with_seed(seed));
    for key in
        ["", "a", "b", "ab", "abc", "a*", "a?", "k]y", "k[y", "k\\y", "^", "-", "key", "key:1", "1", "кл"]
    {
        for backend in [&pair.redis, &pair.embedded] {
            backend.run(vec![b"SET".to_vec(), key.into(), b"".to_vec()]).unwrap();
        }
    }
    for _ in 0..5000 {
        pair.compare(vec![b"KEYS".to_vec(), words.pattern()], &format!("seed {seed}"));
    }
}

/// All keys that a scan finds, and how many pages it took.
fn scan(backend: &dyn Backend, options: &[&str]) -> (HashSet<Vec<u8>>, usize) {
    let (mut found, mut pages, mut cursor) = (HashSet::new(), 0, b"0".to_vec());
    loop {
        let options = options.iter().map(|option| option.as_bytes().to_vec());
        let command = [b"SCAN".to_vec(), cursor].into_iter().chain(options).collect();
        let Reply::Array(reply) = backend.run(command).unwrap() else { panic!("SCAN answered no array") };
        let [Reply::Bulk(next), Reply::Array(keys)] = &reply[..] else { panic!("{reply:?}") };
        found.extend(keys.iter().map(|key| match key {
            Reply::Bulk(key) => key.clone(),
            other => panic!("{other:?} is not a key"),
        }));
        pages += 1;
        if next == b"0" {
            return (found, pages);
        }
        cursor = next.clone();
    }
}

#[test]
fn scans_find_the_same_keys() {
    let pair = Pair::new();
    for number in 0..500 {
        for backend in [&pair.redis, &pair.embedded] {
            backend.run(of(&["RPUSH", &format!("list:{number}"), "x"])).unwrap();
            backend.run(of(&["SET", &format!("string:{number}"), "x"])).unwrap();
        }
    }
    for (options, expected) in [
        (&[][..], 1000),
        (&["COUNT", "7"], 1000),
        (&["MATCH", "*:1??"], 200),
        (&["TYPE", "list", "MATCH", "*:1??", "COUNT", "100"], 100),
        (&["TYPE", "STRING"], 500),
        (&["TYPE", "zset"], 0),
    ] {
        let (keys, pages) = scan(&*pair.embedded, options);
        assert_eq!(keys.len(), expected, "{options:?}");
        assert!(pages > 1, "{options:?} came in one page");
        assert_eq!(keys, scan(&*pair.redis, options).0, "{options:?}");
    }
    for refused in
        [&["SCAN", "x"][..], &["SCAN", "0", "COUNT", "0"], &["SCAN", "0", "COUNT"], &["SCAN", "0", "a", "b"]]
    {
        pair.compare(of(refused), "refused");
    }
}

#[test]
fn scripts() {
    let pair = Pair::new();
    pair.compare(of(&["RPUSH", "list", "a", "b"]), "setup");
    pair.compare(of(&["SET", "string", "v"]), "setup");
    for source in SCRIPTS {
        // With two keys and two arguments, one of them binary.
        let mut command = of(&["EVAL", source, "2", "list", "string", "one"]);
        command.push((0..=255).collect());
        pair.compare(command, "EVAL");
        pair.compare(of(&["SCRIPT", "LOAD", source]), "SCRIPT LOAD");
    }
    pair.compare(of(&["KEYS", "*"]), "what the scripts left");
    for words in [
        &["EVAL", "return 1"][..],
        &["EVAL", "return 1", "a"],
        &["EVAL", "return 1", "-1"],
        &["EVAL", "return 1", "2", "k"],
        &["EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0"],
        &["EVALSHA", "E0E1F9FABFC9D4800C877A703B823AC0578FF8DB", "0"],
        &["EVALSHA", "nosuch", "0"],
        &["SCRIPT"],
        &["SCRIPT", "LOAD"],
        &["SCRIPT", "nosuch"],
        &["SCRIPT", "EXISTS"],
        &["SCRIPT", "exists", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "nosuch"],
        &["SCRIPT", "FLUSH", "nosuch"],
        &["SCRIPT", "FLUSH"],
        &["EVALSHA", "e0e1f9fabfc9d4800c877a703b823ac0578ff8db", "0"],
    ] {
        pair.compare(of(words), "scripting");
    }
}

const SCRIPTS: &[&str] = &[
    // what a result becomes
    "return",
    "return nil",
    "return false",
    "return true",
    "return 1",
    "return 500",
    "return 3.99",
    "return -3.99",
    "return 2^53",
    "return 'text'",
    "return ''",
    "return ARGV[2]",
    "return #ARGV[2]",
    "return {}",
    "return {KEYS[1], KEYS[2], KEYS[3], ARGV[1], ARGV[2]}",
    "return {1, 2, nil, 4}",
    "return {1.9, -1.9, true, false, 'x', {ok = 'fine'}, {err = 'bad'}, {{}}}",
    "return {a = 1}",
    "return {ok = 'fine'}",
    "return {ok = 'two\\nlines'}",
    "return {err = 'MY text'}",
    "return {err = 'text'}",
    "return {err = 'two\nlines'}",
    "return redis.error_reply('two\nlines')",
    "return redis.status_reply(ARGV[2])",
    "return redis.error_reply(ARGV[2])",
    "return {ok = 1}",
    "return {err = 1}",
    "return {function() end, 3}",
    "return function() end",
    "return redis.status_reply('fine')",
    "return redis.error_reply('text')",
    "return redis.error_reply('MY text')",
    "return redis.error_reply('-MY text')",
    "return {redis.status_reply('OK'), redis.error_reply('MY text')}",
    // what a script sees of a reply
    "return redis.call('GET', KEYS[2])",
    "return redis.call('get', 'missing') == false",
    "return redis.call('LRANGE', KEYS[1], 0, -1)",
    "local items = redis.call('LRANGE', KEYS[1], 0, -1) return {#items, items[2]}",
    "return redis.call('SET', 'a', '1').ok",
    "return redis.call('SET', 'a', ARGV[2])",
    "return redis.call('GET', 'a') == ARGV[2]",
    "return type(redis.call('INCR', 'n'))",
    "return redis.call('INCRBY', 'n', 5) + 0.5",
    "return redis.call('MGET', 'n', 'missing', 'a', KEYS[1])",
    "return redis.call('MGET', 'n', 'missing')[2] == false",
    "return redis.call('TYPE', KEYS[1])",
    "return redis.call('TYPE', KEYS[1]).ok",
    "return redis.pcall('INCR', KEYS[1]).err",
    "return redis.pcall('INCR', KEYS[1])",
    "return redis.pcall('GET')",
    "return redis.pcall('nosuch')",
    "return redis.pcall('nosuch').err",
    // what a command gets
    "redis.call('SET', 'f', 0.1) return redis.call('GET', 'f')",
    "redis.call('SET', 'f', 12345678901234567) return redis.call('GET', 'f')",
    "redis.call('SET', 'f', 1e20) return redis.call('GET', 'f')",
    "redis.call('SET', 'f', -7) return redis.call('GET', 'f')",
    "return redis.call('GET', {})",
    "return redis.call('GET', true)",
    "return redis.pcall('GET', nil)",
    "return redis.call()",
    "return redis.pcall()",
    "return redis.call('nosuch')",
    "return redis.call('GET')",
    "return redis.call('EVAL', 'return 1', 0)",
    "return redis.pcall('EVALSHA', 'x', 0)",
    // errors
    "redis.call('INCR', KEYS[1])",
    "\n\nlocal function f()\nredis.call('INCR', KEYS[1])\nend\nf()",
    "redis.call('SET', 'kept', '1') redis.call('INCR', KEYS[1])",
    "error('text')",
    "error('text', 0)",
    "error('two\\nlines')",
    "error({err = 'MY text'})",
    "error('\\255')",
    "error()",
    "error(5)",
    "assert(false)",
    "assert(false, 'text')",
    "local nothing\nreturn nothing.field",
    "return 'a' .. nil",
    "return 1 + {}",
    "string.gsub('a', 'a', function() error('deep') end)",
    "local function f() return 1 + f() end return f()",
    "local ok, reason = pcall(redis.call, 'INCR', KEYS[1]) return {tostring(ok), reason}",
    "local ok, reason = pcall(error, {err = 'MY text'}) return {tostring(ok), type(reason), reason}",
    "local ok, reason = pcall(error, 'text') return {tostring(ok), reason}",
    "return {pcall(function() return 1, 2 end)}",
    "x y",
    "return (",
    "return 'unfinished",
    "",
    "-- a comment",
    // the sandbox
    "return missing",
    "missing = 1",
    "function missing() end",
    "KEYS = {}",
    "KEYS[1] = 'changed' return KEYS[1]",
    "return io",
    "return require",
    "return dofile",
    "return loadfile",
    "return print",
    "return debug",
    "return package",
    "return getfenv",
    "return newproxy",
    "return type(_G.redis.call)",
    "return _G.missing",
    "_G.missing = 1",
    "return table.concat({1, 2, 3}, '-')",
    "return string.format('%d %s %5.2f', 3, 'x', 1.5)",
    "return string.rep('ab', 3)",
    "return math.floor(3.7)",
    "return tonumber('0x10')",
    "return tonumber('nope')",
    "return {string.find('hello', 'l+')}",
    "return {string.byte(ARGV[2], 1, 3)}",
    "return string.gsub(ARGV[2], '%z', 'zero')",
    "return {unpack({1, 2, 3})}",
    "return select('#', 1, nil, 2)",
    "return redis.sha1hex('')",
    "return redis.sha1hex(ARGV[2])",
    "return (string.gsub('68656c6c6f00ff', '..', function(h) return string.char(tonumber(h, 16)) end))",
    "return _VERSION",
    "local t = setmetatable({}, {__index = function() return 'dflt' end}) return t.anything",
    "local t = setmetatable({}, {__index = function() return 'dflt' end}) return t",
    "table.insert(ARGV, 'x') return #ARGV",
];

/// Lua's C functions have a few thousand places on the stack; none may be taken per key or per item.
#[test]
fn scripts_take_and_give_twenty_thousand_items() {
    let pair = Pair::new();
    let keys: Vec<String> = (0..20_000).map(|n| format!("key{n}")).collect();
    let push = ["RPUSH", "all"].into_iter().chain(keys.iter().map(String::as_str));
    pair.compare(of(&push.collect::<Vec<_>>()), "setup");
    let script = "local all = redis.call('LRANGE', 'all', 0, -1) \
                  for i, key in ipairs(KEYS) do all[i] = all[i] .. key .. ARGV[i] end return all";
    let words = ["EVAL", script, "20000"].into_iter().chain(keys.iter().chain(&keys).map(String::as_str));
    pair.compare(of(&words.collect::<Vec<_>>()), "EVAL of twenty thousand keys");
}

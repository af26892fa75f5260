// The official JavaScript client against the server at UPSTASH_REDIS_REST_URL. Fails with an exception.

import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";

const url = process.env.UPSTASH_REDIS_REST_URL;
const token = process.env.UPSTASH_REDIS_REST_TOKEN;
// Every way the client can be told to talk: it uses /pipeline for single commands unless it is told not to.
const plain = { enableAutoPipelining: false, automaticDeserialization: false };
const ways = {
  default: Redis.fromEnv(),
  "one request per command": new Redis({ url, token, enableAutoPipelining: false }),
  "without base64": new Redis({ url, token, enableAutoPipelining: false, responseEncoding: false }),
};
const text = new Redis({ url, token, ...plain });

async function base64Of(key) {
  const headers = { Authorization: `Bearer ${token}`, "Upstash-Encoding": "base64" };
  return (await (await fetch(`${url}/get/${encodeURIComponent(key)}`, { headers })).json()).result;
}

async function strings(redis) {
  assert.equal(await redis.ping(), "PONG");
  assert.equal(await redis.echo("hello"), "hello");
  assert.equal(await redis.set("a", "value"), "OK");
  assert.equal(await redis.get("a"), "value");
  assert.equal(await redis.get("missing"), null);
  assert.equal(await redis.set("a", "new", { nx: true }), null);
  assert.equal(await redis.set("a", "new", { xx: true, get: true }), "value");
  assert.equal(await redis.getdel("a"), "new");
  assert.equal(await redis.set("object", { a: [1, null, "é"], b: true }), "OK");
  assert.deepEqual(await redis.get("object"), { a: [1, null, "é"], b: true });
  for (const value of [0, -1.5, 1e21, true, "", "OK", "YmFy", "null!", "\u0000\u0001\u007f", "ключ 😀", " \n\"\\"]) {
    assert.equal(await redis.set("a", value), "OK");
    assert.deepEqual(await redis.get("a"), value);
    assert.deepEqual(await redis.mget("a", "missing"), [value, null]);
  }
  assert.equal(await redis.mset({ m1: "1", m2: "2" }), "OK");
  assert.deepEqual(await redis.mget("m1", "m2"), [1, 2]);
  assert.equal(await redis.setnx("m1", "x"), 0);
  assert.equal(await redis.append("m2", "ab"), 3);
  assert.equal(await redis.strlen("m2"), 3);
  assert.equal(await redis.type("m2"), "string");
  assert.equal(await redis.exists("m1", "m2", "missing"), 2);
  assert.equal(await redis.unlink("m1"), 1);
  assert.equal(await redis.del("m1", "m2", "object"), 2);
  assert.equal(await redis.incr("n"), 1);
  assert.equal(await redis.incrby("n", 41), 42);
  assert.equal(await redis.decrby("n", 2), 40);
  assert.equal(await redis.decr("n"), 39);
  assert.equal(await redis.del("n"), 1);
  await redis.rpush("list", "a", "OK", 3);
  await redis.lpush("list", "first");
  assert.deepEqual(await redis.lrange("list", 0, -1), ["first", "a", "OK", 3]);
  assert.equal(await redis.llen("list"), 4);
  assert.equal(await redis.flushdb(), "OK");
  assert.equal(await redis.dbsize(), 0);
}

async function binary() {
  const bytes = "local b = {} for i = 0, 255 do b[i + 1] = string.char(i) end return redis.call('SET', KEYS[1], table.concat(b))";
  assert.equal(await text.eval(bytes, ["bytes/é"], []), "OK");
  const expected = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  assert.equal(await base64Of("bytes/é"), expected.toString("base64"));
  // The client itself takes strings for UTF-8.
  assert.equal(await text.get("bytes/é"), new TextDecoder().decode(expected));
  assert.equal(await text.strlen("bytes/é"), 256);
}

async function pipelines(redis) {
  for (const start of [() => redis.pipeline(), () => redis.multi()]) {
    const results = await start().set("p", "1").incr("p").get("missing").lrange("none", 0, -1).exec();
    assert.deepEqual(results, ["OK", 2, null, []]);
    const kept = await start().set("p", "x").incr("p").get("p").exec({ keepErrors: true });
    assert.equal(kept[1].error, "ERR value is not an integer or out of range");
    assert.equal(kept[2].result, "x");
    await assert.rejects(start().incr("p").exec(), /Command 1 \[ incr \] failed: ERR value is not an integer/);
  }
  // A transaction with a command that cannot be queued leaves no trace.
  await redis.del("p");
  await assert.rejects(redis.multi().set("p", "1").mget().exec(), /wrong number of arguments for 'mget' command/);
  assert.equal(await redis.get("p"), null);
  const clients = await Promise.all(Array.from({ length: 10 }, () => redis.multi().incr("t").incr("t").exec()));
  for (const [first, second] of clients) assert.equal(second, first + 1);
}

async function autoPipelining() {
  const requests = async () => {
    const response = await fetch(`${url}/ping`, { headers: { Authorization: `Bearer ${token}` } });
    return Number(response.headers.get("upstash-sync-token"));
  };
  const redis = ways.default;
  const before = await requests();
  const numbers = Array.from({ length: 50 }, (_, i) => i);
  await Promise.all(numbers.map((i) => redis.set(`auto:${i}`, i)));
  assert.deepEqual(await Promise.all(numbers.map((i) => redis.get(`auto:${i}`))), numbers);
  const used = (await requests()) - before - 1;
  assert.equal(used, 2, "50 commands at once are one request");
  const [good, bad] = await Promise.allSettled([redis.set("auto", "x"), redis.incr("auto")]);
  assert.equal(good.value, "OK");
  assert.match(bad.reason.message, /ERR value is not an integer/);
}

async function scans(redis) {
  await redis.flushall();
  const names = Array.from({ length: 100 }, (_, i) => `scan:${i}`);
  await redis.mset(Object.fromEntries(names.map((name) => [name, ""])));
  await redis.rpush("scan:list", "x");
  const found = new Set();
  let cursor = "0";
  let pages = 0;
  do {
    const [next, keys] = await redis.scan(cursor, { match: "scan:*", count: 10, type: "string" });
    keys.forEach((key) => found.add(key));
    cursor = next;
    pages += 1;
  } while (cursor !== "0");
  assert.deepEqual([...found].sort(), names.sort());
  assert.ok(pages > 1);
  assert.deepEqual((await redis.keys("scan:9?")).length, 10);
}

async function scripts(redis) {
  assert.deepEqual(await redis.eval("return {KEYS[1], ARGV[1], ARGV[2]}", ["k"], ["a", 2]), ["k", "a", 2]);
  const mixed = "local ok = redis.call('SET', 'a', '1') return {1.9, false, 'OK', ok, {ok, {ok, 'x'}}}";
  assert.deepEqual(await redis.eval(mixed, [], []), [1, null, "OK", "OK", ["OK", ["OK", "x"]]]);
  const unique = `return '${Math.random()}' .. ARGV[1]`;
  const script = redis.createScript(unique);
  await assert.rejects(script.evalsha([], ["x"]), /NOSCRIPT/);
  assert.match(await script.exec([], ["x"]), /^0\.\d+(e-\d+)?x$/);
  assert.match(await script.evalsha([], ["x"]), /^0\.\d+(e-\d+)?x$/);
  const sha = await redis.scriptLoad(unique + "-- loaded");
  assert.deepEqual(await redis.scriptExists(sha, "0".repeat(40)), [1, 0]);
  await assert.rejects(redis.eval("return redis.call('INCR', KEYS[1])", ["scan:list"], []), /WRONGTYPE/);
  await assert.rejects(redis.eval("return redis.error_reply('MY error')", [], []), /MY error/);
  await assert.rejects(redis.eval("x y", [], []), /ERR Error compiling script/);
}

async function expiry(redis) {
  await redis.set("e", "x", { ex: 100 });
  assert.equal(await redis.ttl("e"), 100);
  assert.equal(await redis.persist("e"), 1);
  assert.equal(await redis.ttl("e"), -1);
  assert.equal(await redis.ttl("missing"), -2);
  assert.equal(await redis.expire("e", 50, "NX"), 1);
  assert.equal(await redis.expire("e", 10, "GT"), 0);
  await redis.set("e", "y", { keepTtl: true });
  assert.equal(await redis.ttl("e"), 50);
  await redis.setex("e", 20, "z");
  const left = await redis.pttl("e");
  assert.ok(left > 10_000 && left <= 20_000, `${left}`);
  await redis.psetex("e", 30, "gone soon");
  await new Promise((done) => setTimeout(done, 100));
  assert.equal(await redis.get("e"), null);
  assert.equal(await redis.exists("e"), 0);
}

async function errors(redis) {
  await redis.rpush("errors", "x");
  await assert.rejects(redis.get("errors"), { name: "UpstashError", message: /WRONGTYPE Operation against a key/ });
  await assert.rejects(redis.set("errors", "x", { ex: 0 }), /ERR invalid expire time in 'set' command/);
  await redis.set("errors", "9223372036854775807");
  await assert.rejects(redis.incr("errors"), /ERR increment or decrement would overflow/);
  await assert.rejects(redis.exec(["NOSUCH", "a"]), /ERR unknown command 'NOSUCH', with args beginning with: 'a' /);
}

for (const [name, redis] of Object.entries(ways)) {
  for (const check of [strings, pipelines, scans, scripts, expiry, errors]) {
    try {
      await check(redis);
    } catch (error) {
      error.message = `${check.name}, ${name}: ${error.message}`;
      throw error;
    }
  }
}
await binary();
await autoPipelining();
for (const wrong of [`${token}x`, "wrong"]) {
  const redis = new Redis({ url, token: wrong, retry: false });
  await assert.rejects(redis.get("a"), { name: "UpstashError", message: /WRONGPASS invalid or missing auth token/ });
}
console.log("the JavaScript client is content");

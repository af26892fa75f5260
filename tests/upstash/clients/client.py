"""The official Python client against the server at UPSTASH_REDIS_REST_URL. Fails with an exception."""

import asyncio
import os
import time

from upstash_redis import Redis
from upstash_redis.asyncio import Redis as AsyncRedis
from upstash_redis.errors import UpstashError

URL = os.environ["UPSTASH_REDIS_REST_URL"]
TOKEN = os.environ["UPSTASH_REDIS_REST_TOKEN"]


def client(**options):
    return Redis(url=URL, token=TOKEN, rest_retries=0, allow_telemetry=False, **options)


def expect(actual, expected):
    assert actual == expected, f"{actual!r} instead of {expected!r}"


def expect_error(text, call):
    try:
        answer = call()
    except UpstashError as error:
        assert text in str(error), f"{error} does not say {text!r}"
    else:
        raise AssertionError(f"{answer!r} instead of the error {text!r}")


def strings(redis):
    expect(redis.ping(), "PONG")
    expect(redis.echo("hello"), "hello")
    expect(redis.set("a", "value"), True)
    expect(redis.get("missing"), None)
    expect(redis.set("a", "new", nx=True), False)
    expect(redis.set("a", "new", xx=True, get=True), "value")
    expect(redis.getdel("a"), "new")
    for value in ["", "OK", "YmFy", "\x00\x01\x7f", "ключ 😀", ' \n"\\', "1", "x" * 100_000]:
        redis.set("a", value)
        expect(redis.get("a"), value)
        expect(redis.mget("a", "missing"), [value, None])
    redis.set("a", {"object": [1, None]})
    expect(redis.get("a"), '{"object": [1, null]}')
    redis.set("a", 10**30)
    expect(redis.get("a"), str(10**30))
    redis.mset({"m1": "1", "m2": 2})
    expect(redis.mget("m1", "m2"), ["1", "2"])
    expect(redis.setnx("m1", "x"), False)
    expect(redis.append("m2", "ab"), 3)
    expect(redis.strlen("m2"), 3)
    expect(redis.type("m2"), "string")
    expect(redis.exists("m1", "m2", "missing"), 2)
    expect(redis.unlink("m1"), 1)
    expect(redis.delete("m1", "m2"), 1)
    expect([redis.incr("n"), redis.incrby("n", 41), redis.decrby("n", 2), redis.decr("n")], [1, 42, 40, 39])
    redis.rpush("list", "a", "OK")
    redis.lpush("list", "first")
    expect(redis.lrange("list", 0, -1), ["first", "a", "OK"])
    expect(redis.llen("list"), 3)
    expect(redis.flushdb(), True)
    expect(redis.dbsize(), 0)


def pipelines(redis):
    for start in (redis.pipeline, redis.multi):
        batch = start()
        batch.set("p", "1").incr("p").get("missing").lrange("none", 0, -1)
        expect(batch.exec(), [True, 2, None, []])
        batch = start()
        batch.set("p", "x").incr("p")
        expect_error("ERR value is not an integer or out of range", batch.exec)


def scans(redis):
    redis.flushall()
    names = {f"scan:{i}" for i in range(100)}
    redis.mset({name: "" for name in names})
    redis.rpush("scan:list", "x")
    found, cursor, pages = set(), 0, 0
    while pages == 0 or cursor != 0:
        cursor, keys = redis.scan(cursor, match="scan:*", count=10, type="string")
        found.update(keys)
        pages += 1
    expect(found, names)
    assert pages > 1
    expect(len(redis.keys("scan:9?")), 10)


def scripts(redis):
    expect(redis.eval("return {KEYS[1], ARGV[1], ARGV[2]}", keys=["k"], args=["a", 2]), ["k", "a", "2"])
    mixed = "local ok = redis.call('SET', 'a', '1') return {1.9, false, 'OK', ok, {ok, {ok, 'x'}}}"
    expect(redis.eval(mixed), [1, None, "OK", "OK", ["OK", ["OK", "x"]]])
    source = f"return '{time.time()}' .. ARGV[1]"
    sha = redis.script_load(source)
    expect(redis.script_exists(sha, "0" * 40), [True, False])
    assert redis.evalsha(sha, args=["x"]).endswith("x")
    expect_error("NOSCRIPT", lambda: redis.evalsha("0" * 40))
    expect_error("WRONGTYPE", lambda: redis.eval("return redis.call('INCR', KEYS[1])", keys=["scan:list"]))
    expect_error("ERR Error compiling script", lambda: redis.eval("x y"))


def expiry(redis):
    redis.set("e", "x", ex=100)
    expect(redis.ttl("e"), 100)
    expect(redis.persist("e"), True)
    expect([redis.ttl("e"), redis.ttl("missing")], [-1, -2])
    expect(redis.expire("e", 50, nx=True), True)
    expect(redis.pexpire("e", 10, gt=True), False)
    redis.set("e", "y", keepttl=True)
    expect(redis.ttl("e"), 50)
    redis.psetex("e", 30, "gone soon")
    time.sleep(0.1)
    expect(redis.get("e"), None)


def errors(redis):
    redis.rpush("errors", "x")
    expect_error("WRONGTYPE Operation against a key", lambda: redis.get("errors"))
    expect_error("ERR invalid expire time in 'set' command", lambda: redis.set("errors", "x", ex=0))
    redis.set("errors", "9223372036854775807")
    expect_error("ERR increment or decrement would overflow", lambda: redis.incr("errors"))
    expect_error("ERR unknown command 'NOSUCH'", lambda: redis.execute(["NOSUCH", "a"]))


async def concurrently():
    async with AsyncRedis(url=URL, token=TOKEN, rest_retries=0) as redis:
        await redis.delete("n", "t")

        async def twice():
            transaction = redis.multi()
            transaction.incr("t")
            transaction.incr("t")
            first, second = await transaction.exec()
            expect(second, first + 1)

        await asyncio.gather(*(redis.incr("n") for _ in range(50)), *(twice() for _ in range(10)))
        expect(await redis.mget("n", "t"), ["50", "20"])


for redis in (client(), client(rest_encoding=None), client(read_your_writes=False)):
    for check in (strings, pipelines, scans, scripts, expiry, errors):
        check(redis)
asyncio.run(concurrently())
wrong = Redis(url=URL, token="wrong", rest_retries=0)
expect_error("WRONGPASS invalid or missing auth token", lambda: wrong.get("a"))
print("the Python client is content")

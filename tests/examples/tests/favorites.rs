//! favorites on kv-redis on a real Redis.

use std::thread;

use anyhow::{Context, Result, ensure};
use plugboard_harness::Run;
use plugboard_harness::components::{component, plug};
use plugboard_harness::http::request;
use plugboard_harness::servers::{Redis, Serve, Wasmtime, Webdis, webdis};

struct App {
    redis: Redis,
    webdis: Webdis,
    app: Wasmtime,
}

impl App {
    fn start(run: &Run) -> Result<App> {
        App::start_with(run, &[])
    }

    fn start_with(run: &Run, settings: &[(&str, String)]) -> Result<App> {
        let composed = run.path().join("out.wasm");
        plug(&component("favorites")?, &[&component("kv-redis")?], &composed)?;
        let redis = Redis::start(run)?;
        let webdis = Webdis::start(run, &redis, webdis::Options::default())?;
        let config = [&[("redis-url", webdis.url())], settings].concat();
        let app = Serve { config: Some(&config), ..Serve::new(&composed) }.start(run)?;
        Ok(App { redis, webdis, app })
    }

    fn call(&self, method: &str, path: &str, body: &[u8]) -> Result<(u16, String)> {
        request(method, &format!("{}{path}", self.app.url()), body)
    }

    fn expect(&self, request: (&str, &str, &[u8]), status: u16, body: &str) -> Result<()> {
        let (method, path, sent) = request;
        let found = self.call(method, path, sent)?;
        ensure!((found.0, found.1.as_str()) == (status, body), "{method} {path} answered {found:?}");
        Ok(())
    }
}

#[test]
fn profiles_are_stored_read_counted_and_listed() -> Result<()> {
    Run::scope("favorites", |run| {
        let app = App::start(run)?;
        app.expect(("GET", "/users", b""), 200, r#"{"users":[]}"#)?;
        app.expect(("PUT", "/users/ada", br#"{"likes":1}"#), 204, "")?;
        // A name may be anything that a URL can carry.
        app.expect(("PUT", "/users/gr%C3%A4ce%20h%2F1", b"[]"), 204, "")?;
        app.expect(("GET", "/users/ada", b""), 200, r#"{"name":"ada","profile":{"likes":1},"visits":1}"#)?;
        app.expect(("GET", "/users/ada", b""), 200, r#"{"name":"ada","profile":{"likes":1},"visits":2}"#)?;
        app.expect(("GET", "/users", b""), 200, r#"{"users":["ada","gräce h/1"]}"#)?;
        let stored = app.redis.cli(&["GET", "profile:gräce h/1"])?;
        ensure!(format!("{stored:?}").contains("[]"), "{stored:?}");
        Ok(())
    })
}

#[test]
fn wrong_requests_get_a_sentence_and_change_nothing() -> Result<()> {
    Run::scope("favorites-wrong", |run| {
        let app = App::start(run)?;
        app.redis.cli(&["SET", "profile:other", "no json"])?;
        app.expect(("GET", "/users/nobody", b""), 404, r#"{"error":"there is no user `nobody`"}"#)?;
        app.expect(
            ("GET", "/users/other", b""),
            500,
            r#"{"error":"the stored profile of `other` is not JSON"}"#,
        )?;
        app.expect(("DELETE", "/users/ada", b""), 405, r#"{"error":"users take GET and PUT"}"#)?;
        app.expect(("DELETE", "/users", b""), 405, r#"{"error":"the list takes GET"}"#)?;
        app.expect(("PUT", "/users/%FF", b"1"), 400, r#"{"error":"the path is not UTF-8"}"#)?;
        app.expect(("GET", "/", b""), 404, r#"{"error":"there are `/users` and `/users/{name}`"}"#)?;
        app.expect(("GET", "/users/", b""), 404, r#"{"error":"there are `/users` and `/users/{name}`"}"#)?;
        let (status, body) = app.call("PUT", "/users/ada", b"{")?;
        ensure!(status == 400 && body.contains("the profile is not JSON"), "{status} {body}");
        let (status, body) = app.call("PUT", "/users/ada", &vec![b' '; 2 << 20])?;
        ensure!(status == 400 && body.contains("the body is longer than 1048576 bytes"), "{status} {body}");
        app.expect(("GET", "/users", b""), 200, r#"{"users":["other"]}"#)
    })
}

#[test]
fn a_store_that_is_down_is_named() -> Result<()> {
    Run::scope("favorites-down", |run| {
        let app = App::start(run)?;
        app.webdis.stop();
        let (status, body) = app.call("GET", "/users/ada", b"")?;
        ensure!(status == 503 && body.contains("unavailable: `127.0.0.1:"), "{status} {body}");
        Ok(())
    })
}

#[test]
fn whose_fault_it_is_shows_in_the_status() -> Result<()> {
    Run::scope("favorites-status", |run| {
        let app = App::start_with(run, &[("redis-max-request", "1000".into())])?;
        let (status, body) = app.call("PUT", "/users/ada", &[&[b' '; 1000][..], b"1"].concat())?;
        ensure!(status == 413 && body.contains("too-large: "), "{status} {body}");
        app.expect(("GET", "/users", b""), 200, r#"{"users":[]}"#)
    })?;
    Run::scope("favorites-config", |run| {
        let app = App::start_with(run, &[("redis-timeout", "soon".into())])?;
        let (status, body) = app.call("GET", "/users/ada", b"")?;
        ensure!(status == 500 && body.contains("config: `redis-timeout` is `soon`"), "{status} {body}");
        Ok(())
    })
}

#[test]
fn visits_at_the_same_time_are_all_counted() -> Result<()> {
    Run::scope("favorites-parallel", |run| {
        let app = App::start(run)?;
        app.expect(("PUT", "/users/ada", b"0"), 204, "")?;
        thread::scope(|threads| {
            let visits = (0..8).map(|_| {
                threads.spawn(|| {
                    (0..10).try_for_each(|_| {
                        let (status, body) = app.call("GET", "/users/ada", b"")?;
                        ensure!(status == 200, "{status} {body}");
                        Ok(())
                    })
                })
            });
            let visits = visits.collect::<Vec<_>>();
            visits.into_iter().try_for_each(|visit| visit.join().ok().context("a thread panicked")?)
        })?;
        app.expect(("GET", "/users/ada", b""), 200, r#"{"name":"ada","profile":0,"visits":81}"#)
    })
}

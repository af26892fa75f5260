//! files on blob-azure on Azurite, as strict as Azure.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use azure_strict::{ACCOUNT, Azure, Config};
use plugboard_faults::{At, By, Fault, Proxy, Upstream, When};
use plugboard_harness::Run;
use plugboard_harness::components::{component, plug};
use plugboard_harness::http::{Answer, send};
use plugboard_harness::servers::azurite::{Azurite, connection_string};
use plugboard_harness::servers::{Serve, Wasmtime};

struct App {
    app: Wasmtime,
    /// What the app has before Azure.
    proxy: Proxy,
    azure: Azure,
    _azurite: Azurite,
}

impl App {
    fn start(run: &Run) -> Result<App> {
        let composed = run.path().join("out.wasm");
        plug(&component("files")?, &[&component("blob-azure")?], &composed)?;
        let azurite = Azurite::start(run)?;
        let azure = Config::new(azurite.addr()).serve()?;
        let proxy = Proxy::start(azure.addr())?;
        let blobs = format!("{}/{ACCOUNT}", proxy.url());
        let config = [("azure-connection-string", connection_string(&blobs))];
        let app = Serve { config: Some(&config), ..Serve::new(&composed) }.start(run)?;
        Ok(App { app, proxy, azure, _azurite: azurite })
    }

    fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer> {
        send(method, &format!("{}{path}", self.app.url()), headers, body)
    }

    fn expect(&self, request: (&str, &str, &[u8]), status: u16, body: &str) -> Result<()> {
        let (method, path, sent) = request;
        let found = self.call(method, path, &[], sent)?;
        let text = String::from_utf8_lossy(&found.body);
        ensure!(
            (found.status, text.trim_end()) == (status, body),
            "{method} {path} answered {} {text}",
            found.status
        );
        Ok(())
    }

    /// What another client finds in the store.
    fn outside(&self, path: &str) -> Result<Answer> {
        let bearer = format!("Bearer {}", self.azure.issue_token());
        let headers = [("authorization", bearer.as_str()), ("x-ms-version", "2023-11-03")];
        send("GET", &format!("{}{path}", self.azure.url()), &headers, [])
    }

    /// Begins a request and goes away in the middle of it; what the app still said.
    fn break_off(&self, head: &str, body: &[u8], how: Shutdown) -> Result<String> {
        let mut stream = TcpStream::connect(self.app.addr())?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        write!(stream, "{head}\r\nHost: files\r\n\r\n")?;
        stream.write_all(body)?;
        stream.shutdown(how)?;
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said); // a reset is as good as an end
        Ok(String::from_utf8_lossy(&said).into_owned())
    }
}

/// Bytes that are nowhere the same.
fn bytes(count: u32) -> Vec<u8> {
    (0..count / 4).flat_map(u32::to_le_bytes).collect()
}

#[test]
fn files_are_stored_read_copied_moved_listed_and_deleted() -> Result<()> {
    Run::scope("files", |run| {
        let app = App::start(run)?;
        app.expect(("PUT", "/box/a.txt", b"looms"), 201, "")?;
        app.expect(("GET", "/box/a.txt", b""), 200, "looms")?;
        ensure!(app.outside("/box/a.txt")?.body == b"looms");
        // A name may be anything that a URL can carry.
        app.expect(("PUT", "/box/gr%C3%A4ce/%20h%3F%2F1", b"1"), 201, "")?;
        app.expect(("GET", "/box", b""), 200, r#"{"files":["a.txt","gräce/ h?/1"]}"#)?;
        app.expect(("POST", "/box/a.txt?copy=/box/b/c.txt", b""), 201, "")?;
        app.expect(("POST", "/box/a.txt?move=/box/gr%C3%A4ce", b""), 201, "")?;
        app.expect(("GET", "/box/b/c.txt", b""), 200, "looms")?;
        app.expect(("POST", "/box/b/c.txt?copy=/new/c.txt", b""), 201, "")?;
        app.expect(("GET", "/new/c.txt", b""), 200, "looms")?;
        app.expect(("GET", "/box", b""), 200, r#"{"files":["b/c.txt","gräce","gräce/ h?/1"]}"#)?;
        app.expect(("DELETE", "/box/b/c.txt", b""), 204, "")?;
        app.expect(("DELETE", "/box/b/c.txt", b""), 204, "")?;
        app.expect(("GET", "/box", b""), 200, r#"{"files":["gräce","gräce/ h?/1"]}"#)?;
        app.expect(("PUT", "/box/empty", b""), 201, "")?;
        app.expect(("GET", "/box/empty", b""), 200, "")
    })
}

#[test]
fn parts_of_files() -> Result<()> {
    Run::scope("files-parts", |run| {
        let app = App::start(run)?;
        app.expect(("PUT", "/box/a.txt", b"looms"), 201, "")?;
        let get = |range: &str| app.call("GET", "/box/a.txt", &[("range", range)], b"");
        for (range, body, content_range) in [
            ("bytes=1-2", "oo", "bytes 1-2/5"),
            ("bytes=3-", "ms", "bytes 3-4/5"),
            ("bytes=4-99", "s", "bytes 4-4/5"),
            ("bytes=-2", "ms", "bytes 3-4/5"),
            ("bytes=-9", "looms", "bytes 0-4/5"),
        ] {
            let found = get(range)?;
            ensure!(found.status == 206 && found.body == body.as_bytes(), "{range}: {found:?}");
            ensure!(found.header("content-range") == content_range, "{range}: {found:?}");
        }
        for range in ["bytes=5-", "bytes=9-9", "bytes=-0", "bytes=99999999999999999999-"] {
            let found = get(range)?;
            ensure!(
                found.status == 416 && found.header("content-range") == "bytes */5",
                "{range}: {found:?}"
            );
        }
        // What is not understood, or makes no sense, is passed over.
        for range in ["bytes=0-1,3-4", "bytes=2-1", "lines=1-2", "bytes=x-"] {
            let found = get(range)?;
            ensure!(found.status == 200 && found.body == b"looms", "{range}: {found:?}");
        }
        let head = app.call("HEAD", "/box/a.txt", &[], b"")?;
        ensure!(head.status == 200 && head.body.is_empty(), "{head:?}");
        ensure!(head.header("content-length") == "5" && head.header("accept-ranges") == "bytes", "{head:?}");
        Ok(())
    })
}

#[test]
fn files_of_many_blocks_come_back_as_they_were() -> Result<()> {
    Run::scope("files-large", |run| {
        let app = App::start(run)?;
        let large = bytes(25 << 20);
        ensure!(app.call("PUT", "/box/large", &[], &large)?.status == 201);
        ensure!(app.call("GET", "/box/large", &[], b"")?.body == large);
        let part = app.call("GET", "/box/large", &[("range", "bytes=4194303-8388608")], b"")?;
        ensure!(part.body == large[4_194_303..=8_388_608]);

        // Of unknown length: the client only says when it is done.
        let mut stream = TcpStream::connect(app.app.addr())?;
        write!(stream, "PUT /box/chunked HTTP/1.1\r\nHost: files\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        for chunk in large.chunks(1_000_003) {
            write!(stream, "{:x}\r\n", chunk.len())?;
            stream.write_all(chunk)?;
            write!(stream, "\r\n")?;
        }
        write!(stream, "0\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        ensure!(&status == b"HTTP/1.1 201", "{}", String::from_utf8_lossy(&status));
        ensure!(app.call("GET", "/box/chunked", &[], b"")?.body == large);
        Ok(())
    })
}

/// Whatever way a client announces its bytes, and however it leaves, in the first block or after several.
#[test]
fn a_client_that_dies_in_the_middle_commits_nothing() -> Result<()> {
    Run::scope("files-broken", |run| {
        let app = App::start(run)?;
        app.expect(("PUT", "/box/old", b"before"), 201, "")?;
        let begun = bytes(10 << 20);
        let chunked = |body: &[u8]| [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n"].concat();
        for begun in [&begun[..1000], &begun] {
            for (framing, body) in [
                ("Content-Length: 20000000", begun.to_vec()),
                ("Transfer-Encoding: chunked", chunked(begun)),
                ("Transfer-Encoding: chunked", [b"fffffff\r\n", begun].concat()),
            ] {
                for name in ["old", "new"] {
                    let head = format!("PUT /box/{name} HTTP/1.1\r\n{framing}");
                    let said = app.break_off(&head, &body, Shutdown::Write)?;
                    ensure!(said.starts_with("HTTP/1.1 400 "), "{framing}: {said}");
                    app.break_off(&head, &body, Shutdown::Both)?;
                }
            }
        }
        // Nobody tells when the app has noticed that a client is gone without a trace.
        thread::sleep(Duration::from_secs(1));
        app.expect(("GET", "/box", b""), 200, r#"{"files":["old"]}"#)?;
        app.expect(("GET", "/box/old", b""), 200, "before")
    })
}

#[test]
fn wrong_requests_get_a_sentence_and_a_status_that_says_whose_fault_it_is() -> Result<()> {
    Run::scope("files-wrong", |run| {
        let app = App::start(run)?;
        app.expect(("PUT", "/box/a", b"1"), 201, "")?;
        for (method, path, status, sentence) in [
            ("GET", "/box/none", 404, "no-such-object"),
            ("HEAD", "/box/none", 404, ""),
            ("GET", "/none", 404, "no-such-container"),
            ("GET", "/none/a", 404, "no-such-container"),
            ("POST", "/box/none?copy=/box/b", 404, "no-such-object"),
            ("POST", "/none/a?copy=/box/b", 404, "no-such-container"),
            ("POST", "/box/a?copy=/box", 400, "say where to"),
            ("POST", "/box/a", 400, "say where to"),
            ("PUT", "/Box/a", 400, "invalid: "),
            ("GET", "/box/%FF", 400, "the path is not UTF-8"),
            ("PUT", "/box", 405, "containers take GET"),
            ("PATCH", "/box/a", 405, "files take PUT"),
            ("GET", "/", 404, "there are `/{container}`"),
        ] {
            let found = app.call(method, path, &[], b"")?;
            let text = String::from_utf8_lossy(&found.body);
            ensure!(
                found.status == status && text.contains(sentence),
                "{method} {path}: {} {text}",
                found.status
            );
        }
        Ok(())
    })
}

/// Otherwise the client would take a part for the whole.
#[test]
fn a_file_that_ends_in_the_middle_does_so_for_the_client() -> Result<()> {
    Run::scope("files-cut", |run| {
        let app = App::start(run)?;
        ensure!(app.call("PUT", "/box/large", &[], &bytes(9 << 20))?.status == 201);
        for by in [By::Close, By::Reset] {
            let downloads = When::next(1).matching(|request| request.target.contains("/box/large"));
            app.proxy.arm(Fault::Cut { at: At::MidBody, by, upstream: Upstream::Executed }, downloads);
            let found = app.call("GET", "/box/large", &[], b"");
            ensure!(found.is_err(), "{by:?}: a part looks like a file");
        }
        Ok(())
    })
}

#[test]
fn a_store_that_is_down_is_named() -> Result<()> {
    Run::scope("files-down", |run| {
        let app = App::start(run)?;
        app.proxy.refuse_connections();
        let found = app.call("GET", "/box/a", &[], b"")?;
        let text = String::from_utf8_lossy(&found.body);
        ensure!(found.status == 503 && text.contains("unavailable: `127.0.0.1:"), "{} {text}", found.status);
        Ok(())
    })
}

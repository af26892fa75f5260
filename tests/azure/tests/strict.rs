//! What Azurite lets pass and Azure does not, and what they answer differently: by requests as they are on the wire.

mod common;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use anyhow::{Result, ensure};
use azure_strict::{ACCOUNT, Azure, CopyEnd, Copying};
use common::{agent, header, with_azure};
use ureq::http::{Request, Response};
use ureq::{AsSendBody, SendBody};

/// A client with a token, and an account with the container `box`.
struct Client<'a> {
    azure: &'a Azure,
    token: String,
}

type Headers<'a> = &'a [(&'a str, &'a str)];

const BLOCK_BLOB: Headers = &[("x-ms-blob-type", "BlockBlob")];

impl Client<'_> {
    fn new(azure: &Azure) -> Result<Client<'_>> {
        let client = Client { azure, token: azure.issue_token() };
        client.expect(client.send("PUT", "/box?restype=container", &[], "")?, 201, "")?;
        Ok(client)
    }

    /// A request as it should be, except for `headers`; an empty value takes a header away.
    fn send(
        &self,
        method: &str,
        path: &str,
        headers: Headers,
        body: impl AsSendBody,
    ) -> Result<Response<String>> {
        let bearer = format!("Bearer {}", self.token);
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.azure.url()));
        for (name, value) in [("authorization", bearer.as_str()), ("x-ms-version", "2023-11-03")] {
            if !headers.iter().any(|(other, _)| *other == name) {
                request = request.header(name, value);
            }
        }
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let mut answer = agent().run(request.body(body)?)?;
        let body = answer.body_mut().read_to_string()?;
        Ok(answer.map(|_| body))
    }

    fn get(&self, path: &str, headers: Headers) -> Result<Response<String>> {
        self.send("GET", path, headers, ())
    }

    fn put(&self, name: &str, text: &str) -> Result<()> {
        let answer = self.send("PUT", &format!("/box/{name}"), BLOCK_BLOB, text)?;
        self.expect(answer, 201, "").map(drop)
    }

    /// Checks status and error code.
    fn expect(&self, answer: Response<String>, status: u16, code: &str) -> Result<Response<String>> {
        let found = (answer.status().as_u16(), header(&answer, "x-ms-error-code"));
        ensure!(found == (status, code), "{found:?} instead of {:?}: {}", (status, code), answer.body());
        Ok(answer)
    }
}

#[test]
fn a_body_has_a_length() -> Result<()> {
    with_azure(|azure| {
        let client = Client::new(azure)?;
        let mut looms = b"looms".as_slice();
        let answer = client.send("PUT", "/box/blob", BLOCK_BLOB, SendBody::from_reader(&mut looms))?;
        client.expect(answer, 411, "MissingContentLengthHeader")?;
        client.expect(client.get("/box/blob", &[])?, 404, "BlobNotFound")?;
        Ok(())
    })
}

#[test]
fn a_client_that_breaks_off_leaves_everything_as_it_was() -> Result<()> {
    with_azure(|azure| {
        let client = Client::new(azure)?;
        client.put("blob", "before")?;
        let mut stream = TcpStream::connect(azure.addr())?;
        write!(
            stream,
            "PUT /{ACCOUNT}/box/blob HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nx-ms-version: 2023-11-03\r\n\
             x-ms-blob-type: BlockBlob\r\nContent-Length: 2000000\r\n\r\n",
            client.token
        )?;
        stream.write_all(&[b'x'; 1_000_000])?;
        stream.shutdown(Shutdown::Write)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        // Whatever it is told, by now the service has seen the end.
        let _ = stream.read_to_end(&mut Vec::new());
        ensure!(client.get("/box/blob", &[])?.body() == "before");
        Ok(())
    })
}

#[test]
fn a_request_says_its_version_and_who_asks() -> Result<()> {
    with_azure(|azure| {
        let client = Client::new(azure)?;
        let answer = client.get("/box/blob", &[("x-ms-version", "")])?;
        let answer = client.expect(answer, 400, "MissingRequiredHeader")?;
        ensure!(answer.body().contains("<HeaderName>x-ms-version</HeaderName>"), "{}", answer.body());
        let answer = client.get("/box/blob", &[("x-ms-version", "latest")])?;
        client.expect(answer, 400, "InvalidHeaderValue")?;
        let answer = client.get("/box/blob", &[("authorization", "")])?;
        let answer = client.expect(answer, 401, "NoAuthenticationInformation")?;
        let challenge = format!("Bearer authorization_uri={}", azure.authority());
        ensure!(header(&answer, "www-authenticate").starts_with(&challenge), "{:?}", answer.headers());
        ensure!(answer.body().starts_with("\u{feff}<?xml"), "{}", answer.body());
        let answer = client.get("/box/blob", &[("authorization", "Basic eA==")])?;
        client.expect(answer, 401, "InvalidAuthenticationInfo")?;
        Ok(())
    })
}

#[test]
fn tokens_end() -> Result<()> {
    with_azure(|azure| {
        let mut client = Client::new(azure)?;
        client.put("blob", "looms")?;
        azure.tokens().revoke();
        let answer = client.expect(client.get("/box/blob", &[])?, 401, "InvalidAuthenticationInfo")?;
        ensure!(answer.body().contains("not known or was revoked"), "{}", answer.body());

        client.token = azure.issue_token();
        client.expect(client.get("/box/blob", &[])?, 200, "")?;
        azure.shift_clock(3600);
        let answer = client.expect(client.get("/box/blob", &[])?, 401, "InvalidAuthenticationInfo")?;
        ensure!(answer.body().contains("The token is expired."), "{}", answer.body());

        let agent = agent();
        client.token = agent.get(azure.assertion_url()).call()?.body_mut().read_to_string()?;
        let answer = client.expect(client.get("/box/blob", &[])?, 401, "InvalidAuthenticationInfo")?;
        ensure!(answer.body().contains("Audience did not match."), "{}", answer.body());
        Ok(())
    })
}

#[test]
fn names_have_rules() -> Result<()> {
    with_azure(|azure| {
        let client = Client::new(azure)?;
        client.put(&"n".repeat(1024), "x")?;
        for (name, code) in [
            ("n".repeat(1025), "OutOfRangeInput"),
            ("%01".into(), "InvalidUri"),
            ("%FF".into(), "InvalidUri"),
        ] {
            client.expect(client.send("PUT", &format!("/box/{name}"), BLOCK_BLOB, "x")?, 400, code)?;
        }
        for (name, code) in [("Upper", "InvalidResourceName"), ("a", "OutOfRangeInput")] {
            client.expect(client.send("PUT", &format!("/{name}?restype=container"), &[], "")?, 400, code)?;
        }
        Ok(())
    })
}

#[test]
fn ranges_are_within_the_blob_and_count_from_its_start() -> Result<()> {
    with_azure(|azure| {
        let client = Client::new(azure)?;
        client.put("blob", "looms")?;
        client.put("empty", "")?;
        for (blob, range, size) in
            [("blob", "bytes=5-", 5), ("blob", "bytes=6-9", 5), ("empty", "bytes=0-", 0)]
        {
            let answer = client.get(&format!("/box/{blob}"), &[("x-ms-range", range)])?;
            let answer = client.expect(answer, 416, "InvalidRange")?;
            ensure!(header(&answer, "content-range") == format!("bytes */{size}"), "{:?}", answer.headers());
        }
        client.expect(client.get("/box/blob", &[("range", "bytes=-2")])?, 400, "InvalidHeaderValue")?;
        let answer = client.expect(client.get("/box/blob", &[("range", "bytes=3-99")])?, 206, "")?;
        ensure!(answer.body() == "ms" && header(&answer, "content-range") == "bytes 3-4/5", "{answer:?}");
        Ok(())
    })
}

#[test]
fn blobs_and_blocks_have_limits() -> Result<()> {
    with_azure(|azure| {
        let client = Client::new(azure)?;
        client.expect(client.send("PUT", "/box/blob", &[], "x")?, 400, "MissingRequiredHeader")?;
        let block = "/box/blob?comp=block&blockid=YWFhYQ%3D%3D";
        client.expect(client.send("PUT", block, &[], "")?, 400, "InvalidHeaderValue")?;
        let version = [("x-ms-version", "2015-12-11")];
        let answer = client.send("PUT", block, &version, vec![0; (4 << 20) + 1].as_slice())?;
        let answer = client.expect(answer, 413, "RequestBodyTooLarge")?;
        ensure!(answer.body().contains("<MaxLimit>4194304</MaxLimit>"), "{}", answer.body());
        client.expect(client.send("PUT", block, &version, vec![0; 4 << 20].as_slice())?, 201, "")?;
        Ok(())
    })
}

#[test]
fn answers_are_azures() -> Result<()> {
    with_azure(|azure| {
        let client = Client::new(azure)?;
        client.put("blob", "looms")?;
        azure.shift_clock(600);
        let answer = client.expect(client.send("HEAD", "/box/none", &[], ())?, 404, "BlobNotFound")?;
        ensure!(answer.body().is_empty());
        let list = client.expect(client.get("/box?restype=container&comp=list", &[])?, 200, "")?;
        ensure!(
            list.body().starts_with("\u{feff}<?xml") && list.body().contains("<Name>blob</Name>"),
            "{list:?}"
        );
        ensure!(header(&list, "x-ms-version") == "2023-11-03", "{:?}", list.headers());
        // Azurite answers with neither code nor body.
        let answer = client.send("PUT", "/box/blob?comp=blocklist", &[], "<no xml")?;
        client.expect(answer, 400, "InvalidInput")?;
        Ok(())
    })
}

#[test]
fn copies_take_as_long_as_they_are_told() -> Result<()> {
    with_azure(|azure| {
        let client = Client::new(azure)?;
        client.put("blob", "looms")?;
        let source = format!("{}/box/blob", azure.url());
        let copy = |source: &str| client.send("PUT", "/box/copy", &[("x-ms-copy-source", source)], "");
        let status = || -> Result<_> {
            let head = client.send("HEAD", "/box/copy", &[], ())?;
            Ok(header(&head, "x-ms-copy-status").to_owned())
        };
        for (end, word) in [(CopyEnd::Success, "success"), (CopyEnd::Failed, "failed")] {
            azure.copy_like(Copying { pending: 2, end });
            let answer = client.expect(copy(&source)?, 202, "")?;
            ensure!(header(&answer, "x-ms-copy-status") == "pending", "{:?}", answer.headers());
            let seen = [status()?, status()?, status()?];
            ensure!(seen == ["pending", "pending", word], "{seen:?}");
        }
        azure.copy_like(Copying::default());
        let answer = client.expect(copy(&source)?, 202, "")?;
        ensure!((header(&answer, "x-ms-copy-status"), status()?.as_str()) == ("success", "success"));
        client.expect(copy("http://elsewhere.invalid/box/blob")?, 404, "CannotVerifyCopySource")?;
        Ok(())
    })
}

#[test]
fn a_container_that_is_being_deleted_cannot_be_created() -> Result<()> {
    with_azure(|azure| {
        let client = Client::new(azure)?;
        let container = "/box?restype=container";
        azure.delete_containers_within(Duration::from_secs(3600));
        client.expect(client.send("DELETE", container, &[], ())?, 202, "")?;
        client.expect(client.send("PUT", container, &[], "")?, 409, "ContainerBeingDeleted")?;
        client.expect(client.get("/box/blob", &[])?, 404, "ContainerNotFound")?;
        client.expect(client.send("PUT", "/other?restype=container", &[], "")?, 201, "")?;
        Ok(())
    })
}

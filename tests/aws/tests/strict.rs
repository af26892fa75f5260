//! What the services refuse that imitations let pass, and that keys are worth what they should be.

mod common;

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_strict::{ACCESS_KEY_ID, Aws, SECRET_ACCESS_KEY};
use common::{agent, sdk, with_aws, with_s3};
use plugboard_harness::components::{done, said};
use plugboard_harness::tools;
use serde_json::Value;

/// What `clients/raw.py` was answered: the status, and the name of the error.
fn raw(aws: &Aws, fault: &str) -> Result<String> {
    let mut python = Command::new(tools::python_aws()?);
    python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/clients/raw.py"));
    python.args([&aws.addr().to_string(), ACCESS_KEY_ID, SECRET_ACCESS_KEY, fault]);
    Ok(said(&done(&mut python)?))
}

fn refuses_what_is_not_as_it_was_signed(aws: &Aws) -> Result<()> {
    for (fault, answer) in [
        ("none", "200"),
        ("unsigned-payload", "200"),
        ("other-payload", "400 XAmzContentSHA256Mismatch"),
        ("empty-payload", "400 XAmzContentSHA256Mismatch"),
        ("no-hash", "400 InvalidRequest"),
        ("no-hash-at-all", "400 InvalidArgument"),
        ("field-not-signed", "403 AccessDenied"),
        ("other-path", "403 SignatureDoesNotMatch"),
        ("other-query", "403 SignatureDoesNotMatch"),
        ("no-authorization", "403 AccessDenied"),
        ("no-date", "403 AccessDenied"),
        ("chunked", "411 MissingContentLength"),
    ] {
        let answered = raw(aws, fault)?;
        ensure!(answered == answer, "{fault}: {answered}");
    }
    let there = raw(aws, "list")?;
    ensure!(there == "200 none unsigned-payload", "{there}");
    Ok(())
}

#[test]
fn before_moto() -> Result<()> {
    with_aws(refuses_what_is_not_as_it_was_signed)
}

#[test]
fn before_s3s() -> Result<()> {
    with_s3(refuses_what_is_not_as_it_was_signed)
}

/// Keys from the endpoint of containers, as variables of the SDK.
fn keys(aws: &Aws) -> Result<[(&'static str, String); 3]> {
    let answer = agent().get(aws.credentials_uri()).call()?.body_mut().read_to_string()?;
    let keys: Value = serde_json::from_str(&answer)?;
    let text = |name: &str| Ok::<_, anyhow::Error>(keys[name].as_str().context("no text")?.to_owned());
    Ok([
        ("AWS_ACCESS_KEY_ID", text("AccessKeyId")?),
        ("AWS_SECRET_ACCESS_KEY", text("SecretAccessKey")?),
        ("AWS_SESSION_TOKEN", text("Token")?),
    ])
}

#[test]
fn temporary_keys_end_and_are_revoked() -> Result<()> {
    with_aws(|aws| {
        let refused = |keys: &[(&str, String)]| {
            let variables = keys.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
            sdk("refused.py", &[&aws.url()], &variables)
        };
        let good = keys(aws)?;
        ensure!(refused(&good)? == "nothing nothing");
        ensure!(
            refused(&good[..2])? == "InvalidAccessKeyId UnrecognizedClientException",
            "without its token"
        );
        let mixed = [good[0].clone(), good[1].clone(), keys(aws)?[2].clone()];
        ensure!(refused(&mixed)? == "InvalidToken UnrecognizedClientException", "with another's token");
        aws.credentials().revoke();
        ensure!(refused(&good)? == "InvalidAccessKeyId UnrecognizedClientException");

        aws.credentials().set_lifetime(Duration::ZERO);
        ensure!(refused(&keys(aws)?)? == "ExpiredToken ExpiredTokenException");
        ensure!(aws.credentials().count() == 3);
        Ok(())
    })
}

/// Status and body of an answer to a request with these fields.
fn ask(method: &str, url: &str, fields: &[(&str, &str)], body: &str) -> Result<(u16, String)> {
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let mut answer = agent().run(request.body(body.to_owned())?)?;
    Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
}

#[test]
fn an_instance_wants_a_session() -> Result<()> {
    with_aws(|aws| {
        let url = |path: &str| format!("{}/latest/{path}", aws.metadata_endpoint());
        const ROLES: &str = "meta-data/iam/security-credentials/";
        let seconds = ("x-aws-ec2-metadata-token-ttl-seconds", "60");
        let (status, session) = ask("PUT", &url("api/token"), &[seconds], "")?;
        ensure!(status == 200);
        let session = ("x-aws-ec2-metadata-token", session.as_str());
        let (status, role) = ask("GET", &url(ROLES), &[session], "")?;
        ensure!(status == 200 && role == aws_strict::INSTANCE_ROLE);
        ensure!(ask("GET", &url(&format!("{ROLES}{role}")), &[session], "")?.1.contains("ASIA"));

        ensure!(ask("GET", &url(ROLES), &[], "")?.0 == 401, "version 1");
        ensure!(ask("GET", &url(&format!("{ROLES}other")), &[session], "")?.0 == 404);
        ensure!(ask("PUT", &url("api/token"), &[], "")?.0 == 400);
        let far = ("x-forwarded-for", "10.0.0.1");
        ensure!(ask("PUT", &url("api/token"), &[seconds, far], "")?.0 == 403, "another hop");
        aws.shift_clock(61);
        ensure!(ask("GET", &url(ROLES), &[session], "")?.0 == 401, "the session ended");
        Ok(())
    })
}

#[test]
fn sts_says_what_is_wrong() -> Result<()> {
    with_aws(|aws| {
        let role = "arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fplugboard%40test";
        let ask = |role: &str, session: &str, token: &str| {
            let form = format!(
                "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={role}&RoleSessionName={session}\
                 &WebIdentityToken={token}"
            );
            ask("POST", &aws.sts_endpoint(), &[], &form)
        };
        let good = aws_strict::WEB_IDENTITY_TOKEN;
        let (status, answer) = ask(role, "session", good)?;
        ensure!(status == 200 && answer.contains("<AccessKeyId>ASIA"), "{answer}");
        for (role, session, token, refusal) in [
            ("arn", "session", good, "AccessDenied"),
            (role, "a%20b", good, "ValidationError"),
            (role, "session", "wrong", "InvalidIdentityToken"),
        ] {
            let (status, answer) = ask(role, session, token)?;
            ensure!(status >= 400 && answer.contains(&format!("<Code>{refusal}</Code>")), "{answer}");
        }
        aws.credentials().set_lifetime(Duration::ZERO);
        let ended = agent().get(aws.web_identity_url()).call()?.body_mut().read_to_string()?;
        ensure!(ask(role, "session", &ended)?.1.contains("ExpiredTokenException"));
        Ok(())
    })
}

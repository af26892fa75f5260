//! The strictness refuses nothing that is right, and what it refuses the SDK knows by name.

mod common;

use anyhow::{Result, ensure};
use aws_strict::{ACCESS_KEY_ID, Aws, CONTAINER_TOKEN, ROLE_ARN, SECRET_ACCESS_KEY, WEB_IDENTITY_TOKEN};
use common::{agent, sdk, with_aws, with_s3};
use plugboard_harness::Run;

const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID), ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)];

fn is_well(aws: &Aws, variables: &[(&str, &str)]) -> Result<()> {
    ensure!(sdk("sdk.py", &[&aws.url(), "s3", "dynamodb"], variables)? == "well");
    Ok(())
}

#[test]
fn keys() -> Result<()> {
    with_aws(|aws| is_well(aws, &KEYS))
}

#[test]
fn keys_on_s3s() -> Result<()> {
    with_s3(|aws| {
        ensure!(sdk("sdk.py", &[&aws.url(), "s3"], &KEYS)? == "well");
        Ok(())
    })
}

#[test]
fn a_container() -> Result<()> {
    with_aws(|aws| {
        is_well(aws, &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &aws.credentials_uri())])?;
        ensure!(aws.credentials().count() == 1);
        Ok(())
    })
}

#[test]
fn a_pod() -> Result<()> {
    with_aws(|aws| {
        let fresh = agent().get(aws.container_token_url()).call()?.body_mut().read_to_string()?;
        for token in [CONTAINER_TOKEN, &fresh] {
            let uri = aws.pod_credentials_uri();
            let variables = [
                ("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri.as_str()),
                ("AWS_CONTAINER_AUTHORIZATION_TOKEN", token),
            ];
            ensure!(sdk("refused.py", &[&aws.url()], &variables)? == "nothing nothing");
        }
        Ok(())
    })
}

#[test]
fn an_instance() -> Result<()> {
    with_aws(|aws| {
        is_well(aws, &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &aws.metadata_endpoint())])?;
        let asked = aws.credentials().requests();
        ensure!(asked[0].method == "PUT" && asked[0].target == "/latest/api/token", "{asked:?}");
        Ok(())
    })
}

#[test]
fn a_web_identity() -> Result<()> {
    with_aws(|aws| {
        let run = Run::new("aws-strict")?;
        let file = run.path().join("token");
        let fresh = agent().get(aws.web_identity_url()).call()?.body_mut().read_to_string()?;
        for token in [WEB_IDENTITY_TOKEN, &fresh] {
            std::fs::write(&file, token)?;
            let (file, sts) = (file.display().to_string(), aws.sts_endpoint());
            let variables = [
                ("AWS_ROLE_ARN", ROLE_ARN),
                ("AWS_WEB_IDENTITY_TOKEN_FILE", &file),
                ("AWS_ENDPOINT_URL_STS", &sts),
            ];
            ensure!(sdk("refused.py", &[&aws.url()], &variables)? == "nothing nothing");
        }
        Ok(())
    })
}

#[test]
fn refusals() -> Result<()> {
    with_aws(|aws| {
        let refused = |variables: &[(&str, &str)]| sdk("refused.py", &[&aws.url()], variables);
        let keys = |id, secret| [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)];
        let wrong = refused(&keys(ACCESS_KEY_ID, "wrong"))?;
        ensure!(wrong == "SignatureDoesNotMatch InvalidSignatureException", "{wrong}");
        let unknown = refused(&keys("AKIANOBODY", SECRET_ACCESS_KEY))?;
        ensure!(unknown == "InvalidAccessKeyId UnrecognizedClientException", "{unknown}");
        let region = refused(&[KEYS[0], KEYS[1], ("AWS_DEFAULT_REGION", "eu-west-1")])?;
        ensure!(region == "AuthorizationHeaderMalformed InvalidSignatureException", "{region}");
        let token = refused(&[KEYS[0], KEYS[1], ("AWS_SESSION_TOKEN", "x")])?;
        ensure!(token == "InvalidToken UnrecognizedClientException", "{token}");
        for seconds in [20 * 60, -20 * 60] {
            aws.shift_clock(seconds);
            let late = refused(&KEYS)?;
            ensure!(late == "RequestTimeTooSkewed InvalidSignatureException", "{late}");
        }
        Ok(())
    })
}

//! The services that issue tokens: whom they refuse, in which words, and that a token that they issue is good.

mod common;

use anyhow::{Context, Result, ensure};
use azure_strict::{
    ASSERTION, ASSERTION_REQUEST_TOKEN, Azure, CLIENT_ID, CLIENT_SECRET, IDENTITY_HEADER, TENANT,
};
use common::{agent, with_azure};
use serde_json::Value;

const SCOPE: (&str, &str) = ("scope", "https://storage.azure.com/.default");
const GRANT: (&str, &str) = ("grant_type", "client_credentials");
const CLIENT: (&str, &str) = ("client_id", CLIENT_ID);
const SECRET: (&str, &str) = ("client_secret", CLIENT_SECRET);
const JWT: (&str, &str) = ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");

fn entra(azure: &Azure, tenant: &str, form: &[(&str, &str)]) -> Result<(u16, Value)> {
    let url = format!("{}/{tenant}/oauth2/v2.0/token", azure.authority());
    let mut answer = agent().post(url).send_form(form.iter().copied())?;
    Ok((answer.status().as_u16(), serde_json::from_str(&answer.body_mut().read_to_string()?)?))
}

fn get(url: &str, headers: &[(&str, &str)]) -> Result<(u16, Value)> {
    let agent = agent();
    let request = headers.iter().fold(agent.get(url), |request, (name, value)| request.header(*name, *value));
    let mut answer = request.call()?;
    Ok((answer.status().as_u16(), serde_json::from_str(&answer.body_mut().read_to_string()?)?))
}

/// The account's containers are for who has a good token.
fn is_good(azure: &Azure, token: &Value) -> Result<()> {
    let token = token.as_str().context("a token is text")?;
    let request = agent().get(format!("{}?comp=list", azure.url())).header("x-ms-version", "2023-11-03");
    let status = request.header("authorization", format!("Bearer {token}")).call()?.status();
    ensure!(status == 200, "the blobs answered {status}");
    Ok(())
}

#[test]
fn an_application_with_a_secret() -> Result<()> {
    with_azure(|azure| {
        let (status, answer) = entra(azure, TENANT, &[GRANT, CLIENT, SECRET, SCOPE])?;
        ensure!(
            status == 200 && answer["expires_in"] == 3599 && answer["token_type"] == "Bearer",
            "{answer}"
        );
        is_good(azure, &answer["access_token"])?;
        ensure!(azure.tokens().count() == 1);
        let requests = azure.tokens().requests();
        ensure!(requests.len() == 1 && requests[0].body.contains("client_id=2b7cc0de"), "{requests:?}");

        for (tenant, form, status, error, number) in [
            ("other", &[GRANT, CLIENT, SECRET, SCOPE], 400, "invalid_request", 90002),
            (TENANT, &[GRANT, CLIENT, ("client_secret", "x"), SCOPE], 401, "invalid_client", 7000215),
            (TENANT, &[GRANT, ("client_id", "x"), SECRET, SCOPE], 400, "unauthorized_client", 700016),
            (TENANT, &[GRANT, CLIENT, SECRET, ("scope", "storage")], 400, "invalid_scope", 1002012),
            (TENANT, &[GRANT, CLIENT, SECRET, ("resource", "storage")], 400, "invalid_request", 900144),
            (
                TENANT,
                &[("grant_type", "password"), CLIENT, SECRET, SCOPE],
                400,
                "unsupported_grant_type",
                70003,
            ),
            (TENANT, &[GRANT, CLIENT, JWT, SCOPE], 401, "invalid_client", 7000218),
        ] {
            let (found, answer) = entra(azure, tenant, form)?;
            ensure!((found, &answer["error"]) == (status, &error.into()), "{found} {answer}");
            ensure!(answer["error_codes"] == serde_json::json!([number]), "{answer}");
        }
        ensure!(azure.tokens().count() == 1);
        Ok(())
    })
}

#[test]
fn an_application_with_an_assertion() -> Result<()> {
    with_azure(|azure| {
        let with = |assertion: &str| {
            entra(azure, TENANT, &[GRANT, CLIENT, ("client_assertion", assertion), JWT, SCOPE])
        };
        let (status, answer) = with(ASSERTION)?;
        ensure!(status == 200, "{answer}");
        is_good(azure, &answer["access_token"])?;

        let fresh = agent().get(azure.assertion_url()).call()?.body_mut().read_to_string()?;
        let url = format!("{}&audience=api://AzureADTokenExchange", azure.github_assertion_url());
        let bearer = format!("bearer {ASSERTION_REQUEST_TOKEN}");
        let (_, github) = get(&url, &[("authorization", &bearer)])?;
        for assertion in [fresh.as_str(), github["value"].as_str().context("text")?] {
            let (status, answer) = with(assertion)?;
            ensure!(status == 200, "{answer}");
        }
        ensure!(get(&url, &[])?.0 == 401);

        azure.shift_clock(3600);
        let (status, answer) = with(&fresh)?;
        ensure!(status == 401 && answer["error_codes"] == serde_json::json!([700024]), "{answer}");
        Ok(())
    })
}

#[test]
fn a_virtual_machine() -> Result<()> {
    with_azure(|azure| {
        let ask = |query: &str, headers: &[(&str, &str)]| {
            get(&format!("{}/metadata/identity/oauth2/token?{query}", azure.imds()), headers)
        };
        let (version, metadata) = ("api-version=2018-02-01", ("metadata", "true"));
        let query = format!("{version}&resource=https%3A%2F%2Fstorage.azure.com%2F");
        let (status, answer) = ask(&query, &[metadata])?;
        ensure!(
            status == 200 && answer["expires_in"] == "3599" && answer["expires_on"].is_string(),
            "{answer}"
        );
        is_good(azure, &answer["access_token"])?;
        let (status, _) = ask(&format!("{query}&client_id={CLIENT_ID}"), &[metadata])?;
        ensure!(status == 200);

        for (query, headers, error) in [
            (query.as_str(), &[][..], "invalid_request"),
            (&query, &[metadata, ("x-forwarded-for", "10.0.0.1")], "invalid_request"),
            (&format!("{query}&client_id=other"), &[metadata], "invalid_request"),
            ("resource=https://storage.azure.com", &[metadata], "invalid_request"),
            (version, &[metadata], "invalid_request"),
            (&format!("{version}&resource=https://example.com"), &[metadata], "invalid_resource"),
        ] {
            let (status, answer) = ask(query, headers)?;
            ensure!(status == 400 && answer["error"] == error, "{query}: {status} {answer}");
        }
        Ok(())
    })
}

#[test]
fn an_app_service() -> Result<()> {
    with_azure(|azure| {
        let ask = |query: &str, header: &str| {
            get(&format!("{}?{query}", azure.identity_endpoint()), &[("x-identity-header", header)])
        };
        let query = "api-version=2019-08-01&resource=https://storage.azure.com";
        let (status, answer) = ask(query, IDENTITY_HEADER)?;
        ensure!(status == 200 && answer["expires_on"].is_string(), "{answer}");
        is_good(azure, &answer["access_token"])?;
        ensure!(ask(query, "wrong")?.0 == 401);
        ensure!(ask("resource=https://storage.azure.com", IDENTITY_HEADER)?.0 == 400);
        Ok(())
    })
}

//! What it saves to serve many requests with one instance: a token lives as long as the instance that asked for it.

use std::net::SocketAddr;

use anyhow::Result;
use plugboard_harness::Run;

use super::{SMALL, SMALL_ONES, path, transfer};
use crate::app::{App, Form};
use crate::measured::quantile;
use crate::table::Row;

/// Far above what one instance gets to see here.
const REUSE: &str = "1000";

pub fn measure(run: &Run, files: &App, far: SocketAddr) -> Result<Vec<Row>> {
    // Issues the tokens; the storage that it is a front of as well is not asked.
    let azure = azure_strict::Config::new(far).serve()?;
    let settings = [
        ("azure-endpoint", format!("http://{far}/bench")),
        ("azure-account", "bench".to_owned()),
        ("azure-authority", azure.authority()),
        ("azure-tenant", azure_strict::TENANT.to_owned()),
        ("azure-client-id", azure_strict::CLIENT_ID.to_owned()),
        ("azure-client-secret", azure_strict::CLIENT_SECRET.to_owned()),
        ("azure-check-container", "false".to_owned()),
    ];
    let mut rows = Vec::new();
    for (name, flags) in [("fresh", &[][..]), ("reused", &["--max-instance-reuse-count", REUSE])] {
        let server = files.serve(run, Form::Compiled, 0, &settings, flags)?;
        let before = azure.tokens().count();
        let times = (0..SMALL_ONES).map(|_| Ok(transfer::down(server.addr(), &path(SMALL), SMALL)? * 1e3));
        let times = times.collect::<Result<Vec<_>>>()?;
        let tokens = (azure.tokens().count() - before) as f64;
        let row = |what: &str, unit, sample| {
            Row::new(format!("files with a client secret, {name} instance: {what}"), unit, &[sample])
        };
        rows.push(row(&format!("{SMALL_ONES} downloads"), "tokens asked for", tokens));
        rows.push(row("download 4 KiB, p50", "ms", quantile(times.into_iter(), 0.5)));
    }
    Ok(rows)
}

//! Apps that import an environment, files and sockets: on a host that has them, and on one that has not.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::{fs, thread};

use anyhow::{Result, ensure};
use plugboard_harness::Run;
use plugboard_harness::components::{component, targets};
use plugboard_harness::http::request;
use plugboard_harness::servers::{Serve, Wasmtime};
use welded::{VERSIONS, chain, old_wasi, sealed, serve, works};

/// Files and sockets are the host's, with streams of the plug.
#[test]
fn an_app_has_the_hosts_files_and_sockets() -> Result<()> {
    Run::scope("welded-cli", |run| {
        let app = chain(run, &component("spool-cli")?, &[&component("toy-blobs-cli")?])?;
        for version in VERSIONS {
            let folder = run.path().join("folder");
            fs::create_dir_all(&folder)?;
            let listener = TcpListener::bind("127.0.0.1:0")?;
            let port = listener.local_addr()?.port();
            let echo = thread::spawn(move || -> Result<()> {
                let (mut peer, mut heard) = (listener.accept()?.0, [0; 4]);
                peer.read_exact(&mut heard)?;
                Ok(peer.write_all(&heard)?)
            });
            let mount = format!("{}::/", folder.display());
            let flags = ["-S", "cli,inherit-network", "--dir", &mount, "--env", "A=b"];
            let server = serve(run, &app, version, &flags)?;
            works(&server)?;
            let report = report(&server, port)?;
            echo.join().expect("it does not panic")?;
            for line in ["file written and appended", "tcp ping", "directories 1"] {
                ensure!(report.contains(line), "no `{line}` in {report}");
            }
            ensure!(report.contains("(\"A\", \"b\")"), "{report}");
            ensure!(fs::read_to_string(folder.join("note"))? == "written and appended");
            ensure!(server.server().log().contains("a report"), "{}", server.server().log());
        }
        Ok(())
    })
}

/// A host without `-S cli` takes the app once it is plugged with nothing; whatever else it is plugged with.
#[test]
fn an_app_does_without() -> Result<()> {
    Run::scope("welded-empty", |run| {
        let blobs = sealed(run, "toy-blobs", "of the seal")?;
        for app in [component("spool-cli")?, old_wasi(run, "spool-cli")?] {
            let app = chain(run, &app, &[&component("cli-empty")?, &blobs])?;
            targets(&app, "sealed")?;
            empty(run, &app)?;
        }
        Ok(())
    })
}

fn empty(run: &Run, app: &Path) -> Result<()> {
    let expected = "now true\nvariables []\narguments 0\nterminal false\nseeds differ true\nrandom 9 true\ndirectories 0\n\
                    file none\nname access-denied (error 1)\nudp access-denied (error 1)\ntcp access-denied (error 1)";
    for version in VERSIONS {
        let server = Serve { version, ..Serve::new(app) }.start(run)?;
        works(&server)?;
        let report = report(&server, 1)?;
        ensure!(report == expected, "{report}");
    }
    Ok(())
}

fn report(server: &Wasmtime, port: u16) -> Result<String> {
    Ok(request("GET", &format!("{}/cli/{port}", server.url()), "")?.1)
}

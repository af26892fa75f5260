//! Moto, an imitation of Amazon's services, which checks signatures. What it takes and Amazon refuses, `aws-strict`
//! refuses in front of it.

use std::{
    net::SocketAddr,
    ops::{Deref, DerefMut},
    process::Command,
};

use anyhow::{Result, ensure};

use super::Service;
use crate::{Run, Server, tools};

/// Moto with one user, who may do everything, and nothing else. All is in memory.
pub struct Moto {
    service: Service,
}

/// Whatever moto makes by chance follows from this number, and so do the user's keys.
const SEED: &str = "1";
const POLICY: &str = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22\
                      %3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%5D%7D";

/// It keeps all that it ever held, also what was deleted; and whatever else it keeps, the machine has other things to
/// do.
const START: &str = r"
import resource, sys
from moto.core.common_models import BaseModel
from moto.server import main
BaseModel.__new__ = lambda cls, *_, **__: object.__new__(cls)
if sys.platform == 'linux':
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
main(sys.argv[1:])
";

impl Moto {
    pub const ACCESS_KEY_ID: &str = "AKIARZPUZDIKGTS7ZC6P";
    pub const SECRET_ACCESS_KEY: &str = "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";
    /// Signatures for any region are taken.
    pub const REGION: &str = "us-east-1";

    pub fn start(run: &Run) -> Result<Moto> {
        Self::start_changed(run, "")
    }

    /// The same, changed before by a program in Python.
    pub fn start_changed(run: &Run, changes: &'static str) -> Result<Moto> {
        let service = Service::start(run, move |run, port| {
            let mut command = Command::new(tools::python_aws()?);
            let program = [changes, START].concat();
            command.args(["-c", &program, "-H", "127.0.0.1", "-p", &port.to_string()]);
            // It would take the first label of the address for a bucket's name.
            command.env("S3_IGNORE_SUBDOMAIN_BUCKETNAME", "true").env("PYTHONUNBUFFERED", "1");
            let ready = |server: &Server| server.line("Running on ");
            let (server, _) = Server::start(run, "moto", command, ready)?;
            make_user(([127, 0, 0, 1], port).into())?;
            Ok(server)
        })?;
        Ok(Moto { service })
    }

    /// Of every service: no trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }
}

/// Whose signatures are checked from then on.
fn make_user(addr: SocketAddr) -> Result<()> {
    post(addr, &format!("/moto-api/seed?a={SEED}"), "")?;
    let user = "UserName=plugboard&Version=2010-05-08";
    post(addr, "/", &format!("Action=CreateUser&{user}"))?;
    let keys = post(addr, "/", &format!("Action=CreateAccessKey&{user}"))?;
    ensure!(
        keys.contains(Moto::ACCESS_KEY_ID) && keys.contains(Moto::SECRET_ACCESS_KEY),
        "other keys: {keys}"
    );
    post(addr, "/", &format!("Action=PutUserPolicy&{user}&PolicyName=all&PolicyDocument={POLICY}"))?;
    post(addr, "/moto-api/reset-auth", "0")?;
    Ok(())
}

fn post(addr: SocketAddr, path: &str, body: &str) -> Result<String> {
    // The environment's proxy is not for 127.0.0.1.
    let agent = ureq::Agent::config_builder().proxy(None).build().new_agent();
    // By this it knows which service is meant.
    let authorization =
        "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x";
    let content_type = if path == "/" { "application/x-www-form-urlencoded" } else { "text/plain" };
    let request = agent.post(format!("http://{addr}{path}")).header("authorization", authorization);
    Ok(request.content_type(content_type).send(body)?.body_mut().read_to_string()?)
}

impl Deref for Moto {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl DerefMut for Moto {
    fn deref_mut(&mut self) -> &mut Service {
        &mut self.service
    }
}

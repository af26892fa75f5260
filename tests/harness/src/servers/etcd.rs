//! etcd, one member that is a cluster.

use std::{
    ops::{Deref, DerefMut},
    process::Command,
};

use anyhow::Result;

use super::Service;
use crate::{
    Run, Server,
    components::{done, said},
    process::http_status,
    tools,
};

/// What differs from etcd's own defaults.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// A user with a role that may read and write every key, and the password; without one there are no users.
    pub user: Option<(&'a str, &'a str)>,
    /// For how many seconds after its last use a token is good, which is checked once a second (`--auth-token-ttl`).
    pub token_seconds: Option<u32>,
}

/// An etcd with nothing in it but users. What is written is there after [`Service::restart`].
pub struct Etcd {
    service: Service,
    /// Name and password, if there are users.
    root: Option<String>,
}

/// The user and the role that there must be, if there are any; the password, too.
const ROOT: &str = "root";

impl Etcd {
    pub fn start(run: &Run, options: Options) -> Result<Etcd> {
        let token_seconds = options.token_seconds;
        let service = Service::start(run, move |run, port| {
            let url = format!("http://127.0.0.1:{port}");
            let mut command = Command::new(tools::etcd()?);
            command.args(["--data-dir", &format!("etcd-{port}")]);
            command.args(["--listen-client-urls", &url, "--advertise-client-urls", &url]);
            // Nobody will ask there.
            command.args(["--listen-peer-urls", "http://127.0.0.1:0"]);
            // The least that it takes: passwords are not what is tested.
            command.args(["--bcrypt-cost", "4"]);
            if let Some(seconds) = token_seconds {
                command.args(["--auth-token-ttl", &seconds.to_string()]);
            }
            let health = format!("{url}/health");
            let ready = |_: &Server| http_status(&health).filter(|status| *status == 200);
            Ok(Server::start(run, "etcd", command, ready)?.0)
        })?;
        let mut etcd = Etcd { service, root: None };
        if let Some((user, password)) = options.user {
            for (name, password) in [(ROOT, ROOT), (user, password)] {
                etcd.ctl(&["user", "add", &format!("{name}:{password}")])?;
            }
            etcd.ctl(&["user", "grant-role", ROOT, ROOT])?;
            etcd.ctl(&["role", "add", "all"])?;
            // Every key that is not less than the first.
            etcd.ctl(&["role", "grant-permission", "all", "readwrite", "", "--prefix"])?;
            etcd.ctl(&["user", "grant-role", user, "all"])?;
            etcd.ctl(&["auth", "enable"])?;
            etcd.root = Some(format!("{ROOT}:{ROOT}"));
        }
        Ok(etcd)
    }

    /// For `etcd-url`: no path, no trailing slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// `etcdctl`, as a user who may do everything: what it prints.
    pub fn ctl(&self, args: &[&str]) -> Result<String> {
        let mut command = Command::new(tools::etcdctl()?);
        command.env("ETCDCTL_API", "3").args(["--endpoints", &self.url()]);
        if let Some(root) = &self.root {
            command.args(["--user", root]);
        }
        Ok(said(&done(command.args(args))?))
    }
}

impl Deref for Etcd {
    type Target = Service;

    fn deref(&self) -> &Service {
        &self.service
    }
}

impl DerefMut for Etcd {
    fn deref_mut(&mut self) -> &mut Service {
        &mut self.service
    }
}

//! What `cargo xtask publish` pushes can be pulled, composed and served with stock tools alone.

use std::process::Command;

use anyhow::{Result, ensure};
use plugboard_harness::components::{component, done, plug, root};
use plugboard_harness::servers::{Redis, Registry, Serve, Webdis, webdis};
use plugboard_harness::{Run, tools};
use serde_json::Value;

#[test]
fn pushed_components_come_back_compose_and_serve() -> Result<()> {
    Run::scope("oci", |run| {
        let registry = Registry::start(run)?;
        let host = registry.addr().to_string();
        let mut publish = Command::new(env!("CARGO"));
        publish.current_dir(root()).args(["xtask", "publish", "--insecure", "--registry", &host]);
        done(&mut publish)?;

        let manifest = get(&format!("http://{host}/v2/plugboard/kv-redis/manifests/0.1.0"))?;
        let annotations = &serde_json::from_str::<Value>(&manifest)?["annotations"];
        for (key, value) in [
            ("title", "kv-redis"),
            ("version", "0.1.0"),
            ("licenses", "Apache-2.0 WITH LLVM-exception"),
            (
                "description",
                "wasi:keyvalue on Redis, over an HTTP gateway: Webdis, or Upstash's REST interface",
            ),
        ] {
            let found = &annotations[format!("org.opencontainers.image.{key}")];
            ensure!(found == value, "{key} is {found}");
        }

        let pulled = run.path().join("kv-redis.wasm");
        let mut pull = Command::new(tools::wkg()?);
        pull.args(["oci", "pull", "--insecure", &host, "--output"]).arg(&pulled);
        done(pull.arg(format!("{host}/plugboard/kv-redis:0.1.0")))?;

        let composed = run.path().join("out.wasm");
        plug(&component("favorites")?, &[&pulled], &composed)?;

        let redis = Redis::start(run)?;
        let webdis = Webdis::start(run, &redis, webdis::Options::default())?;
        redis.cli(&["SET", "profile:ada", r#"{"likes":["looms"]}"#])?;
        let config = [("redis-url", webdis.url())];
        let app = Serve { config: Some(&config), ..Serve::new(&composed) }.start(run)?;
        let answer: Value = serde_json::from_str(&get(&format!("{}/users/ada", app.url()))?)?;
        ensure!(answer["profile"]["likes"][0] == "looms" && answer["visits"] == 1, "{answer}");
        Ok(())
    })
}

fn get(url: &str) -> Result<String> {
    let request = ureq::get(url).header("accept", "application/vnd.oci.image.manifest.v1+json");
    Ok(request.call()?.body_mut().read_to_string()?)
}

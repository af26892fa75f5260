//! A provider is its four files, and only crates/http speaks HTTP.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use plugboard_harness::components::root;
use rules::folders;

#[test]
fn a_provider_has_the_same_four_files() -> Result<()> {
    for (name, folder) in folders("providers")? {
        if !(name.starts_with("kv-") || name.starts_with("blob-")) {
            continue;
        }
        for file in ["lib", "config", "wire", "store"] {
            let one = folder.join(format!("src/{file}.rs"));
            let many = folder.join(format!("src/{file}/mod.rs"));
            ensure!(one.is_file() || many.is_file(), "providers/{name} has no src/{file}.rs");
        }
    }
    Ok(())
}

#[test]
fn a_readme_says_in_line_three_what_the_manifest_says() -> Result<()> {
    for (name, folder) in folders("providers")? {
        let readme =
            std::fs::read_to_string(folder.join("README.md")).with_context(|| format!("{name}/README.md"))?;
        let line = readme.lines().nth(2).unwrap_or_default().trim_end_matches('.');
        let description =
            manifest(&folder)?["package"]["description"].as_str().unwrap_or_default().to_owned();
        ensure!(!description.is_empty(), "providers/{name} has no description");
        ensure!(line == description, "providers/{name}/README.md line 3 is `{line}`, not `{description}`");
    }
    Ok(())
}

#[test]
fn every_setting_is_in_the_readme_and_no_other() -> Result<()> {
    for (name, folder) in folders("providers")? {
        let Ok(config) = std::fs::read_to_string(folder.join("src/config.rs")) else { continue };
        let readme = std::fs::read_to_string(folder.join("README.md"))?;
        let prefix = name.split_once('-').context("a provider is called kv-… or blob-…")?.1;
        // What it reads itself, what it lets the credentials of its cloud read, and what all of its interface have.
        let mut codes = vec![config.clone()];
        for cloud in ["aws", "azure"] {
            if config.contains(&format!("{cloud}::NAMES")) {
                let path = root().join(format!("crates/credentials/src/{cloud}/settings.rs"));
                codes.push(std::fs::read_to_string(path)?);
            }
        }
        if config.contains("Policy::NAMES") {
            codes.push(std::fs::read_to_string(root().join("crates/blobstore/src/policy.rs"))?);
        }
        let (mut in_code, mut in_list) = (vec![], vec![]);
        for code in &codes {
            in_code.extend(between(code, "settings.", |rest| {
                let (_, rest) =
                    rest.split_once("(\"").filter(|(method, _)| method.chars().all(|c| c.is_alphabetic()))?;
                Some(format!("{prefix}-{}", rest.split_once('"')?.0))
            }));
            let names = code
                .split_once("const NAMES")
                .and_then(|(_, rest)| rest.split_once("] =")?.1.split_once("];"));
            let (names, _) =
                names.with_context(|| format!("providers/{name} has no list of its settings"))?;
            in_list
                .extend(between(names, "\"", |rest| Some(format!("{prefix}-{}", rest.split_once('"')?.0))));
        }
        let mut in_table = between(&readme, "\n| `", |rest| {
            Some(rest.split_once('`')?.0.to_owned()).filter(|key| key.starts_with(prefix))
        });
        // Every second piece is what stands between two names.
        in_list.retain(|key| !key.contains(','));
        for keys in [&mut in_code, &mut in_table, &mut in_list] {
            keys.sort();
            keys.dedup();
        }
        ensure!(
            !in_code.is_empty() && in_code == in_table && in_code == in_list,
            "providers/{name}: read {in_code:?}, documented {in_table:?}, listed {in_list:?}"
        );
    }
    Ok(())
}

#[test]
fn only_crates_http_uses_wasi_http() -> Result<()> {
    for parent in ["crates", "providers"] {
        for (name, folder) in folders(parent)? {
            if (parent, name.as_str()) == ("crates", "http") {
                continue;
            }
            for_each_source(&folder.join("src"), &mut |path, text| {
                // Types of wasi:http pass through the blobstore's streams; requests are made in one place.
                let speaks = text.contains("outgoing_handler");
                ensure!(!speaks, "{} makes requests; that is for crates/http", path.display());
                Ok(())
            })?;
        }
    }
    Ok(())
}

#[test]
fn every_guest_takes_the_lints() -> Result<()> {
    let guests = folders("crates")?.into_iter().chain(folders("providers")?);
    for (name, folder) in guests {
        let takes = manifest(&folder)?.get("lints").and_then(|l| l.get("workspace")?.as_bool());
        ensure!(takes == Some(true), "{name} has no `[lints] workspace = true`");
    }
    Ok(())
}

#[test]
fn sources_stay_short() -> Result<()> {
    for parent in ["crates", "providers", "examples", "tests", "xtask"] {
        for_each_source(&root().join(parent), &mut |path, text| {
            let lines = text.lines().count();
            ensure!(lines <= 500, "{} has {lines} lines, 500 are the most", path.display());
            Ok(())
        })?;
    }
    Ok(())
}

fn manifest(folder: &Path) -> Result<toml::Table> {
    Ok(std::fs::read_to_string(folder.join("Cargo.toml"))?.parse()?)
}

/// What `take` makes of the text behind each occurrence of `marker`.
fn between(text: &str, marker: &str, take: impl Fn(&str) -> Option<String>) -> Vec<String> {
    text.match_indices(marker).filter_map(|(at, _)| take(&text[at + marker.len()..])).collect()
}

fn for_each_source(folder: &Path, check: &mut dyn FnMut(&Path, &str) -> Result<()>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("node_modules") {
            for_each_source(&path, check)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            check(&path, &std::fs::read_to_string(&path)?)?;
        }
    }
    Ok(())
}

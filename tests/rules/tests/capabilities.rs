//! The tables of the README are what the providers declare, which is what the conformance suite holds them to.

use anyhow::{Context, Result, bail, ensure};
use plugboard_harness::components::root;
use rules::{folders, golden_file};
use toml::{Table, Value};

/// What a row is called, the rule whose trials prove it, and the cell of a provider that declares this.
struct Row(&'static str, &'static str, fn(&Table) -> Result<String>);

const KEYVALUE: &[Row] = &[
    Row("compare-and-swap", "kv.cas.aba", |of| match text(of, "cas")? {
        "version" => Ok("versions".to_owned()),
        "value" => Ok("values: one that changed and changed back passes for unchanged".to_owned()),
        other => bail!("no `cas` is `{other}`"),
    }),
    Row("atomic batch", "kv.set-many", |of| {
        let set = pairs(batch(of, "set"));
        match text(of, "atomic-batch")? {
            "all" => Ok(set),
            "set" => Ok(format!("{set}; `get-many` is not")),
            "none" => Ok("no".to_owned()),
            other => bail!("no `atomic-batch` is `{other}`"),
        }
    }),
    Row("requests of an `increment`", "kv.requests", |of| Ok(requests(of, "increment").to_string())),
    Row("pairs in a request: of `get-many`, `set-many`, `delete-many`", "kv.requests", |of| {
        let limits = ["get", "set", "delete"].map(|kind| batch(of, kind));
        if limits.iter().all(|limit| *limit == limits[0]) {
            return Ok(limits[0].map_or("all".to_owned(), |limit| limit.to_string()));
        }
        Ok(limits.map(|limit| limit.map_or("all".to_owned(), |limit| limit.to_string())).join(", "))
    }),
    Row("a cursor of draft, a `u64`, is good for", "kv.list", |of| match text(of, "draft-cursor")? {
        "native" => Ok("as long as the service's".to_owned()),
        "instance" => Ok("one instance: by default of `wasmtime serve`, one request".to_owned()),
        other => bail!("no `draft-cursor` is `{other}`"),
    }),
    Row("longest key", "kv.keys", |of| Ok(number(of, "max-key").map_or("64 KiB and more".to_owned(), bytes))),
    Row("largest value", "kv.values", |of| {
        Ok(number(of, "max-value").map_or("by a setting".to_owned(), bytes))
    }),
    Row("pairs can expire", "kv.ttl", |of| {
        let can = of.get("ttl").and_then(Value::as_bool).unwrap_or(false);
        Ok(if can { "yes" } else { "no" }.to_owned())
    }),
    Row("consistency", "kv.read-your-writes", |of| Ok(text(of, "consistency")?.to_owned())),
    Row("authentication", "all.secrets", auth),
];

const BLOBSTORE: &[Row] = &[
    Row("largest object, with default blocks", "blob.stream", |of| {
        Ok(bytes(number(of, "max-object").context("no `max-object`")?))
    }),
    Row("requests of an upload, beside its blocks", "blob.requests", |of| {
        Ok(requests(of, "upload").to_string())
    }),
    Row("names in a request that deletes", "blob.requests", |of| {
        Ok(number(of, "delete-many").unwrap_or(1).to_string())
    }),
    Row("longest name", "blob.names", |of| {
        let unit = if of.contains_key("max-name-bytes") { "bytes" } else { "UTF-16 units" };
        let longest = number(of, "max-name-bytes").or_else(|| number(of, "max-name"));
        Ok(format!("{} {unit}", longest.context("no longest name")?))
    }),
    Row("names with `.` and `..` as segments", "blob.names", |of| yes(of, "dot-segments")),
    Row("names with `\\`", "blob.names", |of| yes(of, "backslash")),
    Row("`created-at` of a container", "blob.info", |of| match text(of, "created-at")? {
        "all" => Ok("its creation".to_owned()),
        "object" => Ok("its last change".to_owned()),
        other => bail!("no `created-at` is `{other}`"),
    }),
    Row("consistency", "blob.finish", |of| Ok(text(of, "consistency")?.to_owned())),
    Row("authentication", "all.secrets", auth),
];

#[test]
fn the_tables_of_the_readme_are_what_providers_declare() -> Result<()> {
    let path = root().join("README.md");
    let mut readme = std::fs::read_to_string(&path)?;
    for (stem, rows) in [("kv", KEYVALUE), ("blob", BLOBSTORE)] {
        let (begin, end) = (format!("<!-- {stem}: made by `cargo xtask bless` -->\n"), "<!-- end -->\n");
        let (before, rest) =
            readme.split_once(&begin).with_context(|| format!("no `{begin}` in README.md"))?;
        let (_, after) = rest.split_once(end).with_context(|| format!("no `{end}` after `{begin}`"))?;
        readme = [before, &begin, &table(stem, rows)?, end, after].concat();
    }
    golden_file(&path, &readme)
}

fn table(stem: &str, rows: &[Row]) -> Result<String> {
    let semantics = std::fs::read_to_string(root().join("docs/semantics.md"))?;
    let providers = providers(stem)?;
    let names = providers.iter().map(|(name, _)| format!(" [{name}](providers/{name}) |"));
    let mut text = format!("| |{}\n| --- |{}\n", names.collect::<String>(), " --- |".repeat(providers.len()));
    for Row(name, rule, cell) in rows {
        ensure!(semantics.contains(&format!("\n### {rule}\n")), "docs/semantics.md has no rule `{rule}`");
        let anchor = rule.replace('.', "");
        text.push_str(&format!("| {name} ([{rule}](docs/semantics.md#{anchor})) |"));
        for (provider, declared) in &providers {
            let cell = cell(declared).with_context(|| format!("`{name}` of {provider}"))?;
            text.push_str(&format!(" {cell} |"));
        }
        text.push('\n');
    }
    Ok(text)
}

/// The names of an interface's providers, and what each declares.
fn providers(stem: &str) -> Result<Vec<(String, Table)>> {
    let mut found = Vec::new();
    for (name, folder) in folders("providers")? {
        if name.starts_with(&format!("{stem}-")) {
            let manifest: Table = std::fs::read_to_string(folder.join("Cargo.toml"))?.parse()?;
            let declared = &manifest["package"]["metadata"]["plugboard"]["capabilities"];
            found.push((name, declared.as_table().context("capabilities are a table")?.clone()));
        }
    }
    Ok(found)
}

fn text<'a>(of: &'a Table, name: &str) -> Result<&'a str> {
    of.get(name).and_then(Value::as_str).with_context(|| format!("there is no text `{name}`"))
}

fn number(of: &Table, name: &str) -> Option<u64> {
    of.get(name)?.as_integer()?.try_into().ok()
}

fn yes(of: &Table, name: &str) -> Result<String> {
    let is = of.get(name).and_then(Value::as_bool).with_context(|| format!("there is no `{name}`"))?;
    Ok(if is { "yes" } else { "no" }.to_owned())
}

fn requests(of: &Table, operation: &str) -> u64 {
    of.get("requests").and_then(Value::as_table).and_then(|of| number(of, operation)).unwrap_or(1)
}

fn batch(of: &Table, kind: &str) -> Option<u64> {
    number(of.get("batch")?.as_table()?, kind)
}

fn pairs(limit: Option<u64>) -> String {
    limit.map_or("of any size".to_owned(), |limit| format!("of {limit} pairs"))
}

fn auth(of: &Table) -> Result<String> {
    let ways = of.get("auth").and_then(Value::as_array).context("there is no `auth`")?;
    Ok(ways.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "))
}

/// In the largest unit in which it is more than one, rounded down to a hundredth.
fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let unit = (0..UNITS.len()).rev().find(|unit| count >= 1 << (10 * unit)).unwrap_or(0);
    let hundredths = u128::from(count) * 100 / (1 << (10 * unit));
    let number = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    format!("{} {}", number.trim_end_matches('0').trim_end_matches('.'), UNITS[unit])
}

#[test]
fn sizes_are_in_a_unit_that_suits_them() {
    for (count, text) in [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1_572_864, "1.5 MiB"),
        ((1 << 20) - 1, "1023.99 KiB"),
        (1_571_840, "1.49 MiB"),
        (1 << 40, "1 TiB"),
    ] {
        assert_eq!(bytes(count), text);
    }
}

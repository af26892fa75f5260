//! How large the components are.

use std::io::Write as _;
use std::path::Path;

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use plugboard_harness::components::component;

use crate::bench::Bench;
use crate::table::Row;

/// The bytes of kv-redis at most, in all its variants.
const RAW: f64 = 110_000.0;
const GZIP: f64 = 45_000.0;
/// Those of blob-azure.
const BLOBS: f64 = 200_000.0;

pub fn shipped(names: &[String]) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for name in names {
        let [raw, gzip] = sizes(&component(name)?)?;
        let [raw, gzip] = [
            Row::new(format!("size: {name}.wasm"), "bytes", &[raw]),
            Row::new(format!("size: {name}.wasm, gzip -9"), "bytes", &[gzip]),
        ];
        if name.starts_with("kv-redis") {
            rows.extend([raw.at_most(RAW), gzip.at_most(GZIP)]);
        } else if name == "blob-azure" {
            rows.extend([raw.at_most(BLOBS), gzip]);
        } else {
            rows.extend([raw, gzip]);
        }
    }
    Ok(rows)
}

pub fn composed(bench: &Bench) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let (plugged, by_hand) = (sizes(&bench.plugged.wasm)?, sizes(&bench.by_hand.wasm)?);
    let favorites = sizes(&bench.favorites.wasm)?;
    for (i, how) in ["", ", gzip -9"].into_iter().enumerate() {
        rows.push(Row::new(format!("size: favorites + kv-redis{how}"), "bytes", &[favorites[i]]));
        rows.push(Row::pair(format!("size: pipe + kv-redis{how}"), "bytes", &[plugged[i]], &[by_hand[i]]));
    }
    Ok(rows)
}

/// Raw, and by `gzip -9`.
fn sizes(path: &Path) -> Result<[f64; 2]> {
    let bytes = std::fs::read(path)?;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&bytes)?;
    Ok([bytes.len() as f64, gzip.finish()?.len() as f64])
}

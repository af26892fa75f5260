//! What the provider writes another client reads, and the other way round, byte for byte.

use anyhow::{Context as _, Result};
use probe::Data;

use super::{absent, holds};
use crate::blobstore::app::pattern;
use crate::blobstore::{Case, Cx};
use crate::check::equal;

const MIB: u64 = 1 << 20;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("blob.finish", "sizes-around-a-block", around_a_block).credentials(),
        Case::each("blob.finish", "sizes-around-a-block-as-it-is-by-itself", around_a_large_block),
        Case::each("blob.finish", "every-byte", every_byte),
        Case::each("blob.stream", "64-MiB-in-both-directions", |cx| large(cx, 64 * MIB + 1)),
        Case::each("blob.stream", "256-MiB-in-both-directions", |cx| large(cx, 256 * MIB)),
    ]
}

fn both_ways(cx: &Cx, settings: &[(&str, &str)], sizes: &[u64]) -> Result<()> {
    let session = cx.app_with(settings)?.session();
    let container = session.container(cx.shared())?;
    for &size in sizes {
        let (ours, theirs) = (cx.key(&format!("ours-{size}")), cx.key(&format!("theirs-{size}")));
        let (first, second) = (pattern(size, size), pattern(size + 1, size));
        let check = || -> Result<()> {
            container.put(&ours, &first)?;
            holds(cx, &ours, &first)?;
            equal("what the app reads of its own", container.get(&ours)?, first.data())?;
            cx.outside().put(cx.shared(), &theirs, &second.bytes())?;
            equal("what the app reads", container.get(&theirs)?, second.data())?;
            // Each replaces the other's.
            container.put(&theirs, &first)?;
            holds(cx, &theirs, &first)?;
            for name in [&ours, &theirs] {
                cx.outside().delete(cx.shared(), name)?;
                absent(cx, name)?;
                equal("has-object", container.has(name)?, false)?;
            }
            Ok(())
        };
        check().with_context(|| format!("an object of {size} bytes"))?;
    }
    Ok(())
}

fn around_a_block(cx: &Cx) -> Result<()> {
    let block = cx.fixture().block();
    both_ways(
        cx,
        &[],
        &[0, 1, block - 1, block, block + 1, 2 * block - 1, 2 * block, 2 * block + 1, 7 * block + 3],
    )
}

fn around_a_large_block(cx: &Cx) -> Result<()> {
    let block = cx.fixture().default_block();
    both_ways(cx, &[("block-size", "")], &[block - 1, block, block + 1, 2 * block + 1])
}

fn every_byte(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let bytes = (0..=255).chain((0..=255).rev()).collect::<Vec<u8>>();
    container.put(&cx.key("ours"), &bytes.as_slice().into())?;
    holds(cx, &cx.key("ours"), &bytes.as_slice().into())?;
    cx.outside().put(cx.shared(), &cx.key("theirs"), &bytes)?;
    equal("what the app reads", container.get(&cx.key("theirs"))?, Data::of(&bytes))
}

fn large(cx: &Cx, size: u64) -> Result<()> {
    let session = cx.app_with(&[("block-size", "")])?.session();
    let container = session.container(cx.shared())?;
    let (name, content) = (cx.key("k"), pattern(1, size));
    let data = content.data();
    container.put(&name, &content)?;
    equal("what another client reads", super::outside(cx, &name)?, Some(data.clone()))?;
    cx.outside().put(cx.shared(), &name, &content.bytes())?;
    equal("what the app reads", container.get(&name)?, data)?;
    cx.outside().delete(cx.shared(), &name)
}

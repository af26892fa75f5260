use anyhow::{Context as _, Result};
use probe::keyvalue::Draft;

use super::some;
use crate::check::equal;
use crate::keyvalue::{Case, Cx, Flavor, Integer};
use crate::reply::failed_with;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("kv.increment", "counts", counts),
        Case::each("kv.increment", "is-decimal-text-for-get-and-set", decimal_text),
        Case::each("kv.increment", "zero-on-missing-creates-zero", zero),
        Case::each("kv.increment", "keeps-every-digit", every_digit),
        Case::each("kv.increment", "of-what-is-no-number-changes-nothing", not_a_number),
        Case::each("kv.increment", "beyond-the-largest-changes-nothing", overflow),
        Case::each("kv.increment", "below-the-smallest-changes-nothing", underflow).only(&[Flavor::Draft2]),
        Case::each("kv.increment", "a-u64-sum-is-not-negative", negative).only(&[Flavor::Draft]),
        Case::each("kv.increment", "a-u64-beyond-the-service's-integers-changes-nothing", beyond_i64)
            .only(&[Flavor::Draft])
            .unless(|p| (p.capabilities.increment == Integer::U64).then_some("the service counts in u64")),
        Case::each("kv.increment", "of-what-is-no-plain-value-changes-nothing", not_plain)
            .unless(|p| (!p.capabilities.other_types).then_some("the service has plain values only")),
    ]
}

/// The kinds that an increment may be refused with.
const REFUSED: &[&str] = &["invalid"];

fn counts(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    let deltas: &[i128] =
        if cx.flavor.draft() == Draft::Draft { &[5, 1, 0, 1000] } else { &[5, 1, 0, 1000, -1, -2000, 3] };
    let mut sum = 0;
    for delta in deltas {
        sum += delta;
        equal("increment", bucket.increment(&key, *delta)?, sum)?;
    }
    equal("get", bucket.get(&key)?, some(sum.to_string()))
}

fn decimal_text(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    equal("increment of a missing key", bucket.increment(&key, 7)?, 7)?;
    equal("get", bucket.get(&key)?, some("7"))?;
    equal("another client's get", cx.outside().get(key.as_bytes())?, some("7"))?;
    bucket.set(&key, "41")?;
    equal("increment after set", bucket.increment(&key, 1)?, 42)?;
    cx.outside().set(key.as_bytes(), b"100")?;
    equal("increment after another client's set", bucket.increment(&key, 1)?, 101)?;
    bucket.delete(&key)?;
    equal("increment after delete", bucket.increment(&key, 3)?, 3)
}

fn zero(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    equal("increment", bucket.increment(&key, 0)?, 0)?;
    equal("get", bucket.get(&key)?, some("0"))
}

/// Doubles lose digits beyond 2^53, and some formats beyond 2^31.
fn every_digit(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let max = i128::from(i64::MAX);
    for start in
        [(1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, max - 3]
    {
        let key = cx.key(&start.to_string());
        equal("increment by it", bucket.increment(&key, start)?, start)?;
        for sum in [start + 1, start + 2, start + 3] {
            equal("increment by 1", bucket.increment(&key, 1)?, sum)?;
        }
        equal("get", bucket.get(&key)?, some((start + 3).to_string()))?;
    }
    Ok(())
}

fn not_a_number(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    let texts = [
        "", "abc", "1.5", "1e3", " 1", "1 ", "1\n", "+1", "0x10", "1,000", "--1", "-", "１", "NaN", "1\0",
        "null",
    ];
    let bytes = [b"\xff".as_slice(), b"1\xff", b"\0"];
    for value in texts.into_iter().map(str::as_bytes).chain(bytes) {
        bucket.set(&key, value)?;
        failed_with(bucket.increment(&key, 1), REFUSED)
            .with_context(|| format!("{:?}", value.escape_ascii()))?;
        equal("get", bucket.get(&key)?, some(value))?;
    }
    Ok(())
}

fn overflow(cx: &Cx) -> Result<()> {
    let max = match cx.provider.capabilities.increment {
        Integer::U64 if cx.flavor.draft() == Draft::Draft => i128::from(u64::MAX),
        _ => i128::from(i64::MAX),
    };
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    for (value, delta) in [(max, 1), (max - 5, 6), (1, max), (max, max)] {
        bucket.set(&key, value.to_string())?;
        failed_with(bucket.increment(&key, delta), REFUSED).with_context(|| format!("{value} + {delta}"))?;
        equal("get", bucket.get(&key)?, some(value.to_string()))?;
    }
    bucket.set(&key, (max - 5).to_string())?;
    equal("up to the largest", bucket.increment(&key, 5)?, max)?;
    // Beyond what any integer type holds.
    for value in ["9223372036854775808", "18446744073709551616", "99999999999999999999999999999999999999999"]
    {
        if value.parse::<i128>().is_ok_and(|value| value <= max) {
            continue;
        }
        bucket.set(&key, value)?;
        failed_with(bucket.increment(&key, 1), REFUSED).context(value)?;
        equal("get", bucket.get(&key)?, some(value))?;
    }
    Ok(())
}

fn underflow(cx: &Cx) -> Result<()> {
    let min = i128::from(i64::MIN);
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    for (value, delta) in [(min, -1), (min + 5, -6), (-1, min), (min, min)] {
        bucket.set(&key, value.to_string())?;
        failed_with(bucket.increment(&key, delta), REFUSED).with_context(|| format!("{value} + {delta}"))?;
        equal("get", bucket.get(&key)?, some(value.to_string()))?;
    }
    for (value, delta, sum) in
        [(0, min, min), (min + 5, -5, min), (min, i128::from(i64::MAX), -1), (-1, 1, 0)]
    {
        bucket.set(&key, value.to_string())?;
        equal("increment", bucket.increment(&key, delta)?, sum)?;
        equal("get", bucket.get(&key)?, some(sum.to_string()))?;
    }
    Ok(())
}

fn negative(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    for (value, delta) in [("-5", 3), ("-1", 0), ("-9223372036854775808", i128::from(i64::MAX))] {
        bucket.set(&key, value)?;
        failed_with(bucket.increment(&key, delta), REFUSED).with_context(|| format!("{value} + {delta}"))?;
        equal("get", bucket.get(&key)?, some(value))?;
    }
    bucket.set(&key, "-5")?;
    equal("increment out of the negative", bucket.increment(&key, 5)?, 0)
}

fn beyond_i64(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let (key, missing) = (cx.key("k"), cx.key("missing"));
    bucket.set(&key, "1")?;
    for delta in [i128::from(i64::MAX) + 1, i128::from(u64::MAX) - 1, u64::MAX.into()] {
        failed_with(bucket.increment(&key, delta), REFUSED)?;
        failed_with(bucket.increment(&missing, delta), REFUSED)?;
        equal("get", bucket.get(&key)?, some("1"))?;
        equal("exists", bucket.exists(&missing)?, false)?;
    }
    Ok(())
}

fn not_plain(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let bucket = session.open("")?;
    let key = cx.key("k");
    cx.outside().put_other(key.as_bytes())?;
    failed_with(bucket.increment(&key, 1), REFUSED)?;
    // Still what it was: another of the same kind can be added to it.
    cx.outside().put_other(key.as_bytes())
}

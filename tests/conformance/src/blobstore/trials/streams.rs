//! Every function of the stream that an object is written by.

use anyhow::{Context as _, Result, ensure};
use plugboard_faults::{At, By, Fault, Proxy, Upstream, When};

use super::{begin, holds};
use crate::blobstore::app::{Output, pattern};
use crate::blobstore::{Case, Cx};
use crate::check::equal;
use crate::reply::failed_with;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("blob.stream", "pieces-of-any-size", pieces),
        Case::each("blob.stream", "every-way-to-write", every_way),
        Case::each("blob.stream", "zeroes", zeroes),
        Case::each("blob.stream", "splice-from-the-host", splice_from_host),
        Case::each("blob.stream", "splice-from-another-object", splice_from_object),
        Case::each("blob.stream", "splice-into-the-host", splice_into_host),
        Case::each("blob.stream", "splice-from-what-breaks-off", splice_broken),
        Case::each("blob.stream", "always-permits-something", permits),
        Case::each("blob.stream", "reads-of-any-size", reads),
        Case::each("blob.stream", "a-download-that-is-left", left),
        Case::each("blob.stream", "downloads-side-by-side", side_by_side),
    ]
}

/// Writes an object by what the function does, and looks at it.
fn written(
    cx: &Cx,
    name: &str,
    content: &probe::Content,
    write: impl Fn(&Output) -> Result<()>,
) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let name = cx.key(name);
    let (value, stream) = begin(&container, session.value()?, &name)?;
    write(&stream)?;
    stream.close()?;
    value.finish()?;
    holds(cx, &name, content)
}

fn pieces(cx: &Cx) -> Result<()> {
    let block = cx.fixture().block();
    for (piece, size) in [
        (1, 300),
        (7, 20_000),
        (4096, 3 * block),
        (block - 1, 4 * block),
        (block, 4 * block),
        (block + 1, 4 * block + 4),
    ] {
        let content = pattern(piece, size);
        written(cx, &piece.to_string(), &content, |stream| Ok(stream.write_pieces(&content, piece)?))
            .with_context(|| format!("{piece} bytes at a time"))?;
    }
    Ok(())
}

fn every_way(cx: &Cx) -> Result<()> {
    let content = "one, two, three".into();
    written(cx, "k", &content, |stream| {
        stream.write("one")?;
        stream.flush()?;
        stream.blocking_write(", two")?;
        stream.flush()?;
        stream.blocking_flush()?;
        stream.write("")?;
        stream.blocking_write("")?;
        Ok(stream.blocking_write(", three")?)
    })?;
    // As much as the interface allows at once.
    let content = pattern(1, 50 * 4096);
    written(cx, "blocking", &content, |stream| {
        for part in content.bytes().chunks(4096) {
            stream.blocking_write(part)?;
        }
        Ok(())
    })
}

fn zeroes(cx: &Cx) -> Result<()> {
    let block = cx.fixture().block();
    for length in [0, 1, 4096, 4097, block, 5 * block + 1] {
        let all = [b"a".as_slice(), &vec![0; usize::try_from(length)?], b"z"].concat();
        written(cx, &length.to_string(), &all.as_slice().into(), |stream| {
            stream.write("a")?;
            stream.write_zeroes(length)?;
            Ok(stream.write("z")?)
        })?;
    }
    written(cx, "blocking", &[0; 4096].as_slice().into(), |stream| Ok(stream.blocking_write_zeroes(4096)?))
}

fn splice_from_host(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let block = cx.fixture().block();
    for size in [0, 1, 1000, block, 9 * block + 5] {
        for blocking in [false, true] {
            let (name, content) = (cx.key(&format!("{size}-{blocking}")), pattern(size, size));
            let source = session.fetch(&format!("pattern/{size}/{size}"))?;
            let (value, stream) = begin(&container, session.value()?, &name)?;
            let splice = if blocking { Output::blocking_splice } else { Output::splice };
            equal("bytes spliced", splice(&stream, &source, u64::MAX)?, size)?;
            value.finish()?;
            holds(cx, &name, &content)?;
        }
    }
    Ok(())
}

fn splice_from_object(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let block = cx.fixture().block();
    for size in [0, 1, block, 9 * block + 5] {
        let (from, to, content) =
            (cx.key(&format!("from-{size}")), cx.key(&format!("to-{size}")), pattern(size, size));
        cx.outside().put(cx.shared(), &from, &content.bytes())?;
        let source = container.get_data(&from, 0, u64::MAX)?.stream()?;
        let (value, stream) = begin(&container, session.value()?, &to)?;
        // In parts: no more than asked for is taken.
        let half = size / 2;
        equal("bytes spliced", stream.splice(&source, half)?, half)?;
        equal("bytes spliced", stream.splice(&source, u64::MAX)?, size - half)?;
        value.finish()?;
        holds(cx, &to, &content)?;
    }
    Ok(())
}

fn splice_into_host(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    for size in [0, 1, 3 << 20] {
        let (name, content) = (cx.key(&size.to_string()), pattern(1, size));
        cx.outside().put(cx.shared(), &name, &content.bytes())?;
        let source = container.get_data(&name, 0, u64::MAX)?.stream()?;
        equal("what the runner got", session.send("digest", &source)?, content.data())?;
    }
    Ok(())
}

/// The app learns of it, and may still decide what becomes of the object.
fn splice_broken(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let proxy = Proxy::start(session.app.runner.address)?;
    proxy.arm(Fault::Cut { at: At::MidBody, by: By::Reset, upstream: Upstream::Executed }, When::always());
    let source = session.fetch_from(proxy.addr(), "pattern/1/100000")?;
    let (value, stream) = begin(&container, session.value()?, &cx.key("k"))?;
    failed_with(stream.splice(&source, u64::MAX), &["stream"])?;
    value.close()?;
    super::absent(cx, &cx.key("k"))
}

fn permits(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (value, stream) = begin(&container, session.value()?, &cx.key("k"))?;
    let block = cx.fixture().block();
    for n in 0..40 {
        ensure!(stream.permit()? > 0, "no permit after {n} half blocks");
        stream.write_all(&pattern(n, block / 2))?;
    }
    value.finish()?;
    equal("size", container.object_info(&cx.key("k"))?.size, 20 * block)
}

fn reads(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (name, content) = (cx.key("k"), probe::Content::from("0123456789"));
    cx.outside().put(cx.shared(), &name, b"0123456789")?;
    for piece in [1, 3, 10, 11, 1 << 20] {
        let stream = container.get_data(&name, 0, u64::MAX)?.stream()?;
        let mut at = 0;
        while at < 10 {
            let probe::Data::Bytes(read) = stream.read(piece)? else { anyhow::bail!("more than there is") };
            ensure!(!read.0.is_empty() && read.0.len() as u64 <= piece, "{read:?} of at most {piece} bytes");
            let end = at + read.0.len() as u64;
            equal("what was read", probe::Data::Bytes(read), content.range(at, end - 1))?;
            at = end;
        }
        failed_with(stream.read(piece), &["closed"])?;
    }
    Ok(())
}

/// Values and streams that are dropped unread, with the host's resources of each.
fn left(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (name, content) = (cx.key("k"), pattern(1, 1 << 20));
    cx.outside().put(cx.shared(), &name, &content.bytes())?;
    for _ in 0..20 {
        container.get_data(&name, 0, u64::MAX)?.close()?;
        container.get_data(&name, 0, u64::MAX)?.stream()?.close()?;
        let stream = container.get_data(&name, 0, u64::MAX)?.stream()?;
        stream.read(10)?;
        stream.close()?;
    }
    // One that outlives its container's handle, and two at once.
    let (one, other) = (container.get_data(&name, 0, u64::MAX)?, container.get_data(&name, 5, u64::MAX)?);
    container.close()?;
    equal("the second", other.sync()?, content.range(5, u64::MAX))?;
    equal("the first", one.sync()?, content.data())
}

fn side_by_side(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let content = |n: u64| pattern(n, 100_000 + n);
    for n in 0..8 {
        cx.outside().put(cx.shared(), &cx.key(&n.to_string()), &content(n).bytes())?;
    }
    let streams = (0..8)
        .map(|n| container.get_data(&cx.key(&n.to_string()), 0, u64::MAX)?.stream())
        .collect::<Result<Vec<_>, _>>()?;
    let mut first = streams.iter().map(|stream| stream.read(1)).collect::<Result<Vec<_>, _>>()?;
    for (n, stream) in streams.iter().enumerate().rev() {
        let n = n as u64;
        equal("the first byte", first.pop(), Some(content(n).range(0, 0)))?;
        equal("the rest", stream.read_all()?, content(n).range(1, u64::MAX))?;
    }
    Ok(())
}

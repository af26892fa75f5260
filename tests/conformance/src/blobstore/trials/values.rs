use anyhow::{Context as _, Result, ensure};

use super::{absent, begin, holds};
use crate::blobstore::app::pattern;
use crate::blobstore::{Case, Cx};
use crate::check::equal;
use crate::reply::{Problem, failed_with};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::each("blob.order", "write-data-before-the-body", data_first),
        Case::each("blob.order", "write-data-after-the-body", body_first),
        Case::each("blob.order", "write-data-after-some-bytes", after_some_bytes),
        Case::each("blob.order", "write-data-after-a-block-and-a-byte", after_too_many),
        Case::each("blob.order", "write-data-twice", data_twice),
        Case::each("blob.order", "write-body-twice", body_twice),
        Case::each("blob.finish", "without-write-data", without_data),
        Case::each("blob.finish", "without-a-body-is-empty", without_body),
        Case::each("blob.finish", "nothing-is-there-before", not_before),
        Case::each("blob.finish", "with-the-stream-open", stream_open),
        Case::each("blob.finish", "with-the-stream-and-the-container-dropped", all_dropped),
        Case::each("blob.finish", "replaces-the-whole", replaces),
        Case::each("blob.finish", "many-values-one-after-the-other", many).credentials(),
        Case::each("blob.drop", "leaves-nothing", dropped),
        Case::each("blob.drop", "leaves-what-was-there", dropped_over_another),
        Case::each("blob.drop", "the-stream-is-closed", dropped_before_stream),
        Case::each("blob.drop", "at-the-end-of-the-instance", end_of_instance),
        Case::each("blob.drop", "an-instance-that-dies", dying_instance),
        Case::each("blob.drop", "after-it-the-name-can-be-written", written_afterwards),
    ]
}

fn data_first(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (name, content) = (cx.key("k"), pattern(1, 3 * cx.fixture().block()));
    let value = session.value()?;
    container.write_data(&name, &value)?;
    let stream = value.body()?;
    stream.write_all(&content)?;
    stream.close()?;
    value.finish()?;
    holds(cx, &name, &content)
}

fn body_first(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (name, content) = (cx.key("k"), pattern(1, 3 * cx.fixture().block()));
    let value = session.value()?;
    let stream = value.body()?;
    container.write_data(&name, &value)?;
    stream.write_all(&content)?;
    stream.close()?;
    value.finish()?;
    holds(cx, &name, &content)
}

fn after_some_bytes(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let block = cx.fixture().block();
    for (early, late) in [(1, 0), (5, 5), (1000, 3 * block), (block, 0), (block, 1), (block, 2 * block + 1)] {
        let name = cx.key(&format!("{early}-{late}"));
        let content = pattern(early, early + late);
        let value = session.value()?;
        let stream = value.body()?;
        let bytes = content.bytes();
        let (first, second) = bytes.split_at(usize::try_from(early)?);
        stream.write_all(&first.into())?;
        container.write_data(&name, &value)?;
        stream.write_all(&second.into())?;
        stream.close()?;
        value.finish()?;
        holds(cx, &name, &content).with_context(|| format!("{early} bytes early, {late} late"))?;
    }
    Ok(())
}

fn after_too_many(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (name, block) = (cx.key("k"), cx.fixture().block());
    for more in [1, block, 5 * block] {
        let value = session.value()?;
        let stream = value.body()?;
        let written = stream.write_all(&pattern(1, block + more));
        failed_with(written, &["closed"])?;
        failed_with(stream.permit(), &["closed"])?;
        let sentence = failed_with(container.write_data(&name, &value), &["invalid"])?;
        ensure!(sentence.contains("write-data"), "{sentence:?} does not say what is to be done");
        failed_with(value.finish(), &["invalid"])?;
        absent(cx, &name)?;
    }
    Ok(())
}

fn data_twice(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (value, stream) = begin(&container, session.value()?, &cx.key("first"))?;
    stream.write("one")?;
    failed_with(container.write_data(&cx.key("second"), &value), &["invalid"])?;
    failed_with(container.write_data(&cx.key("first"), &value), &["invalid"])?;
    stream.write(" two")?;
    value.finish()?;
    holds(cx, &cx.key("first"), &"one two".into())?;
    absent(cx, &cx.key("second"))
}

fn body_twice(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (value, stream) = begin(&container, session.value()?, &cx.key("k"))?;
    failed_with(value.body(), &["refused"])?;
    stream.write("one")?;
    stream.close()?;
    failed_with(value.body(), &["refused"])?;
    value.finish()?;
    holds(cx, &cx.key("k"), &"one".into())
}

fn without_data(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    failed_with(session.value()?.finish(), &["invalid"])?;
    let value = session.value()?;
    let stream = value.body()?;
    stream.write("somewhere")?;
    let sentence = failed_with(value.finish(), &["invalid"])?;
    ensure!(sentence.contains("write-data"), "{sentence:?} does not say what is missing");
    Ok(())
}

fn without_body(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let value = session.value()?;
    container.write_data(&cx.key("no-body"), &value)?;
    value.finish()?;
    holds(cx, &cx.key("no-body"), &"".into())?;
    let (value, stream) = begin(&container, session.value()?, &cx.key("no-byte"))?;
    stream.close()?;
    value.finish()?;
    holds(cx, &cx.key("no-byte"), &"".into())?;
    equal("size", container.object_info(&cx.key("no-byte"))?.size, 0)
}

fn not_before(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let name = cx.key("k");
    let (value, stream) = begin(&container, session.value()?, &name)?;
    stream.write_all(&pattern(1, 6 * cx.fixture().block()))?;
    stream.blocking_flush()?;
    absent(cx, &name)?;
    equal("has-object", container.has(&name)?, false)?;
    let names = cx.outside().names(cx.shared())?;
    ensure!(!names.contains(&name), "it is in the listing before `finish`");
    stream.close()?;
    absent(cx, &name)?;
    value.finish()?;
    equal("has-object", container.has(&name)?, true)
}

/// As languages do that drop late.
fn stream_open(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    for size in [10, 3 * cx.fixture().block()] {
        let (name, content) = (cx.key(&size.to_string()), pattern(1, size));
        let (value, stream) = begin(&container, session.value()?, &name)?;
        stream.write_all(&content)?;
        value.finish()?;
        holds(cx, &name, &content)?;
        failed_with(stream.permit(), &["closed"])?;
        failed_with(stream.write("more"), &["closed"])?;
        failed_with(stream.blocking_write("more"), &["closed"])?;
        failed_with(stream.flush(), &["closed"])?;
        failed_with(stream.blocking_flush(), &["closed"])?;
        failed_with(stream.write_zeroes(1), &["closed"])?;
        stream.close()?;
        holds(cx, &name, &content)?;
    }
    Ok(())
}

fn all_dropped(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (name, content) = (cx.key("k"), pattern(1, 3 * cx.fixture().block()));
    let (value, stream) = begin(&container, session.value()?, &name)?;
    container.close()?;
    stream.write_all(&content)?;
    stream.close()?;
    value.finish()?;
    holds(cx, &name, &content)
}

fn replaces(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (name, block) = (cx.key("k"), cx.fixture().block());
    for (round, size) in [4 * block, 3, 2 * block, 0, block, 5 * block].into_iter().enumerate() {
        let content = pattern(round as u64, size);
        container.put(&name, &content)?;
        holds(cx, &name, &content)?;
        equal("size", container.object_info(&name)?.size, size)?;
    }
    Ok(())
}

fn many(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    for n in 0..100 {
        container.put(&cx.key(&n.to_string()), &pattern(n, n * 100))?;
    }
    for n in [0, 50, 99] {
        holds(cx, &cx.key(&n.to_string()), &pattern(n, n * 100))?;
    }
    Ok(())
}

/// Sizes of values that are given up: nothing sent, and blocks on their way.
fn sizes(cx: &Cx) -> [u64; 3] {
    [0, 10, 5 * cx.fixture().block()]
}

fn dropped(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    for size in sizes(cx) {
        let name = cx.key(&size.to_string());
        let (value, stream) = begin(&container, session.value()?, &name)?;
        stream.write_all(&pattern(1, size))?;
        stream.close()?;
        value.close()?;
        absent(cx, &name)?;
        let names = cx.outside().names(cx.shared())?;
        ensure!(!names.contains(&name), "`{name}` is in the listing");
        equal("has-object", container.has(&name)?, false)?;
    }
    Ok(())
}

fn dropped_over_another(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    for size in sizes(cx) {
        let (name, old) = (cx.key(&size.to_string()), pattern(2, 100_000));
        cx.outside().put(cx.shared(), &name, &old.bytes())?;
        let (value, stream) = begin(&container, session.value()?, &name)?;
        stream.write_all(&pattern(1, size))?;
        stream.close()?;
        value.close()?;
        holds(cx, &name, &old)?;
    }
    Ok(())
}

fn dropped_before_stream(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    for size in sizes(cx) {
        let name = cx.key(&size.to_string());
        let (value, stream) = begin(&container, session.value()?, &name)?;
        stream.write_all(&pattern(1, size))?;
        value.close()?;
        failed_with(stream.permit(), &["closed"])?;
        failed_with(stream.write("more"), &["closed"])?;
        stream.close()?;
        absent(cx, &name)?;
    }
    Ok(())
}

fn end_of_instance(cx: &Cx) -> Result<()> {
    let old = pattern(2, 1000);
    for size in sizes(cx) {
        let name = cx.key(&size.to_string());
        cx.outside().put(cx.shared(), &name, &old.bytes())?;
        let session = cx.session()?;
        let container = session.container(cx.shared())?;
        let (value, stream) = begin(&container, session.value()?, &name)?;
        stream.write_all(&pattern(1, size))?;
        let _open = (value, stream);
        drop(session);
        holds(cx, &name, &old)?;
    }
    Ok(())
}

fn dying_instance(cx: &Cx) -> Result<()> {
    use crate::blobstore::Blobstore;
    use crate::interface::Interface as _;
    let old = pattern(2, 1000);
    for size in sizes(cx) {
        let name = cx.key(&size.to_string());
        cx.outside().put(cx.shared(), &name, &old.bytes())?;
        // Its end is a trap, which fails other trials.
        let app = cx.app()?.unobserved();
        let session = app.session();
        let container = session.container(cx.shared())?;
        let (_value, stream) = begin(&container, session.value()?, &name)?;
        stream.write_all(&pattern(1, size))?;
        let trapped = session.steps(Blobstore::wrong_program());
        ensure!(trapped.is_err(), "the instance did not die");
        drop(session);
        holds(cx, &name, &old)?;
    }
    Ok(())
}

fn written_afterwards(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    let (name, block) = (cx.key("k"), cx.fixture().block());
    for (round, size) in [10, 3 * block, 10, 5 * block].into_iter().enumerate() {
        let (value, stream) = begin(&container, session.value()?, &name)?;
        stream.write_all(&pattern(100, 4 * block))?;
        let _ = (stream, value.close()?);
        let content = pattern(round as u64, size);
        match container.put(&name, &content) {
            Ok(()) => holds(cx, &name, &content)?,
            Err(Problem::Failed { what, error }) => anyhow::bail!("{what}: {error}"),
            Err(Problem::Broken(error)) => return Err(error),
        }
    }
    Ok(())
}

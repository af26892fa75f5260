use anyhow::Result;
use probe::Data;

use crate::blobstore::app::{data, pattern};
use crate::blobstore::{Case, Cx};
use crate::check::equal;

pub(super) fn cases() -> Vec<Case> {
    vec![Case::each("blob.finish", "what-is-written-is-read", round_trip).credentials()]
}

fn round_trip(cx: &Cx) -> Result<()> {
    let session = cx.session()?;
    let container = session.container(cx.shared())?;
    for length in [0, 1, 1000] {
        let (name, content) = (cx.key(&length.to_string()), pattern(length, length));
        container.put(&name, &content)?;
        equal("what the app reads", container.get(&name)?, content.data())?;
        let outside = data(cx.outside().get(cx.shared(), &name))?;
        equal("what another client reads", outside, Some(content.data()))?;
    }
    cx.outside().put(cx.shared(), &cx.key("theirs"), b"th\xffeirs")?;
    equal("what another client wrote", container.get(&cx.key("theirs"))?, Data::of(b"th\xffeirs"))
}

//! One object on its way in: bytes as the app writes them, blocks as the service takes them.

use std::collections::VecDeque;

use plugboard_error::{Error, Kind, Result};
use plugboard_http::Chunks;

use crate::{Blocks, Object, Store};

/// Blocks on their way at once, beside the one that is being filled.
const IN_FLIGHT: usize = 2;
/// What one call of a stream brings at most.
pub(crate) const PERMIT: usize = 256 << 10;

/// Memory that is left for what the next call brings and for what is allocated on the way. The host allocates in this
/// memory to hand bytes over, and where it cannot, the instance traps: the end has to be seen before.
const SPARE: usize = 4 * PERMIT;

/// What becomes of a value: bytes in, one object out, or none.
///
/// Bytes gather in a buffer. It goes out as a block when it is full and more comes, so that an object of up to one
/// block is a single request. At most [`IN_FLIGHT`] blocks are on their way; the next waits for the oldest.
pub(crate) struct Upload<S: Store> {
    blocks: Blocks,
    target: Option<Target<S>>,
    buffer: Chunks,
    number: u32,
    state: State<S>,
}

/// Where the object goes.
struct Target<S: Store> {
    store: &'static S,
    container: String,
    name: String,
}

enum State<S: Store> {
    /// Nothing has been sent.
    Gathering,
    Sending(S::Upload, VecDeque<S::Block>),
    /// Takes no more bytes. The error is what `finish` will say.
    Failed(Error),
    Over,
}

impl<S: Store> Upload<S> {
    pub(crate) fn new(blocks: Blocks) -> Self {
        Upload { blocks, target: None, buffer: Chunks::default(), number: 0, state: State::Gathering }
    }

    /// Says where the bytes go.
    pub(crate) fn set_target(&mut self, store: &'static S, container: &str, name: String) -> Result<()> {
        if let State::Failed(error) = &self.state {
            return Err(error.clone());
        }
        if self.target.is_some() {
            let sentence = "`write-data` was called before with this value, which is one object";
            return Err(Error::new(Kind::Invalid, sentence));
        }
        self.target = Some(Target { store, container: container.to_owned(), name });
        Ok(())
    }

    /// Whether a write would be taken.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Gathering | State::Sending(..))
    }

    /// Takes the bytes in, and waits where the service is slower than the app. After an error it takes no more;
    /// the error is that of [`Upload::finish`].
    pub(crate) fn write(&mut self, mut bytes: Vec<u8>) -> Result<(), Closed> {
        while !bytes.is_empty() {
            if !self.is_open() {
                return Err(Closed);
            }
            match self.room() {
                Ok(room) => {
                    let rest = bytes.split_off(room.min(bytes.len()));
                    // A piece stays for as long as its block, and so would the memory that it does not need.
                    bytes.shrink_to_fit();
                    self.buffer.push(std::mem::replace(&mut bytes, rest));
                }
                Err(error) => return Err(self.fail(error)),
            }
        }
        Ok(())
    }

    /// What the block has room for; a full one is sent.
    fn room(&mut self) -> Result<usize> {
        if !has_spare_memory() {
            return Err(Error::new(Kind::Unavailable, "the instance has no memory left for a block"));
        }
        if self.buffer.len() >= self.block_size()? {
            self.send()?;
        }
        Ok(self.block_size()?.saturating_sub(self.buffer.len()))
    }

    fn block_size(&self) -> Result<usize> {
        self.blocks.size(self.number).ok_or_else(|| {
            let sentence = format!("the object has more than {} blocks", self.blocks.count);
            Error::new(Kind::TooLarge, sentence)
        })
    }

    /// Sends the buffer as a block; waits for the oldest if there are too many on their way.
    fn send(&mut self) -> Result<()> {
        let target = self.target.as_ref().ok_or_else(|| {
            let size = self.buffer.len();
            let sentence = format!("{size} bytes were written before `write-data` said where they go");
            Error::new(Kind::Invalid, format!("{sentence}: call it earlier, one block is what can wait"))
        })?;
        if matches!(self.state, State::Gathering) {
            self.state = State::Sending(target.store.begin(target.object())?, VecDeque::new());
        }
        let State::Sending(upload, in_flight) = &mut self.state else { return Ok(()) };
        if in_flight.len() >= IN_FLIGHT {
            finish_oldest(target.store, upload, in_flight)?;
        }
        let block = std::mem::take(&mut self.buffer);
        in_flight.push_back(target.store.send_block(upload, block)?);
        self.number += 1;
        Ok(())
    }

    /// Moves what is on its way, without waiting.
    pub(crate) fn pump(&mut self) {
        if let (State::Sending(_, in_flight), Some(target)) = (&mut self.state, &self.target) {
            pump_all(target.store, in_flight);
        }
    }

    /// Makes the object, of what was written until now. Says so or why not.
    pub(crate) fn finish(&mut self) -> Result<()> {
        let outcome = self.commit();
        self.state = State::Over;
        self.buffer = Chunks::default();
        outcome
    }

    fn commit(&mut self) -> Result<()> {
        let target = self.target.as_ref().ok_or_else(|| {
            Error::new(Kind::Invalid, "`finish` without `write-data`: nobody said where the value goes")
        });
        match (&self.state, target) {
            (State::Failed(error), _) => return Err(error.clone()),
            (_, Err(error)) => return Err(error),
            (State::Gathering, Ok(target)) => {
                return target.store.put(target.object(), std::mem::take(&mut self.buffer));
            }
            _ => {}
        }
        if let Err(error) = self.send_rest() {
            self.fail(error.clone());
            return Err(error);
        }
        match (&self.target, std::mem::replace(&mut self.state, State::Over)) {
            (Some(target), State::Sending(upload, _)) => target.store.commit(upload),
            _ => Ok(()),
        }
    }

    /// Sends what is in the buffer, and waits for all blocks.
    fn send_rest(&mut self) -> Result<()> {
        if !self.buffer.is_empty() {
            self.block_size()?;
            self.send()?;
        }
        if let (State::Sending(upload, in_flight), Some(target)) = (&mut self.state, &self.target) {
            while !in_flight.is_empty() {
                finish_oldest(target.store, upload, in_flight)?;
            }
        }
        Ok(())
    }

    /// Leaves everything as it was. Exchanges under way end by being dropped.
    pub(crate) fn cancel(&mut self) {
        self.stop(State::Over);
    }

    fn fail(&mut self, error: Error) -> Closed {
        self.stop(State::Failed(error));
        Closed
    }

    fn stop(&mut self, state: State<S>) {
        if let (State::Sending(upload, in_flight), Some(target)) =
            (std::mem::replace(&mut self.state, state), &self.target)
        {
            drop(in_flight);
            target.store.abort(upload);
        }
        self.buffer = Chunks::default();
    }
}

fn has_spare_memory() -> bool {
    let mut spare = Vec::<u8>::new();
    let reserved = spare.try_reserve_exact(SPARE).is_ok();
    // Compilers may leave out what nobody looks at.
    std::hint::black_box(&spare);
    reserved
}

/// Waits for the oldest, while all of them go on.
fn finish_oldest<S: Store>(
    store: &S,
    upload: &mut S::Upload,
    in_flight: &mut VecDeque<S::Block>,
) -> Result<()> {
    while !pump_all(store, in_flight) {
        store.wait(in_flight)?;
    }
    match in_flight.pop_front() {
        Some(oldest) => store.finish_block(upload, oldest),
        None => Ok(()),
    }
}

/// Moves all of them, and says whether the oldest is through.
fn pump_all<S: Store>(store: &S, in_flight: &mut VecDeque<S::Block>) -> bool {
    let mut oldest = None;
    for block in in_flight {
        let through = store.pump(block);
        oldest.get_or_insert(through);
    }
    oldest.unwrap_or(true)
}

impl<S: Store> Target<S> {
    fn object(&self) -> Object<'_> {
        Object { container: &self.container, name: &self.name }
    }
}

/// The stream of a value that takes no more.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake::{self, Fake};

    /// Blocks of four bytes, and no more than three of them.
    const BLOCKS: Blocks = Blocks { first: 4, largest: 4, count: 3 };

    fn upload(store: &'static Fake) -> Upload<Fake> {
        let mut upload = Upload::new(BLOCKS);
        upload.set_target(store, "c", "o".into()).unwrap();
        upload
    }

    #[test]
    fn what_fits_in_a_block_is_one_request() {
        for bytes in ["", "a", "abcd"] {
            let store = fake::store();
            let mut upload = upload(store);
            upload.write(bytes.into()).unwrap();
            upload.finish().unwrap();
            assert_eq!(store.calls(), [format!("put c/o {bytes:?}")]);
            assert_eq!(upload.write(b"x".to_vec()), Err(Closed));
        }
    }

    #[test]
    fn more_goes_out_in_blocks_two_at_a_time() {
        let store = fake::store();
        let mut upload = upload(store);
        upload.write(b"ab".to_vec()).unwrap();
        upload.write(b"cdefghij".to_vec()).unwrap();
        assert_eq!(store.calls(), ["begin c/o", "block abcd", "block efgh"]);
        upload.finish().unwrap();
        let rest =
            ["wait 2", "finish abcd", "block ij", "wait 2", "finish efgh", "wait 1", "finish ij", "commit 3"];
        assert_eq!(store.calls()[3..], rest);
    }

    #[test]
    fn bytes_may_come_before_the_target_up_to_a_block() {
        let store = fake::store();
        let mut upload = Upload::new(BLOCKS);
        upload.write(b"abcd".to_vec()).unwrap();
        upload.set_target(store, "c", "o".into()).unwrap();
        upload.write(b"e".to_vec()).unwrap();
        upload.finish().unwrap();
        assert_eq!(store.calls()[..2], ["begin c/o", "block abcd"]);

        let mut late = Upload::<Fake>::new(BLOCKS);
        late.write(b"abcd".to_vec()).unwrap();
        assert_eq!(late.write(b"e".to_vec()), Err(Closed));
        let error = late.set_target(store, "c", "o".into()).unwrap_err();
        assert_eq!(error.kind, Kind::Invalid);
        assert_eq!(late.finish().unwrap_err(), error);
    }

    #[test]
    fn a_value_is_one_object() {
        let store = fake::store();
        let mut upload = upload(store);
        assert_eq!(upload.set_target(store, "c", "p".into()).unwrap_err().kind, Kind::Invalid);
        upload.finish().unwrap();
        assert_eq!(store.calls(), ["put c/o \"\""]);
        assert_eq!(Upload::<Fake>::new(BLOCKS).finish().unwrap_err().kind, Kind::Invalid);
    }

    #[test]
    fn a_value_that_is_not_finished_is_given_up() {
        let store = fake::store();
        upload(store).cancel();
        assert_eq!(store.calls(), [""; 0]);
        let mut begun = upload(store);
        begun.write(b"abcde".to_vec()).unwrap();
        begun.cancel();
        assert_eq!(store.calls(), ["begin c/o", "block abcd", "abort"]);
        assert_eq!(begun.write(b"x".to_vec()), Err(Closed));
    }

    #[test]
    fn an_error_on_the_way_is_that_of_finish_and_nothing_is_committed() {
        let store = fake::store();
        store.fail("finish abcd");
        let mut upload = upload(store);
        upload.write(b"abcdefgh".to_vec()).unwrap();
        upload.write(b"i".to_vec()).unwrap();
        assert_eq!(upload.write(b"jklmnop".to_vec()), Err(Closed));
        assert!(!upload.is_open());
        assert_eq!(upload.finish().unwrap_err().sentence, "finish abcd");
        assert_eq!(store.calls().last().unwrap(), "abort");
    }

    #[test]
    fn an_error_of_the_last_block_is_that_of_finish_too() {
        for call in ["begin c/o", "block e", "finish e", "commit 2"] {
            let store = fake::store();
            store.fail(call);
            let mut upload = upload(store);
            upload.write(b"abcde".to_vec()).ok();
            assert_eq!(upload.finish().unwrap_err().sentence, call);
            assert!(!store.calls().iter().any(|made| made.starts_with("commit") && made != call), "{call}");
        }
    }

    #[test]
    fn an_object_has_no_more_blocks_than_the_service_takes() {
        let store = fake::store();
        let mut full = upload(store);
        full.write(b"abcdefghijkl".to_vec()).unwrap();
        full.finish().unwrap();
        let mut over = upload(store);
        assert_eq!(over.write(b"abcdefghijklm".to_vec()), Err(Closed));
        let error = over.finish().unwrap_err();
        assert_eq!(error.to_string(), "too-large: the object has more than 3 blocks");
    }

    #[test]
    fn memory_is_three_blocks_however_large_the_object() {
        const BLOCKS: Blocks = Blocks { first: 1 << 20, largest: 1 << 20, count: 50_000 };
        let store = fake::store();
        let mut upload = Upload::new(BLOCKS);
        upload.set_target(store, "c", "o".into()).unwrap();
        for _ in 0..100 {
            upload.write(vec![7; 99_999]).unwrap();
            let State::Sending(_, in_flight) = &upload.state else { continue };
            let all = upload.buffer.len() + in_flight.iter().map(Chunks::len).sum::<usize>();
            assert!(all <= 3 << 20, "{all}");
        }
    }
}

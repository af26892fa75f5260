use plugboard_error::{Error, Kind, Result};

/// What the values of a `get-many` may take in memory, of which a guest has 4 GiB and may have been given far less.
/// While the values are put into their order they can be there twice.
const MOST: usize = 256 << 20;

/// What is left of it.
pub struct Room(usize);

impl Default for Room {
    fn default() -> Self {
        Room(MOST)
    }
}

impl Room {
    /// Takes so many bytes of it.
    pub fn take(&mut self, bytes: usize) -> Result<()> {
        self.0 = self.0.checked_sub(bytes).ok_or_else(|| {
            Error::new(
                Kind::TooLarge,
                "the values are longer than 256 MiB together; ask for fewer keys at a time",
            )
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_an_end_to_it() {
        let mut room = Room::default();
        assert!(room.take(MOST - 1).is_ok() && room.take(1).is_ok() && room.take(0).is_ok());
        assert_eq!(room.take(1).unwrap_err().kind, Kind::TooLarge);
    }
}

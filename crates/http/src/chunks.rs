/// Bytes in the pieces that they came in: a large body is not moved in memory to be in one place.
#[derive(Clone, Debug, Default)]
pub struct Chunks {
    chunks: Vec<Vec<u8>>,
    length: usize,
}

/// Pieces that are shorter are put together, so that many small ones do not take more memory for their places than
/// for their bytes.
const SHORT: usize = 16 << 10;

impl Chunks {
    pub fn len(&self) -> usize {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub fn push(&mut self, bytes: Vec<u8>) {
        self.length += bytes.len();
        if bytes.len() >= SHORT {
            self.chunks.push(bytes);
            return;
        }
        match self.chunks.last_mut() {
            Some(last) if last.capacity() - last.len() >= bytes.len() => last.extend_from_slice(&bytes),
            Some(_) => {
                let mut chunk = Vec::with_capacity(4 * SHORT);
                chunk.extend_from_slice(&bytes);
                self.chunks.push(chunk);
            }
            // Most bodies are one piece and stay so.
            None if !bytes.is_empty() => self.chunks.push(bytes),
            None => {}
        }
    }

    /// What follows the first so many bytes, as far as it is in one piece; nothing at the end.
    pub(crate) fn from(&self, mut offset: usize) -> &[u8] {
        for chunk in &self.chunks {
            match chunk.get(offset..) {
                Some([]) | None => offset -= chunk.len(),
                Some(rest) => return rest,
            }
        }
        &[]
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.chunks.iter().map(Vec::as_slice)
    }

    pub fn to_vec(&self) -> Vec<u8> {
        self.chunks.concat()
    }
}

impl From<Vec<u8>> for Chunks {
    fn from(bytes: Vec<u8>) -> Self {
        let mut chunks = Chunks::default();
        chunks.push(bytes);
        chunks
    }
}

impl PartialEq for Chunks {
    fn eq(&self, other: &Self) -> bool {
        self.to_vec() == other.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &Chunks) -> (Vec<u8>, usize) {
        let (mut bytes, mut pieces) = (Vec::new(), 0);
        loop {
            match chunks.from(bytes.len()) {
                [] => return (bytes, pieces),
                piece => bytes.extend_from_slice(&piece[..piece.len().min(10_000)]),
            }
            pieces += 1;
        }
    }

    #[test]
    fn what_goes_in_comes_out_in_order() {
        for sizes in [vec![], vec![0], vec![5], vec![SHORT, 0, 3, SHORT - 1, SHORT, 1], vec![7; 30_000]] {
            let (mut chunks, mut expected) = (Chunks::default(), Vec::new());
            for (n, size) in sizes.into_iter().enumerate() {
                let bytes = vec![n as u8; size];
                expected.extend_from_slice(&bytes);
                chunks.push(bytes);
            }
            assert_eq!((chunks.len(), chunks.is_empty()), (expected.len(), expected.is_empty()));
            assert_eq!(chunks.to_vec(), expected);
            assert_eq!(chunks.iter().collect::<Vec<_>>().concat(), expected);
            let (bytes, pieces) = read(&chunks);
            assert_eq!(bytes, expected);
            assert!(pieces <= expected.len() / 10_000 + 10, "{pieces}");
        }
    }
}

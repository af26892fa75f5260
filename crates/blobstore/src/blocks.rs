/// How objects are cut into blocks.
///
/// Services bound the number of blocks, and memory bounds their size; so blocks are as small as is good for the
/// network for as long as their number allows it, and then grow. The first two fifths of the blocks have the size
/// that is set, each twentieth that follows has twice the size of the one before, up to `largest`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// The size of the first block in bytes; what fits in it is written by one request.
    pub first: usize,
    /// The size that none is larger than.
    pub largest: usize,
    /// How many the service takes.
    pub count: u32,
}

impl Blocks {
    /// The size of a block, counted from 0; none where the service takes no more.
    pub fn size(&self, number: u32) -> Option<usize> {
        if number >= self.count {
            return None;
        }
        let step = (self.count / 20).max(1);
        let doublings = match number.checked_sub(step * 8) {
            None => 0,
            Some(behind) => behind / step + 1,
        };
        let size = self.first.checked_mul(1usize.checked_shl(doublings).unwrap_or(usize::MAX));
        Some(size.unwrap_or(self.largest).min(self.largest).max(self.first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;
    const AZURE: Blocks = Blocks { first: 4 << 20, largest: 512 << 20, count: 50_000 };
    const S3: Blocks = Blocks { first: 5 << 20, largest: 512 << 20, count: 10_000 };

    /// The bytes that fit into an object, and those that fit before blocks are larger than `size`.
    fn sums(blocks: Blocks, size: u64) -> (u64, u64) {
        let sizes = (0..blocks.count).map(|number| blocks.size(number).unwrap() as u64);
        let (mut all, mut small) = (0, 0);
        for one in sizes {
            all += one;
            small += if one <= size { one } else { 0 };
        }
        (all, small)
    }

    #[test]
    fn an_object_reaches_a_tebibyte() {
        let (all, small) = sums(AZURE, 4 * MIB);
        assert!(all >= 1 << 40, "{all}");
        // Three blocks of 4 MiB and 4 MiB more are below 24 MiB for at least 64 GiB.
        assert!(small >= 64 << 30, "{small}");
        // Where the number is smaller, they grow sooner.
        let (all, small) = sums(S3, 5 * MIB);
        assert!(all >= 1 << 40, "{all}");
        assert!(small >= 19 << 30, "{small}");
        // From the smallest setting, too.
        let (all, _) = sums(Blocks { first: 64 << 10, ..AZURE }, 0);
        assert!(all >= 1 << 40, "{all}");
    }

    #[test]
    fn blocks_grow_and_never_shrink() {
        let sizes = (0..AZURE.count).map(|n| AZURE.size(n).unwrap()).collect::<Vec<_>>();
        assert!(sizes.windows(2).all(|two| two[0] <= two[1] && two[1] <= two[0] * 2));
        assert_eq!((sizes[0], sizes[19_999], sizes[20_000]), (4 << 20, 4 << 20, 8 << 20));
        assert_eq!(*sizes.last().unwrap(), AZURE.largest);
    }

    #[test]
    fn the_number_ends_where_the_service_says() {
        assert_eq!(AZURE.size(50_000), None);
        assert_eq!(AZURE.size(u32::MAX), None);
        let few = Blocks { first: 1, largest: usize::MAX, count: 3 };
        assert_eq!((few.size(2), few.size(3)), (Some(1), None));
        let huge = Blocks { first: usize::MAX, largest: 1, count: 1000 };
        assert_eq!(huge.size(999), Some(usize::MAX));
    }
}

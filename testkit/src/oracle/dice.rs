//! Repeatable chance: the same seed gives the same fleet, the same query and the same words.

/// A source of chance (SplitMix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A seed for another source, which this one's later rolls do not depend on.
    pub fn seed(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `end`; 0 if `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.seed() % (end.max(1) as u64)) as usize
    }

    /// A number of `from..=to`.
    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        let span = to.saturating_sub(from).max(0) as u64;
        from.saturating_add((self.seed() % (span + 1)) as i64)
    }

    /// True `times` out of a hundred.
    pub fn percent(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    /// One of `items`.
    ///
    /// # Panics
    ///
    /// If there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// `count` of `items`, each at most once, in their order.
    pub fn some<T: Clone>(&mut self, items: &[T], count: usize) -> Vec<T> {
        let mut left = count.min(items.len());
        let mut chosen = Vec::with_capacity(left);
        for (index, item) in items.iter().enumerate() {
            if self.below(items.len() - index) < left {
                chosen.push(item.clone());
                left -= 1;
            }
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rolls_stay_within_their_bounds_and_repeat() {
        let mut dice = Dice::new(7);
        let rolls: Vec<i64> = (0..200).map(|_| dice.between(-3, 3)).collect();
        assert!((-3..=3).all(|number| rolls.contains(&number)) && rolls.iter().all(|n| n.abs() <= 3));
        let mut again = Dice::new(7);
        assert!(rolls.iter().all(|number| *number == again.between(-3, 3)));
        assert_eq!(dice.some(&[1, 2, 3], 3), [1, 2, 3]);
        assert_eq!(dice.some(&[1, 2, 3], 1).len(), 1);
    }
}

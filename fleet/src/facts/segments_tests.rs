use proptest::prelude::*;

use super::*;

/// What is in the segments, plainly.
#[derive(Debug)]
struct World {
    segments: Segments,
    listings: Vec<Option<Listing>>,
}

impl World {
    fn check(&self, items: &Bits) -> Result<(), TestCaseError> {
        let len = self.listings.len() as u32;
        let found = self.segments.holding(items, len, |number| self.listings[number as usize].as_ref());
        let holds = |listing: &Listing| listing.items().any(|item| items.contains(item));
        let scanned = Bits::from_fn(len, |number| self.listings[number as usize].as_ref().is_some_and(holds));
        prop_assert_eq!(found, scanned);
        // the other way round, with numbers of items taken for those of inventories
        let asked = Bits::from_fn(len, |number| items.contains(number % 40));
        let held = self.segments.held_by(&asked, 40, |number| self.listings[number as usize].as_ref());
        let of_asked = (0..).zip(&self.listings).filter(|(number, _)| asked.contains(*number));
        let mut scanned = Bits::none(40);
        for listing in of_asked.filter_map(|(_, listing)| listing.as_ref()) {
            listing.items().for_each(|item| scanned.insert(item));
        }
        prop_assert_eq!(held, scanned);
        Ok(())
    }
}

/// Runs of inventories over 40 items, each followed by which tenth of them goes away.
fn runs() -> impl Strategy<Value = Vec<(usize, u64, u32)>> {
    proptest::collection::vec((1_usize..3_000, any::<u64>(), 0_u32..12), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn segments_find_what_a_look_at_every_inventory_finds(
        runs in runs(), asked in proptest::collection::vec(0_u64..1 << 40, 1..4)
    ) {
        let mut world = World { segments: Segments::default(), listings: Vec::new() };
        for (count, mut seed, gone) in runs {
            for _ in 0..count {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                // items with a high number are rare
                let entries: Vec<_> = (0..40_u32)
                    .filter(|item| seed.rotate_left(item * 3) % (1 + u64::from(item * item)) == 0)
                    .flat_map(|item| [(item, None), (item, Some(1))])
                    .collect();
                world.segments.add(world.listings.len() as u32);
                world.listings.push(Some(Listing::of(&entries)));
            }
            let len = world.listings.len() as u32;
            let dead = Bits::from_fn(len, |number| number % 10 == gone || gone == 11 && number % 4 > 0);
            world.segments.remove(&dead);
            dead.iter().for_each(|number| world.listings[number as usize] = None);
            let listings = &world.listings;
            world.segments.settle(40, |number| listings[number as usize].as_ref());
            for asked in &asked {
                world.check(&Bits::from_fn(40, |item| asked >> item & 1 != 0))?;
            }
            for item in [0, 3, 17, 39] {
                world.check(&Bits::from_iter([item]))?;
            }
        }
        let sizes: Vec<usize> = world.segments.segments.iter().map(Segment::alive).collect();
        prop_assert!(sizes.len() < 2 * FAN && world.segments.tail.len() < SEAL, "{:?}", sizes);
    }
}

#[test]
fn what_is_sorted_is_what_is_counted() {
    let entries = |number: u32| {
        let items = (0..40_u32).filter(move |item| (number * 7 + item * 3) % (2 + item * 5) < 2);
        items.flat_map(|item| [(item, None), (item, Some(2))]).collect::<Vec<_>>()
    };
    let listings: Vec<Listing> = (0..200).map(|number| Listing::of(&entries(number))).collect();
    let numbers: Vec<u32> = (0..200).filter(|number| number % 3 > 0).collect();
    let listing = |number: u32| listings.get(number as usize);
    let (mut counted, mut sorted) = (Core::of(&numbers), Core::of(&numbers));
    counted.take_counted(40, &listing);
    sorted.take_sorted(&listing);
    let parts = |core: &Core| {
        let Core { numbers, sparse, ends, places, dense, words } = core;
        (numbers.clone(), sparse.clone(), ends.clone(), places.clone(), dense.clone(), words.clone())
    };
    assert_eq!(parts(&counted), parts(&sorted));
    assert!(!counted.dense.is_empty() && !counted.sparse.is_empty());
}

#[test]
fn galloping_finds_the_first_that_is_not_below() {
    let numbers: Vec<u32> = (0..100).map(|number| number * 3).collect();
    for number in 0..310 {
        let expected = numbers.partition_point(|known| *known < number);
        assert_eq!(gallop(&numbers, number), expected, "{number}");
    }
    assert_eq!(gallop(&[], 5), 0);
}

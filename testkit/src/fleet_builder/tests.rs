use std::collections::{BTreeMap, BTreeSet};

use super::*;

const SIZES: Sizes = Sizes { images: 448, containers: 2_240 };

/// With the small feeds alone: all of them take seconds.
fn fleet(seed: u64) -> Fleet {
    static NAMES: OnceLock<Arc<Names>> = OnceLock::new();
    let small =
        |path: &str| path.starts_with("debian/") || matches!(path, "alpine-secdb" | "osv/npm" | "osv/Maven");
    let read = || Arc::new(Names::read_some(&Names::shared_folder(), small).unwrap());
    Fleet::with_names(seed, SIZES, Arc::clone(NAMES.get_or_init(read)))
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_any_order_and_another_seed_gives_others() {
    let (first, second, other) = (fleet(1), fleet(1), fleet(2));
    let bytes = |fleet: &Fleet, index: u64| {
        let image = serde_json::to_vec(&fleet.image(index)).unwrap();
        let container = serde_json::to_vec(&fleet.container(index)).unwrap();
        (image, container)
    };
    let ascending: Vec<_> = (0..40).map(|index| bytes(&first, index * 13)).collect();
    let mut descending: Vec<_> = (0..40).rev().map(|index| bytes(&second, index * 13)).collect();
    descending.reverse();
    assert!(ascending == descending, "a record depends on what was made before it");
    assert!((0..40).all(|index| bytes(&other, index * 13) != ascending[index as usize]));
}

#[test]
fn images_share_packages_and_inventories_as_rebuilt_ones_do() {
    let fleet = fleet(1);
    let mut inventories: BTreeMap<String, u64> = BTreeMap::new();
    let (mut ids, mut packages) = (BTreeSet::new(), 0);
    for index in 0..SIZES.images {
        let report = fleet.image(index);
        packages += report.packages.len();
        assert!(report.packages.is_sorted(), "the packages of image {index} are not sorted");
        assert!(ids.insert(report.image.id), "image {index} has the id of another one");
        assert!((8..=14).contains(&report.image.layers.len()), "{} layers", report.image.layers.len());
        *inventories.entry(serde_json::to_string(&report.packages).unwrap()).or_default() += 1;
    }
    let shared: u64 = inventories.values().filter(|count| **count > 1).sum();
    let share = shared as f64 / SIZES.images as f64;
    assert!((0.25..0.45).contains(&share), "{share} of the images share their inventory");
    let each = packages as f64 / SIZES.images as f64;
    assert!((250.0..350.0).contains(&each), "{each} packages an image");
}

#[test]
fn containers_run_images_of_the_fleet_a_few_of_them_often_and_many_never() {
    let fleet = fleet(1);
    let ids: BTreeSet<_> = (0..SIZES.images).map(|index| fleet.image(index).image.id).collect();
    let mut runs: BTreeMap<_, u64> = BTreeMap::new();
    for index in 0..SIZES.containers {
        let report = fleet.container(index);
        let image = report.image_id.unwrap();
        assert!(ids.contains(&image), "container {index} runs an image that is not there");
        *runs.entry(image).or_default() += 1;
    }
    assert!(runs.len() < ids.len() / 2, "{} of {} images run", runs.len(), ids.len());
    let most = runs.values().max().unwrap();
    assert!(*most > 20 * SIZES.containers / ids.len() as u64, "the most used image runs {most} times");
}

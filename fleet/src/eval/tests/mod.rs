//! The evaluation by columns against a look at each record, over random fleets and random queries.

mod naive;
mod world;

use model::Timestamp;
use proptest::prelude::*;
use qql::fields::{ImageField, SoftwareField};
use qql::{Condition, Entity, FieldId, Values as _};

use super::row::holds;
use super::{Key, Search};
use crate::aggregate::{By, group, summary, vulnerabilities};
use crate::complete::Frequent;
use crate::request::Scope;
use store::DEFAULT_CUSTOMER;
pub(super) use world::Dice;
use world::{WORDS, World};

/// What a query may ask at one level: texts, keywords with values, numbers, times, yes or no, and arrays.
struct Level {
    texts: &'static [&'static str],
    words: &'static [(&'static str, &'static [&'static str])],
    numbers: &'static [(&'static str, u64)],
    flags: &'static [&'static str],
    arrays: &'static [(&'static str, &'static Level)],
}

const NOTHING: &[(&str, &Level)] = &[];

static AFFECTED: Level = Level {
    texts: &["name", "packagePath"],
    words: &[
        ("version", &["0.1", "1.3", "2.*"]),
        ("fixVersion", &["9.0", "9.1"]),
        ("scanType", &["SCA", "dynamic"]),
    ],
    numbers: &[],
    flags: &[],
    arrays: NOTHING,
};

static FINDING: Level = Level {
    texts: &["title"],
    words: &[
        ("cveids", &["CVE-2024-11", "cve-2023-*"]),
        ("typeDetected", &["Confirmed", "POTENTIAL"]),
        ("scanType", &["SCA", "DYNAMIC"]),
        ("layerSha", &["0*", "8*", "*"]),
    ],
    numbers: &[
        ("qid", 16),
        ("severity", 6),
        ("qdsScore", 100),
        ("firstFound", 12),
        ("lastFound", 16),
        ("published", 10),
        ("cvss3Info.baseScore", 10),
    ],
    flags: &["patchAvailable", "threatIntel.activeAttacks", "threatIntel.zeroDay", "threatIntel.noPatch"],
    arrays: &[("software", &AFFECTED)],
};

static SOFTWARE: Level = Level {
    texts: &["name", "packagePath"],
    words: &[
        ("version", &["0.1", "1.3"]),
        ("fixVersion", &["9.0", "9.1"]),
        ("lifecycle.stage", &["GA", "EOL"]),
    ],
    numbers: &[("lifecycle.eol", 10), ("lifecycle.ga", 10)],
    flags: &[],
    arrays: &[("vulnerabilities", &FINDING)],
};

static REPO: Level = Level {
    texts: &["registry", "repository", "tag"],
    words: &[],
    numbers: &[],
    flags: &[],
    arrays: NOTHING,
};
static LABEL: Level =
    Level { texts: &["key", "value"], words: &[], numbers: &[], flags: &[], arrays: NOTHING };
static HOST: Level = Level {
    texts: &["hostname"],
    words: &[("ipAddress", &["10.0.0.1", "10.0.0.0/31"])],
    numbers: &[],
    flags: &[],
    arrays: NOTHING,
};
static SECRET: Level = Level {
    texts: &["type"],
    words: &[("severity", &["LOW", "critical"])],
    numbers: &[("startLine", 3)],
    flags: &[],
    arrays: NOTHING,
};
static PORT: Level = Level {
    texts: &[],
    words: &[("protocol", &["tcp", "UDP"]), ("hostIp", &["10.0.0.1"])],
    numbers: &[("port", 3), ("hostPort", 3)],
    flags: &[],
    arrays: NOTHING,
};

static IMAGE: Level = Level {
    texts: &["operatingSystem", "author", "tags.name", "users"],
    words: &[
        ("source", &["alpha", "BETA"]),
        ("dockerVersion", &["beta", "Beta", "bet*"]),
        ("qdsSeverity", &["HIGH", "medium"]),
    ],
    numbers: &[
        ("created", 10),
        ("lastScanned", 10),
        ("lastUsedDate", 10),
        ("size", 5),
        ("layersCount", 4),
        ("associatedContainersCount", 4),
        ("maxQdsScore", 100),
    ],
    flags: &["hasSecrets"],
    arrays: &[
        ("vulnerabilities", &FINDING),
        ("softwares", &SOFTWARE),
        ("repo", &REPO),
        ("label", &LABEL),
        ("host", &HOST),
        ("secrets", &SECRET),
    ],
};

static CONTAINER: Level = Level {
    texts: &["name", "arguments", "host.hostname", "operatingSystem", "users"],
    words: &[
        ("state", &["RUNNING", "deleted"]),
        ("ipv4", &["10.0.0.2", "10.0.0.0/31"]),
        ("host.ipAddress", &["10.0.0.2"]),
        ("qdsSeverity", &["HIGH"]),
    ],
    numbers: &[("created", 10), ("lastScanned", 10)],
    flags: &["privileged", "isRoot", "isVulnPropagated"],
    arrays: &[
        ("vulnerabilities", &FINDING),
        ("softwares", &SOFTWARE),
        ("portMapping", &PORT),
        ("label", &LABEL),
    ],
};

/// A random query; tokens of an array are written relative to it in a group, or dotted outside.
fn query(dice: &mut Dice, level: &Level, prefix: &str, depth: u32) -> String {
    match dice.below(if depth == 0 { 4 } else { 9 }) {
        4 => format!("not {}", query(dice, level, prefix, depth - 1)),
        5 | 6 => {
            let join = *dice.pick(&["and", "or"]);
            let (a, b) = (query(dice, level, prefix, depth - 1), query(dice, level, prefix, depth - 1));
            format!("({a} {join} {b})")
        }
        7 | 8 if !level.arrays.is_empty() => {
            let (name, inner) = *dice.pick(level.arrays);
            if dice.one_in(2) {
                return query(dice, inner, &format!("{prefix}{name}."), 0);
            }
            format!("{prefix}{name}:({})", query(dice, inner, "", depth - 1))
        }
        _ => term(dice, level, prefix),
    }
}

fn term(dice: &mut Dice, level: &Level, prefix: &str) -> String {
    let kinds = level.texts.len() + level.words.len() + level.numbers.len() + level.flags.len();
    let at = dice.below(kinds as u64) as usize;
    if let Some(name) = level.texts.get(at) {
        let word = *dice.pick(&WORDS);
        return match dice.below(5) {
            0 => format!("{prefix}{name}:`{word}`"),
            1 => format!("{prefix}{name}:\"{word}\""),
            2 => format!("{prefix}{name} is null"),
            3 => format!("{prefix}{name}:{}", &word[..2]),
            _ => format!("{prefix}{name}:[`{word}`, {}]", dice.pick(&["bet", "lib", "x"])),
        };
    }
    let at = at - level.texts.len();
    if let Some((name, values)) = level.words.get(at) {
        return match dice.below(4) {
            0 => format!("{prefix}{name} is null"),
            1 if !values.iter().any(|value| value.ends_with('*')) => {
                format!("{prefix}{name}:[{}]", values.join(", "))
            }
            _ => format!("{prefix}{name}:{}", dice.pick(values)),
        };
    }
    let at = at - level.words.len();
    if let Some((name, end)) = level.numbers.get(at) {
        let (a, b) = (dice.below(*end), dice.below(*end));
        return match dice.below(5) {
            0 => format!("{prefix}{name} is null"),
            1 => format!("{prefix}{name}>{a}"),
            2 => format!("{prefix}{name}:[{} .. {}]", a.min(b), a.max(b)),
            3 => format!("{prefix}{name}:({a} ..]"),
            _ => format!("{prefix}{name}:[{a}, {b}]"),
        };
    }
    let name = level.flags[at - level.numbers.len()];
    match dice.below(3) {
        0 => format!("{prefix}{name} is null"),
        1 => format!("{prefix}{name}:true"),
        _ => format!("{prefix}{name}:false"),
    }
}

pub(super) fn condition(text: &str, entity: Entity, now: Timestamp) -> Condition {
    let query = qql::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    qql::resolve(&query, entity, now).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn check(seed: u64) {
    let world = World::of(seed);
    let tenant = world.index.tenant(DEFAULT_CUSTOMER).unwrap();
    let search = Search::new(&world.index, tenant, tenant.visible(&Scope::Everything));
    let images: Vec<_> = (0..world.images.len()).map(|number| world.image_node(number)).collect();
    let containers: Vec<_> = (0..world.containers.len()).map(|number| world.container_node(number)).collect();
    let dice = &mut Dice(seed ^ 7);
    for _ in 0..40 {
        let text = query(dice, &IMAGE, "", 4);
        let asked = condition(&text, Entity::Image, Timestamp(5));
        let found = search.images(&asked);
        for (node, (record, _)) in images.iter().zip(&world.images) {
            let position = tenant.images.position(record.uuid).unwrap();
            assert_eq!(found.contains(position), holds(&asked, node), "{text}\n{asked:?}\n{node:?}");
        }
        let text = query(dice, &CONTAINER, "", 4);
        let asked = condition(&text, Entity::Container, Timestamp(5));
        let found = search.containers(&asked);
        for (node, record) in containers.iter().zip(&world.containers) {
            let position = tenant.containers.position(record.uuid).unwrap();
            assert_eq!(found.contains(position), holds(&asked, node), "{text}\n{asked:?}\n{node:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn columns_find_what_a_look_at_each_record_finds(seed in any::<u64>()) {
        check(seed);
    }
}

/// What is counted for a group is what a filter for it finds.
fn check_counts(seed: u64) {
    let world = World::of(seed);
    let tenant = world.index.tenant(DEFAULT_CUSTOMER).unwrap();
    let search = Search::new(&world.index, tenant, tenant.visible(&Scope::Everything));
    let (images, containers) = (&search.visible.images, &search.visible.containers);
    let count = |text: &str| {
        let of = |entity| condition(text, entity, Timestamp(5));
        (search.images(&of(Entity::Image)).count(), search.containers(&of(Entity::Container)).count())
    };
    let field = |field| By::Field(FieldId::Image(field));
    for (by, token) in [
        (field(ImageField::OperatingSystem), "operatingSystem"),
        (field(ImageField::Users), "users"),
        (By::Severity, "vulnerabilities.severity"),
        (By::Package, "softwares.name"),
        (By::Vulnerability, "vulnerabilities.qid"),
    ] {
        let groups = group(&search, by, images, containers, 1_000);
        assert_eq!((groups.count, groups.images), (groups.top.len(), images.count()));
        for group in groups.top {
            let text = match &group.key {
                Key::Text(text) => format!("{token}:`{text}`"),
                Key::Number(number) => format!("{token}:{number}"),
                _ => continue,
            };
            assert_eq!((group.images, group.containers), count(&text), "{text}");
        }
    }
    let severe =
        condition("severity:[4, 5] and not patchAvailable:false", Entity::Vulnerability, Timestamp(5));
    let all = vulnerabilities(&search, &Condition::All, None, (images, containers), (0, 100));
    let some = vulnerabilities(&search, &severe, None, (images, containers), (0, 100));
    assert!(
        some.items.iter().all(|item| item.severity.get() >= 4 && item.is_fixable && all.items.contains(item))
    );
    assert_eq!(all.count as usize, all.items.len());
    for item in &all.items {
        let (qid, first, last) = (item.vulnerability.qid, item.first_found, item.last_found);
        assert_eq!((item.images, item.containers), count(&format!("vulnerabilities.qid:{qid}")));
        if item.images > 0 {
            assert_eq!(count(&format!("vulnerabilities:(qid:{qid} and firstFound<{})", first.0)).0, 0);
            assert_eq!(count(&format!("vulnerabilities:(qid:{qid} and lastFound>{})", last.0)).0, 0);
            assert!(count(&format!("vulnerabilities:(qid:{qid} and firstFound:{})", first.0)).0 > 0);
            assert!(count(&format!("vulnerabilities:(qid:{qid} and lastFound:{})", last.0)).0 > 0);
        }
    }
    let total = summary(&search, images, containers);
    let urgent = "vulnerabilities:(severity:5 and patchAvailable:true and threatIntel.activeAttacks:true)";
    assert_eq!((total.exploited_fixable_images, total.exploited_fixable_containers), count(urgent));
    assert_eq!(total.critical_images, count("vulnerabilities.severity:5").0);
    assert_eq!(
        total.ended_images,
        search.images(&condition("isEol:true", Entity::Image, Timestamp(5))).count()
    );
    assert_eq!(
        total.states.running,
        search.containers(&condition("state:RUNNING", Entity::Container, Timestamp(5))).count()
    );
    for (field, token) in
        [(SoftwareField::Name, "softwares.name"), (SoftwareField::Version, "softwares.version")]
    {
        for value in Frequent::of(&search, Entity::Image).frequent(FieldId::Software(field), "", 5) {
            assert!(count(&format!("{token}:`{value}`")).0 > 0, "{value}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn groups_count_what_filters_for_them_find(seed in any::<u64>()) {
        check_counts(seed);
    }
}

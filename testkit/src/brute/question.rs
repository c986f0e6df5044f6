//! Which packages are asked about: every package of every feed, in the versions at the bounds and just beside them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::BruteForce;
use super::order::Order;
use super::row::{Row, Says, order_of};

/// A package to be judged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// The release of a distribution, or the ecosystem.
    pub namespace: String,
    /// The name in lookup form.
    pub name: String,
    /// The installed version.
    pub version: String,
    /// RPM module and stream.
    pub module: Option<String>,
    /// Architecture of the package.
    pub arch: Option<String>,
}

impl Question {
    /// The package's URL; `None` for a package that has none, such as one whose name has no place in it.
    pub fn purl(&self) -> Option<String> {
        let (id, release) = self.namespace.split_once(':').unwrap_or((&self.namespace, ""));
        let version = encode(&self.version, "");
        let name = encode(&self.name, "/");
        let system =
            |kind: &str, vendor: &str| format!("pkg:{kind}/{vendor}/{}@{version}", encode(&self.name, ""));
        Some(match id {
            "debian" | "ubuntu" => format!("{}?distro={id}-{release}", system("deb", id)),
            "alpine" => format!("{}?distro=alpine-{release}", system("apk", id)),
            "wolfi" | "chainguard" => format!("{}?distro={id}", system("apk", id)),
            "almalinux" | "rocky" | "rhel" | "openEuler" => {
                let (epoch, version) = self.version.split_once(':').unwrap_or(("", &self.version));
                let vendor = if id == "rhel" { "redhat" } else { id };
                let name = encode(&self.name, "");
                let mut purl = format!(
                    "pkg:rpm/{}/{name}@{}?distro={id}-{release}",
                    vendor.to_lowercase(),
                    encode(version, "")
                );
                if !epoch.is_empty() {
                    let _ = write!(purl, "&epoch={epoch}");
                }
                if let Some(module) = &self.module {
                    let _ = write!(purl, "&rpmmod={}", encode(module, ""));
                }
                purl
            }
            "maven" => {
                let (group, artifact) = self.name.split_once(':')?;
                format!("pkg:maven/{}/{}@{version}", encode(group, ""), encode(artifact, ""))
            }
            "npm" | "pypi" | "golang" | "cargo" | "gem" | "composer" | "nuget" | "hex" | "pub" | "swift"
            | "bitnami" => {
                format!("pkg:{id}/{name}@{version}")
            }
            _ => return None,
        })
    }
}

fn encode(text: &str, kept: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) || kept.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

impl BruteForce {
    /// Questions about a package: at most `cap` for each module stream that it comes in.
    pub fn questions(&self, namespace: &str, name: &str, cap: usize) -> Vec<Question> {
        let Some(order) = order_of(namespace) else { return Vec::new() };
        let rows = self.rows(namespace, name);
        let modules: BTreeSet<&Option<String>> = rows.iter().map(|row| &row.module).collect();
        let mut questions = Vec::new();
        for module in modules {
            let about = rows.iter().filter(|row| row.module == *module);
            let versions = versions(about, order);
            let step = versions.len().div_ceil(cap.max(1)).max(1);
            questions.extend(versions.into_iter().step_by(step).map(|version| Question {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
                version,
                module: module.clone(),
                arch: None,
            }));
        }
        questions
    }
}

/// Every bound, the version just above and the one just below, by their texts.
fn versions<'a>(rows: impl Iterator<Item = &'a Row>, order: Order) -> BTreeSet<String> {
    let mut bounds = BTreeSet::new();
    for row in rows {
        match &row.says {
            Says::Before(fix) => {
                bounds.insert(fix.clone());
            }
            Says::Events(lists, listed) => {
                bounds.extend(lists.iter().flatten().map(|event| event.version().to_owned()));
                bounds.extend(listed.first().into_iter().chain(listed.last()).cloned());
            }
            Says::UnlessRuby(requirements) => {
                let conditions = requirements.iter().flat_map(|requirement| requirement.split(','));
                bounds.extend(
                    conditions.map(|text| text.trim_start_matches(['<', '>', '=', '~', '!', ' ']).to_owned()),
                );
            }
            Says::AnyOf(branches, more) => {
                bounds.extend(branches.iter().flatten().map(|(_, version)| version.clone()));
                bounds.extend(more.iter().cloned());
            }
            Says::Nothing | Says::NotAffected | Says::Everything(_) => {}
        }
    }
    let first = if order == Order::Rpm || order == Order::Dpkg { "0.0.1-1" } else { "0.0.1" };
    let mut versions = BTreeSet::from([first.to_owned()]);
    for bound in bounds.into_iter().filter(|bound| bound != "0") {
        versions.extend(below(&bound));
        versions.extend(above(&bound, order));
        versions.insert(bound);
    }
    versions.retain(|version| order.reads(version));
    versions
}

/// The bound with its last number counted down; a number that cannot go below makes way for a large one behind a smaller.
fn below(bound: &str) -> Option<String> {
    let end = bound.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = bound[..end].rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
    let number: u64 = bound[start..end].parse().ok()?;
    if number > 0 {
        return Some(format!("{}{}{}", &bound[..start], number - 1, &bound[end..]));
    }
    let before = bound[..start].trim_end_matches(['.', '-']);
    below(before)
        .filter(|_| before.len() < start)
        .map(|lower| format!("{lower}{}99", &bound[before.len()..start]))
}

/// The bound with a little more at its end.
fn above(bound: &str, order: Order) -> Vec<String> {
    let counted = || {
        let (before, number) = bound.rsplit_once(|c: char| !c.is_ascii_digit())?;
        let number: u64 = number.parse().ok()?;
        Some(format!("{before}{}{}", &bound[before.len()..=before.len()], number + 1))
    };
    match order {
        Order::Dpkg => vec![format!("{bound}+b1"), format!("{bound}~rc1")],
        Order::Apk => counted().into_iter().collect(),
        Order::Rpm => vec![format!("{bound}.1")],
        Order::Python => vec![format!("{bound}.post1"), format!("{bound}.dev1")],
        Order::Semantic | Order::Loose | Order::Dart => {
            counted().into_iter().chain([format!("{bound}-rc.1")]).collect()
        }
        Order::Maven => vec![format!("{bound}.1"), format!("{bound}-rc1")],
        Order::Gem => vec![format!("{bound}.1"), format!("{bound}.rc1")],
        Order::Nuget => vec![format!("{bound}-beta"), format!("{bound}.1")],
        Order::Composer => counted().into_iter().chain([format!("{bound}-beta1")]).collect(),
    }
}

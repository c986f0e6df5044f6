//! What one raw record says about one package.

use std::collections::BTreeSet;

use super::order::Order;

/// A raw record as far as it is about one package.
#[derive(Clone, Debug)]
pub struct Row {
    /// The release of a distribution, or the ecosystem.
    pub namespace: String,
    /// The name in lookup form.
    pub package: String,
    /// The feed, by the engine's name for it.
    pub feed: &'static str,
    /// How strong the feed is for distributions; lower is stronger.
    pub rank: u8,
    /// The publisher's id.
    pub id: String,
    /// Other ids of the same flaw.
    pub aliases: Vec<String>,
    /// Whether the publisher took it back.
    pub withdrawn: bool,
    /// RPM module and stream.
    pub module: Option<String>,
    /// Architectures that it is limited to.
    pub arch: Option<String>,
    /// What it says.
    pub says: Says,
    /// What the publisher wrote, cut short.
    pub raw: String,
    /// The main ids of the flaws that it is about; filled in when all rows are known.
    pub about: BTreeSet<String>,
}

/// What a row says of versions.
#[derive(Clone, Debug)]
pub enum Says {
    /// It only links ids.
    Nothing,
    /// No version is affected.
    NotAffected,
    /// Every version is affected; with the publisher's position.
    Everything(&'static str),
    /// Every version before this one.
    Before(String),
    /// OSV's lists of events, and the versions that are listed one by one.
    Events(Vec<Vec<Event>>, Vec<String>),
    /// Whatever satisfies none of these requirements of RubyGems.
    UnlessRuby(Vec<String>),
    /// Whatever satisfies any of these lists of conditions (operator, version); further versions that fix it.
    AnyOf(Vec<Vec<(String, String)>>, Vec<String>),
}

/// A switch of OSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Affected from here on.
    Introduced(String),
    /// Not affected from here on.
    Fixed(String),
    /// Not affected after this.
    LastAffected(String),
    /// Nothing from here on is affected.
    Limit(String),
}

impl Row {
    /// The family of namespaces that its ids are grouped in.
    pub fn family(&self) -> &'static str {
        family(&self.namespace)
    }
}

/// The family of a namespace.
pub(super) fn family(namespace: &str) -> &'static str {
    match namespace.split(':').next().unwrap_or_default() {
        "rhel" | "almalinux" | "rocky" => "rhel",
        "wolfi" | "chainguard" => "wolfi",
        "sles" | "opensuse-leap" | "opensuse-tumbleweed" | "sled" | "sles_sap" => "suse",
        id => FAMILIES.iter().find(|known| **known == id).copied().unwrap_or("other"),
    }
}

const FAMILIES: [&str; 16] = [
    "debian",
    "ubuntu",
    "alpine",
    "openEuler",
    "npm",
    "pypi",
    "maven",
    "golang",
    "cargo",
    "gem",
    "composer",
    "nuget",
    "hex",
    "pub",
    "swift",
    "bitnami",
];

/// The order of versions in a namespace.
pub fn order_of(namespace: &str) -> Option<Order> {
    Some(match family(namespace) {
        "debian" | "ubuntu" => Order::Dpkg,
        "alpine" | "wolfi" => Order::Apk,
        "rhel" | "suse" | "openEuler" => Order::Rpm,
        "pypi" => Order::Python,
        "maven" => Order::Maven,
        "gem" => Order::Gem,
        "composer" => Order::Composer,
        "nuget" => Order::Nuget,
        "npm" | "golang" | "swift" | "bitnami" => Order::Loose,
        "cargo" | "hex" => Order::Semantic,
        "pub" => Order::Dart,
        _ => return None,
    })
}

/// Whether a namespace is a release of a distribution.
pub(super) fn is_distribution(namespace: &str) -> bool {
    matches!(order_of(namespace), Some(Order::Dpkg | Order::Apk | Order::Rpm))
}

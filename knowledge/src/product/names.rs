//! Under which names packages find a product.
//!
//! An exact package URL, from endoflife.date or from the table below, makes what it finds certain. A mere name does not:
//! some other program may have the same one. Package URLs of distributions' packages are not used, because such a package
//! lives as long as its distribution supports it.

use std::collections::BTreeMap;

use model::{Confidence, Ecosystem};

use super::{Product, ProductKind};
use crate::lookup::language_key;

/// `ID`s of os-release that neither the product's name nor its aliases give.
const OS_IDS: [(&str, &str); 15] = [
    ("alpine-linux", "alpine"),
    ("amazon-linux", "amzn"),
    ("clear-linux", "clear-linux-os"),
    ("opensuse", "opensuse-leap"),
    ("oracle-linux", "ol"),
    ("pop-os", "pop"),
    ("rocky-linux", "rocky"),
    ("sles", "sled"),
    ("suse-linux-micro", "opensuse-leap-micro"),
    ("suse-linux-micro", "sl-micro"),
    ("suse-linux-micro", "sle-micro"),
    ("suse-linux-micro", "suse-microos"),
    ("azure-linux", "azurelinux"),
    ("vmware-photon", "photon"),
    ("cbl-mariner", "mariner"),
];

/// Programs as the scanner names them, Go's library and .NET's runtime; and well-known libraries for the forms of the feed
/// that have no identifiers.
const KNOWN: [(Ecosystem, &str, &str); 38] = [
    (Ecosystem::Generic, "bun", "bun"),
    (Ecosystem::Generic, "deno", "deno"),
    (Ecosystem::Generic, "dovecot", "dovecot"),
    (Ecosystem::Generic, "erlang", "erlang"),
    (Ecosystem::Generic, "go", "go"),
    (Ecosystem::Generic, "haproxy", "haproxy"),
    (Ecosystem::Generic, "httpd", "apache-http-server"),
    (Ecosystem::Generic, "lua", "lua"),
    (Ecosystem::Generic, "mariadb", "mariadb"),
    (Ecosystem::Generic, "memcached", "memcached"),
    (Ecosystem::Generic, "mongodb", "mongodb"),
    (Ecosystem::Generic, "mysql", "mysql"),
    (Ecosystem::Generic, "nginx", "nginx"),
    (Ecosystem::Generic, "node", "nodejs"),
    (Ecosystem::Generic, "openssl", "openssl"),
    (Ecosystem::Generic, "oracle-jdk", "oracle-jdk"),
    (Ecosystem::Generic, "perl", "perl"),
    (Ecosystem::Generic, "php", "php"),
    (Ecosystem::Generic, "postgresql", "postgresql"),
    (Ecosystem::Generic, "proftpd", "proftpd"),
    (Ecosystem::Generic, "python", "python"),
    (Ecosystem::Generic, "redis", "redis"),
    (Ecosystem::Generic, "ruby", "ruby"),
    (Ecosystem::Generic, "rust", "rust"),
    (Ecosystem::Generic, "sqlite", "sqlite"),
    (Ecosystem::Generic, "squid", "squid"),
    (Ecosystem::Generic, "valkey", "valkey"),
    (Ecosystem::Generic, "varnish", "vinyl-cache"),
    (Ecosystem::Golang, "stdlib", "go"),
    (Ecosystem::Nuget, "Microsoft.NETCore.App", "dotnet"),
    (Ecosystem::Pypi, "django", "django"),
    (Ecosystem::Npm, "express", "express"),
    (Ecosystem::Npm, "next", "nextjs"),
    (Ecosystem::Npm, "react", "react"),
    (Ecosystem::Npm, "vue", "vue"),
    (Ecosystem::Gem, "rails", "rails"),
    (Ecosystem::Composer, "laravel/framework", "laravel"),
    (Ecosystem::Composer, "drupal/core", "drupal"),
];

/// Names that mean something else to the scanner: it gives GraalVM's own version, the product's cycles are those of Java.
const NOT_BY_NAME: [&str; 1] = ["graalvm"];

/// In which list a name is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NameKind {
    /// Names of products and their aliases.
    Product,
    /// `ID`s of os-release.
    Release,
    /// Names of packages of an ecosystem.
    Package(Ecosystem),
}

impl NameKind {
    /// How the list is called in a bundle.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Release => "release",
            Self::Package(ecosystem) => ecosystem.as_str(),
        }
    }
}

/// A name and where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NameRow {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    /// Index into the products.
    pub(crate) product: usize,
    pub(crate) confidence: Confidence,
}

/// All names of `products`, sorted, each once. A product's own name is never another one's alias.
pub(crate) fn names_of(products: &[Product]) -> Vec<NameRow> {
    let mut names = Names::default();
    let exact = Confidence::Confirmed;
    let by_name: BTreeMap<&str, usize> =
        products.iter().enumerate().map(|(index, product)| (product.name.as_str(), index)).collect();
    for (index, product) in products.iter().enumerate() {
        names.add(NameKind::Product, &product.name, index, exact);
        for purl in &product.purls {
            if let Some((ecosystem, name)) = package_of(purl) {
                names.add(NameKind::Package(ecosystem), &language_key(ecosystem, &name), index, exact);
            }
        }
    }
    for (ecosystem, name, product) in &KNOWN {
        if let Some(&index) = by_name.get(product) {
            names.add(NameKind::Package(*ecosystem), &language_key(*ecosystem, name), index, exact);
        }
    }
    for (product, id) in &OS_IDS {
        if let Some(&index) = by_name.get(product) {
            names.add(NameKind::Product, id, index, exact);
            names.add(NameKind::Release, id, index, exact);
        }
    }
    for own in [true, false] {
        for (index, product) in products.iter().enumerate() {
            let given: &[String] = if own { std::slice::from_ref(&product.name) } else { &product.aliases };
            given.iter().for_each(|name| names.add_mere(product.kind, name, index));
        }
    }
    names
        .0
        .into_iter()
        .map(|((kind, name), (product, confidence))| NameRow { kind, name, product, confidence })
        .collect()
}

#[derive(Default)]
struct Names(BTreeMap<(&'static str, String), (usize, Confidence)>);

impl Names {
    /// Adds a name unless it is taken.
    fn add(&mut self, kind: NameKind, name: &str, product: usize, confidence: Confidence) {
        self.0.entry((kind.as_str(), name.to_owned())).or_insert((product, confidence));
    }

    /// Adds a name that a product has, to the lists where it can mean the product.
    fn add_mere(&mut self, kind: ProductKind, name: &str, product: usize) {
        self.add(NameKind::Product, name, product, Confidence::Confirmed);
        if matches!(kind, ProductKind::OperatingSystem | ProductKind::Unknown) {
            self.add(NameKind::Release, name, product, Confidence::Confirmed);
        }
        let is_program = matches!(kind, ProductKind::Software | ProductKind::Unknown);
        if is_program && !NOT_BY_NAME.contains(&name) {
            self.add(NameKind::Package(Ecosystem::Generic), name, product, Confidence::Potential);
        }
    }
}

/// Ecosystem and name of a package URL without version (<https://github.com/package-url/purl-spec>), the name as the
/// ecosystem writes it; `None` for package types that are not looked up.
fn package_of(purl: &str) -> Option<(Ecosystem, String)> {
    let (kind, rest) = purl.strip_prefix("pkg:")?.split_once('/')?;
    let ecosystem: Ecosystem = kind.parse().ok().filter(|ecosystem: &Ecosystem| !ecosystem.is_os())?;
    let path = rest.split(['?', '#']).next()?;
    let parts: Vec<String> = path.split('/').map(percent_decoded).collect();
    let name = match (ecosystem, parts.as_slice()) {
        (Ecosystem::Maven, [group, artifact]) => format!("{group}:{artifact}"),
        (_, parts) => parts.join("/"),
    };
    // a version may follow the name; a scope of npm begins with the same sign
    let name = match name.rfind('@') {
        Some(at) if at > 0 => &name[..at],
        _ => &name,
    };
    (!name.is_empty()).then(|| (ecosystem, name.to_owned()))
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = (byte == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(value) => {
                decoded.push(value);
                at += 3;
            }
            None => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn package_urls_are_read_as_their_ecosystems_write_names() {
        let name = |purl: &str| package_of(purl).map(|(ecosystem, name)| format!("{ecosystem} {name}"));
        assert_eq!(name("pkg:npm/%40angular/core").as_deref(), Some("npm @angular/core"));
        assert_eq!(
            name("pkg:maven/org.apache.tomcat/tomcat").as_deref(),
            Some("maven org.apache.tomcat:tomcat")
        );
        assert_eq!(
            name("pkg:golang/github.com/caddyserver/caddy/v2?x=1").as_deref(),
            Some("golang github.com/caddyserver/caddy/v2")
        );
        assert_eq!(name("pkg:pypi/django@4.2").as_deref(), Some("pypi django"));
        for other in [
            "pkg:deb/debian/php",
            "pkg:docker/library/node",
            "pkg:npm",
            "npm/x",
            "pkg:npm/",
            "pkg:swid/a?b=c",
        ] {
            assert_eq!(name(other), None, "{other}");
        }
        assert_eq!(percent_decoded("a%4"), "a%4");
    }

    #[test]
    fn an_exact_identifier_wins_over_a_name_and_an_own_name_over_an_alias() {
        let product = |name: &str, alias: &str, purl: &str| Product {
            name: name.into(),
            kind: ProductKind::Software,
            aliases: vec![alias.into()],
            purls: vec![purl.into()],
            ..Product::default()
        };
        let products =
            [product("a", "c", "pkg:generic/b"), product("b", "graalvm", ""), product("c", "b", "")];
        let names = names_of(&products);
        let found = |kind: &str, name: &str| {
            names
                .iter()
                .find(|row| row.kind == kind && row.name == name)
                .map(|row| (row.product, row.confidence))
        };
        assert_eq!(found("generic", "b"), Some((0, Confidence::Confirmed)));
        assert_eq!(found("generic", "c"), Some((2, Confidence::Potential)));
        assert_eq!(found("product", "b"), Some((1, Confidence::Confirmed)));
        assert_eq!(found("generic", "graalvm"), None);
        assert_eq!(found("release", "a"), None);
        assert!(names.is_sorted_by(|x, y| (x.kind, &x.name) < (y.kind, &y.name)));
    }
}

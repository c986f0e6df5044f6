//! Groups of widely used libraries whose archives carry no pom and do not state their group.
//!
//! Builds by Gradle and Ant leave no `pom.properties`, and advisories are looked up by `group:artifact`.
//! Listed are only names that one project alone publishes; anything else stays without a group.

/// Artifacts called exactly so.
const EXACT: [(&str, &[&str]); 4] = [
    (
        "org.springframework",
        &[
            "spring-aop",
            "spring-aspects",
            "spring-beans",
            "spring-context",
            "spring-context-indexer",
            "spring-context-support",
            "spring-core",
            "spring-expression",
            "spring-instrument",
            "spring-jcl",
            "spring-jdbc",
            "spring-jms",
            "spring-messaging",
            "spring-orm",
            "spring-oxm",
            "spring-r2dbc",
            "spring-test",
            "spring-tx",
            "spring-web",
            "spring-webflux",
            "spring-webmvc",
            "spring-websocket",
        ],
    ),
    ("org.springframework.boot", &["spring-boot"]),
    ("org.ow2.asm", &["asm-analysis", "asm-commons", "asm-tree", "asm-util"]),
    ("org.mongodb", &["bson", "mongo-java-driver", "mongodb-driver"]),
];

/// Artifacts whose name begins so.
const PREFIXES: [(&str, &[&str]); 6] = [
    ("org.springframework.boot", &["spring-boot-"]),
    ("org.springframework.security", &["spring-security-"]),
    ("org.jetbrains.kotlin", &["kotlin-stdlib", "kotlin-reflect"]),
    ("org.apache.tomcat.embed", &["tomcat-embed-"]),
    ("org.bouncycastle", &["bcmail-jdk", "bcpg-jdk", "bcpkix-jdk", "bcprov-jdk", "bctls-jdk", "bcutil-jdk"]),
    ("org.mongodb", &["mongodb-driver-"]),
];

/// Apache Commons libraries that are published under a group of their own name; later ones are under
/// `org.apache.commons`.
const OLD_COMMONS: [&str; 20] = [
    "commons-beanutils",
    "commons-cli",
    "commons-codec",
    "commons-collections",
    "commons-configuration",
    "commons-daemon",
    "commons-dbcp",
    "commons-digester",
    "commons-discovery",
    "commons-el",
    "commons-fileupload",
    "commons-httpclient",
    "commons-io",
    "commons-jxpath",
    "commons-lang",
    "commons-launcher",
    "commons-logging",
    "commons-net",
    "commons-pool",
    "commons-validator",
];

/// The group of a known artifact; `bundle` is its `Bundle-SymbolicName`, empty if it has none.
pub(super) fn group(artifact: &str, bundle: &str) -> Option<&'static str> {
    if let Some(name) = OLD_COMMONS.iter().find(|name| **name == artifact) {
        return Some(name);
    }
    if artifact.starts_with("commons-") && bundle.starts_with("org.apache.commons.") {
        return Some("org.apache.commons");
    }
    if artifact == "asm" && bundle == "org.objectweb.asm" {
        return Some("org.ow2.asm");
    }
    let exact = EXACT.iter().find(|(_, names)| names.contains(&artifact));
    let prefix =
        || PREFIXES.iter().find(|(_, starts)| starts.iter().any(|start| artifact.starts_with(start)));
    exact.or_else(prefix).map(|(group, _)| *group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_one_project_publishes_have_its_group_and_others_none() {
        assert_eq!(group("commons-io", ""), Some("commons-io"));
        assert_eq!(group("commons-text", "org.apache.commons.commons-text"), Some("org.apache.commons"));
        assert_eq!(group("commons-text", ""), None);
        assert_eq!(group("spring-core", ""), Some("org.springframework"));
        assert_eq!(group("spring-core-extra", ""), None);
        assert_eq!(
            group("tomcat-embed-core", "org.apache.tomcat-embed-core"),
            Some("org.apache.tomcat.embed")
        );
        assert_eq!(group("asm", "org.objectweb.asm"), Some("org.ow2.asm"));
        assert_eq!(group("asm", ""), None);
    }
}

//! What the tokens of questions stand for: a kind of values, and a place in the record that the API shows.

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    /// A record of the image details call.
    Image,
    /// A record of the container details call.
    Container,
    /// A row of a software list.
    Software,
    /// A row of a vulnerability list.
    Vulnerability,
}

/// How values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Full text.
    Text,
    /// Hex digits and uuids, in any case.
    Hex,
    /// The first twelve digits of an id.
    Short,
    /// Words that are compared in any case.
    Choice,
    /// One of these words, in any case; others are refused.
    Closed(&'static [&'static str]),
    /// Whole values, letter by letter.
    Plain,
    /// Numbers.
    Number,
    /// Points in time.
    Date,
    /// `true` or `false`.
    Flag,
    /// IP addresses.
    Address,
    /// The time of `imagesInUse`.
    InUse,
}

/// What one token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The kind of its values.
    pub kind: Kind,
    /// Where the values are in the record: keys with dots between them; arrays are walked through.
    pub path: String,
}

type Row = (&'static str, Kind, &'static str);

use Kind::{Address, Choice, Closed, Date, Flag, Hex, InUse, Number, Plain, Short, Text};

const STATES: &[&str] = &["CREATED", "RUNNING", "STOPPED", "PAUSED", "DELETED", "UNKNOWN"];
const BANDS: &[&str] = &["CRITICAL", "HIGH", "MEDIUM", "LOW"];
const CERTAINTIES: &[&str] = &["CONFIRMED", "POTENTIAL"];

const IMAGE: &[Row] = &[
    ("sha", Hex, ""),
    ("imageId", Short, ""),
    ("uuid", Hex, ""),
    ("created", Date, ""),
    ("updated", Date, ""),
    ("lastScanned", Date, ""),
    ("lastVmScanDate", Date, ""),
    ("lastUsedDate", Date, ""),
    ("lastAssessed", Date, ""),
    ("isContinuouslyAssessed", Flag, ""),
    ("imagesInUse", InUse, "inUse"),
    ("repo.registry", Text, ""),
    ("repo.repository", Text, ""),
    ("repo.tag", Text, ""),
    ("repoDigests.digest", Hex, ""),
    ("repoDigests.registry", Text, ""),
    ("repoDigests.repository", Text, ""),
    ("operatingSystem", Text, ""),
    ("source", Choice, ""),
    ("tags.name", Text, "assignedTags.name"),
    ("author", Text, ""),
    ("architecture", Choice, ""),
    ("dockerVersion", Plain, ""),
    ("size", Number, ""),
    ("users", Text, ""),
    ("label.key", Text, ""),
    ("label.value", Text, ""),
    ("layers.sha", Hex, ""),
    ("layersCount", Number, ""),
    ("registryUuid", Hex, ""),
    ("isDockerHubOfficial", Flag, ""),
    ("scanStatus", Choice, ""),
    ("scanErrorCode", Choice, ""),
    ("scanTypes", Choice, ""),
    ("associatedContainersCount", Number, ""),
    ("associatedHostsCount", Number, ""),
    ("host.hostname", Text, ""),
    ("host.ipAddress", Address, ""),
    ("host.uuid", Hex, ""),
    ("host.sensorUuid", Hex, ""),
    ("lastFoundOnHost.hostname", Text, ""),
    ("lastFoundOnHost.ipAddress", Address, ""),
    ("lastFoundOnHost.uuid", Hex, ""),
    ("lastFoundOnHost.sensorUuid", Hex, ""),
    ("riskScore", Number, ""),
    ("maxQdsScore", Number, ""),
    ("qdsSeverity", Closed(BANDS), ""),
    ("criticality", Number, ""),
    ("compliance.failCount", Number, ""),
    ("hasMalware", Flag, ""),
    ("hasSecrets", Flag, ""),
    ("isEol", Flag, ""),
    ("baseImage", Hex, ""),
    ("childImagesCount", Number, ""),
    ("lastComplianceScanned", Date, ""),
    ("exceptions", Hex, ""),
    ("secrets.type", Choice, ""),
    ("secrets.category", Text, ""),
    ("secrets.title", Text, ""),
    ("secrets.filePath", Text, ""),
    ("secrets.startLine", Number, ""),
    ("secrets.endLine", Number, ""),
    ("secrets.severity", Closed(BANDS), ""),
    ("secrets.layerSha", Hex, ""),
    ("malware.name", Text, ""),
    ("controls.controlId", Number, ""),
];

const CONTAINER: &[Row] = &[
    ("state", Closed(STATES), ""),
    ("imageSha", Hex, ""),
    ("imageId", Short, ""),
    ("imageUuid", Hex, ""),
    ("imageDigest", Hex, ""),
    ("sha", Hex, ""),
    ("containerId", Short, ""),
    ("uuid", Hex, ""),
    ("isDrift", Flag, ""),
    ("isRoot", Flag, ""),
    ("privileged", Flag, ""),
    ("drift.category", Choice, ""),
    ("drift.reason", Choice, ""),
    ("created", Date, ""),
    ("updated", Date, ""),
    ("stateChanged", Date, ""),
    ("lastScanned", Date, ""),
    ("lastVmScanDate", Date, "lastScanned"),
    ("lastComplianceScanned", Date, ""),
    ("name", Text, ""),
    ("path", Text, ""),
    ("command", Text, ""),
    ("arguments", Text, ""),
    ("environment", Text, ""),
    ("host.hostname", Text, ""),
    ("host.ipAddress", Address, ""),
    ("host.uuid", Hex, ""),
    ("host.sensorUuid", Hex, ""),
    ("hostArchitecture", Choice, ""),
    ("ipv4", Address, ""),
    ("ipv6", Address, ""),
    ("macAddress", Choice, ""),
    ("portMapping.port", Number, ""),
    ("portMapping.hostPort", Number, ""),
    ("portMapping.protocol", Choice, ""),
    ("portMapping.hostIp", Address, ""),
    ("services.name", Text, ""),
    ("users", Text, ""),
    ("operatingSystem", Text, ""),
    ("label.key", Text, ""),
    ("label.value", Text, ""),
    ("source", Choice, ""),
    ("sources", Choice, ""),
    ("sensorUuid", Hex, ""),
    ("cluster.name", Text, ""),
    ("cluster.k8s.pod.name", Text, ""),
    ("cluster.k8s.pod.namespace", Text, ""),
    ("cluster.k8s.pod.label.key", Text, ""),
    ("cluster.k8s.pod.label.value", Text, ""),
    ("cluster.k8s.pod.controller.name", Text, ""),
    ("cluster.k8s.pod.controller.type", Choice, ""),
    ("cluster.k8s.pod.controller.uuid", Hex, ""),
    ("cluster.k8s.node.isMaster", Flag, ""),
    ("isVulnPropagated", Flag, ""),
    ("vulnPropagationDate", Date, ""),
    ("isExposedToWorld", Flag, ""),
    ("riskScore", Number, ""),
    ("maxQdsScore", Number, ""),
    ("qdsSeverity", Closed(BANDS), ""),
    ("criticality", Number, ""),
    ("scanTypes", Choice, ""),
    ("exceptions", Hex, ""),
    ("tags.name", Text, "assignedTags.name"),
];

const SOFTWARE: &[Row] = &[
    ("name", Text, ""),
    ("version", Plain, ""),
    ("fixVersion", Plain, ""),
    ("packagePath", Text, ""),
    ("scanType", Choice, ""),
    ("lifecycle.stage", Choice, ""),
    ("lifecycle.eol", Date, "lifecycle.eolDate"),
    ("lifecycle.eos", Date, "lifecycle.eosDate"),
    ("lifecycle.ga", Date, "lifecycle.gaDate"),
    ("lifecycle.eolDate", Date, ""),
    ("lifecycle.eosDate", Date, ""),
    ("lifecycle.gaDate", Date, ""),
];

const VULNERABILITY: &[Row] = &[
    ("qid", Number, ""),
    ("title", Text, ""),
    ("severity", Number, ""),
    ("customerSeverity", Number, ""),
    ("cveids", Choice, ""),
    ("typeDetected", Closed(CERTAINTIES), ""),
    ("status", Choice, ""),
    ("firstFound", Date, ""),
    ("lastFound", Date, ""),
    ("published", Date, ""),
    ("patchAvailable", Flag, ""),
    ("risk", Number, ""),
    ("category", Text, ""),
    ("product", Text, ""),
    ("vendor", Text, ""),
    ("discoveryType", Choice, ""),
    ("authType", Choice, ""),
    ("cvssInfo.baseScore", Number, ""),
    ("cvssInfo.temporalScore", Number, ""),
    ("cvssInfo.accessVector", Choice, ""),
    ("cvss3Info.baseScore", Number, ""),
    ("cvss3Info.temporalScore", Number, ""),
    ("threatIntel.activeAttacks", Flag, ""),
    ("threatIntel.zeroDay", Flag, ""),
    ("threatIntel.publicExploit", Flag, ""),
    ("threatIntel.easyExploit", Flag, ""),
    ("threatIntel.exploitKit", Flag, ""),
    ("threatIntel.malware", Flag, ""),
    ("threatIntel.denialOfService", Flag, ""),
    ("threatIntel.highLateralMovement", Flag, ""),
    ("threatIntel.highDataLoss", Flag, ""),
    ("threatIntel.noPatch", Flag, ""),
    ("threatIntel.ransomware", Flag, ""),
    ("threatIntel.publicExploitNames", Text, ""),
    ("threatIntel.malwareNames", Text, ""),
    ("software.name", Text, ""),
    ("software.version", Plain, ""),
    ("software.fixVersion", Plain, ""),
    ("software.packagePath", Text, ""),
    ("software.scanType", Choice, ""),
    ("port", Choice, ""),
    ("result", Text, ""),
    ("scanType", Choice, ""),
    ("qdsScore", Number, ""),
    ("layerSha", Hex, ""),
    ("isExempted", Flag, ""),
    ("reason", Choice, ""),
    ("source", Choice, ""),
];

/// The arrays and objects that a nested group can be about, with their places.
const IMAGE_GROUPS: &[(&str, &str)] = &[
    ("vulnerabilities", "vulnerabilities"),
    ("vulnerabilities.software", "vulnerabilities.software"),
    ("softwares", "softwares"),
    ("software", "softwares"),
    ("softwares.vulnerabilities", "softwares.findings"),
    ("software.vulnerabilities", "softwares.findings"),
    ("repo", "repo"),
    ("repoDigests", "repoDigests"),
    ("label", "label"),
    ("layers", "layers"),
    ("host", "host"),
    ("secrets", "secrets"),
    ("portMapping", "portMapping"),
    ("cluster.k8s.pod.label", "cluster.k8s.pod.label"),
    ("cluster.k8s.pod.controller", "cluster.k8s.pod.controller"),
];
const SOFTWARE_GROUPS: &[(&str, &str)] =
    &[("vulnerabilities", "findings"), ("vulnerabilities.software", "findings.software")];
const VULNERABILITY_GROUPS: &[(&str, &str)] =
    &[("software", "software"), ("vulnerabilities.software", "software")];

impl Entity {
    fn own(self) -> &'static [Row] {
        match self {
            Self::Image => IMAGE,
            Self::Container => CONTAINER,
            Self::Software => SOFTWARE,
            Self::Vulnerability => VULNERABILITY,
        }
    }

    /// The tables of tokens with what stands before the name and before the place.
    fn tables(self) -> Vec<(&'static str, &'static str, &'static [Row])> {
        let mut tables = vec![("", "", self.own())];
        match self {
            Self::Image | Self::Container => tables.extend([
                ("vulnerabilities.", "vulnerabilities.", VULNERABILITY),
                ("softwares.vulnerabilities.", "softwares.findings.", VULNERABILITY),
                ("software.vulnerabilities.", "softwares.findings.", VULNERABILITY),
                ("softwares.", "softwares.", SOFTWARE),
                ("software.", "softwares.", SOFTWARE),
            ]),
            Self::Software => tables.push(("vulnerabilities.", "findings.", VULNERABILITY)),
            Self::Vulnerability => tables.push(("vulnerabilities.", "", VULNERABILITY)),
        }
        tables
    }

    /// The words that may stand before any token and name the entity itself.
    pub fn prefixes(self) -> &'static [&'static str] {
        match self {
            Self::Image => &["image.", "images."],
            Self::Container => &["container.", "containers."],
            Self::Software | Self::Vulnerability => &[],
        }
    }

    fn bare(self, name: &str) -> &str {
        self.prefixes().iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
    }

    /// Every token.
    pub fn columns(self) -> Vec<Column> {
        let of = |(before, place, rows): (&str, &str, &'static [Row])| -> Vec<Column> {
            let column = |(name, kind, path): &Row| Column {
                name: format!("{before}{name}"),
                kind: *kind,
                path: format!("{place}{}", if path.is_empty() { name } else { path }),
            };
            rows.iter().map(column).collect()
        };
        self.tables().into_iter().flat_map(of).collect()
    }

    /// What a token stands for.
    pub fn column(self, name: &str) -> Option<Column> {
        let name = self.bare(name);
        self.tables().into_iter().find_map(|(before, place, rows)| {
            let rest = name.strip_prefix(before)?;
            let (_, kind, path) = rows.iter().find(|(own, ..)| *own == rest)?;
            let path = if path.is_empty() { rest } else { path };
            Some(Column { name: name.to_owned(), kind: *kind, path: format!("{place}{path}") })
        })
    }

    /// The tokens of nested groups with their places.
    pub fn groups(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Image | Self::Container => IMAGE_GROUPS,
            Self::Software => SOFTWARE_GROUPS,
            Self::Vulnerability => VULNERABILITY_GROUPS,
        }
    }

    /// The place of the array that a nested group is about.
    pub fn group(self, name: &str) -> Option<&'static str> {
        let name = self.bare(name);
        self.groups().iter().find(|(own, _)| *own == name).map(|(_, path)| *path)
    }
}

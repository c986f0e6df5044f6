//! Tokens of containers (query language reference, section 5), without those of arrays of objects.

use super::Form::{Digest, Exact, Folded, ShortId, Uuid};
use super::field::{boolean, date, fields, integer, ip, keyword, text};
use super::values;

fields! {
    /// A field of a container. Names follow the record of `GET /containers/{sha}`.
    ContainerField in Container;
    /// What the container is doing.
    State "state" keyword(Folded).only(values::STATES);
    /// The id of the image: 64 hexadecimal digits.
    ImageSha "imageSha" keyword(Digest);
    /// The first twelve digits of the image's id.
    ImageId "imageId" keyword(ShortId);
    /// The id of the image's record.
    ImageUuid "imageUuid" keyword(Uuid);
    /// The digest of the image's manifest.
    ImageDigest "imageDigest" keyword(Digest);
    /// The container id: 64 hexadecimal digits.
    Sha "sha" keyword(Digest);
    /// The first twelve digits of the container id.
    ContainerId "containerId" keyword(ShortId);
    /// The id of the record.
    Uuid "uuid" keyword(Uuid);
    /// The container differs from its image.
    IsDrift "isDrift" boolean();
    /// The container runs as root.
    IsRoot "isRoot" boolean();
    /// The container is privileged.
    Privileged "privileged" boolean();
    /// In which respect the container differs from its image.
    DriftCategory "drift.category" keyword(Folded).many().such_as(values::DRIFT_CATEGORIES);
    /// How the container differs from its image.
    DriftReason "drift.reason" keyword(Folded).many().such_as(values::DRIFT_REASONS);
    /// When the container was created.
    Created "created" date();
    /// When the record last changed.
    Updated "updated" date();
    /// When the state last changed.
    StateChanged "stateChanged" date();
    /// When the container was last scanned.
    LastScanned "lastScanned" date();
    /// When the container was last scanned for vulnerabilities.
    LastVmScanDate "lastVmScanDate" date();
    /// When the container was last evaluated against controls.
    LastComplianceScanned "lastComplianceScanned" date();
    /// The name of the container.
    Name "name" text();
    /// The program that was started.
    Path "path" text();
    /// The command line that was started.
    Command "command" text();
    /// The arguments of the program.
    Arguments "arguments" text().many();
    /// The environment, as `NAME=value`.
    Environment "environment" text().many();
    /// The name of the host.
    HostHostname "host.hostname" text();
    /// The address of the host.
    HostIpAddress "host.ipAddress" ip();
    /// The id of the host.
    HostUuid "host.uuid" keyword(Uuid);
    /// The id of the sensor on the host.
    HostSensorUuid "host.sensorUuid" keyword(Uuid);
    /// The processor of the host.
    HostArchitecture "hostArchitecture" keyword(Folded).many().such_as(values::HOST_ARCHITECTURES);
    /// The IPv4 address of the container.
    Ipv4 "ipv4" ip();
    /// The IPv6 address of the container.
    Ipv6 "ipv6" ip();
    /// The MAC address of the container.
    MacAddress "macAddress" keyword(Folded);
    /// The accounts in the container.
    Users "users" text().many();
    /// The operating system of the container.
    OperatingSystem "operatingSystem" text();
    /// Who reported the container.
    Source "source" keyword(Folded).such_as(values::SOURCES);
    /// All who reported the container.
    Sources "sources" keyword(Folded).many().such_as(values::SOURCES);
    /// The sensor that reported the container.
    SensorUuid "sensorUuid" keyword(Uuid);
    /// The cloud in which the host runs.
    CloudProvider "cloudProvider" keyword(Folded).such_as(values::CLOUDS);
    /// The kind of cluster.
    ClusterType "cluster.type" keyword(Folded).such_as(values::CLUSTER_TYPES);
    /// The name of the cluster.
    ClusterName "cluster.name" text();
    /// The id of the cluster.
    ClusterUid "cluster.uid" keyword(Folded);
    /// The version of the cluster's software.
    ClusterVersion "cluster.version" keyword(Exact);
    /// The project in the cluster.
    K8sProject "cluster.k8s.project" text();
    /// The name of the pod.
    PodName "cluster.k8s.pod.name" text();
    /// The namespace of the pod.
    PodNamespace "cluster.k8s.pod.namespace" text();
    /// The id of the pod.
    PodUuid "cluster.k8s.pod.uuid" keyword(Uuid);
    /// The name of the cluster's node.
    NodeName "cluster.k8s.node.name" text();
    /// The node governs the cluster.
    NodeIsMaster "cluster.k8s.node.isMaster" boolean();
    /// The locator of the cloud account.
    AccountQlp "accountQlp" keyword(Exact);
    /// The locator of the cluster.
    ClusterQlp "clusterQlp" keyword(Exact);
    /// The locator of the namespace.
    NamespaceQlp "namespaceQlp" keyword(Exact);
    /// The locator of the pod.
    PodQlp "podQlp" keyword(Exact);
    /// The vulnerabilities are those of the image, because the container was not scanned itself.
    IsVulnPropagated "isVulnPropagated" boolean();
    /// When the vulnerabilities were taken from the image.
    VulnPropagationDate "vulnPropagationDate" date();
    /// The container can be reached from the internet.
    IsExposedToWorld "isExposedToWorld" boolean();
    /// The risk score, from 0 to 1000.
    RiskScore "riskScore" integer();
    /// The highest detection score of a vulnerability found, from 1 to 100.
    MaxQdsScore "maxQdsScore" integer();
    /// The severity that belongs to the highest detection score.
    QdsSeverity "qdsSeverity" keyword(Folded).only(values::QDS_SEVERITIES);
    /// How much the container matters to its owner, from 0 to 5.
    Criticality "criticality" integer();
    /// The kinds of scans that the container had.
    ScanTypes "scanTypes" keyword(Folded).many().such_as(values::SCAN_TYPES);
    /// How many controls failed.
    ComplianceFailCount "compliance.failCount" integer();
    /// How many controls passed.
    CompliancePassCount "compliance.passCount" integer();
    /// How many controls could not be evaluated.
    ComplianceErrorCount "compliance.errorCount" integer();
    /// The exceptions that apply to the container, by id.
    Exceptions "exceptions" keyword(Uuid).many();
    /// The names of the tags that the container carries here.
    TagsName "tags.name" text().many();
    /// The container carries runtime instrumentation.
    IsInstrumented "isInstrumented" boolean();
}

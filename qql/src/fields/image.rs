//! Tokens of images (query language reference, section 4), without those of arrays of objects.

use super::Form::{Digest, Exact, Folded, ShortId, Uuid};
use super::field::{boolean, date, fields, integer, ip, keyword, text};
use super::values;

fields! {
    /// A field of an image. Names follow the record of `GET /images/{sha}`.
    ImageField in Image;
    /// The image id: 64 hexadecimal digits, with or without `sha256:`.
    Sha "sha" keyword(Digest);
    /// The first twelve digits of the image id.
    ImageId "imageId" keyword(ShortId);
    /// The id of the record.
    Uuid "uuid" keyword(Uuid);
    /// When the image was built.
    Created "created" date();
    /// When the record last changed.
    Updated "updated" date();
    /// When the image was last scanned.
    LastScanned "lastScanned" date();
    /// When the image was last scanned for vulnerabilities.
    LastVmScanDate "lastVmScanDate" date();
    /// When a container last used the image.
    LastUsedDate "lastUsedDate" date();
    /// When new knowledge was last applied to the image without scanning it.
    LastAssessed "lastAssessed" date();
    /// New knowledge is applied to the image as it comes.
    IsContinuouslyAssessed "isContinuouslyAssessed" boolean();
    /// In use within the time: `lastUsedDate` lies in it, or a container is created, running, paused or stopped now; also `true` or `false`.
    ImagesInUse "imagesInUse" date();
    /// The operating system of the image.
    OperatingSystem "operatingSystem" text();
    /// Who reported the image.
    Source "source" keyword(Folded).many().such_as(values::SOURCES);
    /// The names of the tags that the image carries here.
    TagsName "tags.name" text().many();
    /// The author named in the image's configuration.
    Author "author" text();
    /// The processor that the image is for.
    Architecture "architecture" keyword(Folded).such_as(values::ARCHITECTURES);
    /// The version of the engine that built the image.
    DockerVersion "dockerVersion" keyword(Exact);
    /// The size in bytes.
    Size "size" integer();
    /// The accounts in the image.
    Users "users" text().many();
    /// The number of layers.
    LayersCount "layersCount" integer();
    /// The registries that listed the image.
    RegistryUuid "registryUuid" keyword(Uuid).many();
    /// The image is an official one of Docker Hub.
    IsDockerHubOfficial "isDockerHubOfficial" boolean();
    /// The image carries runtime instrumentation.
    IsInstrumented "isInstrumented" boolean();
    /// How the last scan ended.
    ScanStatus "scanStatus" keyword(Folded).such_as(values::SCAN_STATUSES);
    /// Why the last scan failed.
    ScanErrorCode "scanErrorCode" keyword(Folded);
    /// The kind of the last scan, in its old spelling.
    ScanType "scanType" keyword(Folded).such_as(values::SCAN_TYPES);
    /// The kinds of scans that the image had.
    ScanTypes "scanTypes" keyword(Folded).many().such_as(values::SCAN_TYPES);
    /// How many containers of the image are known and not deleted.
    AssociatedContainersCount "associatedContainersCount" integer();
    /// On how many hosts these are.
    AssociatedHostsCount "associatedHostsCount" integer();
    /// The name of the host on which the image was found last.
    LastFoundOnHostHostname "lastFoundOnHost.hostname" text();
    /// The address of the host on which the image was found last.
    LastFoundOnHostIpAddress "lastFoundOnHost.ipAddress" ip();
    /// The id of the host on which the image was found last.
    LastFoundOnHostUuid "lastFoundOnHost.uuid" keyword(Uuid);
    /// The id of the sensor on the host on which the image was found last.
    LastFoundOnHostSensorUuid "lastFoundOnHost.sensorUuid" keyword(Uuid);
    /// The risk score, from 0 to 1000.
    RiskScore "riskScore" integer();
    /// The highest detection score of a vulnerability found, from 1 to 100.
    MaxQdsScore "maxQdsScore" integer();
    /// The severity that belongs to the highest detection score.
    QdsSeverity "qdsSeverity" keyword(Folded).only(values::QDS_SEVERITIES);
    /// How much the image matters to its owner, from 0 to 5.
    Criticality "criticality" integer();
    /// How many controls failed.
    ComplianceFailCount "compliance.failCount" integer();
    /// How many controls passed.
    CompliancePassCount "compliance.passCount" integer();
    /// How many controls could not be evaluated.
    ComplianceErrorCount "compliance.errorCount" integer();
    /// Malware was found in the image.
    HasMalware "hasMalware" boolean();
    /// Secrets were found in the image.
    HasSecrets "hasSecrets" boolean();
    /// The operating system is past the end of its life.
    IsEol "isEol" boolean();
    /// The exceptions that apply to the image, by id.
    Exceptions "exceptions" keyword(Uuid).many();
    /// When the image was last evaluated against controls.
    LastComplianceScanned "lastComplianceScanned" date();
    /// The digest of the image on which this one is built.
    BaseImage "baseImage" keyword(Digest);
    /// How many images are built on this one.
    ChildImagesCount "childImagesCount" integer();
}

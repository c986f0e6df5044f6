//! Tokens of vulnerabilities found (query language reference, section 6), relative to the array.

use super::Form::{Digest, Folded};
use super::field::{boolean, date, decimal, fields, integer, keyword, text};
use super::values;

fields! {
    /// A field of a vulnerability found in an image or a container: of an element of `vulnerabilities`.
    FindingField in Finding;
    /// The number of the vulnerability in the knowledge base.
    Qid "qid" integer();
    /// The title.
    Title "title" text();
    /// The severity, from 1 to 5.
    Severity "severity" integer().such_as(values::SEVERITIES);
    /// The severity that the owner gave, from 1 to 5.
    CustomerSeverity "customerSeverity" integer().such_as(values::SEVERITIES);
    /// The CVE ids.
    Cveids "cveids" keyword(Folded).many();
    /// Whether the finding is certain.
    TypeDetected "typeDetected" keyword(Folded).only(values::DETECTIONS);
    /// Where the finding stands.
    Status "status" keyword(Folded).such_as(values::STATUSES);
    /// When it was first found here.
    FirstFound "firstFound" date();
    /// When it was last found here.
    LastFound "lastFound" date();
    /// When the vulnerability was published.
    Published "published" date();
    /// A patch exists.
    PatchAvailable "patchAvailable" boolean();
    /// The risk of this vulnerability, from 0 to 100.
    Risk "risk" integer();
    /// The category in the knowledge base.
    Category "category" text();
    /// The affected products.
    Product "product" text().many();
    /// The makers of the affected products.
    Vendor "vendor" text().many();
    /// How the vulnerability can be found.
    DiscoveryType "discoveryType" keyword(Folded).many().such_as(values::DISCOVERIES);
    /// The ways of logging in that finding it needs.
    AuthType "authType" keyword(Folded).many().such_as(values::AUTHENTICATIONS);
    /// The scanners that can find it.
    SupportedBy "supportedBy" keyword(Folded).many();
    /// The base score, CVSS 2.
    CvssBaseScore "cvssInfo.baseScore" decimal();
    /// The temporal score, CVSS 2.
    CvssTemporalScore "cvssInfo.temporalScore" decimal();
    /// From where it can be exploited, CVSS 2.
    CvssAccessVector "cvssInfo.accessVector" keyword(Folded).such_as(values::ACCESS_VECTORS);
    /// The base score, CVSS 3.
    Cvss3BaseScore "cvss3Info.baseScore" decimal();
    /// The temporal score, CVSS 3.
    Cvss3TemporalScore "cvss3Info.temporalScore" decimal();
    /// It is exploited in the wild.
    ActiveAttacks "threatIntel.activeAttacks" boolean();
    /// It was exploited before a patch existed.
    ZeroDay "threatIntel.zeroDay" boolean();
    /// An exploit is public.
    PublicExploit "threatIntel.publicExploit" boolean();
    /// It is easy to exploit.
    EasyExploit "threatIntel.easyExploit" boolean();
    /// An exploit kit contains it.
    ExploitKit "threatIntel.exploitKit" boolean();
    /// Malware uses it.
    Malware "threatIntel.malware" boolean();
    /// It can put a service out of work.
    DenialOfService "threatIntel.denialOfService" boolean();
    /// It lets an attacker move on to other machines.
    HighLateralMovement "threatIntel.highLateralMovement" boolean();
    /// It can lay much data open.
    HighDataLoss "threatIntel.highDataLoss" boolean();
    /// No patch exists.
    NoPatch "threatIntel.noPatch" boolean();
    /// Ransomware uses it.
    Ransomware "threatIntel.ransomware" boolean();
    /// The names of public exploits.
    PublicExploitNames "threatIntel.publicExploitNames" text().many();
    /// The names of malware that uses it.
    MalwareNames "threatIntel.malwareNames" text().many();
    /// The names of exploit kits that contain it.
    ExploitKitNames "threatIntel.exploitKitNames" text().many();
    /// The port on which it was found.
    Port "port" keyword(Folded);
    /// The evidence.
    Result "result" text();
    /// The kinds of scans that found it.
    ScanType "scanType" keyword(Folded).many().such_as(values::SCAN_TYPES);
    /// The detection score, from 1 to 100.
    QdsScore "qdsScore" integer();
    /// The layers that hold the affected software.
    LayerSha "layerSha" keyword(Digest).many();
    /// An exception covers it.
    IsExempted "isExempted" boolean();
    /// How the container differs from its image in it.
    Reason "reason" keyword(Folded).such_as(values::DRIFT_REASONS);
    /// Whence the difference is known.
    Source "source" keyword(Folded);
}

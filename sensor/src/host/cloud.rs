//! Which cloud's instance a machine is: by its firmware (DMI), and by what cloud-init has noted.

use model::host::CloudInstance;
use serde_json::Value;

use super::{Host, clean};

/// Azure's mark in the firmware of all its machines.
const AZURE: &str = "7783-7084-3265-9085-8269-3286-77";

pub(super) fn read(host: &Host) -> Option<CloudInstance> {
    let notes: Option<Value> =
        host.text("run/cloud-init/instance-data.json").and_then(|text| serde_json::from_str(&text).ok());
    let notes = notes.unwrap_or_default();
    let firmware = by_firmware(host);
    let named = text(&notes["v1"]["cloud_name"]).or_else(|| text(&notes["v1"]["cloud-name"]));
    let provider =
        firmware.as_ref().map(|(provider, _)| (*provider).to_owned()).or_else(|| known(&named?))?;
    let noted = || text(&notes["v1"]["instance_id"]).or_else(|| text(&notes["v1"]["instance-id"]));
    let file = || host.word("var/lib/cloud/data/instance-id").filter(|id| id != "iid-datasource-none");
    Some(CloudInstance {
        provider,
        instance_id: firmware.and_then(|(_, id)| id).or_else(noted).or_else(file),
        region: text(&notes["v1"]["region"]).or_else(|| text(&notes["v1"]["availability_zone"])),
        account: account(&notes),
    })
}

/// The provider, and the instance's identity where the firmware holds it.
fn by_firmware(host: &Host) -> Option<(&'static str, Option<String>)> {
    let field = |name: &str| host.word(&format!("sys/class/dmi/id/{name}")).unwrap_or_default();
    let (vendor, product) = (field("sys_vendor"), field("product_name"));
    let filled = |name: &str| Some(field(name)).filter(|text| !text.is_empty());
    let uuid = || filled("product_uuid").map(|id| id.to_ascii_lowercase());
    let xen = || field("bios_version").contains("amazon") && uuid().is_some_and(|id| id.starts_with("ec2"));
    if vendor == "Amazon EC2" || xen() {
        let instance = filled("board_asset_tag").filter(|tag| tag.starts_with("i-"));
        return Some(("AWS", instance));
    }
    if field("chassis_asset_tag") == AZURE {
        return Some(("AZURE", uuid()));
    }
    if field("chassis_asset_tag") == "OracleCloud.com" {
        return Some(("OCI", None));
    }
    match (vendor.as_str(), product.as_str()) {
        (_, "Google Compute Engine") => Some(("GCP", None)),
        (_, "Alibaba Cloud ECS") => Some(("ALIBABA", filled("product_serial"))),
        ("DigitalOcean", _) => Some(("DIGITALOCEAN", filled("product_serial"))),
        ("Hetzner", _) => Some(("HETZNER", filled("product_serial"))),
        ("Scaleway", _) => Some(("SCALEWAY", uuid())),
        ("Vultr", _) => Some(("VULTR", filled("product_serial"))),
        ("Linode" | "Akamai", _) => Some(("LINODE", filled("product_serial"))),
        ("OpenStack Foundation", _) | (_, "OpenStack Nova" | "OpenStack Compute") => {
            Some(("OPENSTACK", uuid()))
        }
        _ => None,
    }
}

/// cloud-init's word for a cloud as ours; `None` for its words for "no cloud".
fn known(word: &str) -> Option<String> {
    match word.to_ascii_lowercase().as_str() {
        "aws" | "ec2" => Some("AWS".to_owned()),
        "azure" => Some("AZURE".to_owned()),
        "gce" => Some("GCP".to_owned()),
        "oracle" => Some("OCI".to_owned()),
        "aliyun" => Some("ALIBABA".to_owned()),
        "" | "none" | "nocloud" | "unknown" | "not-available" | "configdrive" | "ovf" => None,
        other => Some(other.to_ascii_uppercase()),
    }
}

/// Where each cloud's data source leaves the account, the subscription or the project.
fn account(notes: &Value) -> Option<String> {
    let data = &notes["ds"];
    let places = [
        &data["dynamic"]["instance-identity"]["document"]["accountId"],
        &data["dynamic"]["instance_identity"]["document"]["accountId"],
        &data["meta_data"]["imds"]["compute"]["subscriptionId"],
        &data["meta_data"]["project-id"],
        &data["meta_data"]["project_id"],
        &data["meta_data"]["projectID"],
    ];
    places.into_iter().find_map(text)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().and_then(clean).filter(|text| !text.starts_with("redacted"))
}

/// Reads bytes as cloud-init's notes.
#[cfg(fuzzing)]
pub(super) fn fuzz(bytes: &[u8]) {
    if let Ok(notes) = serde_json::from_slice::<Value>(bytes) {
        let _ = (
            account(&notes),
            text(&notes["v1"]["region"]),
            text(&notes["v1"]["cloud_name"]).map(|name| known(&name)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake;

    #[test]
    fn firmware_names_the_cloud_and_cloud_inits_notes_tell_the_rest() {
        let notes = r#"{"v1": {"cloud_name": "aws", "instance_id": "i-0note", "region": "eu-west-1"},
            "ds": {"dynamic": {"instance-identity": {"document": {"accountId": "123456789012"}}}}}"#;
        let (_folder, host) = fake(&[
            ("sys/class/dmi/id/sys_vendor", "Amazon EC2\n"),
            ("sys/class/dmi/id/board_asset_tag", "i-0abc\n"),
            ("run/cloud-init/instance-data.json", notes),
        ]);
        let cloud = read(&host).unwrap();
        assert_eq!((cloud.provider.as_str(), cloud.instance_id.as_deref()), ("AWS", Some("i-0abc")));
        assert_eq!(
            (cloud.region.as_deref(), cloud.account.as_deref()),
            (Some("eu-west-1"), Some("123456789012"))
        );
    }

    #[test]
    fn each_cloud_is_known_by_its_own_mark() {
        let field = |name: &str| format!("sys/class/dmi/id/{name}");
        let (vendor, product, tag) = (field("sys_vendor"), field("product_name"), field("chassis_asset_tag"));
        let keep = |files: &[(&str, &str)]| {
            let (_folder, host) = fake(files);
            read(&host).map(|cloud| cloud.provider)
        };
        assert_eq!(keep(&[(&tag, AZURE)]).as_deref(), Some("AZURE"));
        assert_eq!(keep(&[(&product, "Google Compute Engine")]).as_deref(), Some("GCP"));
        assert_eq!(keep(&[(&vendor, "Hetzner")]).as_deref(), Some("HETZNER"));
        assert_eq!(keep(&[(&vendor, "QEMU"), (&product, "Standard PC")]), None);
        let notes = |text| [("run/cloud-init/instance-data.json", text)];
        assert_eq!(keep(&notes(r#"{"v1": {"cloud_name": "exoscale"}}"#)).as_deref(), Some("EXOSCALE"));
        assert_eq!(keep(&notes(r#"{"v1": {"cloud_name": "nocloud"}}"#)), None);
        assert_eq!(keep(&notes("[1, 2")), None);
        assert_eq!(keep(&[]), None);
    }
}

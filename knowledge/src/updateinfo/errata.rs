//! Errata as JSON: AlmaLinux's `errata.json` (a list, or since 2022 `errata.full.json` with the list under `data`), and the
//! pages of Rocky's errata service (`advisories`, <https://errata.build.resf.org/api/v3/docs>).

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::json;
use crate::record::FileHarvest;

use super::advisory::{Advisory, Collection, Reference, Update, date};

/// A text, or a number that stands where others write a text.
#[derive(Debug, Default)]
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        }))
    }
}

#[derive(Deserialize)]
struct Alma {
    #[serde(alias = "updateinfo_id")]
    id: String,
    #[serde(default)]
    title: Text,
    #[serde(default)]
    summary: Text,
    #[serde(default)]
    description: Text,
    #[serde(rename = "type", default)]
    kind: Text,
    #[serde(default)]
    status: Text,
    #[serde(default)]
    severity: Text,
    #[serde(default)]
    issued_date: Value,
    #[serde(default)]
    updated_date: Value,
    #[serde(default)]
    references: Vec<AlmaReference>,
    #[serde(default)]
    packages: Vec<AlmaPackage>,
    #[serde(default)]
    pkglist: Option<AlmaList>,
}

#[derive(Deserialize)]
struct AlmaReference {
    #[serde(default)]
    id: Text,
    #[serde(rename = "type", default)]
    kind: Text,
    #[serde(default)]
    title: Text,
    #[serde(default)]
    href: Text,
}

#[derive(Deserialize)]
struct AlmaList {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    shortname: Text,
    #[serde(default)]
    packages: Vec<AlmaPackage>,
    #[serde(default)]
    module: Option<AlmaModule>,
}

#[derive(Deserialize)]
struct AlmaModule {
    name: Text,
    stream: Text,
}

#[derive(Deserialize)]
struct AlmaPackage {
    #[serde(default)]
    name: Text,
    #[serde(default)]
    epoch: Text,
    #[serde(default)]
    version: Text,
    #[serde(default)]
    release: Text,
    #[serde(default)]
    arch: Text,
    /// `name:stream:version:context:arch`.
    #[serde(default)]
    module: Option<Text>,
}

#[derive(Deserialize)]
struct Rocky {
    name: String,
    #[serde(default)]
    synopsis: Text,
    #[serde(default)]
    description: Text,
    #[serde(default)]
    kind: Text,
    #[serde(default)]
    severity: Text,
    #[serde(default)]
    published_at: Value,
    #[serde(default)]
    updated_at: Value,
    #[serde(default)]
    cves: Vec<RockyCve>,
    #[serde(default)]
    fixes: Vec<RockyFix>,
    #[serde(default)]
    packages: Vec<RockyPackage>,
}

#[derive(Deserialize)]
struct RockyCve {
    #[serde(default)]
    cve: Text,
}

#[derive(Deserialize)]
struct RockyFix {
    #[serde(default)]
    ticket_id: Text,
    #[serde(default)]
    source: Text,
    #[serde(default)]
    description: Text,
}

#[derive(Deserialize)]
struct RockyPackage {
    #[serde(default)]
    nevra: Text,
    #[serde(default)]
    module_name: Text,
    #[serde(default)]
    module_stream: Text,
    #[serde(default)]
    product_name: Text,
}

/// Calls `visit` with the text and the content of every erratum; one of a wrong shape is quarantined.
///
/// # Errors
/// If it is no list of errata.
pub(super) fn for_each<'a>(
    text: &str,
    out: &mut FileHarvest<'a>,
    mut visit: impl FnMut(&str, Advisory, &mut FileHarvest<'a>),
) -> Result<(), String> {
    let list = |text: &str| {
        serde_json::from_str::<Vec<&RawValue>>(text).map_err(|error| error.to_string()).map(owned)
    };
    let (items, is_rocky) = if text.trim_start().starts_with('[') {
        (list(text)?, false)
    } else {
        let entries = json::entries(text).map_err(|error| error.to_string())?;
        let found = entries.iter().find(|(key, _)| key == "data" || key == "advisories");
        let (key, raw) = found.ok_or("it has neither `data` nor `advisories`")?;
        (list(raw.get())?, key == "advisories")
    };
    for raw in &items {
        let advisory = match is_rocky {
            true => serde_json::from_str::<Rocky>(raw).map_err(|error| error.to_string()).and_then(rocky),
            false => serde_json::from_str::<Alma>(raw).map_err(|error| error.to_string()).map(alma),
        };
        match advisory {
            Ok(advisory) => visit(raw, advisory, out),
            Err(reason) => out.quarantine(raw, reason),
        }
    }
    Ok(())
}

fn owned(raw: Vec<&RawValue>) -> Vec<String> {
    raw.into_iter().map(|raw| raw.get().to_owned()).collect()
}

/// A date as text, as seconds, or as MongoDB's `{"$date": milliseconds}`.
fn date_of(value: &Value) -> Option<model::Timestamp> {
    match value {
        Value::String(text) => date(text),
        Value::Number(seconds) => date(&seconds.to_string()),
        Value::Object(object) => match object.get("$date")? {
            Value::Number(milliseconds) => date(&(milliseconds.as_i64()? / 1000).to_string()),
            other => date(other.as_str()?),
        },
        _ => None,
    }
}

fn alma(item: Alma) -> Advisory {
    let mut collections = by_module(item.packages, None);
    if let Some(list) = item.pkglist {
        let module = list.module.map(|module| format!("{}:{}", module.name.0, module.stream.0));
        for mut collection in by_module(list.packages, module.as_deref()) {
            collection.name.clone_from(&list.name.0);
            collection.short.clone_from(&list.shortname.0);
            collections.push(collection);
        }
    }
    let reference = |reference: AlmaReference| Reference {
        id: reference.id.0,
        kind: reference.kind.0.to_ascii_lowercase(),
        title: reference.title.0,
        href: reference.href.0,
    };
    Advisory {
        id: item.id,
        kind: item.kind.0.to_ascii_lowercase(),
        status: item.status.0.to_ascii_lowercase(),
        title: item.title.0,
        summary: item.summary.0,
        description: item.description.0,
        severity: item.severity.0,
        release: String::new(),
        issued: date_of(&item.issued_date),
        updated: date_of(&item.updated_date),
        references: item.references.into_iter().map(reference).collect(),
        collections,
    }
}

/// Packages in order, parted wherever the module changes; `of_list` is the module of those that name none.
fn by_module(packages: Vec<AlmaPackage>, of_list: Option<&str>) -> Vec<Collection> {
    let mut collections: Vec<Collection> = Vec::new();
    for package in packages {
        let own = package.module.as_ref().and_then(|module| {
            let (name, rest) = module.0.split_once(':')?;
            Some(format!("{name}:{}", rest.split(':').next()?))
        });
        let module = own.or_else(|| of_list.map(str::to_owned));
        let update = Update {
            name: package.name.0,
            epoch: package.epoch.0,
            version: package.version.0,
            release: package.release.0,
            arch: package.arch.0,
        };
        match collections.last_mut().filter(|last| last.module == module) {
            Some(last) => last.packages.push(update),
            None => collections.push(Collection { module, packages: vec![update], ..Collection::default() }),
        }
    }
    collections
}

fn rocky(item: Rocky) -> Result<Advisory, String> {
    let mut collections: Vec<Collection> = Vec::new();
    for package in item.packages {
        let update = nevra(&package.nevra.0).ok_or_else(|| format!("`{}` is no package", package.nevra.0))?;
        let (module, stream) = (package.module_name.0, package.module_stream.0);
        let module = (!module.is_empty() && !stream.is_empty()).then(|| format!("{module}:{stream}"));
        let product = package.product_name.0;
        match collections.last_mut().filter(|last| last.module == module && last.name == product) {
            Some(last) => last.packages.push(update),
            None => {
                let packages = vec![update];
                collections.push(Collection { short: String::new(), name: product, module, packages });
            }
        }
    }
    let cves = item.cves.into_iter().map(|cve| Reference {
        href: format!("https://access.redhat.com/security/cve/{}", cve.cve.0),
        id: cve.cve.0,
        kind: "cve".into(),
        title: String::new(),
    });
    let fixes = item.fixes.into_iter().map(|fix| Reference {
        id: fix.ticket_id.0,
        kind: "bugzilla".into(),
        title: fix.description.0,
        href: fix.source.0,
    });
    Ok(Advisory {
        id: item.name,
        kind: item.kind.0.to_ascii_lowercase(),
        title: item.synopsis.0,
        description: item.description.0,
        severity: item.severity.0,
        issued: date_of(&item.published_at),
        updated: date_of(&item.updated_at),
        references: cves.chain(fixes).collect(),
        collections,
        ..Advisory::default()
    })
}

/// `delve-0:1.25.2-1.el10_1.aarch64.rpm`.
fn nevra(text: &str) -> Option<Update> {
    let text = text.strip_suffix(".rpm").unwrap_or(text);
    let (text, arch) = text.rsplit_once('.')?;
    let (text, release) = text.rsplit_once('-')?;
    let (name, version) = text.rsplit_once('-')?;
    let (epoch, version) = version.split_once(':').unwrap_or(("0", version));
    let own = str::to_owned;
    Some(Update {
        name: own(name),
        epoch: own(epoch),
        version: own(version),
        release: own(release),
        arch: own(arch),
    })
}

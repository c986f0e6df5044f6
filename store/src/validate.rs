//! What a report must fulfil before it is stored: bounded, consistent, with words the API can show.
//!
//! The bounds are far above real images; they keep a broken or hostile sender from filling the database. Each
//! refusal names the field by its path in the document that was sent.

use model::report::REPORT_SCHEMA;
use model::report::limits::{
    LAYERS as MAX_LAYERS, LIST as MAX_LIST, PACKAGES as MAX_PACKAGES, PATH as MAX_PATH,
    REFERENCES as MAX_REFERENCES, TAGS as MAX_TAGS, TEXT as MAX_TEXT, WORD as MAX_WORD,
};
use model::sensor::{ImagesQuestion, SEEN_IMAGES};
use model::{
    Build, ContainerReport, Ecosystem, ImageFacts, Label, PackageRecord, Reference, RuntimeFacts,
    SecretRecord, Timestamp,
};

use crate::error::{Result, StoreError};
use crate::found::{Found, Release};
use crate::inside;
use crate::report_text::ReportText;

/// How far a sender's clock may be ahead of ours, in milliseconds. A report from the future would
/// otherwise win over every later one.
const MAX_AHEAD: i64 = 24 * 3_600 * 1_000;

/// Containers accepted in one request.
const MAX_CONTAINERS: usize = 100_000;

/// Checks a report, whose packages are apart.
pub(crate) fn report<'a>(
    report: &ReportText<'_>,
    packages: impl ExactSizeIterator<Item = Found<'a>>,
) -> Result<()> {
    if report.schema != REPORT_SCHEMA {
        let reason = format!("is {}, this program reads reports of schema {REPORT_SCHEMA}", report.schema);
        return Err(StoreError::invalid("schema", reason));
    }
    filled("scanner", &report.scanner, MAX_WORD)?;
    seen_at("scannedAt", report.scanned_at)?;
    source_word("source", &report.source)?;
    let layers = image(&report.image)?;
    if let Some(release) = &report.os_release {
        filled("osRelease.id", &release.id, MAX_WORD)?;
        bounded("osRelease.displayName", &release.display_name, MAX_WORD)?;
        bounded("osRelease.versionId", release.version_id.as_deref().unwrap_or_default(), MAX_WORD)?;
        let code_name = release.version_codename.as_deref().unwrap_or_default();
        bounded("osRelease.versionCodename", code_name, MAX_WORD)?;
        bounded("osRelease.stream", release.stream.as_deref().unwrap_or_default(), MAX_WORD)?;
        texts("osRelease.idLike", &release.id_like, MAX_TAGS, MAX_WORD)?;
    }
    texts("users", &report.users, MAX_LIST, MAX_WORD)?;
    count("packages", packages.len(), MAX_PACKAGES)?;
    for (index, found) in packages.enumerate() {
        package(index, &found, layers)?;
    }
    count("secrets", report.secrets.len(), MAX_LIST)?;
    for (index, secret) in report.secrets.iter().enumerate() {
        self::secret(index, secret, layers)?;
    }
    count("unreadable", report.unreadable.len(), MAX_LIST)?;
    for (name, word) in report.build.iter().flat_map(Build::words) {
        bounded_at(|| format!("build.{name}"), word.unwrap_or_default(), MAX_WORD)?;
    }
    tags("tags", &report.tags)
}

/// Checks what a sensor asks of images that it has before it.
pub(crate) fn seen_images(source: &str, question: &ImagesQuestion) -> Result<()> {
    source_word("source", source)?;
    filled("scanner", &question.scanner, MAX_WORD)?;
    count("images", question.images.len(), SEEN_IMAGES)?;
    for (at, image) in question.images.iter().enumerate() {
        references(&format!("images[{at}].references"), &image.references)?;
    }
    Ok(())
}

/// Checks an image; gives the number of its layers that have a diff-id.
fn image(image: &ImageFacts) -> Result<u32> {
    references("image.references", &image.references)?;
    let words = [
        ("image.author", Some(&image.author)),
        ("image.architecture", image.architecture.as_ref()),
        ("image.os", image.os.as_ref()),
        ("image.dockerVersion", image.docker_version.as_ref()),
    ];
    for (field, word) in words {
        bounded(field, word.map_or("", String::as_str), MAX_WORD)?;
    }
    if i64::try_from(image.size).is_err() {
        return Err(StoreError::invalid("image.size", "is larger than any image can be"));
    }
    labels("image.labels", &image.labels)?;
    texts("image.environment", &image.environment, MAX_LIST, MAX_TEXT)?;
    runtime(&image.runtime)?;
    if let Some(base) = &image.base {
        count("image.base.references", base.references.len(), MAX_REFERENCES)?;
    }
    count("image.layers", image.layers.len(), MAX_LAYERS)?;
    for (index, layer) in image.layers.iter().enumerate() {
        if i64::try_from(layer.size).is_err() {
            let field = format!("image.layers[{index}].size");
            return Err(StoreError::invalid(field, "is larger than any layer can be"));
        }
        for (name, text) in [("createdBy", &layer.created_by), ("comment", &layer.comment)] {
            if text.len() > MAX_TEXT {
                return Err(too_long(format!("image.layers[{index}].{name}"), MAX_TEXT));
            }
        }
    }
    Ok(image.layers.iter().filter(|layer| layer.diff_id.is_some()).count() as u32)
}

fn references(field: &str, names: &[Reference]) -> Result<()> {
    count(field, names.len(), MAX_REFERENCES)?;
    names.iter().enumerate().try_for_each(|(index, name)| reference(field, index, name))
}

fn reference(field: &str, index: usize, name: &Reference) -> Result<()> {
    let at = |part: &str| format!("{field}[{index}].{part}");
    filled_at(|| at("registry"), &name.registry, MAX_WORD)?;
    filled_at(|| at("repository"), &name.repository, MAX_WORD)?;
    bounded_at(|| at("tag"), name.tag.as_deref().unwrap_or_default(), MAX_WORD)
}

fn package(index: usize, found: &Found<'_>, layers: u32) -> Result<()> {
    found_at(|| format!("packages[{index}]"), found)?;
    match found.layer {
        Some(layer) if layer >= layers => {
            let reason = format!("is {layer}, but the image has {layers} layers with a diff-id");
            Err(StoreError::invalid(format!("packages[{index}].layer"), reason))
        }
        _ => Ok(()),
    }
}

/// Checks a package but for its layer. The place is only spelled out when it is needed.
pub(crate) fn package_at(place: impl Fn() -> String, record: &PackageRecord) -> Result<()> {
    found_at(place, &Found::from(record))
}

fn found_at(place: impl Fn() -> String, found: &Found<'_>) -> Result<()> {
    let place = &place;
    let at = |part: &'static str| move || format!("{}.{part}", place());
    if found.ecosystem == Ecosystem::Os {
        let reason = "is `os`: the release is taken from `osRelease` and is no package of its own";
        return Err(StoreError::invalid(at("ecosystem")(), reason));
    }
    filled_at(at("name"), found.name, MAX_WORD)?;
    bounded_at(at("version"), found.version, MAX_WORD)?;
    bounded_at(at("arch"), found.arch.unwrap_or_default(), MAX_WORD)?;
    bounded_at(at("module"), found.module.unwrap_or_default(), MAX_WORD)?;
    bounded_at(at("vendor"), found.vendor.unwrap_or_default(), MAX_WORD)?;
    bounded_at(at("license"), found.license.unwrap_or_default(), MAX_WORD)?;
    bounded_at(at("foundBy"), found.found_by, MAX_WORD)?;
    if let Some((id, version)) = found.distro.map(Release::parts) {
        filled_at(at("distro"), id, MAX_WORD)?;
        bounded_at(at("distro"), version, MAX_WORD)?;
    }
    if let Some((name, version)) = found.source {
        filled_at(at("source.name"), name, MAX_WORD)?;
        bounded_at(at("source.version"), version, MAX_WORD)?;
    }
    bounded_at(at("path"), found.path, MAX_PATH)?;
    bounded_at(at("ownedBy"), found.owned_by.unwrap_or_default(), MAX_WORD)
}

/// Checks the containers of one request.
pub(crate) fn containers(reports: &[ContainerReport]) -> Result<()> {
    if reports.len() > MAX_CONTAINERS {
        return Err(StoreError::invalid("containers", format!("holds more than {MAX_CONTAINERS} entries")));
    }
    reports.iter().enumerate().try_for_each(|(index, report)| {
        container(report).map_err(|error| match error {
            StoreError::Invalid { field, reason } => {
                StoreError::invalid(format!("[{index}].{field}"), reason)
            }
            other => other,
        })
    })
}

fn container(report: &ContainerReport) -> Result<()> {
    bounded("name", &report.name, MAX_WORD)?;
    filled("host.hostname", &report.host.hostname, 255)?;
    if report.host.hostname.chars().any(char::is_control) {
        return Err(StoreError::invalid("host.hostname", "holds a control character"));
    }
    let words = [
        ("host.ipAddress", report.host.ip_address.as_ref()),
        ("host.ipv6Address", report.host.ipv6_address.as_ref()),
        ("host.architecture", report.host.architecture.as_ref()),
        ("imageName", report.image_name.as_ref()),
        ("macAddress", Some(&report.mac_address)),
        ("ipv4", report.ipv4.as_ref()),
        ("ipv6", report.ipv6.as_ref()),
    ];
    for (field, word) in words {
        bounded(field, word.map_or("", String::as_str), MAX_WORD)?;
    }
    bounded("path", report.path.as_deref().unwrap_or_default(), MAX_PATH)?;
    texts("arguments", &report.arguments, MAX_LIST, MAX_TEXT)?;
    texts("environment", &report.environment, MAX_LIST, MAX_TEXT)?;
    labels("labels", &report.labels)?;
    count("ports", report.ports.len(), MAX_LIST)?;
    for (index, port) in report.ports.iter().enumerate() {
        filled_at(|| format!("ports[{index}].protocol"), &port.protocol, 16)?;
        bounded_at(
            || format!("ports[{index}].hostIp"),
            port.host_ip.as_deref().unwrap_or_default(),
            MAX_WORD,
        )?;
    }
    seen_at("observedAt", report.observed_at)?;
    source_word("source", &report.source)?;
    report.details.as_ref().map_or(Ok(()), |details| inside::validate(details))?;
    tags("tags", &report.tags)
}

fn runtime(runtime: &RuntimeFacts) -> Result<()> {
    bounded("image.runtime.user", &runtime.user, MAX_WORD)?;
    bounded("image.runtime.workingDir", &runtime.working_dir, MAX_PATH)?;
    texts("image.runtime.exposedPorts", &runtime.exposed_ports, MAX_LIST, MAX_WORD)?;
    texts("image.runtime.volumes", &runtime.volumes, MAX_LIST, MAX_PATH)?;
    texts("image.runtime.entrypoint", &runtime.entrypoint, MAX_LIST, MAX_TEXT)?;
    texts("image.runtime.command", &runtime.command, MAX_LIST, MAX_TEXT)
}

fn secret(index: usize, record: &SecretRecord, layers: u32) -> Result<()> {
    let at = |field: &'static str| move || format!("secrets[{index}].{field}");
    filled_at(at("path"), &record.path, MAX_PATH)?;
    filled_at(at("rule"), &record.rule, MAX_WORD)?;
    bounded_at(at("title"), &record.title, MAX_WORD)?;
    bounded_at(at("masked"), &record.masked, MAX_WORD)?;
    if record.layer.is_some_and(|layer| layer >= layers) {
        return Err(StoreError::invalid(at("layer")(), format!("is not below the {layers} layers")));
    }
    Ok(())
}

/// Checks the name of a tag.
pub(crate) fn tag(field: &str, name: &str) -> Result<()> {
    filled(field, name, 128)?;
    if name.chars().any(char::is_control) || name.trim() != name {
        return Err(StoreError::invalid(field, "holds a control character or begins or ends with a space"));
    }
    Ok(())
}

/// Checks a list of tag names.
pub(crate) fn tags(field: &str, names: &[String]) -> Result<()> {
    count(field, names.len(), MAX_TAGS)?;
    names.iter().enumerate().try_for_each(|(index, name)| tag(&format!("{field}[{index}]"), name))
}

/// Checks the name of an account; a colon would end it in an `Authorization: Basic` header.
pub(crate) fn account_name(name: &str) -> Result<()> {
    let length = name.chars().count();
    if length == 0 || length > 128 {
        return Err(StoreError::invalid("name", "does not have 1 to 128 characters"));
    }
    if name.chars().any(|character| character.is_control() || character.is_whitespace() || character == ':') {
        return Err(StoreError::invalid("name", "holds a space, a colon or a control character"));
    }
    Ok(())
}

/// Checks a password.
pub(crate) fn password(password: &str) -> Result<()> {
    filled("password", password, 1_024)
}

/// Checks a text that the program keeps for itself.
pub(crate) fn document(field: &str, text: &str, most: usize) -> Result<()> {
    if text.contains('\0') {
        return Err(StoreError::invalid(field, "holds a NUL character"));
    }
    bounded(field, text, most)
}

fn source_word(field: &str, word: &str) -> Result<()> {
    let plain = !word.is_empty() && word.len() <= 64;
    if plain && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_') {
        return Ok(());
    }
    Err(StoreError::invalid(field, "is not a word of capital letters and underscores, such as COMMAND_LINE"))
}

fn seen_at(field: &str, time: Timestamp) -> Result<()> {
    if time.0 > Timestamp::now().0.saturating_add(MAX_AHEAD) {
        return Err(StoreError::invalid(field, "is more than a day in the future"));
    }
    Ok(())
}

pub(crate) fn labels(field: &str, labels: &[Label]) -> Result<()> {
    count(field, labels.len(), MAX_LIST)?;
    for (index, label) in labels.iter().enumerate() {
        bounded_at(|| format!("{field}[{index}].key"), &label.key, MAX_PATH)?;
        bounded_at(|| format!("{field}[{index}].value"), &label.value, MAX_TEXT)?;
    }
    Ok(())
}

pub(crate) fn texts(field: &str, list: &[String], most: usize, length: usize) -> Result<()> {
    count(field, list.len(), most)?;
    let mut texts = list.iter().enumerate();
    texts.try_for_each(|(index, text)| bounded_at(|| format!("{field}[{index}]"), text, length))
}

pub(crate) fn count(field: &str, found: usize, most: usize) -> Result<()> {
    if found > most {
        return Err(StoreError::invalid(field, format!("holds {found} entries, more than {most}")));
    }
    Ok(())
}

pub(crate) fn filled(field: &str, text: &str, most: usize) -> Result<()> {
    filled_at(|| field.to_owned(), text, most)
}

pub(crate) fn bounded(field: &str, text: &str, most: usize) -> Result<()> {
    bounded_at(|| field.to_owned(), text, most)
}

/// The place is only spelled out when it is needed: there may be a million of them.
pub(crate) fn filled_at(place: impl Fn() -> String, text: &str, most: usize) -> Result<()> {
    if text.is_empty() {
        return Err(StoreError::invalid(place(), "is empty"));
    }
    bounded_at(place, text, most)
}

pub(crate) fn bounded_at(place: impl Fn() -> String, text: &str, most: usize) -> Result<()> {
    if text.len() > most { Err(too_long(place(), most)) } else { Ok(()) }
}

fn too_long(place: String, most: usize) -> StoreError {
    StoreError::invalid(place, format!("is longer than {most} bytes"))
}

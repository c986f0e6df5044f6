//! The fleet as rows of a textbook schema, for PostgreSQL's `COPY`: tab-separated, `\N` for what is missing.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use knowledge::Bundle;
use matcher::judge;
use model::advisory::Exploitation;
use model::{Package, Timestamp, Vulnerability};
use serde_json::{Value, json};
use testkit::fleet_builder::{Fleet, Sizes};

use crate::Options;

/// The tables, each a file of its name.
struct Tables {
    image: Rows,
    image_tag: Rows,
    image_label: Rows,
    package: Rows,
    image_package: Rows,
    vulnerability: Rows,
    vulnerability_cve: Rows,
    package_vulnerability: Rows,
    container: Rows,
}

/// Numbers that rows are known by, and when packages are judged: what has reached the end of its life has a finding, so it must be the
/// day on which the server judges.
struct Known {
    now: Timestamp,
    packages: HashMap<Package, usize>,
    vulnerabilities: HashSet<u32>,
    images: HashMap<String, u64>,
}

/// `--seed S --images N --containers M --bundle FILE --to DIR`
pub(crate) fn write(options: &Options) -> Result<Value, String> {
    let sizes = Sizes {
        images: options.number("images", 10_000)?,
        containers: options.number("containers", 50_000)?,
    };
    let fleet = Fleet::new(options.number("seed", 1)?, sizes)?;
    let bundle = Bundle::open(&options.path("bundle")?).map_err(|error| error.to_string())?;
    let folder = options.path("to")?;
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut tables = Tables::new(&folder)?;
    let (packages, vulnerabilities, images) = Default::default();
    let mut known = Known { now: Timestamp::now(), packages, vulnerabilities, images };
    for index in 0..sizes.images {
        tables.put_image(&fleet, index, &bundle, &mut known)?;
    }
    for index in 0..sizes.containers {
        tables.put_container(&fleet, index, &known)?;
    }
    let rows = json!({
        "image": tables.image.count, "image_tag": tables.image_tag.count, "image_label": tables.image_label.count,
        "package": tables.package.count, "image_package": tables.image_package.count,
        "vulnerability": tables.vulnerability.count, "vulnerability_cve": tables.vulnerability_cve.count,
        "package_vulnerability": tables.package_vulnerability.count,
        "container": tables.container.count,
    });
    tables.finish()?;
    Ok(rows)
}

impl Tables {
    fn new(folder: &Path) -> Result<Self, String> {
        Ok(Self {
            image: Rows::new(folder, "image")?,
            image_tag: Rows::new(folder, "image_tag")?,
            image_label: Rows::new(folder, "image_label")?,
            package: Rows::new(folder, "package")?,
            image_package: Rows::new(folder, "image_package")?,
            vulnerability: Rows::new(folder, "vulnerability")?,
            vulnerability_cve: Rows::new(folder, "vulnerability_cve")?,
            package_vulnerability: Rows::new(folder, "package_vulnerability")?,
            container: Rows::new(folder, "container")?,
        })
    }

    fn put_image(
        &mut self,
        fleet: &Fleet,
        index: u64,
        bundle: &Bundle,
        known: &mut Known,
    ) -> Result<(), String> {
        let report = fleet.image(index);
        let facts = &report.image;
        let number = index.to_string();
        let reference = facts.references.first();
        let sha = facts.id.0.to_hex();
        let document = serde_json::to_string(&facts.layers).map_err(|error| error.to_string())?;
        self.image.put(&[
            &number,
            &sha,
            reference.map_or("", |name| &name.registry),
            reference.map_or("", |name| &name.repository),
            reference.and_then(|name| name.tag.as_deref()).unwrap_or("\\N"),
            report.os_release.as_ref().map_or("\\N", |release| &release.display_name),
            facts.architecture.as_deref().unwrap_or("\\N"),
            &facts.size.to_string(),
            &facts.layers.iter().filter(|layer| layer.diff_id.is_some()).count().to_string(),
            &report.source,
            &facts.created.map_or("\\N".to_owned(), |created| created.0.to_string()),
            &report.scanned_at.0.to_string(),
            &escaped(&document),
        ])?;
        known.images.insert(sha, index);
        for tag in &report.tags {
            self.image_tag.put(&[&number, tag])?;
        }
        for label in &facts.labels {
            self.image_label.put(&[&number, &label.key, &label.value])?;
        }
        for record in &report.packages {
            let package = self.put_package(record.package(), bundle, known)?.to_string();
            let layer = record.layer.map_or("\\N".to_owned(), |layer| layer.to_string());
            self.image_package.put(&[&number, &package, &layer, &record.path])?;
        }
        // the release is a package, too: its end of life is a finding of the image
        if let Some(release) = &report.os_release {
            let package = self.put_package(release.package(), bundle, known)?.to_string();
            self.image_package.put(&[&number, &package, "\\N", ""])?;
        }
        Ok(())
    }

    fn put_package(&mut self, package: Package, bundle: &Bundle, known: &mut Known) -> Result<usize, String> {
        let number = known.packages.len();
        if let Some(known) = known.packages.get(&package) {
            return Ok(*known);
        }
        let text = number.to_string();
        let distro = package.distro.as_ref().map_or("\\N".to_owned(), ToString::to_string);
        let source = package.source.as_ref().map_or("\\N", |source| &source.name);
        self.package.put(&[
            &text,
            package.ecosystem.as_str(),
            &distro,
            &package.name,
            &package.version,
            source,
        ])?;
        for finding in judge(&package, bundle, known.now).findings {
            let (vulnerability, qid) = (&finding.vulnerability, finding.vulnerability.qid.to_string());
            if known.vulnerabilities.insert(finding.vulnerability.qid) {
                self.put_vulnerability(vulnerability)?;
            }
            let severity = finding.severity.get().to_string();
            let fixed = finding.fix_version.as_deref().unwrap_or("\\N");
            self.package_vulnerability.put(&[&text, &qid, &severity, &finding.risk.to_string(), fixed])?;
        }
        known.packages.insert(package, number);
        Ok(number)
    }

    fn put_vulnerability(&mut self, vulnerability: &Vulnerability) -> Result<(), String> {
        let qid = vulnerability.qid.to_string();
        let document = serde_json::to_string(vulnerability).map_err(|error| error.to_string())?;
        let is_attacked = vulnerability.known_exploited.is_some()
            || vulnerability.exploitation == Some(Exploitation::Active);
        let published = vulnerability.published.map_or("\\N".to_owned(), |published| published.0.to_string());
        self.vulnerability.put(&[
            &qid,
            &escaped(&vulnerability.title),
            if is_attacked { "t" } else { "f" },
            &published,
            &escaped(&document),
        ])?;
        vulnerability.cves().try_for_each(|name| self.vulnerability_cve.put(&[&qid, name]))
    }

    fn put_container(&mut self, fleet: &Fleet, index: u64, known: &Known) -> Result<(), String> {
        let report = fleet.container(index);
        let image = report.image_id.and_then(|id| known.images.get(&id.0.to_hex()));
        let namespace = report.labels.iter().find(|label| label.key == "io.kubernetes.pod.namespace");
        self.container.put(&[
            &index.to_string(),
            &report.id.to_hex(),
            &image.map_or("\\N".to_owned(), u64::to_string),
            &report.name,
            report.state.as_str(),
            &report.host.hostname,
            report.host.ip_address.as_deref().unwrap_or("\\N"),
            namespace.map_or("\\N", |label| &label.value),
            if report.privileged == Some(true) { "t" } else { "f" },
            &report.created.0.to_string(),
        ])
    }

    fn finish(self) -> Result<(), String> {
        let tables = [
            self.image,
            self.image_tag,
            self.image_label,
            self.package,
            self.image_package,
            self.vulnerability,
            self.vulnerability_cve,
            self.package_vulnerability,
            self.container,
        ];
        tables.into_iter().try_for_each(|mut rows| rows.file.flush().map_err(|error| error.to_string()))
    }
}

/// A text in which `COPY` would read backslashes as its own.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
}

/// One file.
struct Rows {
    file: BufWriter<File>,
    count: u64,
}

impl Rows {
    fn new(folder: &Path, name: &str) -> Result<Self, String> {
        let path = folder.join(name).with_extension("tsv");
        let file = File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { file: BufWriter::with_capacity(1 << 20, file), count: 0 })
    }

    fn put(&mut self, cells: &[&str]) -> Result<(), String> {
        self.count += 1;
        let failed = |error: std::io::Error| error.to_string();
        for (place, cell) in cells.iter().enumerate() {
            if place > 0 {
                self.file.write_all(b"\t").map_err(failed)?;
            }
            if cell.contains(['\t', '\n', '\r']) {
                self.file.write_all(cell.replace(['\t', '\n', '\r'], " ").as_bytes()).map_err(failed)?;
            } else {
                self.file.write_all(cell.as_bytes()).map_err(failed)?;
            }
        }
        self.file.write_all(b"\n").map_err(failed)
    }
}

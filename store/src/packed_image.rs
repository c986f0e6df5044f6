//! The stored form of an image's document: plain columns in a fixed order, without the names that JSON repeats.
//!
//! A document is mostly digests, which no compressor makes smaller, and words that nearly all images use. So digests
//! are stored raw, at half of what their digits take, in front of what is compressed against a trained sample. The names of the
//! image are among it, because labels and history repeat them. The image's id is left out: the row has it. The decision a reader
//! may doubt: the columns cannot grow. What was thought of later and few images have, their build, stands behind them, where an
//! image without it has nothing and a program that does not know it does not look. Whatever changes the columns gets a
//! new form with a new number, and this one is read for ever.

use model::{
    BaseImage, Build, DiffId, Digest, ImageFacts, ImageId, Label, LayerFacts, OsRelease, Reference,
    RuntimeFacts, SecretRecord, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::codec::{Codec, Form};
use crate::error::{Result, StoreError};
use crate::record::{ImageBuild, ImageDocument};

/// What is compressed. Fields are never changed.
#[derive(Serialize, Deserialize)]
struct Columns<'a> {
    /// One for each layer, see the constants.
    marks: Vec<u8>,
    /// Of layers that have a size.
    sizes: Vec<u64>,
    /// Of layers that have a time: from the time before on, the first from the image's on.
    times: Vec<i64>,
    size: u64,
    created: Option<i64>,
    unreadable: u32,
    #[serde(borrow)]
    names: Vec<Name<'a>>,
    architecture: Option<&'a str>,
    os: Option<&'a str>,
    docker_version: Option<&'a str>,
    author: &'a str,
    labels: Vec<(&'a str, &'a str)>,
    environment: Vec<&'a str>,
    runtime: Runtime<'a>,
    /// Its names, and how many layers are its own.
    base: Option<(Vec<Name<'a>>, u32)>,
    commands: Vec<&'a str>,
    comments: Vec<&'a str>,
    release: Option<Release<'a>>,
    users: Vec<&'a str>,
    scanner: &'a str,
    /// A JSON list; empty for none.
    secrets: &'a str,
}

#[derive(Serialize, Deserialize)]
struct Name<'a> {
    registry: &'a str,
    repository: &'a str,
    tag: Option<&'a str>,
    /// Whether the next of the raw digests is its own.
    digest: bool,
}

#[derive(Serialize, Deserialize)]
struct Runtime<'a> {
    user: &'a str,
    #[serde(borrow)]
    exposed_ports: Vec<&'a str>,
    volumes: Vec<&'a str>,
    entrypoint: Vec<&'a str>,
    command: Vec<&'a str>,
    working_dir: &'a str,
}

#[derive(Serialize, Deserialize)]
struct Release<'a> {
    id: &'a str,
    #[serde(borrow)]
    id_like: Vec<&'a str>,
    version_id: Option<&'a str>,
    version_codename: Option<&'a str>,
    display_name: &'a str,
    stream: Option<&'a str>,
}

/// What stands behind the columns of an image that was reported from its build. Fields are never changed.
#[derive(Serialize, Deserialize)]
struct BuildColumns<'a> {
    scanned_at: i64,
    system: Option<&'a str>,
    job: Option<&'a str>,
    number: Option<&'a str>,
    url: Option<&'a str>,
    commit: Option<&'a str>,
    branch: Option<&'a str>,
    repository: Option<&'a str>,
}

/// Marks of a layer.
const HAS_DIFF_ID: u8 = 1;
const HAS_DIGEST: u8 = 2;
const HAS_SIZE: u8 = 4;
const HAS_TIME: u8 = 8;

/// Packs a document.
pub(crate) fn pack(codec: &mut Codec, document: &ImageDocument) -> Result<Vec<u8>> {
    let ImageDocument { facts, os_release, users, scanner, secrets, unreadable, build } = document;
    let secrets = match secrets.is_empty() {
        true => String::new(),
        false => serde_json::to_string(secrets).map_err(|error| StoreError::damaged("document", error))?,
    };
    let mut digests = Vec::new();
    let columns = columns_of(facts, &mut digests);
    let columns = Columns {
        unreadable: *unreadable,
        release: os_release.as_ref().map(release_of),
        users: texts(users),
        scanner,
        secrets: &secrets,
        ..columns
    };
    let mut content = postcard::to_stdvec(&columns).expect("plain columns can be written into memory");
    if let Some(build) = build {
        content = postcard::to_extend(&build_columns(build), content)
            .expect("plain columns can be written into memory");
    }
    let frame = codec.pack_bare(Form::ImageColumns, &content)?;
    let mut packed = Vec::with_capacity(8 + digests.len() * 32 + frame.len());
    packed.push(Form::ImageColumns as u8);
    packed.extend(postcard::to_stdvec(&digests.len()).expect("a number can be written into memory"));
    digests.iter().for_each(|digest| packed.extend_from_slice(digest.as_bytes()));
    packed.extend_from_slice(&frame);
    Ok(packed)
}

/// The columns of what is known of the image itself; the rest is empty. Its digests go behind `digests`.
fn columns_of<'a>(facts: &'a ImageFacts, digests: &mut Vec<Digest>) -> Columns<'a> {
    let ImageFacts {
        id: _,
        references,
        created,
        author,
        architecture,
        os,
        docker_version,
        size,
        labels,
        environment,
        runtime,
        base,
        layers,
    } = facts;
    let names = references.iter().map(|name| name_of(name, digests)).collect();
    let base = base.as_ref().map(|BaseImage { id, references, layers }| {
        digests.push(id.0);
        (references.iter().map(|name| name_of(name, digests)).collect(), *layers)
    });
    let (mut marks, mut sizes, mut times) = (Vec::with_capacity(layers.len()), Vec::new(), Vec::new());
    let mut last = created.unwrap_or_default();
    for LayerFacts { diff_id, digest, size, created, created_by: _, comment: _ } in layers {
        let mut mark = 0;
        if let Some(diff_id) = diff_id {
            mark |= HAS_DIFF_ID;
            digests.push(diff_id.0);
        }
        if let Some(digest) = digest {
            mark |= HAS_DIGEST;
            digests.push(*digest);
        }
        if *size > 0 {
            mark |= HAS_SIZE;
            sizes.push(*size);
        }
        if let Some(created) = created {
            mark |= HAS_TIME;
            times.push(created.0.wrapping_sub(last.0));
            last = *created;
        }
        marks.push(mark);
    }
    Columns {
        marks,
        sizes,
        times,
        size: *size,
        created: created.map(|created| created.0),
        unreadable: 0,
        names,
        architecture: architecture.as_deref(),
        os: os.as_deref(),
        docker_version: docker_version.as_deref(),
        author,
        labels: labels.iter().map(|label| (&*label.key, &*label.value)).collect(),
        environment: texts(environment),
        runtime: runtime_of(runtime),
        base,
        commands: layers.iter().map(|layer| &*layer.created_by).collect(),
        comments: layers.iter().map(|layer| &*layer.comment).collect(),
        release: None,
        users: Vec::new(),
        scanner: "",
        secrets: "",
    }
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

fn name_of<'a>(name: &'a Reference, digests: &mut Vec<Digest>) -> Name<'a> {
    let Reference { registry, repository, tag, digest } = name;
    digests.extend(digest);
    Name { registry, repository, tag: tag.as_deref(), digest: digest.is_some() }
}

fn runtime_of(runtime: &RuntimeFacts) -> Runtime<'_> {
    let RuntimeFacts { user, exposed_ports, volumes, entrypoint, command, working_dir } = runtime;
    Runtime {
        user,
        exposed_ports: texts(exposed_ports),
        volumes: texts(volumes),
        entrypoint: texts(entrypoint),
        command: texts(command),
        working_dir,
    }
}

fn release_of(release: &OsRelease) -> Release<'_> {
    let OsRelease { id, id_like, version_id, version_codename, display_name, stream } = release;
    Release {
        id,
        id_like: texts(id_like),
        version_id: version_id.as_deref(),
        version_codename: version_codename.as_deref(),
        display_name,
        stream: stream.as_deref(),
    }
}

fn build_columns(build: &ImageBuild) -> BuildColumns<'_> {
    let ImageBuild { scanned_at, build } = build;
    let Build { system, job, number, url, commit, branch, repository } = build;
    BuildColumns {
        scanned_at: scanned_at.0,
        system: system.as_deref(),
        job: job.as_deref(),
        number: number.as_deref(),
        url: url.as_deref(),
        commit: commit.as_deref(),
        branch: branch.as_deref(),
        repository: repository.as_deref(),
    }
}

/// Whether a stored document is of this form.
pub(crate) fn is_packed(stored: &[u8]) -> bool {
    stored.first() == Some(&(Form::ImageColumns as u8))
}

/// Reads what [`pack`] wrote; the id of the image is blank.
pub(crate) fn unpack(codec: &mut Codec, what: &str, stored: &[u8]) -> Result<ImageDocument> {
    let damaged = |reason: String| StoreError::damaged(what, reason);
    let cut = || damaged("ends within its digests".to_owned());
    let bytes = stored.get(1..).unwrap_or_default();
    let (count, bytes) =
        postcard::take_from_bytes::<usize>(bytes).map_err(|error| damaged(error.to_string()))?;
    let (raw, frame) = bytes.split_at_checked(count.checked_mul(32).ok_or_else(cut)?).ok_or_else(cut)?;
    let content = codec.unpack_bare(what, Form::ImageColumns, frame)?;
    let (columns, behind) =
        postcard::take_from_bytes::<Columns<'_>>(&content).map_err(|error| damaged(error.to_string()))?;
    let mut document =
        document_of(columns, Raw(raw)).ok_or_else(|| damaged("contradicts itself".to_owned()))?;
    if !behind.is_empty() {
        let columns = postcard::from_bytes(behind).map_err(|error| damaged(error.to_string()))?;
        document.build = Some(Box::new(build_of(&columns)));
    }
    Ok(document)
}

/// The raw digests that were not taken yet.
struct Raw<'a>(&'a [u8]);

impl Raw<'_> {
    fn take(&mut self) -> Option<Digest> {
        let (first, rest) = self.0.split_first_chunk::<32>()?;
        self.0 = rest;
        Some(Digest::from_bytes(*first))
    }

    /// The next one if there is to be one; `None` if it is missing.
    fn take_if(&mut self, wanted: bool) -> Option<Option<Digest>> {
        if wanted { self.take().map(Some) } else { Some(None) }
    }
}

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

fn text(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

fn names_of(names: &[Name<'_>], raw: &mut Raw<'_>) -> Option<Vec<Reference>> {
    let name = |Name { registry, repository, tag, digest }: &Name<'_>| {
        Some(Reference {
            registry: (*registry).to_owned(),
            repository: (*repository).to_owned(),
            tag: text(*tag),
            digest: raw.take_if(*digest)?,
        })
    };
    names.iter().map(name).collect()
}

fn build_of(columns: &BuildColumns<'_>) -> ImageBuild {
    let build = Build {
        system: text(columns.system),
        job: text(columns.job),
        number: text(columns.number),
        url: text(columns.url),
        commit: text(columns.commit),
        branch: text(columns.branch),
        repository: text(columns.repository),
    };
    ImageBuild { scanned_at: Timestamp(columns.scanned_at), build }
}

/// `None` if parts do not fit each other.
fn document_of(columns: Columns<'_>, mut raw: Raw<'_>) -> Option<ImageDocument> {
    let references = names_of(&columns.names, &mut raw)?;
    let base = match &columns.base {
        None => None,
        Some((names, layers)) => {
            let id = ImageId(raw.take()?);
            Some(BaseImage { id, references: names_of(names, &mut raw)?, layers: *layers })
        }
    };
    let layers = layers_of(&columns, &mut raw)?;
    if !raw.0.is_empty() {
        return None;
    }
    let label = |(key, value): &(&str, &str)| Label { key: (*key).to_owned(), value: (*value).to_owned() };
    let runtime = &columns.runtime;
    let facts = ImageFacts {
        references,
        created: columns.created.map(Timestamp),
        author: columns.author.to_owned(),
        architecture: text(columns.architecture),
        os: text(columns.os),
        docker_version: text(columns.docker_version),
        size: columns.size,
        labels: columns.labels.iter().map(label).collect(),
        environment: owned(&columns.environment),
        runtime: RuntimeFacts {
            user: runtime.user.to_owned(),
            exposed_ports: owned(&runtime.exposed_ports),
            volumes: owned(&runtime.volumes),
            entrypoint: owned(&runtime.entrypoint),
            command: owned(&runtime.command),
            working_dir: runtime.working_dir.to_owned(),
        },
        base,
        layers,
        ..ImageFacts::new(ImageId(Digest::from_bytes([0; 32])))
    };
    let secrets: Vec<SecretRecord> = match columns.secrets {
        "" => Vec::new(),
        json => serde_json::from_str(json).ok()?,
    };
    let os_release = columns.release.as_ref().map(|release| OsRelease {
        id: release.id.to_owned(),
        id_like: owned(&release.id_like),
        version_id: text(release.version_id),
        version_codename: text(release.version_codename),
        display_name: release.display_name.to_owned(),
        stream: text(release.stream),
    });
    Some(ImageDocument {
        facts,
        os_release,
        users: owned(&columns.users),
        scanner: columns.scanner.to_owned(),
        secrets,
        unreadable: columns.unreadable,
        build: None,
    })
}

fn layers_of(columns: &Columns<'_>, raw: &mut Raw<'_>) -> Option<Vec<LayerFacts>> {
    let count = columns.marks.len();
    if [columns.commands.len(), columns.comments.len()] != [count; 2] {
        return None;
    }
    let (mut sizes, mut times) = (columns.sizes.iter(), columns.times.iter());
    let mut last = columns.created.unwrap_or_default();
    let mut layers = Vec::with_capacity(count);
    for ((mark, command), comment) in columns.marks.iter().zip(&columns.commands).zip(&columns.comments) {
        let has = |bit| mark & bit != 0;
        let diff_id = raw.take_if(has(HAS_DIFF_ID))?.map(DiffId);
        let digest = raw.take_if(has(HAS_DIGEST))?;
        let size = if has(HAS_SIZE) { *sizes.next()? } else { 0 };
        let mut created = None;
        if has(HAS_TIME) {
            last = last.wrapping_add(*times.next()?);
            created = Some(Timestamp(last));
        }
        layers.push(LayerFacts {
            diff_id,
            digest,
            size,
            created_by: (*command).to_owned(),
            created,
            comment: (*comment).to_owned(),
        });
    }
    (sizes.next().is_none() && times.next().is_none()).then_some(layers)
}

#[cfg(test)]
#[path = "packed_image_tests.rs"]
mod tests;

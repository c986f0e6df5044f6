//! A store in a folder of its own, small bundles, and whole lists as text.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use fleet::{BulkRequest, ContainerView, Entity, Fleet, ImageView, ListRequest, Scope, VulnerabilityView};
use knowledge::Bundle;
use model::{ContainerReport, ScanReport, Timestamp};
use store::{Ack, DEFAULT_CUSTOMER, Store, StoreOptions};
use tempfile::TempDir;

/// A database that lives as long as the test.
pub(crate) struct Database {
    folder: TempDir,
    pub(crate) store: Store,
}

impl Database {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreOptions::new(folder.path().join("facts.db"))).unwrap();
        Self { folder, store }
    }

    /// Closes the store and opens it again.
    pub(crate) fn reopen(self) -> Self {
        let Self { folder, store } = self;
        drop(store);
        let store = Store::open(&StoreOptions::new(folder.path().join("facts.db"))).unwrap();
        Self { folder, store }
    }

    /// Copies the database as it stands; nobody must write meanwhile.
    pub(crate) fn store_copy(&self, to: &std::path::Path) {
        for end in ["", "-wal"] {
            let from = self.path(&format!("facts.db{end}"));
            if from.exists() {
                std::fs::copy(from, format!("{}{end}", to.display())).unwrap();
            }
        }
    }

    /// A path beside the database.
    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Opens the same database once more, as another process would.
    pub(crate) fn second_store(&self) -> Store {
        Store::open(&StoreOptions::new(self.folder.path().join("facts.db"))).unwrap()
    }

    pub(crate) async fn fleet(&self, bundle: &Arc<Bundle>) -> Fleet {
        Fleet::start(self.store.clone(), Arc::clone(bundle)).await.unwrap()
    }

    pub(crate) async fn report(&self, report: ScanReport) -> Ack {
        self.store.put_report(DEFAULT_CUSTOMER, report).await.unwrap()
    }

    pub(crate) async fn container(&self, report: ContainerReport) -> Ack {
        self.store.put_containers(DEFAULT_CUSTOMER, vec![report]).await.unwrap()
    }
}

/// What Debian says of one package in bookworm: CVE, fixed version if any, urgency.
pub(crate) type Says<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

/// A bundle with Debian's statements and nothing else.
pub(crate) fn bundle(says: &[Says<'_>]) -> Arc<Bundle> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("debian")).unwrap();
    let mut packages: serde_json::Map<String, serde_json::Value> = serde_json::Map::new();
    for (package, cve, fixed, urgency) in says {
        let release = match fixed {
            Some(version) => {
                serde_json::json!({"status": "resolved", "fixed_version": version, "urgency": urgency})
            }
            None => serde_json::json!({"status": "open", "urgency": urgency}),
        };
        let entry = packages.entry(*package).or_insert_with(|| serde_json::json!({}));
        entry[*cve] = serde_json::json!({"description": format!("a flaw in {package}"), "releases": {"bookworm": release}});
    }
    let text = serde_json::Value::Object(packages).to_string();
    std::fs::write(folder.path().join("debian/json"), text).unwrap();
    let output = folder.path().join("test.bundle");
    knowledge::compile(folder.path(), &output, &|_| {}).unwrap();
    Arc::new(Bundle::open(&output).unwrap())
}

/// Waits until the fleet shows everything that was acknowledged.
pub(crate) async fn catch_up(fleet: &Fleet, database: &Database) {
    let clock = database.store.clock().await.unwrap();
    fleet.caught_up(clock, Duration::from_secs(20)).await.unwrap();
}

pub(crate) fn all_of(scope: &Scope) -> BulkRequest {
    BulkRequest {
        customer: DEFAULT_CUSTOMER,
        scope: scope.clone(),
        filter: None,
        cursor: None,
        end: None,
        limit: 3,
    }
}

/// A plain list sorted by `sort`, as clients write it.
pub(crate) fn list_of(scope: &Scope, entity: Entity, sort: &str) -> ListRequest {
    let sort = qql::resolve_sort(sort, entity).unwrap();
    ListRequest {
        customer: DEFAULT_CUSTOMER,
        scope: scope.clone(),
        filter: None,
        sort,
        page: 1,
        page_size: 1_000,
    }
}

/// All images through the cursor.
pub(crate) fn export(fleet: &Fleet, scope: &Scope) -> Vec<Arc<ImageView>> {
    let mut request = all_of(scope);
    let mut images = Vec::new();
    loop {
        let page = fleet.images_bulk(&request).unwrap();
        images.extend(page.items);
        match page.next {
            Some(next) => (request.cursor, request.end) = (Some(qql::parse(&next).unwrap()), page.end),
            None => return images,
        }
    }
}

/// All containers through the cursor.
pub(crate) fn export_containers(fleet: &Fleet, scope: &Scope) -> Vec<Arc<ContainerView>> {
    let mut request = all_of(scope);
    let mut containers = Vec::new();
    loop {
        let page = fleet.containers_bulk(&request).unwrap();
        containers.extend(page.items);
        match page.next {
            Some(next) => (request.cursor, request.end) = (Some(qql::parse(&next).unwrap()), page.end),
            None => return containers,
        }
    }
}

/// Every list of a scope with every byte that a view holds, times included.
pub(crate) fn everything(fleet: &Fleet, scope: &Scope) -> String {
    let mut text = String::new();
    for sort in ["created:desc", "updated:asc"] {
        let images = fleet.images_list(&list_of(scope, Entity::Image, sort)).unwrap();
        let containers = fleet.containers_list(&list_of(scope, Entity::Container, sort)).unwrap();
        let _ = writeln!(text, "{images:#?}\n{containers:#?}");
    }
    let _ = writeln!(text, "{:#?}\n{:#?}", export(fleet, scope), export_containers(fleet, scope));
    text
}

/// Every list of a scope without what differs between databases: clock values and numbers of packages.
pub(crate) fn contents(fleet: &Fleet, scope: &Scope) -> String {
    let mut text = String::new();
    for sort in ["created:asc", "created:desc", "updated:asc", "updated:desc"] {
        let images = fleet.images_list(&list_of(scope, Entity::Image, sort)).unwrap();
        let containers = fleet.containers_list(&list_of(scope, Entity::Container, sort)).unwrap();
        let _ = writeln!(text, "{sort} {} images, {} containers", images.count, containers.count);
        images.items.iter().for_each(|view| image(&mut text, view));
        containers.items.iter().for_each(|view| container(&mut text, view));
    }
    export(fleet, scope).iter().for_each(|view| image(&mut text, view));
    export_containers(fleet, scope).iter().for_each(|view| container(&mut text, view));
    text
}

fn image(text: &mut String, view: &ImageView) {
    let hosts: Vec<_> = view.hosts.iter().map(|host| &host.hostname).collect();
    let _ = writeln!(
        text,
        "image {} {} {:?} {:?} {} {}",
        view.record.uuid,
        view.record.id,
        hosts,
        view.last_used,
        view.associated_containers,
        view.associated_hosts
    );
    view.software.iter().for_each(|software| {
        let _ = writeln!(text, "  {} {:?} {:?}", software.package.purl(), software.path, software.counts());
    });
    view.vulnerabilities.iter().for_each(|found| vulnerability(text, found));
}

fn container(text: &mut String, view: &ContainerView) {
    let image = view.image.as_ref().map(|image| image.id);
    let _ = writeln!(text, "container {} {:?} {}", view.record.uuid, image, view.host.hostname);
    view.vulnerabilities.iter().for_each(|found| vulnerability(text, found));
}

fn vulnerability(text: &mut String, found: &VulnerabilityView) {
    let affected: Vec<_> =
        found.affected.iter().map(|affected| (affected.package.purl(), affected.fix_version())).collect();
    let _ = writeln!(text, "  {} {:?} {affected:?}", found.vulnerability.id, found.severity);
}

pub(crate) fn tags(names: &[&str]) -> Scope {
    Scope::Tags(names.iter().map(|name| (*name).to_owned()).collect())
}

pub(crate) fn updated(image: &ImageView) -> Timestamp {
    image.updated
}

//! Documents of images and inventories written anew by the migration that made them small.

use uuid::Uuid;

use crate::codec::Codec;
use crate::draft::Draft;
use crate::driver::{Connection, Value};
use crate::error::{Result, StoreError};
use crate::inventory::Stored;
use crate::names::Names;
use crate::{image, packed_image, packed_inventory};

/// Rows in one page.
const PAGE: i64 = 500;
/// Rows after which the progress is told again.
const TOLD: u64 = 100_000;

/// Images after a key.
const IMAGES: &str = "SELECT customer, uuid, names, document FROM image \
     WHERE (customer, uuid) > ($1, $2) ORDER BY customer, uuid LIMIT $3";

/// What is renewed of them.
const IMAGE_RENEWAL: &str = "UPDATE image SET names = $3, document = $4 WHERE customer = $1 AND uuid = $2";

/// Inventories after a digest.
const INVENTORIES: &str = "SELECT digest, content FROM inventory WHERE digest > $1 ORDER BY digest LIMIT $2";

/// What is renewed of them.
const INVENTORY_RENEWAL: &str = "UPDATE inventory SET content = $2 WHERE digest = $1";

/// Writes the documents of images in the form of today. What cannot be read stays as it is, to be told by a verification.
pub(crate) fn images(connection: &mut dyn Connection) -> Result<()> {
    let mut codec = Codec::new();
    let mut progress = Progress { what: "documents of images", done: 0 };
    let mut last = (Uuid::nil(), Uuid::nil());
    loop {
        let rows = connection.query(IMAGES, &[last.0.into(), last.1.into(), Value::Int(PAGE)])?;
        if rows.is_empty() {
            return Ok(());
        }
        for mut row in rows {
            last = (row.uuid(0)?, row.uuid(1)?);
            let (names, stored) = (row.text(2)?, row.bytes(3)?);
            match small_document(&mut codec, &names, &stored) {
                Ok(document) => {
                    let values = [last.0.into(), last.1.into(), "".into(), document.into()];
                    connection.execute_later(IMAGE_RENEWAL, &values)?;
                }
                Err(error) => tracing::warn!(%error, "image {} keeps its old form: {error}", last.1),
            }
            progress.step();
        }
    }
}

fn small_document(codec: &mut Codec, names: &str, stored: &[u8]) -> Result<Vec<u8>> {
    let mut document = image::read_document(codec, "document", stored)?;
    let names = serde_json::from_str(names).map_err(|error| StoreError::damaged("names", error))?;
    document.facts.references = names;
    packed_image::pack(codec, &document)
}

/// Writes inventories in the form of today. Their digests stay.
pub(crate) fn inventories(connection: &mut dyn Connection) -> Result<()> {
    let mut codec = Codec::new();
    let names = Names::default();
    let mut progress = Progress { what: "inventories", done: 0 };
    let mut last = Value::Bytes(Vec::new());
    loop {
        let rows = connection.query(INVENTORIES, &[last, Value::Int(PAGE)])?;
        let Some(row) = rows.last() else { return Ok(()) };
        last = row.0[0].clone();
        for mut row in rows {
            let (digest, content) = (row.digest(0)?, row.bytes(1)?);
            match small_inventory(connection, &mut codec, &names, &content) {
                Ok(content) => {
                    let values = [Value::from(&digest), content.into()];
                    connection.execute_later(INVENTORY_RENEWAL, &values)?;
                }
                Err(error @ StoreError::Damaged { .. }) => {
                    tracing::warn!(%error, "inventory {digest} keeps its old form: {error}");
                }
                Err(error) => return Err(error),
            }
            progress.step();
        }
    }
}

fn small_inventory(
    connection: &mut dyn Connection,
    codec: &mut Codec,
    names: &Names,
    content: &[u8],
) -> Result<Vec<u8>> {
    let stored = Stored::read(codec, "inventory", content)?;
    names.fetch(connection, stored.packages().collect())?;
    let known = names.known();
    let name_of = |package: u32| known.get(package);
    let draft = Draft::of(stored.entries("inventory", name_of)?, name_of);
    packed_inventory::pack(codec, &draft, &draft.entries)
}

/// Tells how far it has come.
struct Progress {
    what: &'static str,
    done: u64,
}

impl Progress {
    fn step(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(TOLD) {
            tracing::info!(done = self.done, "{} {} were written anew", self.done, self.what);
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{Digest, ImageFacts, ImageId, Reference, Timestamp};

    use super::*;
    use crate::codec::Form;
    use crate::driver::Engine as _;
    use crate::migration::{self, MIGRATIONS};
    use crate::prepare::to_json;
    use crate::record::{DEFAULT_CUSTOMER, ImageDocument, InventoryEntry, image_uuid};
    use crate::sql::sql;
    use crate::sqlite::Sqlite;
    use crate::{change, inventory, verify};

    /// Steps before the one that is tried.
    const BEFORE: usize = 9;

    fn entry(package: u32, path: &str) -> InventoryEntry {
        InventoryEntry {
            package,
            layer: Some(0),
            path: path.to_owned(),
            owned_by: None,
            license: Some("MIT".to_owned()),
            found_by: "npm-package".to_owned(),
            declared: package == 2,
        }
    }

    #[test]
    fn images_of_the_forms_before_come_through_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Sqlite::new(&folder.path().join("db")).unwrap().open_writer().unwrap();
        for (_, sql) in &MIGRATIONS[..BEFORE] {
            let sql = connection.dialect().expand(sql);
            connection.script(&sql).unwrap();
        }
        let rest = "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name TEXT, applied INTEGER);
             INSERT INTO schema_version VALUES (9, 'it', 0);
             UPDATE clock SET now = 9;
             INSERT INTO package VALUES (1, '[\"npm\",\"\",\"a-b\",\"1.0\"]', 5, 5, NULL), (2, '[\"npm\",\"\",\"c\"]', 5, 5, NULL)";
        connection.script(rest).unwrap();
        let mut codec = Codec::new();
        let entries = vec![entry(1, "app/node_modules/a-b/package.json"), entry(2, "elsewhere")];
        let encoded = inventory::encode(entries.clone());
        let digest = Digest::of(&encoded);
        let content = codec.pack(Form::Plain, &encoded).unwrap();
        connection.execute(sql!("inventory/insert"), &[Value::from(&digest), content.into()]).unwrap();
        let id = ImageId(Digest::from_bytes([7; 32]));
        let uuid = image_uuid(DEFAULT_CUSTOMER, &id);
        let mut document = ImageDocument {
            facts: ImageFacts::new(id),
            os_release: None,
            users: vec!["root".to_owned()],
            scanner: "it".to_owned(),
            secrets: Vec::new(),
            unreadable: 3,
            build: None,
        };
        let names = vec![Reference::parse("team/web:1").unwrap()];
        let values = [
            DEFAULT_CUSTOMER.into(),
            uuid.into(),
            Value::from(&id.0),
            Value::Int(5),
            Value::Int(6),
            Value::Int(7),
            Value::from(&digest),
            "[\"GENERAL\"]".into(),
            serde_json::to_string(&names).unwrap().into(),
            codec.pack(Form::Image, &to_json(&document).unwrap()).unwrap().into(),
            Value::Null,
            Value::Int(1),
            Value::Null,
        ];
        // as the program of that time did
        let put = "INSERT INTO image (customer, uuid, id, created_at, updated, last_scanned, inventory, sources, names, \
             document, tags, cause, since) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
        connection.execute(put, &values).unwrap();
        migration::migrate(&mut *connection).unwrap();

        let record = image::one(&mut *connection, &mut codec, DEFAULT_CUSTOMER, uuid).unwrap().unwrap();
        document.facts.references = names;
        assert_eq!(record.document, document);
        assert!(packed_image::is_packed(&record.document_bytes));
        assert_eq!((record.created_at, record.updated), (Timestamp(5), Timestamp(6)));
        let read = inventory::all(&mut *connection, &mut codec, &Names::default(), &[digest])
            .unwrap()
            .pop()
            .unwrap();
        assert_eq!(read.entries, entries);
        let told = verify::verify(&mut *connection, &mut codec, &mut |problem| panic!("{problem}")).unwrap();
        assert_eq!(
            (told.images, told.entries, change::clock(&mut *connection).unwrap()),
            (1, 2, Timestamp(9))
        );
    }
}

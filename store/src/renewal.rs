//! Rows written anew by migrations, where SQL cannot: their documents must be read.

use model::ImageId;
use uuid::Uuid;

use crate::change::ChangeKind;
use crate::codec::Codec;
use crate::driver::{Connection, Row, Value};
use crate::error::Result;
use crate::packed::{self, Packed};
use crate::shared;

/// Rows in one page.
const PAGE: i64 = 1_000;

/// The columns of the second form that hold a customer.
pub(crate) const SECOND_FORM: [(&str, &str); 8] = [
    ("customer", "uuid"),
    ("change", "customer"),
    ("account", "customer"),
    ("tag", "customer"),
    ("tag_member", "customer"),
    ("image", "customer"),
    ("container", "customer"),
    ("host", "customer"),
];

/// Those of the fourth; the containers are written anew anyway.
pub(crate) const FOURTH_FORM: [(&str, &str); 9] = [
    ("customer", "uuid"),
    ("change", "customer"),
    ("account", "customer"),
    ("tag", "customer"),
    ("image", "customer"),
    ("host", "customer"),
    ("job", "customer"),
    ("job_part", "customer"),
    ("fleet_day", "customer"),
];

/// Stores the uuids of nobody and of the only customer short, where they stand at full length.
pub(crate) fn shorten_uuids(connection: &mut dyn Connection, columns: &[(&str, &str)]) -> Result<()> {
    for (table, column) in columns {
        let sql = format!("UPDATE {table} SET {column} = $1 WHERE {column} = $2");
        for uuid in [Uuid::nil(), Uuid::from_u128(1)] {
            connection.execute(&sql, &[uuid.into(), Value::from(&uuid.as_bytes()[..])])?;
        }
    }
    Ok(())
}

/// The tags of one container as the first form of the database held them.
const FIRST_FORM_TAGS: &str = "SELECT tag.name FROM tag_member \
     JOIN tag ON tag.customer = tag_member.customer AND tag.uuid = tag_member.tag \
     WHERE tag_member.customer = $1 AND tag_member.kind = $2 AND tag_member.entity = $3 ORDER BY tag.name";

/// The tags of a record as the first form of the database held them.
pub(crate) fn first_form_tags(
    connection: &mut dyn Connection,
    kind: ChangeKind,
    (customer, uuid): (Uuid, Uuid),
) -> Result<Vec<String>> {
    let values = [customer.into(), Value::Int(kind as i64), uuid.into()];
    let rows = connection.query(FIRST_FORM_TAGS, &values)?;
    rows.into_iter().map(|mut row| Ok(row.text(0)?)).collect()
}

/// Containers after a key, of the second form.
const SECOND_FORM_CONTAINERS: &str = "SELECT customer, uuid, document FROM container \
     WHERE (customer, uuid) > ($1, $2) ORDER BY customer, uuid LIMIT $3";

/// What is renewed of them.
const SECOND_FORM_RENEWAL: &str =
    "UPDATE container SET state = $3, document = $4 WHERE customer = $1 AND uuid = $2";

/// Reads the states of containers of the second form out of their documents, and puts their tags into these.
pub(crate) fn tags_into_containers(connection: &mut dyn Connection) -> Result<()> {
    let mut codec = Codec::new();
    pages(connection, SECOND_FORM_CONTAINERS, |connection, mut row| {
        let (customer, uuid) = (row.uuid(0)?, row.uuid(1)?);
        let document = row.bytes(2)?;
        let (report, _) = packed::unpack(&mut codec, &format!("container {uuid}"), &document)?;
        let tags = first_form_tags(connection, ChangeKind::Container, (customer, uuid))?;
        let Packed { shared, own } = packed::pack(&mut codec, &report, &tags)?;
        let state = Value::Int(packed::state_number(report.state));
        let values = [customer.into(), uuid.into(), state, packed::join(&shared, own).into()];
        connection.execute(SECOND_FORM_RENEWAL, &values)?;
        Ok((customer, uuid))
    })
}

/// Containers after a key, of the forms before the fourth.
const CONTAINERS_BEFORE: &str = "SELECT customer, uuid, id, image, state, created_at, updated, observed_at, cause, document \
     FROM container_before WHERE (customer, uuid) > ($1, $2) ORDER BY customer, uuid LIMIT $3";

/// A container of the fourth form; later ones have columns more.
const FOURTH_FORM_CONTAINER: &str = "INSERT INTO container \
     (customer, uuid, id, image, state, age, updated, observed_at, cause, document) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// Writes the containers of the forms before the fourth into their new table.
pub(crate) fn containers_anew(connection: &mut dyn Connection) -> Result<()> {
    let mut codec = Codec::new();
    shorten_uuids(connection, &[("container_before", "customer")])?;
    pages(connection, CONTAINERS_BEFORE, |connection, mut row| {
        let (customer, uuid) = (row.uuid(0)?, row.uuid(1)?);
        let document = row.bytes(9)?;
        let (report, tags) = packed::unpack(&mut codec, &format!("container {uuid}"), &document)?;
        let Packed { shared, own } = packed::pack(&mut codec, &report, &tags)?;
        let image = row.optional_digest(3)?.map(ImageId);
        let image = shared::stored(connection, customer, image, &shared)?;
        let (created_at, updated) = (row.time(5)?, row.time(6)?);
        let values = [
            customer.into(),
            uuid.into(),
            Value::from(&row.digest(2)?),
            image.into(),
            Value::Int(row.int(4)?),
            Value::Int(updated.0 - created_at.0),
            updated.into(),
            row.time(7)?.into(),
            Value::Int(row.int(8)?),
            own.into(),
        ];
        connection.execute(FOURTH_FORM_CONTAINER, &values)?;
        Ok((customer, uuid))
    })
}

/// Runs `each` on all rows that `sql` gives after a key, page by page; `each` gives the key of its row.
fn pages(
    connection: &mut dyn Connection,
    sql: &str,
    mut each: impl FnMut(&mut dyn Connection, Row) -> Result<(Uuid, Uuid)>,
) -> Result<()> {
    let mut key = (Uuid::nil(), Uuid::nil());
    loop {
        let rows = connection.query(sql, &[key.0.into(), key.1.into(), Value::Int(PAGE)])?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            key = each(connection, row)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{ContainerReport, Digest, Timestamp};

    use super::*;
    use crate::codec::Form;
    use crate::driver::Engine as _;
    use crate::migration::{self, MIGRATIONS};
    use crate::prepare::to_json;
    use crate::record::{DEFAULT_CUSTOMER, container_uuid, host_uuid, tag_uuid};
    use crate::sql::sql;
    use crate::sqlite::Sqlite;
    use crate::{change, container, packed_columns};

    fn report(number: u8, state: &str) -> ContainerReport {
        let json = serde_json::json!({
            "id": Digest::from_bytes([number; 32]), "name": "web", "host": {"hostname": "node-1"},
            "imageId": Digest::from_bytes([9; 32]), "state": state, "created": 100, "stateChanged": 200,
            "observedAt": 1_000, "source": "GENERAL",
        });
        serde_json::from_value(json).unwrap()
    }

    /// A customer as the older forms held it.
    fn long(customer: Uuid) -> Value {
        Value::from(&customer.as_bytes()[..])
    }

    /// A database of the form `number`, and the folder that it lies in.
    fn database_of_form(number: usize) -> (tempfile::TempDir, Box<dyn Connection>) {
        let folder = tempfile::tempdir().unwrap();
        let engine = Sqlite::new(&folder.path().join("db")).unwrap();
        let mut connection = engine.open_writer().unwrap();
        for (_, sql) in &MIGRATIONS[..number] {
            let sql = connection.dialect().expand(sql);
            connection.script(&sql).unwrap();
        }
        let version = format!(
            "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name TEXT, applied INTEGER);
             INSERT INTO schema_version VALUES ({number}, 'it', 0)"
        );
        connection.script(&version).unwrap();
        (folder, connection)
    }

    #[test]
    fn containers_of_the_third_form_come_through_as_they_were() {
        let (_folder, mut connection) = database_of_form(3);
        let mut codec = Codec::new();
        let mut sent: Vec<_> = (1..40).map(|number| report(number, "RUNNING")).collect();
        sent[0].image_id = None;
        for (report, number) in sent.iter_mut().zip(0_i64..) {
            report.image_name = (number % 3 > 0).then(|| format!("docker.io/library/nginx:{number}"));
            report.image_digest = (number % 2 > 0).then(|| Digest::from_bytes([number as u8; 32]));
            let values = [
                long(DEFAULT_CUSTOMER),
                container_uuid(DEFAULT_CUSTOMER, &report.id).into(),
                Value::from(&report.id),
                report.image_id.map(|id| id.0.as_bytes().to_vec()).into(),
                Value::Int(2),
                Value::Int(7),
                Value::Int(7 + number),
                Value::Int(1_000),
                Value::Int(3),
                packed_columns::pack(&mut codec, report, &["web".to_owned()]).unwrap().into(),
            ];
            let insert = "INSERT INTO container VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
            connection.execute(insert, &values).unwrap();
        }
        let values = [long(DEFAULT_CUSTOMER), long(Uuid::from_u128(77))];
        connection.execute("INSERT INTO host VALUES ($1, $2, 'node-1', 5, '{}')", &values).unwrap();
        migration::migrate(&mut *connection).unwrap();
        for (report, number) in sent.iter().zip(0_i64..) {
            let uuid = container_uuid(DEFAULT_CUSTOMER, &report.id);
            let record =
                container::one(&mut *connection, &mut codec, DEFAULT_CUSTOMER, uuid).unwrap().unwrap();
            assert_eq!(record.report, *report);
            assert_eq!((record.created_at, record.updated), (Timestamp(7), Timestamp(7 + number)));
            assert_eq!(record.tags, ["web"]);
        }
        let values = [DEFAULT_CUSTOMER.into(), Uuid::from_u128(77).into()];
        assert_eq!(connection.query(sql!("host/one"), &values).unwrap().len(), 1);
    }

    #[test]
    fn containers_of_the_first_form_come_through_with_their_states_and_tags() {
        let (_folder, mut connection) = database_of_form(1);
        let mut codec = Codec::new();
        let states = ["CREATED", "RUNNING", "PAUSED", "STOPPED", "DELETED", "UNKNOWN"];
        let reports: Vec<_> = (1..).zip(states).map(|(number, state)| report(number, state)).collect();
        for (number, report) in (1..).zip(&reports) {
            let document = codec.pack(Form::Container, &to_json(report).unwrap()).unwrap();
            let values = [
                long(DEFAULT_CUSTOMER),
                container_uuid(DEFAULT_CUSTOMER, &report.id).into(),
                Value::from(&report.id),
                host_uuid(DEFAULT_CUSTOMER, "node-1").into(),
                Value::from(&Digest::from_bytes([9; 32])),
                Value::Int(5),
                Value::Int(10 + number),
                Value::Int(1_000),
                document.into(),
            ];
            let insert = "INSERT INTO container VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
            connection.execute(insert, &values).unwrap();
            let entry = "INSERT INTO change VALUES ($1, 2, $2, 11, 0, NULL)";
            connection.execute(entry, &values[..2]).unwrap();
        }
        let tagged = container_uuid(DEFAULT_CUSTOMER, &reports[2].id);
        let tag = tag_uuid(DEFAULT_CUSTOMER, "web");
        let values = [long(DEFAULT_CUSTOMER), tag.into(), tagged.into()];
        connection.execute("INSERT INTO tag VALUES ($1, $2, 'web', 0)", &values[..2]).unwrap();
        connection.execute("INSERT INTO tag_member VALUES ($1, 2, $3, $2)", &values).unwrap();
        migration::migrate(&mut *connection).unwrap();
        for (number, report) in (1..).zip(reports) {
            let uuid = container_uuid(DEFAULT_CUSTOMER, &report.id);
            let values = [DEFAULT_CUSTOMER.into(), uuid.into()];
            let state = connection.query(sql!("container/one"), &values).unwrap()[0].int(4).unwrap();
            assert_eq!(state, number);
            let record =
                container::one(&mut *connection, &mut codec, DEFAULT_CUSTOMER, uuid).unwrap().unwrap();
            assert_eq!((record.report, record.updated), (report, Timestamp(10 + number)));
            assert_eq!(record.tags, if number == 3 { vec!["web"] } else { Vec::new() });
        }
        let changes = change::after(&mut *connection, Timestamp(0), 100).unwrap();
        assert!(changes.iter().map(|change| change.clock.0).eq(11..17));
        assert!(changes.iter().all(|change| change.cause == "container report"));
    }
}

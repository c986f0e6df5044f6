//! The form of the database and the steps that lead to it; forward only.
//!
//! Each step is one file of common SQL and runs in one transaction with the row that records it, so that a
//! program killed in the middle finds either form. Databases of a newer program are refused untouched.

use std::time::Duration;

use crate::driver::{Connection, Mode, Trouble, in_transaction};
use crate::error::{Result, StoreError};
use crate::{image, image_listed, renewal, renewal_of_images};

/// The steps in order; a step's number is its place counted from 1 and the number in its file name.
pub(crate) const MIGRATIONS: [(&str, &str); 12] = [
    ("facts", include_str!("../migrations/0001_facts.sql")),
    ("deletion_and_jobs", include_str!("../migrations/0002_deletion_and_jobs.sql")),
    ("tags_in_records", include_str!("../migrations/0003_tags_in_records.sql")),
    ("small_containers", include_str!("../migrations/0004_small_containers.sql")),
    ("containers_renewed", include_str!("../migrations/0005_containers_renewed.sql")),
    ("since", include_str!("../migrations/0006_since.sql")),
    ("inside", include_str!("../migrations/0007_inside.sql")),
    ("sensors", include_str!("../migrations/0008_sensors.sql")),
    ("registries", include_str!("../migrations/0009_registries.sql")),
    ("small_images", include_str!("../migrations/0010_small_images.sql")),
    ("seen", include_str!("../migrations/0011_seen.sql")),
    ("listed", include_str!("../migrations/0012_listed.sql")),
];

/// Steps after whose SQL rows are rewritten, because SQL cannot read their documents.
const TAGS_RENEWED: i64 = 2;
const CONTAINERS_RENEWED: i64 = 4;
const IMAGES_RENEWED: i64 = 10;
const LISTED: i64 = 12;

const VERSION_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_version \
     (version {int} NOT NULL PRIMARY KEY, name {text} NOT NULL, applied {int} NOT NULL) {table}";

/// Makes the others who would change the form wait: the row of a version that there is not, locked until the
/// transaction ends. SQLite needs no such row, and PostgreSQL's own locks are not to be had on all of its kin.
const TAKE_TURN: &str = "INSERT INTO schema_version (version, name, applied) VALUES (0, 'turn', $1) \
     ON CONFLICT (version) DO UPDATE SET applied = excluded.applied";

/// Attempts to make the table of versions while others do the same.
const ATTEMPTS: u32 = 50;
/// The pause between them.
const PAUSE: Duration = Duration::from_millis(20);

/// Brings the database to the newest form.
///
/// Programs that start at the same moment wait for each other; the later one finds the work done. A database of the
/// newest form is not written to.
pub(crate) fn migrate(connection: &mut dyn Connection) -> Result<()> {
    match version(connection) {
        Ok(found) if found == MIGRATIONS.len() as i64 => return Ok(()),
        Ok(_) => {}
        Err(StoreError::Engine(_)) => make_version_table(connection)?,
        Err(other) => return Err(other),
    }
    in_transaction(connection, Mode::Form, |connection| {
        let dialect = connection.dialect();
        connection.execute(TAKE_TURN, &[model::Timestamp::now().into()])?;
        let found = version(connection)?;
        let known = MIGRATIONS.len() as i64;
        if found > known {
            return Err(StoreError::TooNew { found, known });
        }
        for (number, (name, sql)) in (1_i64..).zip(MIGRATIONS).filter(|(number, _)| *number > found) {
            connection.script(&dialect.expand(sql))?;
            match number {
                TAGS_RENEWED => {
                    renewal::shorten_uuids(connection, &renewal::SECOND_FORM)?;
                    renewal::tags_into_containers(connection)?;
                    image::renew(connection)?;
                }
                CONTAINERS_RENEWED => {
                    renewal::shorten_uuids(connection, &renewal::FOURTH_FORM)?;
                    renewal::containers_anew(connection)?;
                }
                IMAGES_RENEWED => {
                    renewal_of_images::images(connection)?;
                    renewal_of_images::inventories(connection)?;
                }
                LISTED => image_listed::fill(connection)?,
                _ => {}
            }
            let now = model::Timestamp::now();
            connection.execute(
                "INSERT INTO schema_version (version, name, applied) VALUES ($1, $2, $3)",
                &[number.into(), name.into(), now.into()],
            )?;
            tracing::info!(number, name, "database brought to form {number} ({name})");
        }
        Ok(())
    })
}

/// PostgreSQL lets two programs make one table at the same time, and fails the later one when it is too late.
fn make_version_table(connection: &mut dyn Connection) -> Result<()> {
    let sql = connection.dialect().expand(VERSION_TABLE);
    let mut attempts = 0;
    loop {
        let made = in_transaction(connection, Mode::Form, |connection| connection.script(&sql));
        attempts += 1;
        match made {
            Err(error)
                if attempts < ATTEMPTS
                    && matches!(error.trouble, Trouble::Constraint | Trouble::Conflict) =>
            {
                std::thread::sleep(PAUSE);
            }
            outcome => return Ok(outcome?),
        }
    }
}

fn version(connection: &mut dyn Connection) -> Result<i64> {
    let mut rows = connection.query("SELECT coalesce(max(version), 0) FROM schema_version", &[])?;
    match rows.first_mut() {
        Some(row) => Ok(row.int(0)?),
        None => Ok(0),
    }
}

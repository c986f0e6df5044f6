//! The form of the database and the steps that lead to it; forward only.
//!
//! Each step is one file of common SQL and runs in one transaction with the row that records it, so that a
//! program killed in the middle finds either form. Databases of a newer program are refused untouched.

use crate::driver::{Connection, Mode, in_transaction};
use crate::error::{Result, StoreError};

/// The steps in order; a step's number is its place counted from 1 and the number in its file name.
pub(crate) const MIGRATIONS: [(&str, &str); 1] = [("facts", include_str!("../migrations/0001_facts.sql"))];

const VERSION_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_version \
     (version {int} NOT NULL PRIMARY KEY, name {text} NOT NULL, applied {int} NOT NULL) {table}";

/// Brings the database to the newest form.
///
/// Programs that start at the same moment wait for each other; the later one finds the work done.
pub(crate) fn migrate(connection: &mut dyn Connection) -> Result<()> {
    in_transaction(connection, Mode::Write, |connection| {
        let dialect = connection.dialect();
        connection.script(&dialect.expand(VERSION_TABLE))?;
        let found = version(connection)?;
        let known = MIGRATIONS.len() as i64;
        if found > known {
            return Err(StoreError::TooNew { found, known });
        }
        for (number, (name, sql)) in (1_i64..).zip(MIGRATIONS).filter(|(number, _)| *number > found) {
            connection.script(&dialect.expand(sql))?;
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

fn version(connection: &mut dyn Connection) -> Result<i64> {
    let mut rows = connection.query("SELECT coalesce(max(version), 0) FROM schema_version", &[])?;
    match rows.first_mut() {
        Some(row) => Ok(row.int(0)?),
        None => Ok(0),
    }
}

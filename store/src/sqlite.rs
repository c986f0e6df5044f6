//! The SQLite driver: one file beside its write-ahead log.
//!
//! Commits are synchronous (`synchronous = FULL`): what was acknowledged survives the loss of power. The cost is
//! one flush a commit, which the writer shares among all requests that wait.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, ErrorCode, OpenFlags, ToSql};

use crate::dialect::Dialect;
use crate::driver::{Connection, DriverError, Engine, Mode, Row, Trouble, Value, check_values};

/// How long a statement waits for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Prepared statements kept for each connection.
const STATEMENTS: usize = 128;

/// A database file.
#[derive(Debug)]
pub(crate) struct Sqlite {
    path: PathBuf,
}

impl Sqlite {
    /// Names a database file; a missing one is made, readable by its owner alone.
    pub(crate) fn new(path: &Path) -> Result<Self, DriverError> {
        let made = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path);
        match made {
            Ok(_) => sync_folder(path).map_err(|error| DriverError::other(error.to_string()))?,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(DriverError::other(error.to_string())),
        }
        Ok(Self { path: path.to_owned() })
    }

    fn open(&self, setup: &str) -> Result<Box<dyn Connection>, DriverError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(&self.path, flags).map_err(explain)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(explain)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        connection.execute_batch(setup).map_err(explain)?;
        Ok(Box::new(SqliteConnection { connection }))
    }
}

/// Makes the name of a new file durable, not only its content.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

impl Engine for Sqlite {
    fn open_writer(&self) -> Result<Box<dyn Connection>, DriverError> {
        let mut connection = self.open(
            "PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 4000; \
             PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY;",
        )?;
        let mut rows = connection.query("PRAGMA journal_mode = WAL", &[])?;
        match rows.first_mut().map(|row| row.text(0)).transpose()?.as_deref() {
            Some("wal") => Ok(connection),
            _ => Err(DriverError::other(
                "the file system cannot share memory, which the write-ahead log needs",
            )),
        }
    }

    fn open_reader(&self) -> Result<Box<dyn Connection>, DriverError> {
        self.open("PRAGMA query_only = ON; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;")
    }
}

struct SqliteConnection {
    connection: rusqlite::Connection,
}

impl SqliteConnection {
    /// Prepares a statement and binds its parameters by their names.
    fn bound(&self, sql: &str, values: &[Value]) -> Result<CachedStatement<'_>, DriverError> {
        check_values(values)?;
        let mut statement = self.connection.prepare_cached(sql).map_err(explain)?;
        for index in 1..=statement.parameter_count() {
            let number = statement
                .parameter_name(index)
                .and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok())
                .ok_or_else(|| DriverError::other(format!("parameter {index} is not named $number")))?;
            let value = values
                .get(number.wrapping_sub(1))
                .ok_or_else(|| DriverError::other(format!("parameter ${number} has no value")))?;
            statement.raw_bind_parameter(index, value).map_err(explain)?;
        }
        Ok(statement)
    }
}

impl Connection for SqliteConnection {
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, DriverError> {
        let touched = self.bound(sql, values)?.raw_execute().map_err(explain)?;
        Ok(touched as u64)
    }

    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, DriverError> {
        let mut statement = self.bound(sql, values)?;
        let columns = statement.column_count();
        let mut answer = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(explain)? {
            let mut values = Vec::with_capacity(columns);
            for column in 0..columns {
                values.push(value_of(row.get_ref(column).map_err(explain)?)?);
            }
            answer.push(Row(values));
        }
        Ok(answer)
    }

    fn script(&mut self, sql: &str) -> Result<(), DriverError> {
        self.connection.execute_batch(sql).map_err(explain)
    }

    fn begin(&mut self, mode: Mode) -> Result<(), DriverError> {
        let sql = match mode {
            Mode::Read => "BEGIN DEFERRED",
            Mode::Write | Mode::Form => "BEGIN IMMEDIATE",
        };
        self.execute(sql, &[]).map(drop)
    }

    fn commit(&mut self) -> Result<(), DriverError> {
        self.execute("COMMIT", &[]).map(drop)
    }

    fn rollback(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.execute("ROLLBACK", &[])
        {
            tracing::error!(%error, "cannot undo a transaction: {error}");
        }
    }

    fn limit_pages(&mut self, pages: u32) -> Result<(), DriverError> {
        self.script(&format!("PRAGMA max_page_count = {pages}"))
    }

    fn dialect(&self) -> Dialect {
        Dialect::SQLITE
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn value_of(value: ValueRef<'_>) -> Result<Value, DriverError> {
    match value {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes)
            .map(Value::from)
            .map_err(|_| DriverError::other("a text column holds bytes that are not UTF-8")),
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_vec())),
        ValueRef::Real(_) => {
            Err(DriverError::other("a column holds a real number, which the schema does not know"))
        }
    }
}

fn explain(error: rusqlite::Error) -> DriverError {
    let trouble = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Trouble::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Trouble::Busy,
        Some(ErrorCode::ConstraintViolation) => Trouble::Constraint,
        _ => Trouble::Other,
    };
    DriverError { trouble, message: error.to_string() }
}

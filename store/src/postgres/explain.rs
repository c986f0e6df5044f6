//! What PostgreSQL's errors mean to the store.

use tokio_postgres::error::{DbError, SqlState};

use crate::driver::{DriverError, Trouble};

/// An error of a statement.
pub(crate) fn explain(error: &tokio_postgres::Error) -> DriverError {
    let trouble = match error.as_db_error() {
        Some(own) => trouble_of(own),
        None if error.is_closed() || is_io(error) => Trouble::Lost,
        None => Trouble::Other,
    };
    DriverError { trouble, message: message_of(error) }
}

/// An error of an attempt to connect: whatever it is, the database cannot be reached now.
pub(crate) fn unreachable(error: &tokio_postgres::Error) -> DriverError {
    DriverError { trouble: Trouble::Lost, message: message_of(error) }
}

fn trouble_of(error: &DbError) -> Trouble {
    let code = error.code();
    if *code == SqlState::DISK_FULL {
        return Trouble::Full;
    }
    let passing = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        // two programs made the same thing at the same time
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_OBJECT,
    ];
    if passing.contains(code) {
        return Trouble::Conflict;
    }
    if [SqlState::LOCK_NOT_AVAILABLE, SqlState::QUERY_CANCELED].contains(code) {
        return Trouble::Busy;
    }
    let gone = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::DATABASE_DROPPED,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::TOO_MANY_CONNECTIONS,
        // the other side became a standby
        SqlState::READ_ONLY_SQL_TRANSACTION,
    ];
    match code.code().get(..2) {
        _ if gone.contains(code) => Trouble::Lost,
        Some("08") => Trouble::Lost,
        Some("23") => Trouble::Constraint,
        // data exception: a value that the type cannot hold
        Some("22") => Trouble::Invalid,
        _ => Trouble::Other,
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if inner.is::<std::io::Error>() {
            return true;
        }
        source = inner.source();
    }
    false
}

/// The server's own words, or the chain of causes. Values of rows, which `detail` may hold, are left out.
fn message_of(error: &tokio_postgres::Error) -> String {
    if let Some(own) = error.as_db_error() {
        return format!("{} (SQLSTATE {})", own.message(), own.code().code());
    }
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let words = inner.to_string();
        if !message.contains(&words) {
            message = format!("{message}: {words}");
        }
        source = inner.source();
    }
    message
}

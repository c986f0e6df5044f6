//! Secrets that are made once and kept, and the program's small notes to itself.

use model::Timestamp;
use ring::rand::{SecureRandom as _, SystemRandom};
use uuid::Uuid;

use crate::driver::{Connection, Value};
use crate::error::{Result, StoreError};
use crate::sql::sql;
use crate::work::Work;

/// The note that holds [`identity`].
const IDENTITY: &str = "identity";

/// The secret of that name; whoever asks first makes it, in one statement, and everybody gets the same.
pub(crate) fn secret(work: &mut Work<'_>, name: &str) -> Result<[u8; 32]> {
    let mut fresh = [0_u8; 32];
    let no_random = |_| StoreError::damaged("secret", "cannot be made: the system gives no random bytes");
    SystemRandom::new().fill(&mut fresh).map_err(no_random)?;
    let values = [Value::from(name), Value::from(&fresh[..]), Timestamp::now().into()];
    work.connection.execute_later(sql!("secret/insert"), &values)?;
    let mut rows = work.connection.query(sql!("secret/one"), &[name.into()])?;
    let damaged = || StoreError::damaged(format!("secret `{name}`"), "does not have 32 bytes");
    let bytes = rows.first_mut().map(|row| row.bytes(0)).transpose()?.ok_or_else(damaged)?;
    bytes.try_into().map_err(|_| damaged())
}

/// The secret of that name, if it was made already.
pub(crate) fn known(connection: &mut dyn Connection, name: &str) -> Result<Option<[u8; 32]>> {
    let mut rows = connection.query(sql!("secret/one"), &[name.into()])?;
    let Some(bytes) = rows.first_mut().map(|row| row.bytes(0)).transpose()? else { return Ok(None) };
    let damaged = |_| StoreError::damaged(format!("secret `{name}`"), "does not have 32 bytes");
    bytes.try_into().map(Some).map_err(damaged)
}

/// The note of that name.
pub(crate) fn note(connection: &mut dyn Connection, name: &str) -> Result<Option<String>> {
    let mut rows = connection.query(sql!("meta/one"), &[name.into()])?;
    Ok(rows.first_mut().map(|row| row.text(0)).transpose()?)
}

/// Writes a note.
pub(crate) fn set_note(work: &mut Work<'_>, name: &str, value: &str) -> Result<()> {
    work.connection.execute_later(sql!("meta/put"), &[name.into(), value.into()])?;
    Ok(())
}

/// The random uuid of this database; whoever asks first makes it and everybody gets the same.
pub(crate) fn identity(work: &mut Work<'_>) -> Result<Uuid> {
    let fresh = Uuid::new_v4().to_string();
    work.connection.execute_later(sql!("meta/insert"), &[IDENTITY.into(), fresh.into()])?;
    known_identity(work.connection)?
        .ok_or_else(|| StoreError::damaged("identity of the database", "was lost as it was made"))
}

/// The uuid of this database, if it was made already.
pub(crate) fn known_identity(connection: &mut dyn Connection) -> Result<Option<Uuid>> {
    let Some(text) = note(connection, IDENTITY)? else { return Ok(None) };
    let uuid =
        Uuid::parse_str(&text).map_err(|error| StoreError::damaged("identity of the database", error))?;
    Ok(Some(uuid))
}

//! Accounts: who may come in, in which role, and which tags they see.
//!
//! Passwords are kept as argon2id hashes with a random salt each (RFC 9106, the first parameters of the crate's
//! default). Making or checking one costs tens of milliseconds on purpose and is never done on the writer's thread.

use std::collections::BTreeSet;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use model::Timestamp;
use uuid::Uuid;

use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::record::{Account, NewAccount};
use crate::sql::sql;
use crate::validate;
use crate::work::Work;

/// Whether `password` is the one that `hash`, a PHC string, was made of. Takes tens of milliseconds.
pub fn verify_password(hash: &str, password: &str) -> bool {
    match PasswordHash::new(hash) {
        Ok(hash) => Argon2::default().verify_password(password.as_bytes(), &hash).is_ok(),
        Err(_) => false,
    }
}

/// Hashes a password with a new salt.
pub(crate) fn hash_password(password: &str) -> Result<String> {
    validate::password(password)?;
    let hash: PasswordHash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| StoreError::invalid("password", format!("cannot be hashed: {error}")))?;
    Ok(hash.to_string())
}

/// Checks an account to be made.
pub(crate) fn validate_new(account: &NewAccount) -> Result<()> {
    validate::account_name(&account.name)?;
    validate::password(&account.password)?;
    validate::tags("tags", &account.tags)
}

/// Makes an account whose password is hashed already.
pub(crate) fn create(
    work: &mut Work<'_>,
    customer: Uuid,
    account: &NewAccount,
    hash: String,
) -> Result<Account> {
    work.know_customer(customer)?;
    let scope: Option<BTreeSet<String>> =
        Some(account.tags.iter().cloned().collect()).filter(|tags: &BTreeSet<String>| !tags.is_empty());
    let json = scope
        .as_ref()
        .map(serde_json::to_string)
        .transpose()
        .map_err(|error| StoreError::damaged("scope", error))?;
    let uuid = Uuid::now_v7();
    let values = [
        Value::from(uuid),
        customer.into(),
        account.name.as_str().into(),
        hash.as_str().into(),
        account.role.as_str().into(),
        json.into(),
        Timestamp::now().into(),
    ];
    if work.connection.execute(sql!("account/insert"), &values)? == 0 {
        return Err(StoreError::Exists { what: format!("account `{}`", account.name) });
    }
    let (name, role) = (account.name.clone(), account.role);
    Ok(Account { customer, uuid, name, password_hash: hash, role, scope, disabled: false })
}

/// The account of that name.
pub(crate) fn by_name(connection: &mut dyn Connection, name: &str) -> Result<Option<Account>> {
    if name.contains('\0') {
        return Ok(None);
    }
    let rows = connection.query(sql!("account/by_name"), &[name.into()])?;
    rows.into_iter().next().map(read).transpose()
}

/// All accounts by name.
pub(crate) fn all(connection: &mut dyn Connection) -> Result<Vec<Account>> {
    connection.query(sql!("account/all"), &[])?.into_iter().map(read).collect()
}

/// Gives an account another password, hashed already.
pub(crate) fn set_password(work: &mut Work<'_>, name: &str, hash: &str) -> Result<()> {
    found(name, work.connection.execute(sql!("account/set_password"), &[name.into(), hash.into()])?)
}

/// Locks an account out or lets it in again.
pub(crate) fn set_disabled(work: &mut Work<'_>, name: &str, disabled: bool) -> Result<()> {
    found(name, work.connection.execute(sql!("account/set_disabled"), &[name.into(), disabled.into()])?)
}

/// Removes an account.
pub(crate) fn delete(work: &mut Work<'_>, name: &str) -> Result<()> {
    found(name, work.connection.execute(sql!("account/delete"), &[name.into()])?)
}

fn found(name: &str, touched: u64) -> Result<()> {
    if touched == 0 { Err(StoreError::NotFound { what: format!("account `{name}`") }) } else { Ok(()) }
}

fn read(mut row: Row) -> Result<Account> {
    let name = row.text(2)?;
    let damaged = |reason: String| StoreError::damaged(format!("account `{name}`"), reason);
    let scope = match row.optional_text(5)? {
        Some(json) => Some(serde_json::from_str(&json).map_err(|error| damaged(error.to_string()))?),
        None => None,
    };
    Ok(Account {
        customer: row.uuid(0)?,
        uuid: row.uuid(1)?,
        password_hash: row.text(3)?,
        role: row.text(4)?.parse().map_err(|error: crate::record::UnknownRole| damaged(error.to_string()))?,
        disabled: row.int(6)? != 0,
        scope,
        name,
    })
}

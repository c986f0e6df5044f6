//! What containers of one image share, stored once: the image's id, the digest of its manifest, and its name.
//!
//! A row is found by a number that is made of a hash of all that it says. Two that would have the same number get
//! different ones, because the later is hashed once more. Rows that no container uses any more are collected now and then.
//! A writer remembers the numbers that it has seen, so every collection leaves a note in the database, and a writer that finds
//! another note than the last time forgets what it remembered.

use model::{Digest, ImageId};
use uuid::Uuid;

use crate::driver::{Connection, Value};
use crate::error::Result;
use crate::package::page;
use crate::secret;
use crate::sql::sql;
use crate::work::Work;

/// Numbers that are remembered at most; then all are forgotten.
const MAX_REMEMBERED: usize = 200_000;

/// The note that tells of the last collection.
const COLLECTED: &str = "container images collected";

/// The number of what a container shares, which is stored if it is new; `None` if it shares nothing.
pub(crate) fn number_of(
    work: &mut Work<'_>,
    customer: Uuid,
    image: Option<ImageId>,
    content: &[u8],
) -> Result<Option<i64>> {
    if image.is_none() && content.is_empty() {
        return Ok(None);
    }
    let key = key_of(customer, image, content);
    work.trust_shared(|connection| secret::note(connection, COLLECTED))?;
    if let Some(number) = work.memory.shared.get(&key) {
        return Ok(Some(*number));
    }
    let number = find_or_make(work.connection, customer, key, image, content)?;
    if work.memory.shared.len() >= MAX_REMEMBERED {
        work.memory.shared.clear();
    }
    work.memory.shared.insert(key, number);
    Ok(Some(number))
}

fn key_of(customer: Uuid, image: Option<ImageId>, content: &[u8]) -> Digest {
    let mut bytes = Vec::with_capacity(64 + content.len());
    bytes.extend_from_slice(customer.as_bytes());
    bytes.push(image.is_some().into());
    bytes.extend(image.iter().flat_map(|id| *id.0.as_bytes()));
    bytes.extend_from_slice(content);
    Digest::of(&bytes)
}

/// [`number_of`] for those who remember nothing.
pub(crate) fn stored(
    connection: &mut dyn Connection,
    customer: Uuid,
    image: Option<ImageId>,
    content: &[u8],
) -> Result<Option<i64>> {
    if image.is_none() && content.is_empty() {
        return Ok(None);
    }
    find_or_make(connection, customer, key_of(customer, image, content), image, content).map(Some)
}

fn find_or_make(
    connection: &mut dyn Connection,
    customer: Uuid,
    mut key: Digest,
    image: Option<ImageId>,
    content: &[u8],
) -> Result<i64> {
    loop {
        let [a, b, c, d, ..] = *key.as_bytes();
        let number = i64::from(u32::from_be_bytes([a, b, c, d]) >> 1);
        let values = [customer.into(), Value::Int(number)];
        let mut rows = connection.query(sql!("container_image/one"), &values)?;
        let Some(row) = rows.first_mut() else {
            let image = image.map(|id| id.0.as_bytes().to_vec()).into();
            let values = [customer.into(), Value::Int(number), image, content.into()];
            connection.execute(sql!("container_image/insert"), &values)?;
            return Ok(number);
        };
        if row.optional_digest(0)?.map(ImageId) == image && row.bytes(1)? == content {
            return Ok(number);
        }
        key = Digest::of(key.as_bytes());
    }
}

/// The numbers that stand for an image.
pub(crate) fn of_image(connection: &mut dyn Connection, customer: Uuid, id: &Digest) -> Result<Vec<i64>> {
    let values = [customer.into(), Value::from(&id.as_bytes()[..6]), Value::from(id)];
    let rows = connection.query(sql!("container_image/of_image"), &values)?;
    rows.into_iter().map(|mut row| Ok(row.int(0)?)).collect()
}

/// Rows that no container uses, at most `limit`.
pub(crate) fn orphans(connection: &mut dyn Connection, limit: usize) -> Result<Vec<(Uuid, i64)>> {
    let rows = connection.query(sql!("container_image/orphans"), &[page(limit)])?;
    rows.into_iter().map(|mut row| Ok((row.uuid(0)?, row.int(1)?))).collect()
}

/// Deletes those of `rows` that no container uses; gives how many.
pub(crate) fn collect(work: &mut Work<'_>, rows: &[(Uuid, i64)]) -> Result<u64> {
    let mut deleted = 0;
    for (customer, number) in rows {
        let values = [Value::from(*customer), Value::Int(*number)];
        deleted += work.connection.execute(sql!("container_image/delete_orphan"), &values)?;
    }
    if deleted > 0 {
        secret::set_note(work, COLLECTED, &Uuid::new_v4().to_string())?;
        work.memory.shared.clear();
    }
    Ok(deleted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::driver::Engine as _;
    use crate::migration;
    use crate::sqlite::Sqlite;

    #[test]
    fn what_is_shared_has_one_number_and_what_meets_on_a_number_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = Sqlite::new(&folder.path().join("db")).unwrap().open_writer().unwrap();
        migration::migrate(&mut *connection).unwrap();
        let (customer, id) = (Uuid::from_u128(1), Digest::of(b"image"));
        let mut number = |image: Option<ImageId>, content: &[u8]| {
            stored(&mut *connection, customer, image, content).unwrap()
        };
        assert_eq!(number(None, b""), None);
        let first = number(Some(ImageId(id)), b"nginx:1").unwrap();
        let second = number(Some(ImageId(id)), b"nginx:2").unwrap();
        assert_eq!(number(Some(ImageId(id)), b"nginx:1"), Some(first));
        assert_ne!(first, second);
        let other = key_of(customer, None, b"nginx:1");
        let [a, b, c, d, ..] = *other.as_bytes();
        let taken = i64::from(u32::from_be_bytes([a, b, c, d]) >> 1);
        let values = [customer.into(), Value::Int(taken), Value::Null, b"what was there before"[..].into()];
        connection.execute(sql!("container_image/insert"), &values).unwrap();
        let moved = stored(&mut *connection, customer, None, b"nginx:1").unwrap();
        assert_ne!(moved, Some(taken));
        assert_eq!(stored(&mut *connection, customer, None, b"nginx:1").unwrap(), moved);
        let mut numbers = of_image(&mut *connection, customer, &id).unwrap();
        numbers.sort_unstable();
        let mut expected = [first, second];
        expected.sort_unstable();
        assert_eq!(numbers, expected);
    }
}

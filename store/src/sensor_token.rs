//! Enrolment tokens: each lets as many sensors in as it was made for, usually one.
//!
//! A token is `pse_`, the 32 hexadecimal digits of its id, and the 64 of its secret. The row is found by the id and the
//! digest of the secret compared without regard to where it differs, so that no clock tells anything about it. Whoever
//! reads the database finds nothing to enrol with.

use std::hint::black_box;

use model::{Digest, Timestamp};
use ring::rand::{SecureRandom as _, SystemRandom};
use uuid::Uuid;

use crate::driver::{Connection, Row, Value};
use crate::error::{Result, StoreError};
use crate::sensor_record::EnrolRefused;
use crate::sql::sql;
use crate::store::Store;
use crate::work::Work;
use crate::{sensor_profile, validate};

/// What every token begins with, so that people and programs that look for leaked secrets know one.
const PREFIX: &str = "pse_";

/// Sensors that one token may let in.
pub const MAX_TOKEN_USES: u32 = 10_000;

/// How long a token that has expired is remembered, in milliseconds: long enough to tell its owner so.
const REMEMBERED: i64 = 30 * 86_400_000;

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewSensorToken {
    /// Whose sensors it lets in.
    pub customer: Uuid,
    /// Who makes it, for people.
    pub created_by: String,
    /// Until when it is good.
    pub expires: Timestamp,
    /// How many sensors it lets in, 1 to [`MAX_TOKEN_USES`].
    pub uses: u32,
    /// The profile that they get; `None` for the default one.
    pub profile: Option<Uuid>,
}

/// A token as far as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SensorToken {
    /// Its id.
    pub uuid: Uuid,
    /// Whose sensors it lets in.
    pub customer: Uuid,
    /// The profile that they get.
    pub profile: Option<Uuid>,
    /// When it was made.
    pub created: Timestamp,
    /// Who made it.
    pub created_by: String,
    /// Until when it is good.
    pub expires: Timestamp,
    /// How many sensors it lets in.
    pub uses: u32,
    /// How many it let in.
    pub used: u32,
}

impl SensorToken {
    /// Why it lets nobody in any more.
    pub(crate) fn refuses(&self, now: Timestamp) -> Option<EnrolRefused> {
        match () {
            () if self.used >= self.uses => Some(EnrolRefused::Used),
            () if self.expires <= now => Some(EnrolRefused::Expired),
            () => None,
        }
    }
}

/// A token as somebody shows it: its id and the digest of its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Presented {
    uuid: Uuid,
    digest: Digest,
}

/// Reads a token; `None` if the text is none.
pub(crate) fn read(text: &str) -> Option<Presented> {
    let digits = text.strip_prefix(PREFIX)?;
    if digits.len() != 96 || !digits.is_ascii() {
        return None;
    }
    let (id, secret) = digits.split_at(32);
    let secret = Digest::from_hex(secret).ok()?;
    Some(Presented { uuid: Uuid::try_parse(id).ok()?, digest: Digest::of(secret.as_bytes()) })
}

/// The token that is shown, if it is one.
pub(crate) fn known(connection: &mut dyn Connection, shown: &Presented) -> Result<Option<SensorToken>> {
    let rows = connection.query(sql!("sensor_token/one"), &[shown.uuid.into()])?;
    let Some(mut row) = rows.into_iter().next() else { return Ok(None) };
    let digest = row.digest(8)?;
    let token = read_row(row)?;
    Ok(is_same(&digest, &shown.digest).then_some(token))
}

/// Compares all bytes, whichever differ.
fn is_same(one: &Digest, two: &Digest) -> bool {
    let pairs = one.as_bytes().iter().zip(two.as_bytes());
    black_box(pairs.fold(0, |differs, (one, two)| black_box(differs | (one ^ two)))) == 0
}

impl Store {
    // ---- enrolment tokens

    /// Makes a token; gives the text that is shown this once, and what is kept of it.
    pub async fn create_sensor_token(&self, new: NewSensorToken) -> Result<(String, SensorToken)> {
        if new.uses == 0 || new.uses > MAX_TOKEN_USES {
            return Err(StoreError::invalid("uses", format!("is not between 1 and {MAX_TOKEN_USES}")));
        }
        if new.expires <= Timestamp::now() {
            return Err(StoreError::invalid("expires", "lies in the past"));
        }
        validate::filled("createdBy", &new.created_by, 255)?;
        let no_random = |_| StoreError::damaged("token", "cannot be made: the system gives no random bytes");
        let mut secret = [0_u8; 32];
        SystemRandom::new().fill(&mut secret).map_err(no_random)?;
        let uuid = Uuid::new_v4();
        let text = format!("{PREFIX}{}{}", uuid.simple(), Digest::from_bytes(secret).to_hex());
        let token = self.write(256, move |work| insert(work, uuid, &Digest::of(&secret), &new)).await?;
        Ok((text, token))
    }

    /// The tokens of a customer, the oldest first, those included that were used up or have expired lately.
    pub async fn sensor_tokens(&self, customer: Uuid) -> Result<Vec<SensorToken>> {
        self.read(move |connection, _| {
            let rows = connection.query(sql!("sensor_token/of_customer"), &[customer.into()])?;
            rows.into_iter().map(read_row).collect()
        })
        .await
    }

    /// Takes a token back; `false` if there is none. Sensors that it let in stay in.
    pub async fn delete_sensor_token(&self, customer: Uuid, uuid: Uuid) -> Result<bool> {
        self.write(64, move |work| {
            Ok(work.connection.execute(sql!("sensor_token/delete"), &[customer.into(), uuid.into()])? > 0)
        })
        .await
    }
}

fn insert(work: &mut Work<'_>, uuid: Uuid, digest: &Digest, new: &NewSensorToken) -> Result<SensorToken> {
    work.know_customer(new.customer)?;
    if let Some(profile) = new.profile
        && sensor_profile::one(work.connection, new.customer, profile)?.is_none()
    {
        return Err(StoreError::NotFound { what: format!("sensor profile {profile}") });
    }
    let now = Timestamp::now();
    work.connection.execute_later(sql!("sensor_token/forget"), &[Value::Int(now.0 - REMEMBERED)])?;
    let values = [
        uuid.into(),
        new.customer.into(),
        digest.into(),
        new.profile.into(),
        now.into(),
        new.created_by.as_str().into(),
        new.expires.into(),
        new.uses.into(),
    ];
    work.connection.execute(sql!("sensor_token/insert"), &values)?;
    let NewSensorToken { customer, created_by, expires, uses, profile } = new.clone();
    Ok(SensorToken { uuid, customer, profile, created: now, created_by, expires, uses, used: 0 })
}

pub(crate) fn read_row(mut row: Row) -> Result<SensorToken> {
    let profile = row.optional_bytes(2)?.map(|bytes| Uuid::from_slice(&bytes)).transpose();
    Ok(SensorToken {
        uuid: row.uuid(0)?,
        customer: row.uuid(1)?,
        profile: profile.map_err(|error| StoreError::damaged("enrolment token", error))?,
        created: row.time(3)?,
        created_by: row.text(4)?,
        expires: row.time(5)?,
        uses: row.u32(6)?,
        used: row.u32(7)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_token_of_the_right_form_is_read_and_its_secret_is_not_kept() {
        let (id, secret) = (Uuid::from_u128(7), "ab".repeat(32));
        let text = format!("{PREFIX}{}{secret}", id.simple());
        let shown = read(&text).unwrap();
        assert_eq!(shown, Presented { uuid: id, digest: Digest::of(&[0xab; 32]) });
        let upper = format!("{PREFIX}{}", text[PREFIX.len()..].to_uppercase());
        assert_eq!(read(&upper), Some(shown), "people type");
        for wrong in ["", "pse_", &text[1..], &text[..99], &format!("{text}0"), &text.replace("ab", "ag")] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(read(&format!("{PREFIX}{}", "é".repeat(48))), None);
    }

    #[test]
    fn digests_are_the_same_only_if_every_byte_is() {
        let digest = Digest::from_bytes([7; 32]);
        assert!(is_same(&digest, &digest));
        for place in 0..32 {
            let mut other = [7; 32];
            other[place] ^= 0x80;
            assert!(!is_same(&digest, &Digest::from_bytes(other)), "{place}");
        }
    }
}

//! Secrets of others, such as passwords of registries, encrypted where they lie (ChaCha20-Poly1305, RFC 8439).
//!
//! The decision a reader may doubt: the key lies in the same database, among the program's secrets. It keeps passwords out of what is
//! looked at or copied in part (a row, a log of statements, an export), not from whoever holds the whole database.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::error::{Result, StoreError};

/// Encrypts; `place` says what the secret belongs to, and must be the same when it is opened.
pub(crate) fn seal(key: &[u8; 32], place: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
    let failed = || StoreError::damaged("secret", "cannot be sealed");
    let mut sealed = vec![0; NONCE_LEN];
    SystemRandom::new().fill(&mut sealed).map_err(|_| failed())?;
    let nonce = Nonce::try_assume_unique_for_key(&sealed).map_err(|_| failed())?;
    let mut content = plain.to_vec();
    cipher(key)?.seal_in_place_append_tag(nonce, Aad::from(place), &mut content).map_err(|_| failed())?;
    sealed.extend_from_slice(&content);
    Ok(sealed)
}

/// Decrypts what [`seal`] made for the same place.
pub(crate) fn open(key: &[u8; 32], place: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
    let failed =
        || StoreError::damaged("secret", "cannot be opened: it was sealed for something else or altered");
    let (nonce, content) = sealed.split_at_checked(NONCE_LEN).ok_or_else(failed)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed())?;
    let mut content = content.to_vec();
    let plain = cipher(key)?.open_in_place(nonce, Aad::from(place), &mut content).map_err(|_| failed())?;
    Ok(plain.to_vec())
}

fn cipher(key: &[u8; 32]) -> Result<LessSafeKey> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, key);
    Ok(LessSafeKey::new(key.map_err(|_| StoreError::damaged("secret", "has a key of a wrong length"))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_opened_at_its_own_place_only_and_never_looks_the_same_twice() {
        let (key, other) = ([1; 32], [2; 32]);
        let sealed = seal(&key, b"here", b"geheim").unwrap();
        assert_ne!(sealed, seal(&key, b"here", b"geheim").unwrap());
        assert!(!sealed.windows(6).any(|part| part == b"geheim"));
        assert_eq!(open(&key, b"here", &sealed).unwrap(), b"geheim");
        assert!(open(&key, b"there", &sealed).is_err());
        assert!(open(&other, b"here", &sealed).is_err());
        for end in 0..sealed.len() {
            assert!(open(&key, b"here", &sealed[..end]).is_err());
        }
    }
}

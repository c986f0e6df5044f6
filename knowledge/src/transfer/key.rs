//! Key files in the form of the program `minisign` (its manual, "Key format" and "Signature format").
//!
//! ```text
//! public key: "Ed" · number (8) · key (32)
//! secret key: "Ed" · "Sc" or two zeros · "B2" · salt (32) · operations (8) · memory (8)
//!             · number (8), seed and key (64), BLAKE2b-256 of "Ed", number, seed and key (32)
//! ```
//!
//! Both are one line of base64 below a line of comment. With "Sc" the last three parts of a secret key are covered by the
//! output of scrypt. The decision a reader may doubt: `minisign` leaves the check value of a key without a password at
//! zero, other programs fill it in; both are read, and it is filled in here.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b256, Digest as _};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::error::KnowledgeError;

const ALGORITHM: [u8; 2] = *b"Ed";
const SCRYPT: [u8; 2] = *b"Sc";
const CHECK: [u8; 2] = *b"B2";
/// Where number, keys and check value lie in a secret key, which are what a password covers.
const COVERED: std::ops::Range<usize> = 54..158;
/// What a new password costs whoever tries: a second and 256 MiB.
const OPERATIONS: u64 = 1 << 23;
const MEMORY: u64 = 1 << 28;
/// `minisign` itself asks for this much; a key that asks for more is refused.
const MAX_MEMORY: u64 = 1 << 30;
const MAX_TEXT: u64 = 1 << 16;

/// The key that signatures are checked by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) number: [u8; 8],
    pub(super) key: [u8; 32],
}

impl PublicKey {
    /// Reads the keys of a file, one or several, each as `minisign` writes it; lines of comment may stand anywhere.
    ///
    /// # Errors
    /// If the file cannot be read, holds no key, or a line that is none.
    pub fn read_all(path: &Path) -> Result<Vec<Self>, KnowledgeError> {
        Self::parse_all(&text_of(path)?).map_err(unusable(path))
    }

    pub(crate) fn parse_all(text: &str) -> Result<Vec<Self>, String> {
        let mut keys = Vec::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') || line.starts_with("untrusted comment:") {
                continue;
            }
            let bytes = STANDARD.decode(line).map_err(|_| "it has a line that is no base64".to_owned())?;
            if bytes.len() == 158 {
                return Err("it is a secret key, which has to stay secret; give the public one".into());
            }
            let bytes: [u8; 42] =
                bytes.try_into().map_err(|_| "it has a line that is no public key".to_owned())?;
            if bytes[..2] != ALGORITHM {
                return Err("its algorithm is not known".into());
            }
            keys.push(Self { number: part(&bytes, 2), key: part(&bytes, 10) });
        }
        if keys.is_empty() { Err("it holds no public key".into()) } else { Ok(keys) }
    }

    /// The number that `minisign` shows, such as `F7661319B457F1A4`.
    pub fn number(&self) -> String {
        number_text(self.number)
    }

    /// The file's content.
    pub fn to_text(&self) -> String {
        let bytes = [&ALGORITHM[..], &self.number, &self.key].concat();
        format!("untrusted comment: minisign public key {}\n{}\n", self.number(), STANDARD.encode(bytes))
    }
}

/// The key that signatures are made by.
#[derive(Clone)]
pub struct SecretKey {
    pub(super) number: [u8; 8],
    seed: [u8; 32],
    key: [u8; 32],
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SecretKey({})", number_text(self.number))
    }
}

impl SecretKey {
    /// A new key.
    ///
    /// # Errors
    /// If the system has no random bytes.
    pub fn generate() -> Result<Self, KnowledgeError> {
        let (number, seed) = (random()?, random()?);
        let pair =
            Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| encode("the key cannot be made"))?;
        let key = pair.public_key().as_ref().try_into().map_err(|_| encode("the key cannot be made"))?;
        Ok(Self { number, seed, key })
    }

    /// Reads a key file; the password is needed if it has one.
    ///
    /// # Errors
    /// If the file cannot be read, is no secret key, or the password is missing or wrong.
    pub fn read(path: &Path, password: Option<&str>) -> Result<Self, KnowledgeError> {
        Self::parse(&text_of(path)?, password).map_err(unusable(path))
    }

    pub(crate) fn parse(text: &str, password: Option<&str>) -> Result<Self, String> {
        let line = text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty() && !line.starts_with("untrusted comment:"));
        let bytes = STANDARD.decode(line.unwrap_or_default()).map_err(|_| "it is no base64".to_owned())?;
        let mut bytes: [u8; 158] = bytes.try_into().map_err(|_| "it is no secret key".to_owned())?;
        if bytes[..2] != ALGORITHM || bytes[4..6] != CHECK {
            return Err("its algorithm is not known".into());
        }
        let covered = match [bytes[2], bytes[3]] {
            SCRYPT => {
                let password = password.ok_or("it has a password, which was not given")?;
                let stream = stream(password, &bytes[6..38], number_at(&bytes, 38), number_at(&bytes, 46))?;
                bytes[COVERED].iter_mut().zip(stream).for_each(|(byte, mask)| *byte ^= mask);
                true
            }
            [0, 0] => false,
            _ => return Err("the way it is encrypted is not known".into()),
        };
        let found = Self { number: part(&bytes, 54), seed: part(&bytes, 62), key: part(&bytes, 94) };
        let stored: [u8; 32] = part(&bytes, 126);
        if stored != found.check_value() && (covered || stored != [0; 32]) {
            return Err(
                if covered { "the password is wrong" } else { "its check value does not match" }.into()
            );
        }
        found.pair()?;
        Ok(found)
    }

    /// The file's content, encrypted if there is a password.
    ///
    /// # Errors
    /// If the system has no random bytes.
    pub fn to_text(&self, password: Option<&str>) -> Result<String, KnowledgeError> {
        let mut bytes = [0_u8; 158];
        bytes[..2].copy_from_slice(&ALGORITHM);
        bytes[4..6].copy_from_slice(&CHECK);
        let open = [&self.number[..], &self.seed, &self.key, &self.check_value()].concat();
        bytes[COVERED].copy_from_slice(&open);
        if let Some(password) = password {
            let salt: [u8; 32] = random()?;
            bytes[2..4].copy_from_slice(&SCRYPT);
            bytes[6..38].copy_from_slice(&salt);
            bytes[38..46].copy_from_slice(&OPERATIONS.to_le_bytes());
            bytes[46..54].copy_from_slice(&MEMORY.to_le_bytes());
            let stream = stream(password, &salt, OPERATIONS, MEMORY).map_err(|reason| encode(&reason))?;
            bytes[COVERED].iter_mut().zip(stream).for_each(|(byte, mask)| *byte ^= mask);
        }
        let kind = if password.is_some() { "encrypted" } else { "unencrypted" };
        Ok(format!("untrusted comment: minisign {kind} secret key\n{}\n", STANDARD.encode(bytes)))
    }

    /// The key that checks what this one signs.
    pub fn public(&self) -> PublicKey {
        PublicKey { number: self.number, key: self.key }
    }

    pub(super) fn pair(&self) -> Result<Ed25519KeyPair, String> {
        Ed25519KeyPair::from_seed_and_public_key(&self.seed, &self.key)
            .map_err(|_| "its two halves do not fit each other".to_owned())
    }

    fn check_value(&self) -> [u8; 32] {
        let mut digest = Blake2b256::new();
        [&ALGORITHM[..], &self.number, &self.seed, &self.key].iter().for_each(|part| digest.update(part));
        digest.finalize().into()
    }
}

pub(super) fn number_text(number: [u8; 8]) -> String {
    format!("{:016X}", u64::from_le_bytes(number))
}

/// What covers a secret key. Bounds on work and memory become scrypt's parameters as in libsodium's
/// `crypto_pwhash_scryptsalsa208sha256`.
fn stream(password: &str, salt: &[u8], operations: u64, memory: u64) -> Result<[u8; 104], String> {
    if memory > MAX_MEMORY || operations > MAX_MEMORY {
        return Err("its password asks for more memory than a key may".into());
    }
    let operations = operations.max(32768);
    let few = operations < memory / 32;
    let most = if few { operations / 32 } else { memory / 1024 };
    let log = (1..30_u8).find(|log| 1_u64 << log > most / 2).unwrap_or(30);
    let lanes = if few { 1 } else { ((operations / 4) >> log).max(8) / 8 };
    let lanes = u32::try_from(lanes)
        .ok()
        .filter(|lanes| *lanes <= 64)
        .ok_or("its password asks for too much work")?;
    let parameters = scrypt::Params::new(log, 8, lanes).map_err(|error| error.to_string())?;
    let mut stream = [0; 104];
    scrypt::scrypt(password.as_bytes(), salt, &parameters, &mut stream).map_err(|error| error.to_string())?;
    Ok(stream)
}

fn random<const N: usize>() -> Result<[u8; N], KnowledgeError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| encode("the system has no random bytes"))?;
    Ok(bytes)
}

fn encode(reason: &str) -> KnowledgeError {
    KnowledgeError::Encode { what: "key", reason: reason.to_owned() }
}

/// `N` bytes at a place that lies inside.
pub(super) fn part<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut part = [0; N];
    if let Some(found) = bytes.get(at..at + N) {
        part.copy_from_slice(found);
    }
    part
}

fn number_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(part(bytes, at))
}

/// A file of a few lines; more than 64 KiB are not read.
pub(super) fn text_of(path: &Path) -> Result<String, KnowledgeError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(KnowledgeError::io("open", path))?;
    file.take(MAX_TEXT).read_to_end(&mut bytes).map_err(KnowledgeError::io("read", path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn unusable(path: &Path) -> impl FnOnce(String) -> KnowledgeError {
    let path = path.to_owned();
    move |reason| KnowledgeError::Unusable { path, what: "key", reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `minisign -G -W`, for this test alone.
    const OPEN: &str = "untrusted comment: minisign encrypted secret key\nRWQAAEIyAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAApPFXtBkTZvcrw3D3nVst7RgMfIyjF91nXtdkhRVv+w6usjFBAJnc9KQZ3fcCFe8dBlI4sifqn6cgNrRiimox+n1WTfAm/Z0TAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    const PUBLIC: &str = "untrusted comment: minisign public key F7661319B457F1A4\nRWSk8Ve0GRNm96QZ3fcCFe8dBlI4sifqn6cgNrRiimox+n1WTfAm/Z0T\n";

    #[test]
    fn a_key_of_minisign_without_a_password_is_read() {
        let secret = SecretKey::parse(OPEN, None).unwrap();
        assert_eq!(secret.public().to_text(), PUBLIC);
        assert_eq!(PublicKey::parse_all(PUBLIC).unwrap(), [secret.public()]);
        assert_eq!(format!("{secret:?}"), "SecretKey(F7661319B457F1A4)");
    }

    #[test]
    fn a_key_is_read_back_with_its_password_alone() {
        let secret = SecretKey::generate().unwrap();
        let open = secret.to_text(None).unwrap();
        assert_eq!(SecretKey::parse(&open, None).unwrap().seed, secret.seed);
        let closed = secret.to_text(Some("sesame")).unwrap();
        assert_eq!(SecretKey::parse(&closed, Some("sesame")).unwrap().seed, secret.seed);
        let refusal = |password| SecretKey::parse(&closed, password).unwrap_err();
        assert_eq!(refusal(Some("Sesame")), "the password is wrong");
        assert_eq!(refusal(None), "it has a password, which was not given");
    }

    #[test]
    fn scrypt_gets_the_parameters_of_libsodium() {
        // `minisign` writes 2^25 and 2^30, which libsodium turns into N = 2^20, r = 8, p = 1; too slow for a test
        assert!(stream("a", b"salt", 1 << 20, 1 << 25).is_ok());
        assert!(stream("a", b"salt", u64::MAX, 1 << 25).unwrap_err().contains("memory"));
        assert!(stream("a", b"salt", 1 << 30, 1 << 20).unwrap_err().contains("work"));
    }

    #[test]
    fn what_is_no_key_is_refused_in_words() {
        let refusal = |text: &str| PublicKey::parse_all(text).unwrap_err();
        assert_eq!(refusal(""), "it holds no public key");
        assert_eq!(refusal("hello!"), "it has a line that is no base64");
        assert_eq!(refusal("aGVsbG8="), "it has a line that is no public key");
        assert!(refusal(OPEN).starts_with("it is a secret key"));
        assert_eq!(SecretKey::parse(PUBLIC, None).unwrap_err(), "it is no secret key");
        let damaged = OPEN.replace("pPFX", "pPFY");
        assert!(SecretKey::parse(&damaged.replace("QZ3f", "QZ3e"), None).is_err());
    }
}

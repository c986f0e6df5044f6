//! Signatures of files in the form of `minisign`: four lines beside the file.
//!
//! ```text
//! untrusted comment: anything
//! base64 of: "ED" (over the file's BLAKE2b-512) or "Ed" (over the file) · number of the key (8) · signature (64)
//! trusted comment: what the signer vouches for
//! base64 of the signature over the signature above and the trusted comment
//! ```
//!
//! The decision a reader may doubt: nothing here is random and no time is asked for (Ed25519 needs neither), so that
//! the same bundle signed by the same key gives the same four lines.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::{Blake2b512, Digest as _};
use ring::signature::{ED25519, UnparsedPublicKey};

use super::key::{PublicKey, SecretKey, number_text, part, text_of};
use crate::bundle::map::Bytes;
use crate::bundle::write::write_whole;
use crate::error::KnowledgeError;

const UNTRUSTED: &str = "untrusted comment:";
const TRUSTED: &str = "trusted comment: ";

/// A signature of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    hashed: bool,
    number: [u8; 8],
    signature: [u8; 64],
    comment: String,
    sealed: [u8; 64],
}

/// Where the signature of a file lies.
pub fn signature_path(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".minisig");
    file.with_file_name(name)
}

impl Signature {
    /// Signs a file and puts the signature beside it. `comment` is what the signer vouches for, on one line.
    ///
    /// # Errors
    /// If the file cannot be read or the signature cannot be written.
    pub fn sign_file(file: &Path, key: &SecretKey, comment: &str) -> Result<Self, KnowledgeError> {
        let made = Self::sign(Bytes::map(file)?.as_slice(), key, comment)
            .map_err(|reason| KnowledgeError::Encode { what: "signature", reason })?;
        write_whole(&signature_path(file), made.to_text().as_bytes())?;
        Ok(made)
    }

    pub(crate) fn sign(content: &[u8], key: &SecretKey, comment: &str) -> Result<Self, String> {
        let pair = key.pair()?;
        let comment: String =
            comment.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
        let comment = comment.trim().to_owned();
        let signature: [u8; 64] = part(pair.sign(&Blake2b512::digest(content)).as_ref(), 0);
        let sealed = part(pair.sign(&[&signature[..], comment.as_bytes()].concat()).as_ref(), 0);
        Ok(Self { hashed: true, number: key.number, signature, comment, sealed })
    }

    /// Reads a signature file.
    ///
    /// # Errors
    /// If it cannot be read or is none.
    pub fn read(path: &Path) -> Result<Self, KnowledgeError> {
        Self::parse(&text_of(path)?).map_err(|reason| KnowledgeError::Unusable {
            path: path.to_owned(),
            what: "signature",
            reason,
        })
    }

    /// Reads the text of a signature file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines();
        let mut line = |what: &str| lines.next().ok_or_else(|| format!("its line with {what} is missing"));
        if !line("the comment")?.starts_with(UNTRUSTED) {
            return Err(format!("it does not begin with `{UNTRUSTED}`"));
        }
        let decode = |line: &str, what: &str| {
            STANDARD.decode(line.trim()).map_err(|_| format!("its line with {what} is no base64"))
        };
        let signature = decode(line("the signature")?, "the signature")?;
        let comment = line("the trusted comment")?;
        let comment =
            comment.strip_prefix(TRUSTED).ok_or_else(|| format!("its third line lacks `{TRUSTED}`"))?;
        let sealed = decode(line("the comment's signature")?, "the comment's signature")?;
        if signature.len() != 74 || sealed.len() != 64 {
            return Err("its signatures do not have the right length".into());
        }
        let hashed = match [signature[0], signature[1]] {
            [b'E', b'D'] => true,
            [b'E', b'd'] => false,
            _ => return Err("its algorithm is not known".into()),
        };
        Ok(Self {
            hashed,
            number: part(&signature, 2),
            signature: part(&signature, 10),
            comment: comment.trim_end().to_owned(),
            sealed: part(&sealed, 0),
        })
    }

    /// The file's content.
    pub fn to_text(&self) -> String {
        let algorithm = if self.hashed { b"ED" } else { b"Ed" };
        let signature = STANDARD.encode([&algorithm[..], &self.number, &self.signature].concat());
        let (comment, sealed) = (&self.comment, STANDARD.encode(self.sealed));
        format!("{UNTRUSTED} signature of a plimsoll bundle\n{signature}\n{TRUSTED}{comment}\n{sealed}\n")
    }

    /// The number of the key that it claims to be made by.
    pub fn number(&self) -> String {
        number_text(self.number)
    }

    /// What the signer vouches for, once it was verified.
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// Checks it over a file by any of the keys.
    ///
    /// # Errors
    /// If the file cannot be read, or [`KnowledgeError::Refused`].
    pub fn verify_file(&self, file: &Path, keys: &[PublicKey]) -> Result<(), KnowledgeError> {
        self.verify(Bytes::map(file)?.as_slice(), keys)
            .map_err(|reason| KnowledgeError::Refused { path: file.to_owned(), reason })
    }

    pub(crate) fn verify(&self, content: &[u8], keys: &[PublicKey]) -> Result<(), String> {
        let Some(key) = keys.iter().find(|key| key.number == self.number) else {
            let known: Vec<String> = keys.iter().map(PublicKey::number).collect();
            return Err(format!(
                "it is signed by key {}, and the key that is trusted is {}",
                self.number(),
                known.join(" or ")
            ));
        };
        let ring_key = UnparsedPublicKey::new(&ED25519, &key.key);
        let holds = if self.hashed {
            ring_key.verify(&Blake2b512::digest(content), &self.signature)
        } else {
            ring_key.verify(content, &self.signature)
        };
        let refused = |what: &str| format!("its signature by key {} {what}", self.number());
        holds.map_err(|_| refused("is not one of this content"))?;
        ring_key
            .verify(&[&self.signature[..], self.comment.as_bytes()].concat(), &self.sealed)
            .map_err(|_| refused("has another trusted comment than was signed"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `minisign` over "hello\n".
    const REAL: &str = "untrusted comment: signature from minisign secret key\nRUSk8Ve0GRNm90BCSfma5RVw3vdd71/w0q7683iZvFYMqAsLB/pZwJD3yQVqPYYS4m5CmlFa2LfRzOc+VEE7vpe6GfAgoHflkwo=\ntrusted comment: bundle:x date:y\nPWrpJbFEHkFsr7Wd8MrpJCVQG9f8eB/0UD/szbKQfkL9frqSI0Swi5aUfg3qJr6cR2whayMppYI4+9clwv/yAQ==\n";
    const KEY: &str = "RWSk8Ve0GRNm96QZ3fcCFe8dBlI4sifqn6cgNrRiimox+n1WTfAm/Z0T";

    #[test]
    fn a_signature_of_minisign_holds_for_its_content_and_comment_alone() {
        let keys = PublicKey::parse_all(KEY).unwrap();
        let signature = Signature::parse(REAL).unwrap();
        signature.verify(b"hello\n", &keys).unwrap();
        assert_eq!(
            (signature.comment(), signature.number().as_str()),
            ("bundle:x date:y", "F7661319B457F1A4")
        );
        assert!(signature.verify(b"hello", &keys).unwrap_err().contains("is not one of this content"));
        let other = Signature::parse(&REAL.replace("date:y", "date:z")).unwrap();
        assert!(other.verify(b"hello\n", &keys).unwrap_err().contains("trusted comment"));
        let stranger = SecretKey::generate().unwrap().public();
        assert!(
            signature.verify(b"hello\n", &[stranger]).unwrap_err().contains("signed by key F7661319B457F1A4")
        );
    }

    #[test]
    fn what_is_signed_here_is_read_back_and_is_equal_when_signed_again() {
        let secret = SecretKey::generate().unwrap();
        let signature = Signature::sign(b"content", &secret, "two\nlines ").unwrap();
        assert_eq!(signature.comment(), "two lines");
        assert_eq!(Signature::parse(&signature.to_text()).unwrap(), signature);
        assert_eq!(Signature::sign(b"content", &secret, "two lines").unwrap(), signature);
        signature.verify(b"content", &[secret.public()]).unwrap();
    }

    #[test]
    fn a_signature_cut_short_or_changed_anywhere_never_holds() {
        let keys = PublicKey::parse_all(KEY).unwrap();
        let start = REAL.find('\n').unwrap();
        for at in 0..REAL.len() {
            let holds = |text: &str| {
                Signature::parse(text).is_ok_and(|signature| signature.verify(b"hello\n", &keys).is_ok())
            };
            // what stands in the first line and the last line end are vouched for by nobody
            assert!(!holds(&REAL[..at]) || at + 1 == REAL.len(), "cut at {at}");
            let mut bytes = REAL.as_bytes().to_vec();
            bytes[at] ^= 1;
            let text = String::from_utf8_lossy(&bytes);
            assert!(at < start || !holds(&text) || at + 1 == REAL.len(), "changed at {at}");
        }
    }
}

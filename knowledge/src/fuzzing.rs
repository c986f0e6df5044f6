//! Doors for the fuzz targets; compiled under `cfg(fuzzing)` alone.

use std::path::Path;

use crate::bundle::Bundle;
use crate::bundle::format::{HEADER, reseal};
use crate::error::KnowledgeError;
use crate::transfer::delta::{apply, seal};
use crate::transfer::{PublicKey, SecretKey, Signature, pack};

/// Opens bytes as a bundle file is opened.
///
/// # Errors
/// Why they are none.
pub fn open(bytes: Vec<u8>) -> Result<Bundle, KnowledgeError> {
    Bundle::of_owned(bytes, Path::new("fuzzed bundle"))
}

/// The same after the checksum of the header was made right, which no fuzzer guesses.
///
/// # Errors
/// Why they are none.
pub fn open_resealed(mut bytes: Vec<u8>) -> Result<Bundle, KnowledgeError> {
    if bytes.len() >= HEADER {
        reseal(&mut bytes);
    }
    open(bytes)
}

/// Every lookup on `bundle`, with the names that are in it and with one that is not.
pub fn look_everywhere(bundle: &Bundle) {
    let _ = bundle.verify();
    let _ = bundle.registered().count();
    bundle.vulnerabilities().for_each(|vulnerability| {
        let _ = bundle.vulnerability(vulnerability.qid);
    });
    for (first, second) in bundle.advisory_names() {
        let _ = bundle.affected(&model::Namespace(first), &second);
    }
    for (list, name) in bundle.lifecycle_names() {
        for version in ["12", "3.11.4", "1.8.0_392"] {
            let _ = bundle.product_cycle(&name, version);
            let _ = bundle.release_cycle(&model::Distro::new(name.as_str(), version));
            if let Ok(ecosystem) = list.parse() {
                let _ = bundle.cycle_of(&model::Package::new(ecosystem, name.as_str(), version));
            }
        }
        let newest = bundle.product(&name).map(|product| product.newest_supported(model::Timestamp(0)));
        let _ = newest;
    }
    let _ = bundle.affected(&model::Namespace("debian:12".to_owned()), "openssl");
    let _ = bundle.lifecycle("debian", "12.5");
}

/// Applies bytes as a delta to `old`, as they are and with header and checksum made right, which no fuzzer guesses. What comes
/// of it is the bundle that the delta names.
pub fn apply_delta(old: &Bundle, bytes: &[u8]) {
    let mut sealed = bytes.to_vec();
    seal(&mut sealed, old.id());
    for delta in [bytes, &sealed] {
        if let Ok(applied) = apply::apply_bytes(old, delta) {
            let _ = open(applied.file).map(|bundle| bundle.read_everything());
        }
    }
}

/// Unpacks bytes as a packed bundle.
pub fn unpack(bytes: &[u8]) {
    let _ = pack::unpack_into(bytes, &mut std::io::sink());
}

/// Reads text as a signature, as public keys and as a secret key. A signature that nobody made never holds.
pub fn read_signature(text: &str) {
    let keys = PublicKey::parse_all(text);
    if let Ok(signature) = Signature::parse(text) {
        assert_eq!(Signature::parse(&signature.to_text()).as_ref(), Ok(&signature));
        if let Ok(key) = SecretKey::generate() {
            assert!(signature.verify(text.as_bytes(), &[key.public()]).is_err());
        }
    }
    for key in keys.unwrap_or_default() {
        assert_eq!(PublicKey::parse_all(&key.to_text()), Ok(vec![key]));
    }
    let _ = SecretKey::parse(text, None);
}

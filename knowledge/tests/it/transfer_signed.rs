//! Signatures of bundles: whose are taken, in which form they arrive, and that `minisign` agrees.

use std::fs;
use std::path::Path;

use knowledge::{
    Bundle, BundleForm, KnowledgeDir, KnowledgeError, SecretKey, Signature, delta_between, signature_path,
};

use crate::transfer::{FORMS, Pair, in_force, nothing_is_left_over, older};

/// A directory that trusts `key`.
fn trusting(pair: &Pair, key: &SecretKey) -> KnowledgeDir {
    let directory = pair.directory();
    fs::write(directory.trusted(), key.public().to_text()).unwrap();
    directory
}

fn sign(path: &Path, key: &SecretKey) {
    Signature::sign_file(path, key, "for a test").unwrap();
}

#[test]
fn a_directory_that_trusts_a_key_takes_what_it_has_signed_and_nothing_else() {
    let pair = Pair::make();
    let (key, stranger) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
    for form in FORMS {
        let directory = trusting(&pair, &key);
        let file = pair.form(form);
        let beside = signature_path(&file);
        let refusal = |why: &str| {
            let said = directory.receive(&file, None).unwrap_err().to_string();
            assert!(said.contains(why), "{form:?}: {said}");
            assert_eq!(in_force(&directory), pair.old_id());
        };
        refusal("it is not signed");
        sign(&file, &stranger);
        refusal(&format!("signed by key {}", stranger.public().number()));
        fs::write(&beside, "garbage").unwrap();
        refusal("is not a usable signature");
        sign(&pair.old.output(), &key);
        fs::copy(signature_path(&pair.old.output()), &beside).unwrap();
        refusal("is not one of this content");
        sign(&file, &key);
        let signed = fs::read_to_string(&beside).unwrap();
        fs::write(&beside, signed.replace("for a test", "for the rest")).unwrap();
        refusal("another trusted comment");
        fs::write(&beside, &signed).unwrap();
        let received = directory.receive(&file, None).unwrap();
        assert_eq!(received.signed_by, Some(key.public().number()));
        assert_eq!(in_force(&directory), pair.new_id());
        nothing_is_left_over(&directory);
        fs::remove_file(&beside).unwrap();
    }
}

#[test]
fn the_signature_of_a_bundle_speaks_for_it_packed_and_as_a_delta_too() {
    let pair = Pair::make();
    let (key, stranger) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
    let (old, new) = (Bundle::open(&pair.old.output()).unwrap(), Bundle::open(&pair.new.output()).unwrap());
    sign(&pair.file("a.bundle"), &key);
    let signature = Signature::read(&pair.file("a.bundle.minisig")).unwrap();
    delta_between(&old, &new, Some(&signature), &pair.file("a.delta")).unwrap();
    for form in FORMS {
        let directory = trusting(&pair, &key);
        directory.receive(&pair.form(form), None).unwrap();
        // it lies beside the bundle in force, and speaks for it
        let kept = Signature::read(&directory.current_signature().unwrap()).unwrap();
        kept.verify_file(&directory.current().unwrap(), &[key.public()]).unwrap();
        // and goes with it
        let unsigned = older();
        unsigned.compile();
        directory.install(&unsigned.output()).unwrap();
        assert_eq!(directory.current_signature(), None);
        let error = trusting(&pair, &stranger).receive(&pair.form(form), None).unwrap_err();
        assert!(matches!(error, KnowledgeError::Refused { .. }), "{error}");
    }
}

#[test]
fn a_key_given_by_hand_is_asked_for_instead_of_the_trusted_one() {
    let pair = Pair::make();
    let (key, trusted) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
    let directory = trusting(&pair, &trusted);
    fs::write(pair.file("by-hand.pub"), key.public().to_text()).unwrap();
    let file = pair.form(BundleForm::Whole);
    sign(&file, &key);
    assert!(directory.receive(&file, None).is_err());
    assert!(directory.receive(&file, Some(&pair.file("by-hand.pub"))).is_ok());
    // several keys may be trusted, and a file of none trusts nobody
    let several = trusted.public().to_text() + &key.public().to_text();
    fs::write(directory.trusted(), several).unwrap();
    assert!(directory.receive(&file, None).is_ok());
    fs::write(directory.trusted(), "\n").unwrap();
    let said = directory.receive(&file, None).unwrap_err().to_string();
    assert!(said.contains("trusted.pub") && said.contains("holds no public key"), "{said}");
    fs::remove_file(directory.trusted()).unwrap();
    std::os::unix::fs::symlink("nowhere", directory.trusted()).unwrap();
    assert!(directory.receive(&file, None).unwrap_err().to_string().contains("trusted.pub"));
}

#[test]
fn a_signature_and_keys_go_both_ways_with_minisign_itself() {
    let room = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        std::process::Command::new("minisign").args(arguments).current_dir(room.path()).output()
    };
    if run(&["-v"]).is_err() {
        println!("skipped: the program minisign is not installed");
        return;
    }
    let succeeds = |arguments: &[&str]| {
        let output = run(arguments).unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let path = |name: &str| room.path().join(name);
    fs::write(path("file"), "content").unwrap();
    // our key, our signature, checked there
    let key = SecretKey::generate().unwrap();
    fs::write(path("our.pub"), key.public().to_text()).unwrap();
    fs::write(path("our.key"), key.to_text(None).unwrap()).unwrap();
    sign(&path("file"), &key);
    succeeds(&["-V", "-p", "our.pub", "-m", "file"]);
    // our key, their signatures of both kinds
    for kind in ["-S", "-Sl"] {
        succeeds(&[kind, "-s", "our.key", "-m", "file", "-t", "a comment"]);
        let signature = Signature::read(&path("file.minisig")).unwrap();
        signature.verify_file(&path("file"), &[key.public()]).unwrap();
        assert_eq!(signature.comment(), "a comment");
    }
    // their key, our signature
    succeeds(&["-G", "-W", "-p", "their.pub", "-s", "their.key"]);
    let theirs = SecretKey::read(&path("their.key"), None).unwrap();
    assert_eq!(knowledge::PublicKey::read_all(&path("their.pub")).unwrap(), [theirs.public()]);
    sign(&path("file"), &theirs);
    succeeds(&["-V", "-p", "their.pub", "-m", "file"]);
    fs::write(path("file"), "another content").unwrap();
    assert!(!run(&["-V", "-p", "their.pub", "-m", "file"]).unwrap().status.success());
}

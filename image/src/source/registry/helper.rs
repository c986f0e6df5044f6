//! Programs that keep logins: `docker-credential-NAME get` (docker-credential-helpers).
//!
//! The server's name goes in, a JSON document comes out. The program is the user's own choice, but it may wait
//! for a person who is not there, so it is stopped after a while.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::credential::Credentials;
use super::error::RegistryError;

/// Bytes of a helper's answer that are read.
const MAX_ANSWER: u64 = 64 << 10;
/// The user's name that marks the secret as an identity token.
const TOKEN_USER: &str = "<token>";
/// What helpers print when they hold no login for the server.
const NOT_FOUND: &str = "credentials not found";

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Username", default)]
    username: String,
    #[serde(rename = "Secret", default)]
    secret: String,
}

/// Asks the helper of that name for the login of a server; `None` if it has none.
pub(super) fn ask(
    name: &str,
    server: &str,
    patience: Duration,
) -> Result<Option<Credentials>, RegistryError> {
    let program = format!("docker-credential-{name}");
    let failed = |reason: String| RegistryError::Login { path: PathBuf::from(&program), reason };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !name.bytes().all(is_plain) {
        return Err(failed("its name is more than letters, digits, `-`, `_` and `.`".to_owned()));
    }
    ask_program(&program, server, patience)
}

fn ask_program(
    program: &str,
    server: &str,
    patience: Duration,
) -> Result<Option<Credentials>, RegistryError> {
    let failed = |reason: String| RegistryError::Login { path: PathBuf::from(program), reason };
    let child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(format!("it cannot be started: {error}")))?;
    let (output, succeeded) = converse(child, server, patience).map_err(failed)?;
    if !succeeded {
        let said = String::from_utf8_lossy(&output);
        return match said.contains(NOT_FOUND) {
            true => Ok(None),
            false => Err(failed(format!("it failed: {}", said.chars().take(200).collect::<String>().trim()))),
        };
    }
    // its words are not shown: they may hold the secret
    let answer: Answer =
        serde_json::from_slice(&output).map_err(|_| failed("its answer is no JSON document".to_owned()))?;
    Ok(match (answer.username, answer.secret) {
        (_, secret) if secret.is_empty() => None,
        (username, secret) if username == TOKEN_USER => Some(Credentials::IdentityToken(secret)),
        (username, password) => Some(Credentials::Password { username, password }),
    })
}

/// Writes the question and gives the answer and whether the program ended well.
fn converse(mut child: Child, server: &str, patience: Duration) -> Result<(Vec<u8>, bool), String> {
    let deadline = Instant::now() + patience;
    if let Some(mut stdin) = child.stdin.take() {
        // a program that does not read its input may still know the answer
        let _ = stdin.write_all(format!("{server}\n").as_bytes());
    }
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        // not joined: a grandchild may hold the pipe open for ever
        std::thread::spawn(move || {
            let mut output = Vec::new();
            let read = stdout.take(MAX_ANSWER).read_to_end(&mut output);
            let _ = sender.send(read.map(|_| output));
        });
    }
    let output = receiver.recv_timeout(patience);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if output.is_ok() && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it did not answer within {} seconds", patience.as_secs()));
            }
            Err(error) => return Err(error.to_string()),
        }
    };
    match output {
        Ok(Ok(output)) => Ok((output, status.success())),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("it ended and left its output open".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, patience: Duration) -> Result<(String, bool), String> {
        let child = Command::new("sh")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (output, succeeded) = converse(child, "https://index.docker.io/v1/", patience)?;
        Ok((String::from_utf8(output).unwrap(), succeeded))
    }

    #[test]
    fn a_helper_reads_the_server_and_answers() {
        let patience = Duration::from_secs(20);
        let (output, succeeded) = run("read server; echo \"got $server\"", patience).unwrap();
        assert_eq!((output.as_str(), succeeded), ("got https://index.docker.io/v1/\n", true));
        assert!(!run("echo credentials not found in native keychain; exit 1", patience).unwrap().1);
        assert!(run("head -c 3000000 /dev/zero", patience).unwrap().0.len() as u64 <= MAX_ANSWER);
    }

    #[test]
    fn the_answer_of_a_helper_is_a_login_a_token_or_nothing() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let answer = |script: &str| {
            let program = folder.path().join("docker-credential-test");
            std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
            let found = ask_program(program.to_str().unwrap(), "example.com", Duration::from_secs(20));
            found.map_err(|error| error.to_string())
        };
        let (username, password) = ("u".to_owned(), "example.com".to_owned());
        assert_eq!(
            answer(
                r#"read s; [ $1 = get ] && echo "{\"ServerURL\":\"\",\"Username\":\"u\",\"Secret\":\"$s\"}""#
            ),
            Ok(Some(Credentials::Password { username, password }))
        );
        assert_eq!(
            answer(r#"echo '{"Username":"<token>","Secret":"t"}'"#),
            Ok(Some(Credentials::IdentityToken("t".to_owned())))
        );
        assert_eq!(answer("echo credentials not found in native keychain; exit 1"), Ok(None));
        assert_eq!(answer(r#"echo '{"Username":"","Secret":""}'"#), Ok(None));
        let error = answer("echo the keychain is locked; exit 1").unwrap_err();
        assert!(error.contains("it failed: the keychain is locked"), "{error}");
        let error = answer("echo '{\"Secret\": hunter2'").unwrap_err();
        assert!(error.contains("is no JSON") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_helper_that_waits_for_a_person_is_stopped() {
        let started = Instant::now();
        let error = run("exec sleep 60", Duration::from_millis(200)).unwrap_err();
        assert!(error.contains("did not answer"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_not_started() {
        let error = ask("../../bin/sh", "example.com", Duration::from_secs(1)).unwrap_err();
        assert!(error.to_string().contains("its name is more than"), "{error}");
        let error = ask("plimsoll-none", "example.com", Duration::from_secs(1)).unwrap_err();
        assert!(error.to_string().contains("cannot be started"), "{error}");
    }
}

//! What can go wrong between here and a registry, with a way out.

use std::path::PathBuf;

/// Why a registry did not give what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The text is no name of an image.
    #[error("`{text}` is not the name of an image in a registry: {reason}")]
    Name {
        /// The text.
        text: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// The HTTP client cannot be made, mostly because of a certificate file.
    #[error("cannot prepare the connection: {reason}")]
    Client {
        /// What is wrong.
        reason: String,
    },
    /// No answer, or one that broke off, after all tries.
    #[error("no answer from {host}: {reason}")]
    Unreachable {
        /// Host and port.
        host: String,
        /// The last failure in words.
        reason: String,
    },
    /// The registry wants a login, and there is none for it or it is refused.
    #[error(
        "{host} refuses access to `{repository}` {}: {}{}",
        if *with_login { "with the login it was given" } else { "without a login" },
        if *with_login { "check user, password and rights" } else { "log in with `docker login` or `podman login`, or set \
         PLIMSOLL_REGISTRY_USERNAME and PLIMSOLL_REGISTRY_PASSWORD; a name that does not exist is often answered like this" },
        detail(message)
    )]
    Unauthorized {
        /// Host and port of who refuses.
        host: String,
        /// The repository.
        repository: String,
        /// Whether a login was sent.
        with_login: bool,
        /// The registry's own words, if any.
        message: String,
    },
    /// There is no such manifest or blob.
    #[error("{host} has no {what}{}", detail(message))]
    NotFound {
        /// Host and port.
        host: String,
        /// What was asked for.
        what: String,
        /// The registry's own words, if any.
        message: String,
    },
    /// Any other answer than success.
    #[error("{host} answered {status}{}", detail(message))]
    Status {
        /// Host and port.
        host: String,
        /// The status code.
        status: u16,
        /// The registry's own words, if any.
        message: String,
    },
    /// The registry asks to wait longer than anybody would.
    #[error(
        "{host} asks to wait {seconds} seconds before the next request: it limits the rate, try again later or log in{}",
        detail(message)
    )]
    RateLimit {
        /// Host and port.
        host: String,
        /// How long.
        seconds: u64,
        /// The registry's own words, if any.
        message: String,
    },
    /// The registry points to a place that it must not point to.
    #[error("{host} points to `{target}`, which is not followed: {reason}")]
    Refused {
        /// Host and port of who points.
        host: String,
        /// Where to, without query.
        target: String,
        /// Which rule forbids it.
        reason: &'static str,
    },
    /// The registry is where one that somebody else has named must not be.
    #[error("{host} is not asked: {reason}; if that is meant, allow this registry to be there")]
    Private {
        /// Host and port.
        host: String,
        /// Which rule forbids it.
        reason: &'static str,
    },
    /// The registry asks for a login in a way that is not known or not safe.
    #[error("{host} asks for a login that cannot be given: {reason}")]
    Challenge {
        /// Host and port.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file with logins, or a helper that holds them, cannot be read.
    #[error("cannot read the login from `{}`: {reason}", path.display())]
    Login {
        /// The file or program.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// What comes is longer or shorter than announced.
    #[error("{host} sends {found} bytes where {expected} are declared")]
    Size {
        /// Host and port.
        host: String,
        /// The bytes that the manifest declares, or the most that are read.
        expected: u64,
        /// The bytes that the answer has, or at least has.
        found: u64,
    },
    /// An answer that breaks the protocol.
    #[error("{host} breaks the protocol: {reason}")]
    Protocol {
        /// Host and port.
        host: String,
        /// How.
        reason: String,
    },
}

fn detail(message: &str) -> String {
    match message {
        "" => String::new(),
        message => format!(" ({message})"),
    }
}

/// The most that is shown of a server's words.
const SHOWN: usize = 300;

/// A server's own words out of an error document (OCI distribution-spec, "Error Codes"): of hostile bytes one
/// short line without control characters.
pub(super) fn words(body: &[u8]) -> String {
    let document: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let of_error = |error: &serde_json::Value| {
        let text = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
        let (code, message) = (text("code"), text("message"));
        if code.is_empty() || message.is_empty() { code + &message } else { format!("{code}: {message}") }
    };
    let said = document.as_ref().map(|document| match document["errors"].as_array() {
        Some(errors) => errors.iter().take(3).map(of_error).collect::<Vec<_>>().join(", "),
        None => ["details", "message", "error_description", "error"]
            .iter()
            .find_map(|key| document[key].as_str())
            .unwrap_or_default()
            .to_owned(),
    });
    let text = said.unwrap_or_else(|| match std::str::from_utf8(body) {
        Ok(text) if !text.contains('<') => text.to_owned(),
        // as AWS's older services write it
        Ok(text) => text
            .split_once("<Message>")
            .and_then(|(_, rest)| rest.split_once("</Message>"))
            .map(|(message, _)| message.to_owned())
            .unwrap_or_default(),
        Err(_) => String::new(),
    });
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(SHOWN).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_registry_are_one_short_clean_line() {
        let cases: [(&[u8], &str); 7] = [
            (br#"{"errors":[{"code":"DENIED","message":"no\u001b[31m way"}]}"#, "DENIED: no [31m way"),
            (br#"{"errors":[{"code":"A"},{"message":"b"},3]}"#, "A, b,"),
            (br#"{"details":"incorrect username or password"}"#, "incorrect username or password"),
            (b"<html>503</html>", ""),
            (
                b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>not yours</Message></Error>",
                "not yours",
            ),
            (b"slow\ndown", "slow down"),
            (b"\xff\xfe", ""),
        ];
        for (body, expected) in cases {
            assert_eq!(words(body), expected.trim());
        }
        assert_eq!(words(&[b'x'; 5000]).len(), SHOWN);
    }
}

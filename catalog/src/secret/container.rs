//! Credentials in what a container was started with: masked by the rules that hold for the config of an image, so that the two
//! look alike, and then by names ([`super::named`]), because the password of a running database is one however short it is.

use model::{ContainerReport, Digest, ImageFacts, ImageId, RuntimeFacts};

use super::config::redact;
use super::named;

/// Masks the credentials in environment, command, labels and the account of a container.
pub fn mask_container(report: &mut ContainerReport) {
    let mut facts = ImageFacts::new(ImageId(Digest::from_bytes([0; 32])));
    facts.environment = std::mem::take(&mut report.environment);
    facts.labels = std::mem::take(&mut report.labels);
    // path and arguments are one command: a flag at the end of the one may name the secret at the beginning of the other
    let path = report.path.take();
    let has_path = path.is_some();
    let command = path.into_iter().chain(std::mem::take(&mut report.arguments)).collect();
    facts.runtime = RuntimeFacts { command, ..RuntimeFacts::default() };
    redact(&mut facts);
    facts.environment.iter_mut().for_each(named::variable);
    facts.labels.iter_mut().for_each(|label| named::label(&label.key, &mut label.value));
    named::command(&mut facts.runtime.command);
    let mut command = facts.runtime.command.into_iter();
    report.path = if has_path { command.next() } else { None };
    report.arguments = command.collect();
    report.environment = facts.environment;
    report.labels = facts.labels;
}

#[cfg(test)]
mod tests {
    use model::container::HostFacts;
    use model::{ContainerState, Label, Timestamp};

    use super::*;

    #[test]
    fn a_container_is_masked_as_an_image_is_and_loses_nothing_else() {
        let token = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
        let label = |key: &str, value: &str| Label { key: key.to_owned(), value: value.to_owned() };
        let mut report = ContainerReport {
            id: Digest::of(b"id"),
            name: "web".to_owned(),
            image_id: None,
            image_digest: None,
            image_name: None,
            host: HostFacts::default(),
            state: ContainerState::Running,
            created: Timestamp(1),
            state_changed: Timestamp(1),
            observed_at: Timestamp(1),
            path: Some("/bin/server".to_owned()),
            arguments: vec!["--db-password".to_owned(), "tr0ub4dor&3xyz".to_owned(), "--port=80".to_owned()],
            environment: vec![format!("GITHUB_TOKEN={token}"), "PATH=/bin".to_owned()],
            labels: vec![label("app", "web"), label("token", &token)],
            ports: Vec::new(),
            privileged: None,
            root: None,
            mac_address: String::new(),
            ipv4: None,
            ipv6: None,
            source: "GENERAL".to_owned(),
            details: None,
            tags: Vec::new(),
        };
        mask_container(&mut report);
        assert_eq!(report.path.as_deref(), Some("/bin/server"));
        assert_eq!(report.arguments.len(), 3);
        assert_eq!(
            (report.arguments[0].as_str(), report.arguments[2].as_str()),
            ("--db-password", "--port=80")
        );
        assert!(!report.arguments[1].contains("tr0ub4dor"), "{:?}", report.arguments);
        assert!(
            report.environment[0].starts_with("GITHUB_TOKEN=") && !report.environment[0].contains(&token)
        );
        assert_eq!(report.environment[1], "PATH=/bin");
        assert_eq!(report.labels[0], label("app", "web"));
        assert!(!report.labels[1].value.contains(&token));
    }
}

//! What a runtime says, made fit for the server: credentials masked, everything within the bounds that the server checks.

use model::container::HostFacts;
use model::report::limits::{LIST, PATH, TEXT, WORD};
use model::{ContainerReport, Label};

/// Masks, cuts and names the host.
pub(crate) fn tidy(report: &mut ContainerReport, host: &HostFacts) {
    catalog::mask_container(report);
    report.host = host.clone();
    "GENERAL".clone_into(&mut report.source);
    cut(&mut report.name, WORD);
    cut(&mut report.mac_address, WORD);
    for word in [&mut report.image_name, &mut report.ipv4, &mut report.ipv6].into_iter().flatten() {
        cut(word, WORD);
    }
    report.path.iter_mut().for_each(|path| cut(path, PATH));
    for texts in [&mut report.arguments, &mut report.environment] {
        texts.truncate(LIST);
        texts.iter_mut().for_each(|text| cut(text, TEXT));
    }
    labels(&mut report.labels);
    report.ports.retain(|port| !port.protocol.is_empty() && port.protocol.len() <= 16);
    report.ports.truncate(LIST);
    let Some(details) = report.details.as_mut() else { return };
    // the server knows who it is spoken to by
    details.sensor = None;
    for word in [&mut details.runtime, &mut details.user, &mut details.network].into_iter().flatten() {
        cut(word, WORD);
    }
    for words in [&mut details.users, &mut details.capabilities] {
        words.truncate(LIST);
        words.iter_mut().for_each(|word| cut(word, WORD));
    }
    details.mounts.truncate(LIST);
    for mount in &mut details.mounts {
        cut(&mut mount.target, PATH);
        cut(&mut mount.source, PATH);
        cut(&mut mount.kind, WORD);
    }
}

fn labels(labels: &mut Vec<Label>) {
    labels.retain(|label| !label.key.is_empty());
    labels.truncate(LIST);
    for label in labels.iter_mut() {
        cut(&mut label.key, PATH);
        cut(&mut label.value, TEXT);
    }
    labels.sort_unstable();
    labels.dedup_by(|later, earlier| later.key == earlier.key);
}

/// Cuts a text to at most `most` bytes, between letters.
pub(super) fn cut(text: &mut String, most: usize) {
    if text.len() > most {
        let end = (0..=most).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use model::ContainerState;

    use super::*;
    use crate::spool::test_report;

    #[test]
    fn what_is_too_long_is_cut_between_letters_and_credentials_do_not_leave() {
        let token = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
        let mut report = test_report(1, 1, ContainerState::Running);
        report.name = "ä".repeat(WORD);
        report.environment = vec![format!("TOKEN={token}"), "x".repeat(TEXT + 1)];
        let label = |key: &str| Label { key: key.to_owned(), value: String::new() };
        report.labels = vec![label("b"), label("a"), label("b"), label("")];
        let host = HostFacts { hostname: "node".to_owned(), ..HostFacts::default() };
        tidy(&mut report, &host);
        assert_eq!(report.name.len(), WORD);
        assert!(!report.environment[0].contains(&token));
        assert_eq!(report.environment[1].len(), TEXT);
        assert_eq!(report.labels, [label("a"), label("b")]);
        assert_eq!(report.host, host);
    }
}

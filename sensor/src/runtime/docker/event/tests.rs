use proptest::prelude::*;

use super::*;

const ID: &str = "a979ee950e639492563f2dd7caa231adc5fc3fe5714f1d82a23cc2f8bbcda22f";

fn of(kind: &str, action: &str, id: &str, attributes: &str) -> Option<Heard> {
    let line = format!(
        r#"{{"status":"x","Type":"{kind}","Action":"{action}","Actor":{{"ID":"{id}","Attributes":{{{attributes}}}}},
        "scope":"local","time":1700000000,"timeNano":1700000000123456789}}"#
    );
    parse(line.as_bytes()).unwrap()
}

fn state(action: &str) -> Option<ContainerState> {
    match of("container", action, ID, "").unwrap().event.what {
        What::Container(told) | What::ContainerGone(told) => told.state,
        other => panic!("{action}: {other:?}"),
    }
}

#[test]
fn an_event_tells_what_the_container_is_called_and_made_of() {
    let attributes = r#""image":"web:1","name":"/shop","exitCode":"0","team":"a","empty":null"#;
    let heard = of("container", "die", ID, attributes).unwrap();
    assert_eq!(heard.event.at, Timestamp(1_700_000_000_123));
    let What::Container(told) = heard.event.what else { panic!() };
    assert_eq!(
        (told.id.as_str(), told.name.as_deref(), told.image.as_deref()),
        (ID, Some("shop"), Some("web:1"))
    );
    let labels: Vec<_> = told.labels.iter().map(|label| (label.key.as_str(), label.value.as_str())).collect();
    assert_eq!(labels, [("empty", ""), ("team", "a")]);
}

#[test]
fn the_words_of_docker_and_podman_stand_for_states() {
    use ContainerState::{Created, Deleted, Paused, Running, Stopped};
    for (words, expected) in [
        (&["create", "init"][..], Some(Created)),
        (&["start", "restart", "unpause"], Some(Running)),
        (&["die", "died", "stop"], Some(Stopped)),
        (&["pause"], Some(Paused)),
        (&["kill", "rename", "update", "extract-to-dir"], None),
        (&["destroy", "remove"], Some(Deleted)),
    ] {
        for word in words {
            assert_eq!(state(word), expected, "{word}");
        }
    }
    assert!(matches!(of("container", "remove", ID, "").unwrap().event.what, What::ContainerGone(_)));
    for word in
        ["health_status: healthy", "attach", "exec_create: sh", "resize", "cleanup", "mount", "archive-path"]
    {
        assert_eq!(of("container", word, ID, ""), None, "{word}");
    }
}

#[test]
fn a_process_in_a_container_is_told_with_its_command_and_again_when_it_has_ended() {
    let start = of("container", "exec_start: sh -c echo a: b", ID, r#""execID":"e1""#).unwrap();
    assert_eq!(start.event.what, What::Exec { id: ID.to_owned() });
    assert_eq!(start.exec, Some(Exec { id: "e1".into(), command: Some("sh -c echo a: b".into()) }));
    let end = of("container", "exec_die", ID, r#""execID":"e1""#).unwrap();
    assert_eq!((end.event.what, end.exec.unwrap().command), (What::Exec { id: ID.to_owned() }, None));
}

#[test]
fn images_come_and_go() {
    for word in ["pull", "tag", "import", "load", "loadfromarchive", "build"] {
        let what = of("image", word, "sha256:1", r#""name":"web:1""#).unwrap().event.what;
        assert_eq!(what, What::Image { id: "sha256:1".into() }, "{word}");
    }
    for word in ["delete", "remove", "untag"] {
        let what = of("image", word, "", r#""name":"web:1""#).unwrap().event.what;
        assert_eq!(what, What::ImageGone { id: "web:1".into() }, "{word}");
    }
    assert_eq!(of("image", "prune", "", ""), None);
    assert_eq!(of("image", "save", "sha256:1", ""), None);
    let committed = of("container", "commit", ID, r#""imageID":"sha256:2""#).unwrap();
    assert_eq!(committed.event.what, What::Image { id: "sha256:2".into() });
}

#[test]
fn a_container_on_another_network_is_looked_at() {
    let heard = of("network", "connect", "n", &format!(r#""container":"{ID}""#)).unwrap();
    let What::Container(told) = heard.event.what else { panic!() };
    assert_eq!((told.id.as_str(), told.state), (ID, None));
    assert_eq!(of("network", "create", "n", ""), None);
    assert_eq!(of("volume", "create", "v", ""), None);
}

#[test]
fn daemons_without_types_are_understood() {
    let line = format!(r#"{{"status":"start","id":"{ID}","from":"web:1","time":7}}"#);
    let heard = parse(line.as_bytes()).unwrap().unwrap();
    assert_eq!(heard.event.at, Timestamp(7_000));
    let What::Container(told) = heard.event.what else { panic!() };
    assert_eq!((told.image.as_deref(), told.state), (Some("web:1"), Some(ContainerState::Running)));
    let untagged = parse(br#"{"status":"untag","id":"sha256:3","time":7}"#).unwrap().unwrap();
    assert_eq!(untagged.event.what, What::ImageGone { id: "sha256:3".into() });
}

#[test]
fn names_may_hold_any_bytes() {
    let mut line =
        format!(r#"{{"Type":"container","Action":"start","Actor":{{"ID":"{ID}","Attributes":{{"name":"a"#)
            .into_bytes();
    line.extend_from_slice(b"\xff\xc3\x28\"}}}");
    let heard = parse(&line).unwrap().unwrap();
    let What::Container(told) = heard.event.what else { panic!() };
    assert_eq!(told.name.as_deref(), Some("a\u{fffd}\u{fffd}("));
}

#[test]
fn what_is_no_event_is_refused_with_the_reason() {
    assert!(parse(b"{\"Type\":").unwrap_err().contains("EOF"));
    assert!(parse(b"{}").unwrap_err().contains("neither"));
    assert!(parse(br#"{"Type":"container","Action":"start"}"#).unwrap_err().contains("no container"));
    assert!(parse(br#"{"Type":"container","Action":7}"#).is_err());
}

proptest! {
    #[test]
    fn no_line_makes_the_reader_fall_over(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        words in r#"[{}\[\]":,a-z0-9-]{0,60}"#,
        number in any::<i64>(),
    ) {
        let _ = parse(&bytes);
        let _ = parse(words.as_bytes());
        for text in [
            format!(r#"{{"Type":"container","Action":"{words}","time":{number},"timeNano":{number}}}"#),
            format!(r#"{{"Action":"start","id":"{ID}","Actor":{{"Attributes":{{"k":"{words}"}}}},"time":{number}}}"#),
        ] {
            let _ = parse(text.as_bytes());
        }
    }
}

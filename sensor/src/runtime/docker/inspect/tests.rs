use proptest::prelude::*;

use super::*;

const ID: &str = "a979ee950e639492563f2dd7caa231adc5fc3fe5714f1d82a23cc2f8bbcda22f";

fn machine() -> HostFacts {
    HostFacts { hostname: "node-a".into(), ip_address: Some("10.0.0.8".into()), ..HostFacts::default() }
}

fn parse(text: &str) -> Result<Vec<ContainerReport>, InspectError> {
    read_inspected(text.as_bytes(), &machine(), Timestamp(1))
}

fn one(fields: &str) -> ContainerReport {
    parse(&format!(r#"{{"Id":"{ID}","Created":"2024-05-01T10:00:00Z",{fields}}}"#)).unwrap().remove(0)
}

#[test]
fn a_docker_container_is_read_whole() {
    let text = format!(
        r#"[{{"Id":"{ID}","Created":"2024-05-01T10:00:00.123456789Z","Path":"/bin/sh","Args":["-c","run.sh"],
        "State":{{"Status":"running","Pid":77,"StartedAt":"2024-05-01T10:00:01Z","FinishedAt":"0001-01-01T00:00:00Z"}},
        "Image":"sha256:{ID}","Name":"/web-1","HostConfig":{{"Privileged":true,"NetworkMode":"default","Tmpfs":{{"/run":"ro,size=1m"}}}},
        "Config":{{"User":"","Env":["A=b"],"Image":"team/web:1","Labels":{{"k":"v","io.kubernetes.pod.name":"p",
        "io.kubernetes.pod.namespace":"n"}},"Healthcheck":{{"Test":["CMD-SHELL","true"]}}}},
        "Mounts":[{{"Type":"volume","Name":"data","Source":"/r/volumes/data/_data","Destination":"/var/lib/x","RW":true}},
        {{"Type":"bind","Source":"/etc","Destination":"/host","RW":false}},{{"Type":"bind","Destination":""}}],
        "NetworkSettings":{{"IPAddress":"172.17.0.2","MacAddress":"02:42:ac:11:00:02",
        "Ports":{{"80/tcp":[{{"HostIp":"0.0.0.0","HostPort":"8080"}}],"53/udp":null}},"Networks":{{"bridge":{{}}}}}}}}]"#
    );
    let containers = parse(&text).unwrap();
    let container = &containers[0];
    assert_eq!((container.name.as_str(), container.state), ("web-1", ContainerState::Running));
    assert_eq!(container.state_changed, Timestamp::parse("2024-05-01T10:00:01Z").unwrap());
    assert_eq!(container.image_id.unwrap().0.to_hex(), ID);
    assert_eq!((container.root, container.privileged), (Some(true), Some(true)));
    assert_eq!(container.ipv4.as_deref(), Some("172.17.0.2"));
    let ports: Vec<_> = container.ports.iter().map(|p| (p.port, p.protocol.as_str(), p.host_port)).collect();
    assert_eq!(ports, [(53, "UDP", None), (80, "TCP", Some(8080))]);
    let details = container.details.as_ref().unwrap();
    let mounts: Vec<_> = details
        .mounts
        .iter()
        .map(|m| (m.target.as_str(), m.source.as_str(), m.kind.as_str(), m.read_only))
        .collect();
    assert_eq!(
        mounts,
        [
            ("/host", "/etc", "bind", true),
            ("/run", "", "tmpfs", true),
            ("/var/lib/x", "data", "volume", false)
        ]
    );
    assert_eq!((details.network.as_deref(), details.capabilities.len()), (Some("bridge"), 41));
    assert_eq!(details.cluster.as_ref().unwrap().pod, "p");
    let described =
        describe(text.trim_matches(['[', ']']).as_bytes(), &machine(), Timestamp(1), Some("docker")).unwrap();
    assert_eq!((described.process, described.probe.as_deref()), (Some(77), Some("/bin/sh -c true")));
    assert_eq!(described.report.details.unwrap().runtime.as_deref(), Some("docker"));
}

#[test]
fn a_podman_container_has_its_own_spellings() {
    let text = format!(
        r#"[{{"Id":"{ID}","Created":"2024-05-01T12:00:00.5+02:00","Image":"{ID}","ImageName":"localhost/web:1",
        "ImageDigest":"sha256:{ID}","Name":"db","State":{{"Status":"exited","FinishedAt":"2024-05-01T11:00:00Z"}},
        "BoundingCaps":["CAP_SETUID","CAP_CHOWN"],"HostConfig":{{"NetworkMode":"bridge"}},
        "Config":{{"User":"1000:1000","Env":null,"Labels":null}},
        "NetworkSettings":{{"IPAddress":"","Networks":{{"none":null,"podman":{{"IPAddress":"10.88.0.5"}}}}}}}}]"#
    );
    let container = parse(&text).unwrap().remove(0);
    assert_eq!((container.name.as_str(), container.state), ("db", ContainerState::Stopped));
    assert_eq!(container.created, Timestamp::parse("2024-05-01T10:00:00.5Z").unwrap());
    assert_eq!(container.image_name.as_deref(), Some("localhost/web:1"));
    assert_eq!(container.image_digest.unwrap().to_hex(), ID);
    assert_eq!((container.root, container.ipv4.as_deref()), (Some(false), Some("10.88.0.5")));
    let details = container.details.unwrap();
    assert_eq!(details.capabilities, ["CAP_CHOWN", "CAP_SETUID"]);
    assert_eq!((details.user.as_deref(), details.network.as_deref()), (Some("1000:1000"), Some("bridge")));
}

#[test]
fn the_newest_daemons_tell_addresses_of_networks_only() {
    let container = one(r#""HostConfig":{"NetworkMode":"shop"},"NetworkSettings":{"Ports":{},"Networks":{
        "a":{"IPAddress":"10.1.0.2","MacAddress":"a"},"shop":{"IPAddress":"10.2.0.2","GlobalIPv6Address":"fd00::2","MacAddress":"b"}}}"#);
    assert_eq!((container.ipv4.as_deref(), container.ipv6.as_deref()), (Some("10.2.0.2"), Some("fd00::2")));
    assert_eq!(
        (container.mac_address.as_str(), container.details.unwrap().network.as_deref()),
        ("b", Some("shop"))
    );
}

#[test]
fn a_container_at_rest_has_the_ports_that_it_will_have() {
    let at_rest = one(r#""State":{"Status":"exited"},"Config":{"ExposedPorts":{"80/tcp":{},"53/udp":{}}},
        "HostConfig":{"PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"8080"}]}},"NetworkSettings":{"Ports":{}}"#);
    let ports: Vec<_> = at_rest.ports.iter().map(|p| (p.port, p.protocol.as_str(), p.host_port)).collect();
    assert_eq!(ports, [(53, "UDP", None), (80, "TCP", Some(8080))]);
    let running =
        one(r#""State":{"Status":"running"},"HostConfig":{"PortBindings":{"80/tcp":[{"HostPort":"8080"}]}},
        "NetworkSettings":{"Ports":{}}"#);
    assert!(running.ports.is_empty(), "without a network nothing is published");
}

#[test]
fn every_word_for_a_state_is_known() {
    use ContainerState::{Created, Deleted, Paused, Running, Stopped, Unknown};
    for (word, state) in [
        ("created", Created),
        ("running", Running),
        ("restarting", Running),
        ("paused", Paused),
        ("exited", Stopped),
        ("dead", Stopped),
        ("removing", Deleted),
        ("Configured", Created),
        ("sleeping", Unknown),
    ] {
        assert_eq!(state_of(word), state, "{word}");
    }
}

#[test]
fn root_is_who_has_the_number_zero() {
    for (user, expected) in
        [("", true), ("root", true), ("0:100", true), ("00", true), ("1000", false), ("web:0", false)]
    {
        assert_eq!(is_root(user), expected, "{user}");
    }
}

#[test]
fn a_container_started_by_digest_knows_it() {
    let container = one(&format!(r#""Config":{{"Image":"web@sha256:{ID}"}}"#));
    assert_eq!(container.image_digest.unwrap().to_hex(), ID);
}

#[test]
fn what_is_no_container_is_refused_with_its_place() {
    let reason = |text: &str| parse(text).unwrap_err().to_string();
    assert!(reason("").contains("docker inspect"));
    assert!(reason("[{\"Id\":\"short\"}]").contains("record 0"), "{}", reason("[{\"Id\":\"short\"}]"));
    assert!(reason("[{\"RepoTags\":[]}]").contains("record 0"));
    assert!(reason("[{").contains("JSON"));
    let wrong = format!(r#"{{"Id":"{ID}","Created":"2024-05-01","State":{{"Pid":"x"}}}}"#);
    assert!(reason(&wrong).contains("State.Pid"), "{}", reason(&wrong));
    assert!(reason(&format!(r#"{{"Id":"{ID}","Created":"soon"}}"#)).contains("`Created`"));
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_fall_over(
        bytes in prop::collection::vec(any::<u8>(), 0..60),
        words in r#"[{}\[\]":,/a-z0-9-]{0,40}"#,
        number in any::<i64>(),
    ) {
        let _ = read_inspected(&bytes, &machine(), Timestamp(1));
        let text = serde_json::json!({
            "Id": ID, "Created": "2024-05-01T10:00:00Z", "Name": words, "State": { "Status": words, "Pid": number },
            "Config": { "User": words, "Image": words, "ExposedPorts": { words.clone(): {} }, "Healthcheck": { "Test": [words] } },
            "HostConfig": { "NetworkMode": words, "CapAdd": [words], "PortBindings": { words.clone(): [{ "HostPort": words }] } },
            "Mounts": [{ "Type": words, "Destination": words }],
        });
        prop_assert!(parse(&text.to_string()).is_ok());
    }
}

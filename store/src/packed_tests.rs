use proptest::prelude::*;

use super::*;
use crate::packed_columns;

fn text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(".{0,12}")
}

/// Labels, environment and name as a kubelet makes them, or nearly so.
fn pod() -> impl Strategy<Value = (Vec<Label>, Vec<String>, String)> {
    let uid =
        prop_oneof![any::<u128>().prop_map(|uid| uuid::Uuid::from_u128(uid).to_string()), Just("u".into())];
    let word = || "[a-z=]{0,2}";
    (word(), word(), word(), uid, 0..12_u32, proptest::collection::vec(word(), 0..3)).prop_map(
        |(container, pod, namespace, uid, attempt, names)| {
            let label = |key: &str, value: &str| Label {
                key: format!("io.kubernetes.{key}"),
                value: value.to_owned(),
            };
            let labels = vec![
                label("container.name", &container),
                label("pod.name", &pod),
                label("pod.namespace", &namespace),
                label("pod.uid", &uid),
            ];
            let mut environment: Vec<_> = names.iter().map(|name| format!("HOSTNAME={name}")).collect();
            environment.push(format!("HOSTNAME={pod}"));
            (labels, environment, format!("k8s_{container}_{pod}_{namespace}_{uid}_{attempt}"))
        },
    )
}

/// An address in its usual spelling, in another, or something else.
fn address() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        any::<Option<std::net::IpAddr>>().prop_map(|address| address.map(|address| address.to_string())),
        text(),
        Just(Some("::0".to_owned())),
    ]
}

fn report() -> impl Strategy<Value = ContainerReport> {
    let label = (".{0,9}", ".{0,9}").prop_map(|(key, value)| Label { key, value });
    let port = (text(), any::<Option<u16>>(), any::<u16>(), "[A-Z]{3}")
        .prop_map(|(host_ip, host_port, port, protocol)| PortMapping { host_ip, host_port, port, protocol });
    let list = || proptest::collection::vec(".{0,9}", 0..4);
    let first = (".{0,20}", text(), text(), text(), text(), 0..6_usize, any::<i64>(), any::<i64>());
    let second =
        (list(), list(), proptest::collection::vec(label, 0..4), proptest::collection::vec(port, 0..3));
    let third = (any::<Option<[u8; 32]>>(), any::<Option<bool>>(), any::<Option<bool>>(), text(), text());
    (first, second, third).prop_map(|(first, second, third)| {
        let (name, image_name, ip_address, ipv6_address, architecture, state, created, state_changed) = first;
        let (arguments, environment, labels, ports) = second;
        let (digest, privileged, root, ipv4, ipv6) = third;
        let host = HostFacts { hostname: name.clone(), ip_address, ipv6_address, architecture };
        ContainerReport {
            id: Digest::from_bytes([0; 32]),
            image_id: None,
            image_digest: digest.map(Digest::from_bytes),
            image_name,
            host,
            state: STATES[state],
            created: Timestamp(created),
            state_changed: Timestamp(state_changed),
            observed_at: Timestamp::default(),
            path: ipv4.clone(),
            mac_address: name.clone(),
            source: "GENERAL".to_owned(),
            tags: Vec::new(),
            details: None,
            name,
            arguments,
            environment,
            labels,
            ports,
            privileged,
            root,
            ipv4,
            ipv6,
        }
    })
}

proptest! {
    #[test]
    fn a_report_comes_back_with_its_tags(
        mut report in report(),
        pod in proptest::option::of(pod()),
        ip in [address(), address(), address(), address()],
        tags in proptest::collection::vec(".{1,5}", 0..4),
    ) {
        if let Some((labels, environment, name)) = pod {
            (report.labels, report.environment, report.name) = (labels, environment, name);
        }
        [report.host.ip_address, report.host.ipv6_address, report.ipv4, report.ipv6] = ip;
        let mut codec = Codec::new();
        let first_form = packed_columns::pack(&mut codec, &report, &tags).unwrap();
        prop_assert_eq!(unpack(&mut codec, "it", &first_form).unwrap(), (report.clone(), tags.clone()));
        let Packed { shared, own } = pack(&mut codec, &report, &tags).unwrap();
        prop_assert_eq!(unpack(&mut codec, "it", &join(&shared, own)).unwrap(), (report, tags));
    }

    #[test]
    fn foreign_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 1..120), digest in 0..3_u8) {
        let mut codec = Codec::new();
        let _ = unpack(&mut codec, "it", &bytes);
        for form in [Form::ContainerColumns, Form::ContainerParts] {
            bytes.splice(..1, [form as u8, digest]);
            let _ = unpack(&mut codec, "it", &bytes);
        }
    }
}

#[test]
fn damaged_bytes_are_refused_by_name() {
    let mut codec = Codec::new();
    let json = serde_json::json!({
        "id": Digest::from_bytes([0; 32]), "name": "web", "host": {"hostname": "node-1"}, "state": "RUNNING",
        "imageDigest": Digest::from_bytes([7; 32]), "created": 100, "stateChanged": 200, "observedAt": 0,
        "source": "GENERAL",
    });
    let Packed { shared, own } = pack(&mut codec, &serde_json::from_value(json).unwrap(), &[]).unwrap();
    let packed = join(&shared, own);
    for cut in 0..packed.len() {
        let refused = unpack(&mut codec, "container x", &packed[..cut]).unwrap_err().to_string();
        assert!(refused.contains("container x"), "{refused}");
    }
}

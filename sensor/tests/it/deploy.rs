//! The manifest and the chart in `deploy/`: they are what they should be, and the same.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(deploy().join(path)).unwrap()
}

fn documents(yaml: &str) -> Vec<Value> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

fn manifest() -> Vec<Value> {
    documents(&read("plimsoll-sensor.yaml"))
}

fn of_kind<'d>(documents: &'d [Value], kind: &str) -> &'d Value {
    documents.iter().find(|document| document["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"))
}

/// Renders what the chart's templates use of Helm's language: `if`, `if not`, `range`, `end`, values and `toJson`. Anything else is an
/// error, so that the templates stay as simple as this.
struct Renderer {
    values: Value,
}

impl Renderer {
    fn render(&self, template: &str) -> String {
        let mut lines = template.lines().peekable();
        let mut rendered = String::new();
        self.block(&mut lines, None, true, &mut rendered);
        assert!(lines.next().is_none(), "an `end` too many");
        rendered
    }

    fn block<'t>(
        &self,
        lines: &mut std::iter::Peekable<impl Iterator<Item = &'t str> + Clone>,
        dot: Option<&Value>,
        shown: bool,
        rendered: &mut String,
    ) {
        while let Some(line) = lines.peek().copied() {
            let action = line.trim().strip_prefix("{{- ").and_then(|action| action.strip_suffix(" }}"));
            match action {
                Some("end") => return,
                Some(action) => {
                    lines.next();
                    if let Some(path) = action.strip_prefix("range ") {
                        let values = self.value(path, dot);
                        let start = lines.clone();
                        for value in values.as_array().unwrap_or_else(|| panic!("`{path}` is no list")) {
                            *lines = start.clone();
                            self.block(lines, Some(value), shown, rendered);
                        }
                        if values == json!([]) {
                            self.block(lines, Some(&Value::Null), false, rendered);
                        }
                    } else {
                        let condition = action.strip_prefix("if ").unwrap_or_else(|| panic!("`{action}`"));
                        let (path, wanted) = match condition.strip_prefix("not ") {
                            Some(path) => (path, false),
                            None => (condition, true),
                        };
                        let holds = is_true(&self.value(path, dot)) == wanted;
                        self.block(lines, dot, shown && holds, rendered);
                    }
                    assert_eq!(lines.next().map(str::trim), Some("{{- end }}"));
                }
                None => {
                    lines.next();
                    if shown {
                        rendered.push_str(&self.line(line, dot));
                        rendered.push('\n');
                    }
                }
            }
        }
    }

    fn line(&self, line: &str, dot: Option<&Value>) -> String {
        let Some((before, rest)) = line.split_once("{{ ") else { return line.to_owned() };
        let (action, after) = rest.split_once(" }}").unwrap_or_else(|| panic!("`{line}`"));
        let text = match action.strip_prefix("toJson ") {
            Some(path) => self.value(path, dot).to_string(),
            None => match self.value(action, dot) {
                Value::String(text) => text,
                other => panic!("`{action}` is {other}, which needs `toJson`"),
            },
        };
        format!("{before}{text}{}", self.line(after, dot))
    }

    fn value(&self, path: &str, dot: Option<&Value>) -> Value {
        if path == "." {
            return dot.unwrap_or_else(|| panic!("`.` outside of `range`")).clone();
        }
        let steps = path.strip_prefix('.').unwrap_or_else(|| panic!("`{path}` is no value"));
        let found = steps.split('.').try_fold(&self.values, |value, step| value.get(step));
        found.unwrap_or_else(|| panic!("there is no value `{path}`")).clone()
    }
}

/// What Helm takes for true.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
    }
}

/// The chart's objects, with some values set.
fn chart(edit: impl FnOnce(&mut Value)) -> Vec<Value> {
    let mut values: Value = serde_saphyr::from_str(&read("helm/plimsoll-sensor/values.yaml")).unwrap();
    edit(&mut values);
    let release = json!({ "Name": "plimsoll-sensor", "Namespace": "plimsoll" });
    let renderer = Renderer { values: json!({ "Values": values, "Release": release }) };
    let mut names: Vec<_> = std::fs::read_dir(deploy().join("helm/plimsoll-sensor/templates"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.sort();
    names
        .iter()
        .flat_map(|path| documents(&renderer.render(&std::fs::read_to_string(path).unwrap())))
        .collect()
}

#[test]
fn the_chart_makes_what_the_manifest_says() {
    let (mut chart, mut manifest) = (chart(|_| {}), manifest());
    // whoever installs a chart names the namespace
    manifest.retain(|document| document["kind"] != "Namespace");
    for documents in [&mut chart, &mut manifest] {
        documents.sort_by_key(|document| document["kind"].to_string());
    }
    assert_eq!(chart.len(), 5);
    for (chart, manifest) in chart.iter().zip(&manifest) {
        assert_eq!(chart, manifest);
    }
}

#[test]
fn values_of_the_chart_are_where_they_belong() {
    let documents = chart(|values| {
        values["token"]["existingSecret"] = json!("mine");
        values["rbac"]["create"] = json!(false);
        values["runtime"] =
            json!({ "socketDirectory": "/run/crio", "storageDirectory": "/var/lib/containers" });
        values["extraArgs"] = json!(["--max-cpu=1"]);
        values["nodeSelector"] = json!({ "kubernetes.io/os": "linux" });
        values["affinity"] = json!({ "nodeAffinity": {} });
        values["priorityClassName"] = json!("system-node-critical");
        values["seLinuxOptions"] = json!({ "type": "spc_t" });
        values["image"]["pullSecrets"] = json!([{ "name": "registry" }]);
    });
    let kinds: Vec<_> = documents.iter().map(|document| document["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["ServiceAccount", "DaemonSet"]);
    let pod = &documents[1]["spec"]["template"]["spec"];
    let sensor = &pod["containers"][0];
    assert_eq!(sensor["env"][2]["valueFrom"]["secretKeyRef"]["name"], "mine");
    assert_eq!(sensor["args"].as_array().unwrap().last(), Some(&json!("--max-cpu=1")));
    assert_eq!(pod["volumes"][0]["hostPath"]["path"], "/run/crio");
    assert_eq!(sensor["volumeMounts"][1]["mountPath"], "/var/lib/containers");
    assert_eq!(sensor["securityContext"]["seLinuxOptions"]["type"], "spc_t");
    assert_eq!(pod["nodeSelector"]["kubernetes.io/os"], "linux");
    assert_eq!(
        (&pod["priorityClassName"], pod["imagePullSecrets"][0]["name"].as_str()),
        (&json!("system-node-critical"), Some("registry"))
    );
}

#[test]
fn the_sensor_writes_nothing_but_its_own_state_and_has_no_more_rights_than_it_needs() {
    let manifest = manifest();
    let pod = &of_kind(&manifest, "DaemonSet")["spec"]["template"]["spec"];
    let sensor = &pod["containers"][0];
    let mounts = sensor["volumeMounts"].as_array().unwrap();
    let writable: Vec<_> =
        mounts.iter().filter(|mount| mount["readOnly"] != true).map(|mount| &mount["name"]).collect();
    assert_eq!(writable, ["state"]);
    for mount in mounts {
        let volume =
            pod["volumes"].as_array().unwrap().iter().find(|volume| volume["name"] == mount["name"]).unwrap();
        assert_eq!(volume["hostPath"]["path"], mount["mountPath"], "paths are the node's own");
    }
    let security = &sensor["securityContext"];
    assert_eq!((&security["privileged"], &security["readOnlyRootFilesystem"]), (&json!(false), &json!(true)));
    assert_eq!(security["capabilities"]["drop"], json!(["ALL"]));
    assert_eq!(security["capabilities"]["add"].as_array().unwrap().len(), 3);
    assert_eq!(sensor["resources"]["limits"]["memory"], "128Mi");
    for absent in ["hostNetwork", "hostIPC"] {
        assert!(pod[absent].is_null());
    }
    let rules = of_kind(&manifest, "ClusterRole")["rules"].as_array().unwrap();
    let verbs: Vec<_> = rules.iter().flat_map(|rule| rule["verbs"].as_array().unwrap()).collect();
    assert!(verbs.iter().all(|verb| *verb == "get" || *verb == "list"), "{verbs:?}");
    let secrets = rules.iter().any(|rule| rule["resources"].as_array().unwrap().contains(&json!("secrets")));
    assert!(!secrets);
}

#[test]
fn chart_and_program_have_the_same_version() {
    let chart: Value = serde_saphyr::from_str(&read("helm/plimsoll-sensor/Chart.yaml")).unwrap();
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
    let values: Value = serde_saphyr::from_str(&read("helm/plimsoll-sensor/values.yaml")).unwrap();
    assert_eq!(values["image"]["tag"], env!("CARGO_PKG_VERSION"));
}

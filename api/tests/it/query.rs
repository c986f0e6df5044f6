//! Results of queries beside the records that they are taken from.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::client::Request;
use crate::server::{ADMIN, TestServer};

const IMAGES: &[&str] = &[
    "sha",
    "imageId",
    "uuid",
    "author",
    "architecture",
    "operatingSystem",
    "size",
    "users",
    "source",
    "riskScore",
    "maxQdsScore",
    "qdsSeverity",
    "scanTypes",
    "repo.registry",
    "repo.repository",
    "repo.tag",
    "repoDigests.digest",
    "label.key",
    "label.value",
    "layers.sha",
    "softwares.name",
    "softwares.version",
    "softwares.fixVersion",
    "softwares.packagePath",
    "softwares.scanType",
    "vulnerabilities.qid",
    "vulnerabilities.typeDetected",
    "vulnerabilities.qdsScore",
    "vulnerabilities.result",
    "vulnerabilities.software.name",
    "vulnerabilities.software.fixVersion",
];
const CONTAINERS: &[&str] = &[
    "sha",
    "containerId",
    "uuid",
    "name",
    "state",
    "imageSha",
    "imageId",
    "path",
    "arguments",
    "host.hostname",
    "host.ipAddress",
    "portMapping.port",
    "portMapping.protocol",
    "label.key",
    "riskScore",
    "softwares.name",
    "vulnerabilities.qid",
];

async fn server() -> TestServer {
    let server = TestServer::start().await;
    for file in ["image-debian.json", "image-exploited.json", "image-alpine.json", "image-old.json"] {
        server.post_file("/api/v1/reports", file).await;
    }
    server.post_file("/api/v1/containers", "containers-known-image.json").await;
    server.post_file("/api/v1/containers", "containers-unknown-image.json").await;
    server
}

/// The values at a path of a record, each once.
fn at(value: &Value, path: &[&str]) -> Vec<Value> {
    let all: Vec<Value> = match (value, path) {
        (Value::Array(elements), _) => elements.iter().flat_map(|element| at(element, path)).collect(),
        (Value::Null, _) => Vec::new(),
        (value, []) => vec![value.clone()],
        (value, [key, rest @ ..]) => at(&value[*key], rest),
    };
    let mut once = Vec::new();
    all.into_iter().for_each(|value| {
        if !once.contains(&value) {
            once.push(value)
        }
    });
    once
}

fn as_list(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.clone(),
        value => vec![value.clone()],
    }
}

/// What a record shows as text and a result as a number is the same here.
fn alike(values: Vec<Value>) -> Vec<String> {
    values.into_iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect()
}

#[tokio::test]
async fn a_column_of_images_or_containers_has_what_their_records_show() {
    let server = server().await;
    for (entity, columns) in [("images", IMAGES), ("containers", CONTAINERS)] {
        let target = format!("/api/v1/query?entity={entity}&limit=0&columns={}", columns.join(","));
        let result = server.get(&target).await.json();
        let list = server.get(&format!("/csapi/v1.3/{entity}/list?limit=250&profile=full")).await.json();
        let records = list["data"].as_array().unwrap();
        assert_eq!(result["count"], records.len());
        assert_eq!(result["columns"], json!(columns));
        for row in result["data"].as_array().unwrap() {
            let record = records.iter().find(|record| record["uuid"] == row["uuid"]).unwrap();
            for column in columns {
                let path: Vec<&str> = column.split('.').collect();
                assert_eq!(
                    alike(as_list(&row[column])),
                    alike(at(record, &path)),
                    "{column} of {}",
                    row["sha"]
                );
            }
        }
    }
}

#[tokio::test]
async fn software_of_a_fleet_is_what_its_images_list_with_how_many_have_it() {
    let server = server().await;
    let list = server.get("/csapi/v1.3/images/list?limit=250").await.json();
    let mut images: BTreeMap<(String, String), u64> = BTreeMap::new();
    for image in list["data"].as_array().unwrap() {
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        let rows = image["softwares"].as_array().unwrap();
        let mut names: Vec<_> = rows.iter().map(|row| (text(row, "name"), text(row, "version"))).collect();
        names.sort();
        names.dedup();
        names.into_iter().for_each(|name| *images.entry(name).or_default() += 1);
    }
    let result = server.get("/api/v1/query?entity=software&limit=0&sort=name:desc").await.json();
    let rows: Vec<&Map<String, Value>> =
        result["data"].as_array().unwrap().iter().map(|row| row.as_object().unwrap()).collect();
    assert_eq!(result["count"], images.len());
    let found: BTreeMap<(String, String), u64> = rows
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            ((text("name"), text("version")), row["imageCount"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(found, images);
    assert!(rows.windows(2).all(|pair| pair[0]["name"].as_str() >= pair[1]["name"].as_str()));
    let vulnerable =
        server.get("/api/v1/query?entity=software&limit=1&filter=vulnerabilities.severity:5").await.json();
    assert_eq!(vulnerable["data"].as_array().unwrap().len(), 1);
    assert!(vulnerable["count"].as_u64().unwrap() < images.len() as u64);
}

#[tokio::test]
async fn vulnerabilities_of_a_fleet_are_those_of_the_list() {
    let server = server().await;
    let list = server.get("/csapi/v1.3/vulnerability?pageSize=1000").await.json();
    let columns = "qid,title,severity,cveids,typeDetected,patchAvailable,qdsScore,imageCount,containerCount";
    let target = format!("/api/v1/query?entity=vulnerabilities&limit=0&sort=qid&columns={columns}");
    let result = server.get(&target).await.json();
    assert_eq!(result["count"], list["count"]);
    for (row, item) in result["data"].as_array().unwrap().iter().zip(list["data"].as_array().unwrap()) {
        for column in columns.split(',') {
            let key = if column == "cveids" { "cveIds" } else { column };
            assert_eq!(row[column], item[key], "{column}");
        }
    }
    let most = server.get("/api/v1/query?entity=vulnerabilities&columns=imageCount").await.json();
    let counts: Vec<u64> =
        most["data"].as_array().unwrap().iter().map(|row| row["imageCount"].as_u64().unwrap()).collect();
    assert!(counts.is_sorted_by(|a, b| a >= b), "{counts:?}");
}

#[tokio::test]
async fn every_form_has_the_same_rows_and_the_exact_total() {
    let server = server().await;
    let target = |format: &str| format!("/api/v1/query?limit=2&columns=sha,size&format={format}");
    let (json, lines, csv) = (
        server.get(&target("json")).await,
        server.get(&target("ndjson")).await,
        server.get(&target("csv")).await,
    );
    for answer in [&json, &lines, &csv] {
        assert_eq!(answer.header("X-Total-Count"), Some("4"));
    }
    let rows = json.json()["data"].as_array().unwrap().clone();
    let parsed: Vec<Value> = lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(parsed, rows);
    let expected: String =
        rows.iter().map(|row| format!("{},{}\r\n", row["sha"].as_str().unwrap(), row["size"])).collect();
    assert_eq!(csv.text(), format!("sha,size\r\n{expected}"));
    assert!(csv.header("Content-Type").unwrap().starts_with("text/csv"));
    for (wrong, part) in [
        ("format=xml", "format must be"),
        ("columns=nothing", "columns: token `nothing`"),
        ("columns=sha,sha", "is a column already"),
        ("columns=repo", "is a group of values"),
        ("entity=software&columns=vulnerabilities.qid", "belongs to single images"),
        ("entity=software&filter=vulnerabilities.firstFound>2020-01-01", "not supported yet"),
        ("sort=repo.tag", "sort: token"),
        ("entity=hosts", "entity must be"),
        ("filter=a:(", "syntax error"),
        ("limit=-1", "whole number"),
    ] {
        let answer = server.get(&format!("/api/v1/query?{wrong}")).await;
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(answer.text().contains(part), "{wrong}: {}", answer.text());
    }
    let nobody = server.send(Request::get("/api/v1/query").basic(ADMIN.0, "wrong")).await;
    assert_eq!(nobody.status, 401);
}

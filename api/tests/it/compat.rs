//! Runs the scenarios of `compat/scenarios` over HTTP, each against a server of its own.
//!
//! The form of a scenario is described in `compat/README.md`.

use std::collections::BTreeMap;
use std::path::Path;

use api::ApiSettings;
use serde::Deserialize;
use serde_json::Value;
use store::Role;

use crate::client::{Request, Response};
use crate::pattern::{compare, matches};
use crate::server::{ADMIN, Engine, TestServer, compat_folder};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    #[expect(dead_code, reason = "for readers of the file")]
    about: String,
    #[serde(default)]
    accounts: Vec<Account>,
    #[serde(default)]
    reports: Vec<String>,
    #[serde(default)]
    containers: Vec<String>,
    /// Names of sensors that are enrolled, each on a host of its name.
    #[serde(default)]
    sensors: Vec<String>,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    name: String,
    password: String,
    role: String,
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// `GET /path`, or `next`: where the `Link` of the step before leads.
    send: String,
    /// An account, `nobody`, or `token` for the saved token; the administrator if absent.
    #[serde(rename = "as")]
    account: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// A form body.
    form: Option<String>,
    /// A JSON body.
    json: Option<Value>,
    /// The body is a token to keep.
    #[serde(default)]
    save_token: bool,
    status: u16,
    #[serde(default)]
    expect_headers: BTreeMap<String, String>,
    #[serde(default)]
    absent_headers: Vec<String>,
    body: Option<Value>,
    /// The body as text.
    text: Option<String>,
}

struct Run<'a> {
    server: &'a TestServer,
    accounts: Vec<Account>,
    token: Option<String>,
    next: Option<String>,
}

impl Run<'_> {
    async fn step(&mut self, step: &Step) -> Result<(), String> {
        let (method, target) = match step.send.as_str() {
            "next" => ("GET", self.next.take().ok_or("the step before has no link")?),
            line => {
                let (method, target) = line.split_once(' ').ok_or("`send` is `METHOD /path`")?;
                (method, target.to_owned())
            }
        };
        let mut request = Request::new(method, &target);
        request = match step.account.as_deref() {
            None => request.basic(ADMIN.0, ADMIN.1),
            Some("nobody") => request,
            Some("token") => request.bearer(self.token.as_deref().ok_or("no token was saved")?),
            Some(name) => {
                let account = self.accounts.iter().find(|account| account.name == name);
                request.basic(name, &account.ok_or("no such account")?.password)
            }
        };
        for (name, value) in &step.headers {
            request = request.header(name, value);
        }
        if let Some(form) = &step.form {
            request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form.as_str());
        }
        if let Some(json) = &step.json {
            request = request.json(json);
        }
        let response = self.server.send(request).await;
        check(step, &response, &format!("http://{}", self.server.address))?;
        if step.save_token {
            self.token = Some(response.text());
        }
        self.next = response.next();
        Ok(())
    }
}

fn check(step: &Step, response: &Response, base: &str) -> Result<(), String> {
    if response.status != step.status {
        return Err(format!("status {} instead of {}: {}", response.status, step.status, response.text()));
    }
    for (name, pattern) in &step.expect_headers {
        let value = response
            .header(name)
            .ok_or_else(|| format!("header {name} is missing: {:?}", response.headers))?;
        if !matches(pattern, value, base) {
            return Err(format!("header {name} is {value}"));
        }
    }
    let present = |name: &String| response.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
    if let Some(name) = step.absent_headers.iter().find(|name| present(name)) {
        return Err(format!("header {name} is not expected"));
    }
    if let Some(text) = &step.text
        && !matches(text, &response.text(), base)
    {
        return Err(format!("body is {:?}", response.text()));
    }
    match &step.body {
        Some(expected) => compare(expected, &response.json(), base),
        None => Ok(()),
    }
}

async fn run(path: &Path, engine: Engine) -> Result<(), String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let scenario: Scenario = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let server = TestServer::start_on(engine, ApiSettings::default()).await;
    for account in &scenario.accounts {
        let role: Role = account.role.parse().map_err(|error| format!("{error}"))?;
        let tags: Vec<&str> = account.tags.iter().map(String::as_str).collect();
        server.account(&account.name, &account.password, role, &tags).await;
    }
    for (number, name) in (1..).zip(&scenario.sensors) {
        server.sensor(number, name).await;
    }
    let reports = scenario.reports.iter().map(|file| ("/api/v1/reports", file));
    for (target, file) in reports.chain(scenario.containers.iter().map(|file| ("/api/v1/containers", file))) {
        let response = server.post_file(target, file).await;
        if response.status != 201 {
            return Err(format!("{file}: {} {}", response.status, response.text()));
        }
    }
    let mut run = Run { server: &server, accounts: scenario.accounts, token: None, next: None };
    for (number, step) in scenario.steps.iter().enumerate() {
        let failed = |reason| format!("step {} ({}): {reason}", number + 1, step.send);
        run.step(step).await.map_err(failed)?;
    }
    Ok(())
}

#[tokio::test]
async fn every_scenario_is_answered_as_documented() {
    run_all(Engine::Sqlite).await;
}

#[tokio::test]
async fn every_scenario_is_answered_alike_over_postgresql() {
    if testkit::postgres::is_there() {
        run_all(Engine::Postgres).await;
    }
}

async fn run_all(engine: Engine) {
    let folder = compat_folder().join("scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(files.len() >= 10, "the scenarios are there");
    let mut failures = Vec::new();
    for file in files {
        if let Err(reason) = run(&file, engine).await {
            failures.push(format!("{}: {reason}", file.file_name().unwrap().to_string_lossy()));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

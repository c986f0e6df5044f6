//! Sends reports to a server's ingest API.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::StatusCode;
use reqwest::blocking::{Client, RequestBuilder, Response};

use crate::output::usage;

/// Which server, and as whom.
#[derive(clap::Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct PushArgs {
    /// Send the result to the server at this URL
    #[arg(long, value_name = "URL")]
    push: Option<String>,
    /// Account to send as [env: PLIMSOLL_USER]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Its password [env: PLIMSOLL_PASSWORD]
    #[arg(long, value_name = "PASSWORD", requires = "push")]
    password: Option<String>,
    /// A token of `POST /auth`, in place of account and password [env: PLIMSOLL_TOKEN]
    #[arg(long, value_name = "TOKEN", requires = "push", conflicts_with_all = ["user", "password"])]
    token: Option<String>,
}

/// A server that takes reports.
pub(crate) struct Target {
    url: String,
    client: Client,
    credentials: Credentials,
}

#[derive(Debug, PartialEq)]
enum Credentials {
    Basic(String, String),
    Token(String),
}

/// How often a request is tried when the server is away or says "later".
const TRIES: u32 = 4;
/// The longest that an answer may take to its end.
const LONGEST_ANSWER: Duration = Duration::from_secs(4 * 3_600);
/// The longest that a server's wish to wait is followed.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

impl PushArgs {
    /// The server to send to; `None` without `--push`.
    pub(crate) fn target(&self) -> anyhow::Result<Option<Target>> {
        self.push.as_ref().map(|url| self.at("--push", url)).transpose()
    }

    /// A server that is named by another flag.
    pub(crate) fn server(
        url: &str,
        user: Option<String>,
        password: Option<String>,
        token: Option<String>,
    ) -> anyhow::Result<Target> {
        Self { push: None, user, password, token }.at("--server", url)
    }

    fn at(&self, flag: &str, url: &str) -> anyhow::Result<Target> {
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(usage(format!("{flag} takes a URL such as http://127.0.0.1:8080, not `{url}`")));
        }
        let environment = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let credentials = self.credentials(environment);
        let credentials =
            credentials.ok_or_else(|| usage(format!("{flag} needs --user and --password, or --token")))?;
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(300))
            .build()
            .context("cannot prepare the HTTP client")?;
        Ok(Target { url: url.trim_end_matches('/').to_owned(), client, credentials })
    }
}

impl PushArgs {
    /// Flags win over the environment as a whole: a token in it does not stand in for a flag of the other kind.
    ///
    /// That is why the flags name their variables in words only: the argument parser would hold a variable
    /// against a flag that contradicts it, and refuse the command.
    fn credentials(&self, environment: impl Fn(&str) -> Option<String>) -> Option<Credentials> {
        let given = self.user.is_some() || self.password.is_some();
        let token = || environment("PLIMSOLL_TOKEN").filter(|_| !given);
        if let Some(token) = self.token.clone().or_else(token) {
            return Some(Credentials::Token(token));
        }
        let user = self.user.clone().or_else(|| environment("PLIMSOLL_USER"));
        let password = self.password.clone().or_else(|| environment("PLIMSOLL_PASSWORD"));
        Some(Credentials::Basic(user?, password?))
    }
}

impl Target {
    /// The server's base URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Posts JSON, compressed; tries again while the server is away, busy or out of reach. Gives the answer, with its body
    /// still to be read.
    pub(crate) fn post(&self, path: &str, json: &[u8]) -> anyhow::Result<Response> {
        let url = format!("{}/{path}", self.url);
        let body = zstd::encode_all(json, 3).context("cannot compress the report")?;
        let mut wait = Duration::from_millis(500);
        for attempt in 1.. {
            let request = self
                .authorised(self.client.post(&url))
                .header("content-type", "application/json")
                .header("content-encoding", "zstd")
                .body(body.clone());
            let (reason, asked) = match request.send() {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(response) => {
                    let status = response.status();
                    let asked = retry_after(&response);
                    let reason = format!("{url} answered {status}: {}", message(response));
                    if !is_temporary(status) {
                        bail!(reason);
                    }
                    (reason, asked)
                }
                Err(error) if error.is_connect() || error.is_timeout() => {
                    (format!("{:#}", anyhow::Error::new(error)), None)
                }
                Err(error) => return Err(error).with_context(|| format!("cannot send to {url}")),
            };
            if attempt >= TRIES {
                bail!("{reason} (tried {TRIES} times)");
            }
            std::thread::sleep(asked.unwrap_or(wait).min(LONGEST_WAIT));
            wait *= 2;
        }
        unreachable!("the loop ends by returning")
    }

    /// Sends JSON, compressed if it is long, or nothing; gives the answer, whatever its status, with its body still to be read.
    pub(crate) fn call(
        &self,
        method: reqwest::Method,
        path: &str,
        json: Option<Vec<u8>>,
    ) -> anyhow::Result<Response> {
        let mut request = self.authorised(self.client.request(method, format!("{}/{path}", self.url)));
        if let Some(mut json) = json {
            request = request.header("content-type", "application/json");
            if json.len() > 1_024 {
                json = zstd::encode_all(&*json, 3).context("cannot compress the request")?;
                request = request.header("content-encoding", "zstd");
            }
            request = request.body(json);
        }
        request.send().with_context(|| format!("cannot reach {}", self.url))
    }

    /// Asks for something; gives the answer, whatever its status, with its body still to be read.
    pub(crate) fn get(&self, path: &str, parameters: &[(&str, &str)]) -> anyhow::Result<Response> {
        let url = format!("{}/{path}", self.url);
        let url =
            reqwest::Url::parse_with_params(&url, parameters).with_context(|| format!("{url} is no URL"))?;
        let request = self.authorised(self.client.get(url)).timeout(LONGEST_ANSWER);
        request.send().with_context(|| format!("cannot reach {}", self.url))
    }

    fn authorised(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.credentials {
            Credentials::Basic(user, password) => request.basic_auth(user, Some(password)),
            Credentials::Token(token) => request.bearer_auth(token),
        }
    }
}

fn is_temporary(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get("retry-after")?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The server's own words out of its error body.
pub(crate) fn message(response: Response) -> String {
    let text = response.text().unwrap_or_default();
    let body: Option<serde_json::Value> = serde_json::from_str(&text).ok();
    match body.as_ref().and_then(|body| body["message"].as_str()) {
        Some(message) => message.to_owned(),
        None => text.chars().take(500).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_win_over_the_environment_and_a_token_over_an_account() {
        let text = |value: &str| Some(value.to_owned()).filter(|value| !value.is_empty());
        let chosen = |flags: [&str; 3], variables: &[&str]| {
            let [user, password, token] = flags.map(text);
            let args = PushArgs { push: None, user, password, token };
            args.credentials(|name| variables.contains(&name).then(|| name.to_lowercase()))
        };
        let basic = |user: &str, password: &str| Some(Credentials::Basic(user.into(), password.into()));
        let all = ["PLIMSOLL_USER", "PLIMSOLL_PASSWORD", "PLIMSOLL_TOKEN"];
        assert_eq!(chosen(["", "", "t"], &all), Some(Credentials::Token("t".into())));
        assert_eq!(chosen(["u", "p", ""], &all), basic("u", "p"));
        assert_eq!(chosen(["u", "", ""], &all), basic("u", "plimsoll_password"));
        assert_eq!(chosen(["", "", ""], &all), Some(Credentials::Token("plimsoll_token".into())));
        assert_eq!(chosen(["", "", ""], &all[..2]), basic("plimsoll_user", "plimsoll_password"));
        assert_eq!(chosen(["u", "", ""], &[]), None);
    }
}

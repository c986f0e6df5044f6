//! The rules. Formats of tokens are those that their issuers document; an own line says so where they do not.

use super::rule::{CRITICAL, HIGH, Kind, LOW, Letters, MEDIUM, Part, Rule, Shape};
use super::table_tokens::TOKENS;

use Letters::{Base64, Hex, Uuid};
use Part::{Run, Text};
use Shape::{Around, Assigned, Token};

/// The rules whose credentials need more than a fixed begin; before the others where both fit.
const NAMED: &[Rule] = &[
    rule("private-key", "private key", HIGH, &["-----BEGIN "], Shape::PrivateKey, 0.0),
    rule("putty-private-key", "PuTTY private key", HIGH, &["PuTTY-User-Key-File-"], Shape::PuttyKey, 0.0),
    rule(
        "aws-secret-access-key",
        "AWS secret access key",
        CRITICAL,
        &[
            "secret_access_key",
            "SECRET_ACCESS_KEY",
            "SecretAccessKey",
            "secretAccessKey",
            "aws_secret_key",
            "AWS_SECRET_KEY",
        ],
        Assigned(&[Run(Base64, 40, 40)]),
        3.5,
    ),
    rule(
        "azure-storage-key",
        "Azure storage account key",
        CRITICAL,
        &["AccountKey="],
        Token(&[Run(Base64, 86, 86), Text("==")]),
        3.5,
    ),
    rule(
        "azure-shared-access-key",
        "Azure shared access key",
        HIGH,
        &["SharedAccessKey="],
        Token(&[Run(Base64, 43, 43), Text("=")]),
        3.5,
    ),
    rule("azure-client-secret", "Azure client secret", CRITICAL, &["Q~"], Shape::AzureSecret, 3.5),
    rule("openai-api-key", "OpenAI API key", HIGH, &["T3BlbkFJ"], Around("sk-", Letters::Word, 40, 250), 3.5),
    rule(
        "terraform-cloud-token",
        "Terraform Cloud token",
        HIGH,
        &[".atlasv1."],
        Around("", Letters::Dotted, 80, 100),
        3.5,
    ),
    rule("telegram-bot-token", "Telegram bot token", HIGH, &[":AA"], Shape::Telegram, 3.5),
    rule(
        "twilio-auth-token",
        "Twilio authentication token",
        HIGH,
        &["TWILIO_AUTH_TOKEN", "twilio_auth_token", "TwilioAuthToken"],
        Assigned(&[Run(Hex, 32, 32)]),
        3.0,
    ),
    rule(
        "heroku-api-key-uuid",
        "Heroku API key",
        HIGH,
        &["HEROKU_API_KEY", "heroku_api_key"],
        Assigned(&[Run(Uuid, 36, 36)]),
        3.0,
    ),
    rule(
        "mailgun-api-key",
        "Mailgun API key",
        HIGH,
        &["MAILGUN_API_KEY", "mailgun_api_key"],
        Assigned(&[Text("key-"), Run(Hex, 32, 32)]),
        3.0,
    ),
    rule(
        "datadog-api-key",
        "Datadog API key",
        HIGH,
        &["DD_API_KEY", "DATADOG_API_KEY", "datadog_api_key"],
        Assigned(&[Run(Hex, 32, 32)]),
        3.0,
    ),
    rule(
        "cloudflare-api-token",
        "Cloudflare API token",
        HIGH,
        &["CLOUDFLARE_API_TOKEN", "CF_API_TOKEN"],
        Assigned(&[Run(Letters::Word, 40, 40)]),
        3.5,
    ),
    in_files(
        Kind::DockerConfig,
        rule(
            "docker-registry-auth",
            "credentials of a container registry",
            HIGH,
            &["\"auth\"", "\"identitytoken\""],
            Assigned(&[Run(Base64, 8, 4096)]),
            2.5,
        ),
    ),
    in_files(
        Kind::Npmrc,
        rule(
            "npm-registry-auth",
            "credentials of an npm registry",
            HIGH,
            &["_authToken", "_password", "_auth"],
            Shape::NpmAuth,
            2.5,
        ),
    ),
    in_files(
        Kind::Netrc,
        rule("netrc-password", "password in a .netrc", HIGH, &["password"], Shape::NetrcPassword, 1.5),
    ),
    rule("url-password", "password in a URL", HIGH, &["://"], Shape::Url, 1.5),
];

/// The rules that are no row of a table, because they read a file as a whole: names, titles and severities.
pub(super) const PG_PASS: Rule = rule("pgpass-password", "password in a .pgpass", HIGH, &[], Token(&[]), 1.5);
pub(super) const HTPASSWD: Rule =
    rule("htpasswd-hash", "hashed password in a .htpasswd", LOW, &[], Token(&[]), 2.0);
pub(super) const ENVIRONMENT: Rule = rule(
    "environment-secret",
    "password, token or key in an environment variable",
    MEDIUM,
    &[],
    Token(&[]),
    2.5,
);

/// All rules that have anchors, in the order in which they win where several fit.
pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    TOKENS.iter().chain(NAMED)
}

/// A rule for any kind of file.
pub(super) const fn rule(
    id: &'static str,
    title: &'static str,
    severity: model::Severity,
    anchors: &'static [&'static str],
    shape: Shape,
    entropy: f64,
) -> Rule {
    Rule { id, title, severity, anchors, shape, entropy, only: None }
}

const fn in_files(kind: Kind, rule: Rule) -> Rule {
    Rule { only: Some(kind), ..rule }
}

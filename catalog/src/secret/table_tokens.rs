//! The rules for tokens that begin with a text of their issuer's.

use model::Severity::{Critical, High, Low, Medium};

use super::rule::{Letters, Part, Rule, Shape};
use super::table::rule;

use Letters::{Alphanumeric, Digits, Hex, Padded, Upper, Word};
use Part::{Run, Text};
use Shape::Token;

/// One row an issuer and form.
pub(super) const TOKENS: &[Rule] = &[
    rule("aws-access-key-id", "AWS access key ID", High, &["AKIA", "ASIA", "ABIA", "ACCA"], Token(&[Run(Upper, 16, 16)]), 2.5),
    rule("gcp-api-key", "Google API key", High, &["AIza"], Token(&[Run(Word, 35, 35)]), 3.5),
    rule("gcp-oauth-client-secret", "Google OAuth client secret", High, &["GOCSPX-"], Token(&[Run(Word, 28, 28)]), 3.0),
    rule("github-token", "GitHub token", Critical, &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], Token(&[Run(Alphanumeric, 36, 251)]), 3.5),
    rule("github-fine-grained-token", "GitHub fine-grained token", Critical, &["github_pat_"], Token(&[Run(Alphanumeric, 22, 22), Text("_"), Run(Alphanumeric, 59, 59)]), 3.5),
    rule("gitlab-token", "GitLab token", Critical, &["glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glagent-", "glsoat-", "gloas-"], Token(&[Run(Letters::Dotted, 20, 300)]), 3.0),
    rule("slack-token", "Slack token", High, &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxe-", "xapp-"], Token(&[Run(Digits, 1, 14), Text("-"), Run(Word, 15, 260)]), 3.0),
    rule("slack-webhook", "Slack webhook", Medium, &["hooks.slack.com/services/T"], Token(&[Run(Upper, 8, 12), Text("/B"), Run(Upper, 8, 12), Text("/"), Run(Alphanumeric, 24, 24)]), 3.0),
    rule("discord-webhook", "Discord webhook", Medium, &["discord.com/api/webhooks/"], Token(&[Run(Digits, 17, 20), Text("/"), Run(Word, 60, 80)]), 3.5),
    rule("stripe-live-key", "Stripe live key", Critical, &["sk_live_", "rk_live_"], Token(&[Run(Alphanumeric, 16, 247)]), 3.0),
    rule("stripe-test-key", "Stripe test key", Low, &["sk_test_", "rk_test_"], Token(&[Run(Alphanumeric, 16, 247)]), 3.0),
    rule("sendgrid-api-key", "SendGrid API key", High, &["SG."], Token(&[Run(Word, 22, 22), Text("."), Run(Word, 43, 43)]), 3.5),
    rule("npm-token", "npm access token", Critical, &["npm_"], Token(&[Run(Alphanumeric, 36, 36)]), 3.5),
    rule("pypi-token", "PyPI upload token", Critical, &["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZw"], Token(&[Run(Word, 50, 1000)]), 3.5),
    rule("rubygems-token", "RubyGems token", Critical, &["rubygems_"], Token(&[Run(Hex, 48, 48)]), 3.0),
    rule("docker-hub-token", "Docker Hub token", High, &["dckr_pat_"], Token(&[Run(Word, 27, 27)]), 3.0),
    rule("json-web-token", "JSON web token", Medium, &["eyJ"], Token(&[Run(Padded, 12, 4096), Text(".eyJ"), Run(Padded, 12, 8192), Text("."), Run(Padded, 20, 2048)]), 3.5),
    rule("hugging-face-token", "Hugging Face token", High, &["hf_"], Token(&[Run(Alphanumeric, 34, 40)]), 3.5),
    rule("anthropic-api-key", "Anthropic API key", High, &["sk-ant-"], Token(&[Run(Alphanumeric, 3, 10), Text("-"), Run(Word, 80, 130)]), 3.5),
    rule("groq-api-key", "Groq API key", High, &["gsk_"], Token(&[Run(Alphanumeric, 52, 52)]), 3.5),
    rule("xai-api-key", "xAI API key", High, &["xai-"], Token(&[Run(Alphanumeric, 80, 80)]), 3.5),
    rule("replicate-token", "Replicate token", High, &["r8_"], Token(&[Run(Alphanumeric, 37, 37)]), 3.5),
    rule("digitalocean-token", "DigitalOcean token", Critical, &["dop_v1_", "doo_v1_", "dor_v1_"], Token(&[Run(Hex, 64, 64)]), 3.0),
    rule("heroku-api-key", "Heroku API key", High, &["HRKU-AA"], Token(&[Run(Word, 58, 58)]), 3.5),
    rule("shopify-token", "Shopify token", High, &["shpat_", "shpss_", "shpca_", "shppa_"], Token(&[Run(Hex, 32, 32)]), 3.0),
    rule("databricks-token", "Databricks token", High, &["dapi"], Token(&[Run(Hex, 32, 32)]), 3.0),
    rule("vault-token", "HashiCorp Vault token", High, &["hvs.", "hvb.", "hvr."], Token(&[Run(Word, 24, 300)]), 3.5),
    rule("age-secret-key", "age secret key", Critical, &["AGE-SECRET-KEY-1"], Token(&[Run(Upper, 58, 58)]), 3.5),
    rule("grafana-token", "Grafana service account token", High, &["glsa_"], Token(&[Run(Alphanumeric, 32, 32), Text("_"), Run(Hex, 8, 8)]), 3.5),
    rule("new-relic-key", "New Relic user key", High, &["NRAK-"], Token(&[Run(Upper, 27, 27)]), 3.0),
    rule("linear-api-key", "Linear API key", High, &["lin_api_"], Token(&[Run(Alphanumeric, 40, 40)]), 3.5),
    rule("postman-api-key", "Postman API key", High, &["PMAK-"], Token(&[Run(Hex, 24, 24), Text("-"), Run(Hex, 34, 34)]), 3.0),
    rule("doppler-token", "Doppler token", High, &["dp.pt.", "dp.st."], Token(&[Run(Letters::Dotted, 40, 60)]), 3.5),
    rule("pulumi-token", "Pulumi token", High, &["pul-"], Token(&[Run(Hex, 40, 40)]), 3.0),
    rule("planetscale-token", "PlanetScale token", High, &["pscale_tkn_", "pscale_pw_", "pscale_oauth_"], Token(&[Run(Letters::Dotted, 32, 64)]), 3.5),
    rule("tailscale-key", "Tailscale key", High, &["tskey-auth-", "tskey-api-", "tskey-client-"], Token(&[Run(Alphanumeric, 11, 20), Text("-"), Run(Alphanumeric, 20, 40)]), 3.0),
    rule("supabase-token", "Supabase token", High, &["sbp_"], Token(&[Run(Hex, 40, 40)]), 3.0),
    rule("sonarqube-token", "SonarQube token", High, &["squ_", "sqp_", "sqa_"], Token(&[Run(Hex, 40, 40)]), 3.0),
    rule("square-token", "Square token", High, &["sq0csp-", "sq0atp-"], Token(&[Run(Word, 22, 43)]), 3.0),
    rule("atlassian-token", "Atlassian API token", High, &["ATATT3xFfGF0"], Token(&[Run(Padded, 100, 250)]), 3.5),
    rule("sentry-token", "Sentry token", High, &["sntrys_eyJ", "sntryu_"], Token(&[Run(Letters::Padded, 40, 400)]), 3.5),
    rule("circleci-token", "CircleCI token", High, &["CCIPAT_"], Token(&[Run(Alphanumeric, 20, 24), Text("_"), Run(Hex, 40, 40)]), 3.0),
    rule("mapbox-secret-token", "Mapbox secret token", High, &["sk.eyJ"], Token(&[Run(Word, 40, 200), Text("."), Run(Word, 20, 30)]), 3.5),
    rule("alibaba-access-key-id", "Alibaba Cloud access key ID", High, &["LTAI"], Token(&[Run(Alphanumeric, 20, 20)]), 3.0),
];

//! The page of the documentation that lists the rules, written from the table itself.

use std::fmt::Write as _;

use super::rule::Rule;
use super::table::{ENVIRONMENT, HTPASSWD, PG_PASS, rules};

const HEAD: &str = "\
# Secrets

<!-- Written by `cargo xtask generate` from the rules themselves. -->

`plimsoll scan` looks for credentials that somebody left in an image, unless `--no-secrets` is given. A report has of each the
place, the line, the rule and a mask: of a token of sixteen letters at least the first four and the last two letters, of a
shorter one the first two, of a password the first, of less than eight letters nothing. The credential itself is never kept, written
or sent.

## Where

- Files of up to 1 MiB that are settings, sources or keys by their name: `.env`, `*.conf`, `*.yaml`, `*.json`, `*.py`, `*.js`, `*.sh`, `*.pem`,
  `id_rsa`, `.npmrc`, `.netrc`, `.pgpass`, `.docker/config.json`, histories of shells and so on.
- Not in the places of packages, of the system and of runtimes (`usr/lib`, `usr/share`, `node_modules`, `site-packages`, `vendor` …), nor in
  tests, examples and documentation: what lies there is the same for everybody, or made up. What an OS package owns is not reported.
  Files that another reader takes (`package.json`, lock files) are not looked into.
- In every layer: a file that an upper layer takes away is still in the image, and reported with the layer that holds it.
- In the config of the image: `config:env/NAME`, `config:label/KEY`, `config:history/N`, `config:entrypoint/N`, `config:command/N`, `config:author`,
  `config:user`, `config:working-dir`, `config:volume/N`, and `config:label` for a key.

What the report tells of the config, of packages (a version may be an address with a login) and of what could not be read has its credentials
masked, also with `--no-secrets`. Names of files and folders are shown as they are.

## What is left out

Words of documentation (`example`, `changeme`, `xxxx` …), references (`${NAME}`, `<password>`, paths) and letters of too little entropy.
The severity is 2 for a private key that needs a passphrase, and for Debian's `ssl-cert-snakeoil.key`, which is a real key, but one that nobody
trusts.

## Rules

Severity is on the scale of 1 to 5. A rule with a kind of file is for that kind alone.

| rule | what | severity | only in |
| --- | --- | --- | --- |
";

/// The page as Markdown.
pub fn reference_page() -> String {
    let whole: [(&Rule, &str); 3] = [
        (&PG_PASS, "`.pgpass`"),
        (&HTPASSWD, "`.htpasswd`"),
        (&ENVIRONMENT, "`.env` and the like, config of the image"),
    ];
    let mut rows: Vec<(&Rule, String)> = whole.map(|(rule, place)| (rule, place.to_owned())).to_vec();
    for rule in rules() {
        rows.push((rule, rule.only.map(|kind| format!("{kind:?}")).unwrap_or_default()));
    }
    rows.sort_by_key(|(rule, _)| rule.id);
    let mut page = HEAD.to_owned();
    for (rule, place) in rows {
        let _ = writeln!(page, "| `{}` | {} | {} | {place} |", rule.id, rule.title, rule.severity.get());
    }
    page
}

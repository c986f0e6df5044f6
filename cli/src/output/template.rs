//! Output by a template of the user's, over the same object as `--format json`.
//!
//! The language is Jinja's, by minijinja. A name that ends in `.html`, `.htm` or `.xml` (perhaps with `.j2` behind it) makes
//! its text escaped for those, `.json` for JSON. The decision a reader may doubt: control characters are written as escapes
//! before a template sees them, because XML cannot hold them and a terminal would obey them.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, ErrorKind};
use model::Timestamp;
use serde::Serialize;

use super::printable;

/// The built-in ones: the name after `@`, the name that tells how text is escaped, the text.
const BUILT_IN: [(&str, &str, &str); 2] = [
    ("html", "report.html", include_str!("templates/report.html.j2")),
    ("junit", "report.xml", include_str!("templates/report.xml.j2")),
];

/// A template that has been read and understood.
pub(super) struct Template {
    environment: Environment<'static>,
    /// The name that tells how text is escaped.
    name: String,
    asked: String,
}

impl Template {
    /// Reads a file, or a built-in template by `@` and its name. An error names the line.
    pub(super) fn read(asked: &str) -> anyhow::Result<Self> {
        let (name, text) = match asked.strip_prefix('@') {
            Some(wanted) => {
                let Some((_, name, text)) = BUILT_IN.iter().find(|(known, ..)| *known == wanted) else {
                    let known: Vec<String> = BUILT_IN.iter().map(|(name, ..)| format!("@{name}")).collect();
                    bail!("there is no template `@{wanted}`; there are {} and files", known.join(", "));
                };
                ((*name).to_owned(), (*text).to_owned())
            }
            None => {
                let failed = || format!("cannot read the template {asked}");
                (asked.to_owned(), std::fs::read_to_string(Path::new(asked)).with_context(failed)?)
            }
        };
        let mut environment = Environment::new();
        let mut syntax = SyntaxConfig::builder();
        syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
        environment.set_syntax(syntax.build().context("the marks of templates contradict each other")?);
        environment.add_filter("time", time);
        environment.add_template_owned(name.clone(), text).map_err(|error| told(&name, &error))?;
        Ok(Self { environment, name, asked: asked.to_owned() })
    }

    /// The file, or `@` and the name, that it was asked for by.
    pub(super) fn asked(&self) -> &str {
        &self.asked
    }

    /// Writes `object` by the template.
    pub(super) fn write(&self, out: &mut dyn Write, object: &impl Serialize) -> anyhow::Result<()> {
        let mut object = serde_json::to_value(object).context("cannot encode the report")?;
        make_printable(&mut object);
        let template = self.environment.get_template(&self.name).map_err(|error| told(&self.name, &error))?;
        let mut out = Kept { out, error: None };
        match template.render_captured_to(Serde(&object), &mut out) {
            Ok(_) => Ok(()),
            Err(error) => match out.error {
                Some(error) => Err(error.into()),
                None => Err(told(&self.name, &error)),
            },
        }
    }
}

/// Milliseconds since 1970 as text.
fn time(millis: i64) -> Result<String, Error> {
    match Timestamp(millis).to_rfc3339() {
        text if text.contains('T') => Ok(text),
        _ => Err(Error::new(ErrorKind::InvalidOperation, "no point in time")),
    }
}

/// The error with its line, in one line.
fn told(name: &str, error: &Error) -> anyhow::Error {
    let line = error.line().map(|line| format!(" line {line}")).unwrap_or_default();
    let kind = error.kind().to_string();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    anyhow::anyhow!("template {name}{line}: {kind}{detail}")
}

/// Writes control characters in every text as escapes, but for line ends and tabs.
fn make_printable(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::String(text) => {
            let lines: Vec<String> = text
                .split('\n')
                .map(|line| line.split('\t').map(printable).collect::<Vec<_>>().join("\t"))
                .collect();
            *text = lines.join("\n");
        }
        Value::Array(values) => values.iter_mut().for_each(make_printable),
        Value::Object(fields) => fields.values_mut().for_each(make_printable),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Keeps the error of the output, which the template engine would wrap in words of its own.
struct Kept<'a> {
    out: &'a mut dyn Write,
    error: Option<io::Error>,
}

impl Write for Kept<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(|error| {
            let again = io::Error::from(error.kind());
            self.error = Some(error);
            again
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(name: &str, text: &str) -> anyhow::Result<Template> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        Template::read(file.to_str().unwrap())
    }

    fn rendered(name: &str, text: &str) -> anyhow::Result<String> {
        let mut out = Vec::new();
        read(name, text)?.write(&mut out, &json!({ "name": "<b>\u{1b}[1m'\"&\n", "at": 0, "list": [1] }))?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn text_is_escaped_as_the_name_of_the_template_asks() {
        assert_eq!(rendered("x.html", "{{ name }}").unwrap(), "&lt;b&gt;\\u{1b}[1m&#x27;&quot;&amp;\n");
        assert_eq!(rendered("x.xml.j2", "{{ name }}").unwrap(), "&lt;b&gt;\\u{1b}[1m&#x27;&quot;&amp;\n");
        assert_eq!(rendered("x.txt", "{{ name }}").unwrap(), "<b>\\u{1b}[1m'\"&\n");
        assert_eq!(rendered("x.json", "{{ list }}").unwrap(), "[1]");
        assert_eq!(rendered("x.txt", "{{ at|time }}{{ absent }}").unwrap(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn what_is_wrong_with_a_template_is_told_with_its_line() {
        for (text, line, word) in [
            ("a\n{% for x in list %}\n", "line ", "syntax error"),
            ("a\n\n{{ name|shout }}\n", "line 3", "shout"),
            ("{{ a.b.c }}", "line 1", "undefined"),
            ("\n{{ name|time }}", "line 2", ""),
        ] {
            let said = format!("{:#}", rendered("x.txt", text).unwrap_err());
            assert!(said.contains(line) && said.contains(word) && !said.contains('\n'), "{said}");
        }
        assert!(format!("{:#}", Template::read("no/such").err().unwrap()).contains("no/such"));
    }

    #[test]
    fn the_built_in_ones_can_be_understood() {
        for (name, ..) in BUILT_IN {
            Template::read(&format!("@{name}")).unwrap();
        }
    }
}

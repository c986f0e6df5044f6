//! Gem specifications (guides.rubygems.org, "Specification reference"): Ruby source, of which three assignments are read.
//!
//! RubyGems writes `# stub: name version platform paths` into the first lines, and literal assignments below. Default
//! gems of older Rubies are copies of a developer's file, whose version may be an expression; then the file name tells it:
//! RubyGems names the file after both.

use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::license;
use crate::path;
use crate::registry::Input;
use crate::text::{Lines, Problem, owned};

/// How far into the file the assignments are looked for.
const MAX_SPECIFICATION: u64 = 1 << 20;
/// Licences of one gem.
const MAX_LICENSES: usize = 50;
/// Longest name or version.
const MAX_WORD: usize = 256;

/// Keeps the gem.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let file = path::name(input.path).strip_suffix(b".gemspec").unwrap_or_default();
    let (mut name, mut version) = (None, None);
    let mut licenses: Option<Vec<String>> = None;
    let mut lines = Lines::new(input.content, MAX_SPECIFICATION);
    while let Some(line) = lines.next_line()? {
        let line = line.trim_ascii();
        if let Some(stub) = line.strip_prefix(b"# stub:") {
            let mut words = stub.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            (name, version) = (words.next().and_then(word), words.next().and_then(word));
        } else {
            name = name.or_else(|| assigned(line, b".name"));
            version = version.or_else(|| assigned(line, b".version"));
            licenses = licenses.or_else(|| licenses_in(line));
        }
        if name.is_some() && version.is_some() && licenses.is_some() {
            break;
        }
    }
    let by_file = from_file_name(file, name.as_deref());
    let by_file = by_file.map(|(name, version)| (name.to_owned(), version.to_owned()));
    let (own_name, own_version) = by_file.unzip();
    match (name.or(own_name), version.filter(|text| is_version(text)).or(own_version)) {
        (Some(name), Some(version)) => {
            let license = license::any_of(licenses.iter().flatten().map(String::as_str));
            facts.packages.push(Found { license, ..Found::language(Ecosystem::Gem, name, version) });
            Ok(())
        }
        (None, _) => Err(Problem::Malformed("gem specification has no name".to_owned())),
        (_, None) => Err(Problem::Malformed("gem specification has no version".to_owned())),
    }
}

/// The literal in `s.name = "rake".freeze` or `s.version = Gem::Version.new("1.0")`.
fn assigned(line: &[u8], attribute: &[u8]) -> Option<String> {
    let variable = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let rest =
        line.get(variable..)?.strip_prefix(attribute)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii();
    let rest = rest.strip_prefix(b"Gem::Version.new").map_or(rest, |rest| rest.trim_ascii_start());
    let rest = rest.strip_prefix(b"(").unwrap_or(rest);
    let (quote, rest) = rest.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
    word(rest.split(|byte| byte == quote).next()?)
}

/// The literals in `s.licenses = ["Ruby".freeze, "BSD-2-Clause".freeze]` or `s.license = "MIT"`. Of several the user may
/// choose, as Ruby's own gems mean it.
fn licenses_in(line: &[u8]) -> Option<Vec<String>> {
    let variable = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let rest = line.get(variable..)?.strip_prefix(b".license")?;
    let rest = rest.strip_prefix(b"s").unwrap_or(rest).trim_ascii_start().strip_prefix(b"=")?;
    // every second part lies between quotes
    let parts = rest.split(|byte| matches!(byte, b'"' | b'\'')).skip(1).step_by(2);
    Some(parts.take(MAX_LICENSES).map(owned).collect())
}

/// A name or version without anything that Ruby would replace.
fn word(text: &[u8]) -> Option<String> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-+~".contains(byte);
    (!text.is_empty() && text.len() <= MAX_WORD && text.iter().all(allowed)).then(|| owned(text))
}

fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
}

/// `nokogiri-1.15.0-x86_64-linux`: the version is the first part that begins with a digit, where the name is not known.
fn from_file_name<'a>(file: &'a [u8], name: Option<&str>) -> Option<(&'a str, &'a str)> {
    let file = std::str::from_utf8(file).ok().filter(|file| word(file.as_bytes()).is_some())?;
    let split = match name.and_then(|name| file.strip_prefix(name)).filter(|rest| rest.starts_with('-')) {
        Some(rest) => file.len() - rest.len(),
        None => file.match_indices('-').map(|(at, _)| at).find(|at| is_version(&file[at + 1..]))?,
    };
    let version = file[split + 1..].split('-').next()?;
    is_version(version).then_some((&file[..split], version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(file: &str, text: &str) -> Result<String, String> {
        let path = format!("var/lib/gems/3.1.0/specifications/{file}");
        let index = crate::registry::wanted(path.as_bytes()).unwrap();
        let mut content = text.as_bytes();
        let input = Input { path: path.as_bytes(), size: 0, content: &mut content };
        let facts = crate::registry::read(index, input);
        match facts.packages.first() {
            Some(found) => {
                let license = found.license.iter().map(|license| format!(" {license}")).collect::<String>();
                Ok(format!("{} {}{license}", found.name, found.version))
            }
            None => Err(facts.notes.join("; ")),
        }
    }

    #[test]
    fn the_stub_line_and_literal_assignments_name_the_gem() {
        let stub = "# -*- encoding: utf-8 -*-\n# stub: nokogiri 1.15.0 x86_64-linux lib\n\nGem::Specification.new do |s|\n";
        assert_eq!(parse("nokogiri-1.15.0-x86_64-linux.gemspec", stub).unwrap(), "nokogiri 1.15.0");
        let literal = "Gem::Specification.new do |s|\n  s.name = \"rack-test\".freeze\n  s.version = Gem::Version.new(\"2.1.0.rc1\")\n  s.licenses = [\"Ruby\".freeze, 'BSD-2-Clause']\n";
        assert_eq!(parse("x.gemspec", literal).unwrap(), "rack-test 2.1.0.rc1 Ruby OR BSD-2-Clause");
        let spaced = "Gem::Specification.new do |spec|\r\n  spec.name          = 'bigdecimal'\r\n  spec.version       = '3.1.1'\r\n";
        assert_eq!(parse("default/bigdecimal-3.1.1.gemspec", spaced).unwrap(), "bigdecimal 3.1.1");
    }

    #[test]
    fn an_expression_as_version_gives_way_to_the_file_name() {
        let text =
            "Gem::Specification.new do |s|\n s.name = \"net-http2\"\n s.version = Net::HTTP::VERSION\n";
        assert_eq!(parse("default/net-http2-0.3.0.gemspec", text).unwrap(), "net-http2 0.3.0");
        assert_eq!(parse("default/io-console-0.6.0.gemspec", "# empty\n").unwrap(), "io-console 0.6.0");
        let template = "s.name = \"a\"\ns.version = \"#{VERSION}\"\n";
        assert_eq!(parse("a-2.gemspec", template).unwrap(), "a 2");
    }

    #[test]
    fn a_specification_without_any_version_is_noted() {
        assert_eq!(parse("a.gemspec", "s.name = \"a\"\n"), Err("gem specification has no version".into()));
        assert_eq!(parse("a.gemspec", ""), Err("gem specification has no name".into()));
    }

    #[test]
    fn sources_of_gems_are_not_asked_for() {
        let wanted = |path: &str| crate::registry::wanted(path.as_bytes()).is_some();
        assert!(wanted("usr/share/rubygems-integration/all/specifications/rake-13.0.6.gemspec"));
        assert!(wanted("usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec"));
        assert!(!wanted("usr/lib/ruby/gems/3.1.0/gems/rake-13.0.6/rake.gemspec"));
        assert!(!wanted("app/default/x.gemspec"));
    }
}

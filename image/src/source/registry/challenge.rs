//! `WWW-Authenticate` (RFC 9110 §11.6.1): which logins a server offers to take.
//!
//! Read tolerantly, since what registries send is often not quite the grammar, and within small bounds.

/// Longer headers are not read.
const MAX_HEADER: usize = 8 << 10;
/// Challenges, and parameters of one, that are read.
const MAX_ITEMS: usize = 32;

/// One offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Challenge {
    /// `basic`, `bearer`, …; in small letters.
    pub(crate) scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// The value of a parameter, whose name is in small letters; of two equal ones the first.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

/// Reads the challenges of one header; what cannot be read ends the list.
pub(crate) fn parse(header: &str) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    if header.len() > MAX_HEADER {
        return challenges;
    }
    let mut rest = Rest(header);
    loop {
        rest.pass(|c| c == ',' || c.is_ascii_whitespace());
        let word = rest.take_token();
        if word.is_empty() {
            return challenges;
        }
        rest.pass(|c| c.is_ascii_whitespace());
        let Some(behind) = rest.0.strip_prefix('=') else {
            if challenges.len() == MAX_ITEMS {
                return challenges;
            }
            challenges.push(Challenge { scheme: word.to_ascii_lowercase(), parameters: Vec::new() });
            continue;
        };
        rest.0 = behind;
        rest.pass(|c| c.is_ascii_whitespace());
        // the filling of a `token68`, which none of the schemes of registries has
        if rest.0.is_empty() || rest.0.starts_with(['=', ',']) {
            rest.pass(|c| c == '=');
            continue;
        }
        let Some(value) = rest.take_value() else { return challenges };
        let Some(challenge) = challenges.last_mut() else { return challenges };
        if challenge.parameters.len() < MAX_ITEMS {
            challenge.parameters.push((word.to_ascii_lowercase(), value));
        }
    }
}

/// What is left to read.
struct Rest<'h>(&'h str);

impl<'h> Rest<'h> {
    fn pass(&mut self, passed: impl Fn(char) -> bool) {
        self.0 = self.0.trim_start_matches(passed);
    }

    fn take_token(&mut self) -> &'h str {
        let end = self.0.find(|c: char| !is_token(c)).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        token
    }

    /// A quoted text, or all up to a comma or space; `None` if the quotes do not end.
    fn take_value(&mut self) -> Option<String> {
        let Some(quoted) = self.0.strip_prefix('"') else {
            let end = self.0.find(|c: char| c == ',' || c.is_ascii_whitespace()).unwrap_or(self.0.len());
            let (value, rest) = self.0.split_at(end);
            self.0 = rest;
            return Some(value.to_owned());
        };
        let mut value = String::new();
        let mut characters = quoted.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.0 = &quoted[at + 1..];
                    return Some(value);
                }
                '\\' => value.push(characters.next()?.1),
                other => value.push(other),
            }
        }
        None
    }
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~/".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(header: &str) -> String {
        let show = |challenge: &Challenge| {
            let parameters = challenge.parameters.iter().map(|(name, value)| format!(" {name}={value}"));
            challenge.scheme.clone() + &parameters.collect::<String>()
        };
        parse(header).iter().map(show).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn challenges_are_read_as_registries_write_them() {
        let cases = [
            (
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/debian:pull""#,
                "bearer realm=https://auth.docker.io/token service=registry.docker.io scope=repository:library/debian:pull",
            ),
            (r#"Basic realm="Registry Realm""#, "basic realm=Registry Realm"),
            (
                r#"BASIC Realm=x, Bearer realm="a\"b,c" , Error=invalid_token"#,
                r#"basic realm=x | bearer realm=a"b,c error=invalid_token"#,
            ),
            ("Negotiate YWJj==, Basic realm=\"a\"", "negotiate | basic realm=a"),
            ("Negotiate", "negotiate"),
            (r#", ,Basic   realm = "a" ,, charset="UTF-8""#, "basic realm=a charset=UTF-8"),
            (r#"Bearer realm="never ends"#, "bearer"),
            ("", ""),
            ("=a", ""),
            ("\u{1f600}", ""),
        ];
        for (header, expected) in cases {
            assert_eq!(shown(header), expected, "{header}");
        }
    }

    #[test]
    fn a_header_without_end_costs_nothing() {
        assert!(parse(&"Basic ".repeat(100_000)).is_empty());
        assert!(parse(&"a, ".repeat(2000)).len() <= MAX_ITEMS);
        assert!(parse(&format!("a {}", "b=c,".repeat(1500)))[0].parameters.len() <= MAX_ITEMS);
    }
}

//! Patterns for paths: `*` and `?` within a name, `**` across folders.

/// Whether the whole of `path` is as `pattern` says. Costs at most the product of their lengths, whatever they hold.
pub(super) fn matches(pattern: &str, path: &str) -> bool {
    let tokens = tokens(pattern);
    // Which tokens may come next; the one behind the last means that the pattern is through.
    let mut states = vec![false; tokens.len() + 1];
    states[0] = true;
    skip_stars(&tokens, &mut states);
    for character in path.chars() {
        let mut next = vec![false; states.len()];
        for (at, token) in tokens.iter().enumerate().filter(|(at, _)| states[*at]) {
            match token {
                Token::Exactly(wanted) => next[at + 1] |= *wanted == character,
                Token::One => next[at + 1] |= character != '/',
                Token::Name => next[at] |= character != '/',
                Token::Rest => next[at] = true,
                Token::NoFolder => {}
                Token::Folders => {
                    next[at] = true;
                    next[at + 1] |= character == '/';
                }
            }
        }
        skip_stars(&tokens, &mut next);
        states = next;
    }
    states[tokens.len()]
}

enum Token {
    Exactly(char),
    One,
    /// Any characters but `/`, or none.
    Name,
    /// Any characters, or none.
    Rest,
    /// The way past the token behind it.
    NoFolder,
    /// Any characters up to a `/`, that one included.
    Folders,
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        let token = match character {
            '*' if rest.next_if_eq(&'*').is_some() => {
                let begins = tokens.is_empty() || matches!(tokens.last(), Some(Token::Exactly('/')));
                // `**/x` is also `x`: the slash belongs to the folders, and there may be none.
                if begins && rest.next_if_eq(&'/').is_some() {
                    tokens.push(Token::NoFolder);
                    Token::Folders
                } else {
                    Token::Rest
                }
            }
            '*' => Token::Name,
            '?' => Token::One,
            other => Token::Exactly(other),
        };
        tokens.push(token);
    }
    tokens
}

fn skip_stars(tokens: &[Token], states: &mut [bool]) {
    for (at, token) in tokens.iter().enumerate() {
        if states[at] && matches!(token, Token::Name | Token::Rest | Token::NoFolder) {
            states[at + 1] = true;
            if matches!(token, Token::NoFolder) {
                states[at + 2] = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_within_a_name_and_double_ones_go_anywhere() {
        let cases = [
            ("srv/app/*.jar", "srv/app/x.jar", true),
            ("srv/app/*.jar", "srv/app/lib/x.jar", false),
            ("srv/**", "srv/app/lib/x.jar", true),
            ("srv/**", "srv", false),
            ("**/x.jar", "x.jar", true),
            ("**/x.jar", "a/b/x.jar", true),
            ("srv/**/x.jar", "srv/x.jar", true),
            ("srv/**/x.jar", "srv/a/b/x.jar", true),
            ("srv/**/x.jar", "srv/ax.jar", false),
            ("srv/**/x.jar", "srv/a/yx.jar", false),
            ("**/**/x", "a/x", true),
            ("srv/?.jar", "srv/x.jar", true),
            ("srv/?.jar", "srv/xy.jar", false),
            ("x.jar!/*", "x.jar!/y.jar", true),
            ("usr", "usr/lib", false),
            ("*", "", true),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(matches(pattern, path), expected, "{pattern} on {path}");
        }
    }

    #[test]
    fn many_stars_on_a_long_path_cost_little() {
        let (pattern, path) = ("*a".repeat(50) + "b", "a".repeat(20_000));
        assert!(!matches(&pattern, &path));
    }
}

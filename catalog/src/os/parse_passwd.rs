//! `etc/passwd`, passwd(5): the name is the part of a line before the first colon.

use super::MAX_PASSWD;
use crate::facts::Facts;
use crate::registry::Input;
use crate::text::{Lines, Problem, field, owned};

/// Account names kept.
const MAX_USERS: usize = 50_000;

/// Keeps the account names in file order. Lines of the old NIS form (`+`, `-`) and comments name nobody.
pub(crate) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut lines = Lines::new(input.content, MAX_PASSWD);
    while let Some(line) = lines.next_line()? {
        let Some((name, _)) = field(line) else { continue };
        if matches!(name[0], b'#' | b'+' | b'-') {
            continue;
        }
        if facts.users.len() == MAX_USERS {
            return Err(Problem::Malformed(format!("more than {MAX_USERS} accounts")));
        }
        facts.users.push(owned(name.trim_ascii()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_names_keep_the_order_of_the_file() {
        let text = b"root:x:0:0:root:/root:/bin/bash\n# none\n+::::::\n\napp:x:1000:1000::/:/bin/sh\n";
        let mut facts = Facts::default();
        let mut content = &text[..];
        read(&mut Input { path: b"etc/passwd", size: 0, content: &mut content }, &mut facts).unwrap();
        assert_eq!(facts.users, ["root", "app"]);
    }
}

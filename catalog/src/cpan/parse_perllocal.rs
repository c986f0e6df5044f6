//! `perllocal.pod` (perldoc `perllocal`; written by ExtUtils::MakeMaker): a chronicle with one section an installation.
//!
//! The last entry of a module counts, as the later installation has replaced the earlier one. Nothing is ever taken back,
//! so a distribution that was removed stays listed: MakeMaker knows no removal.

use std::collections::BTreeMap;

use memchr::memmem;
use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::registry::Input;
use crate::text::{Lines, Problem, owned};
use crate::word::{is_name, is_version};

/// How much of the chronicle is read.
const MAX_CHRONICLE: u64 = 64 << 20;
/// Modules that are kept.
const MAX_MODULES: usize = 20_000;

/// Keeps the modules with their last versions.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let mut modules: BTreeMap<String, String> = BTreeMap::new();
    let mut module = None;
    let mut lines = Lines::new(input.content, MAX_CHRONICLE);
    while let Some(line) = lines.next_line()? {
        if line.starts_with(b"=head2 ") {
            module = heading(line);
        } else if let Some(version) = between(line, b"C<VERSION: ", b">")
            && let Some(module) = module.take()
        {
            if modules.len() == MAX_MODULES {
                facts.note(format!("modules beyond the first {MAX_MODULES} are left out"));
                break;
            }
            modules.insert(module, version);
        }
    }
    for (module, version) in modules {
        if is_name(&module) && is_version(&version) {
            let mut found = Found::language(Ecosystem::Cpan, module.replace("::", "-"), version);
            found.inside = module;
            facts.packages.push(found);
        }
    }
    Ok(())
}

/// The module of `=head2 Sun Nov 22 19:14:50 2026: C<Module> L<Foo::Bar|Foo::Bar>`.
fn heading(line: &[u8]) -> Option<String> {
    let rest = &line[memmem::find(line, b"C<Module>")?..];
    between(rest, b"L<", b"|")
}

fn between(line: &[u8], start: &[u8], end: &[u8]) -> Option<String> {
    let from = memmem::find(line, start)? + start.len();
    let length = memmem::find(&line[from..], end)?;
    Some(owned(line[from..from + length].trim_ascii()))
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines};

    fn section(module: &str, version: &str) -> String {
        format!(
            "=head2 Sun Nov 22 19:14:50 2026: C<Module> L<{module}|{module}>\n\n=over 4\n\n=item *\n\n\
             C<installed into: /usr/local/share/perl/5.36.0>\n\n=item *\n\nC<LINKTYPE: dynamic>\n\n=item *\n\n\
             C<VERSION: {version}>\n\n=item *\n\nC<EXE_FILES: >\n\n=back\n\n"
        )
    }

    #[test]
    fn the_last_entry_of_a_module_counts() {
        let text = section("Foo::Bar", "1.22") + &section("DBI", "1.643") + &section("Foo::Bar", "1.23");
        let facts = facts_of("usr/local/lib/x86_64-linux-gnu/perl/5.36.0/perllocal.pod", text);
        assert_eq!(lines(&facts), ["cpan DBI 1.643", "cpan Foo-Bar 1.23"]);
    }

    #[test]
    fn entries_without_a_version_and_other_text_are_passed_over() {
        let text = section("Foo", "") + "C<VERSION: 9>\n=head2 a line\nC<VERSION: 1>\n";
        assert!(facts_of("lib/perllocal.pod", text).is_empty());
    }
}

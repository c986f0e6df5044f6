//! Whether colours are used.

use std::io::IsTerminal;

/// The flag for colours.
#[derive(clap::Args, Clone, Copy)]
pub(crate) struct ColourArgs {
    /// Colours: auto means on a terminal only, and obeys NO_COLOR and CLICOLOR_FORCE
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColourChoice,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ColourChoice {
    Auto,
    Always,
    Never,
}

impl ColourArgs {
    /// Whether what is written to `stream` is coloured.
    pub(crate) fn wanted(self, stream: &impl IsTerminal) -> bool {
        choose(self.color, stream.is_terminal(), |name| std::env::var(name).ok())
    }

    /// Whether a file is coloured: only if somebody insists.
    pub(crate) fn in_files(self) -> bool {
        self.color == ColourChoice::Always
    }
}

/// The flag, else `NO_COLOR` (no-color.org: any value but an empty one), else `CLICOLOR_FORCE` (bixense.com/clicolors: any
/// value but 0), else the terminal, unless it can do nothing.
fn choose(choice: ColourChoice, terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name| variable(name).filter(|value| !value.is_empty());
    match choice {
        ColourChoice::Always => true,
        ColourChoice::Never => false,
        ColourChoice::Auto if set("NO_COLOR").is_some() => false,
        ColourChoice::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        ColourChoice::Auto => terminal && set("TERM").is_none_or(|term| term != "dumb"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_wins_over_the_variables_and_they_over_the_terminal() {
        use ColourChoice::{Always, Auto, Never};
        type Case = (ColourChoice, bool, &'static [(&'static str, &'static str)], bool);
        let cases: [Case; 10] = [
            (Auto, true, &[], true),
            (Auto, false, &[], false),
            (Auto, true, &[("NO_COLOR", "1")], false),
            (Auto, true, &[("NO_COLOR", "")], true),
            (Auto, false, &[("CLICOLOR_FORCE", "1")], true),
            (Auto, false, &[("CLICOLOR_FORCE", "0")], false),
            (Auto, false, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
            (Auto, true, &[("TERM", "dumb")], false),
            (Always, false, &[("NO_COLOR", "1")], true),
            (Never, true, &[("CLICOLOR_FORCE", "1")], false),
        ];
        for (choice, terminal, variables, expected) in cases {
            let variable = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(choose(choice, terminal, variable), expected, "{variables:?} {terminal}");
        }
    }
}

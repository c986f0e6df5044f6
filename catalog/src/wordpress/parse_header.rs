//! Headers of plug-ins and themes (developer.wordpress.org, "Header Requirements"), and the version of WordPress itself.
//!
//! As WordPress does, only the first 8 KiB of a file are looked at, and a file without a name in them is an ordinary one.

use std::io::Read;

use model::Ecosystem;

use crate::facts::{Facts, Found};
use crate::license;
use crate::registry::Input;
use crate::text::{Problem, owned};
use crate::word::{is_name, is_version};

/// Bytes that are looked at, see `get_file_data()`.
const HEADER: u64 = 8 << 10;

/// Keeps the plug-in whose main file it is.
pub(super) fn read_plugin(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let folder = super::plugin(input.path).map(owned);
    read(input, "Plugin Name", "wordpress-plugin", folder, facts)
}

/// Keeps the theme.
pub(super) fn read_theme(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let folder = super::theme(input.path).map(owned);
    read(input, "Theme Name", "wordpress-theme", folder, facts)
}

/// Keeps WordPress, by the assignment to `$wp_version`.
pub(super) fn read_core(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let text = head(input)?;
    let version =
        text.lines().find_map(|line| line.trim().strip_prefix("$wp_version")?.trim().strip_prefix('='));
    let version = version.map(|rest| rest.trim().trim_end_matches(';').trim_matches(['\'', '"']));
    if let Some(version) = version.filter(|version| is_version(version)) {
        facts.packages.push(Found::language(Ecosystem::Generic, "wordpress", version));
    }
    Ok(())
}

fn read(
    input: &mut Input<'_>,
    title: &str,
    kind: &str,
    folder: Option<String>,
    facts: &mut Facts,
) -> Result<(), Problem> {
    let text = head(input)?;
    let (Some(folder), Some(_), Some(version)) = (folder, header(&text, title), header(&text, "Version"))
    else {
        return Ok(());
    };
    if is_name(&folder) && is_version(version) {
        let mut found = Found::language(Ecosystem::Generic, format!("{kind}/{folder}"), version);
        found.license = header(&text, "License").and_then(license::expression);
        facts.packages.push(found);
    }
    Ok(())
}

fn head(input: &mut Input<'_>) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    input.content.take(HEADER).read_to_end(&mut bytes)?;
    Ok(owned(&bytes).replace('\r', "\n"))
}

/// The value of ` * Key: value`, as WordPress finds it: behind blanks and marks of a comment.
fn header<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let line = line.trim_start_matches([' ', '\t', '/', '*', '#', '@']);
        let start = line.get(..key.len()).filter(|start| start.eq_ignore_ascii_case(key))?;
        let value = line[start.len()..].trim_start().strip_prefix(':')?;
        let value = value.split("*/").next()?.split("?>").next()?.trim();
        (!value.is_empty()).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use crate::trial::{facts_of, lines, who};

    #[test]
    fn the_main_file_of_a_plugin_names_it_and_its_other_files_do_not() {
        let main = "<?php\n/**\n * @package Akismet\n */\n/*\nPlugin Name: Akismet Anti-Spam\nVersion: 5.0.1\nLicense: GPLv2 or later\n*/\n";
        let path = "var/www/html/wp-content/plugins/akismet/akismet.php";
        let facts = facts_of(path, main);
        assert_eq!(
            (facts.packages[0].name.as_str(), facts.packages[0].version.as_str()),
            ("wordpress-plugin/akismet", "5.0.1")
        );
        assert!(
            facts_of("wp-content/plugins/akismet/class.akismet.php", "<?php\nclass Akismet {}\n").is_empty()
        );
        let single = "<?php\n/**\n * Plugin Name: Hello Dolly\n * Version: 1.7.2\n */";
        assert_eq!(
            lines(&facts_of("wp-content/plugins/hello.php", single)),
            ["generic wordpress-plugin/hello 1.7.2"]
        );
    }

    #[test]
    fn themes_and_wordpress_itself_are_found() {
        let theme = "/*\r\nTheme Name: Twenty Twenty-Three\r\nVersion: 1.0\r\n*/";
        let path = "usr/share/wordpress/wp-content/themes/twentytwentythree/style.css";
        assert_eq!(lines(&facts_of(path, theme)), ["generic wordpress-theme/twentytwentythree 1.0"]);
        let core = "<?php\n/**\n * @global string $wp_version\n */\n$wp_version = '6.1.9';\n$wp_db_version = 53496;\n";
        assert_eq!(
            lines(&facts_of("usr/share/wordpress/wp-includes/version.php", core)),
            ["generic wordpress 6.1.9"]
        );
    }

    #[test]
    fn templates_and_files_deeper_down_are_no_plugins() {
        assert_eq!(who("wp-content/plugins/akismet/views/start.php"), None);
        assert_eq!(who("wp-content/themes/a/assets/style.css"), None);
        let text = "<?php // Plugin Name: {{name}}\n// Version: {{version}}\n";
        assert!(facts_of("wp-content/plugins/a/a.php", text).is_empty());
    }
}

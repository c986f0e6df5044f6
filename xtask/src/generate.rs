//! `cargo xtask generate`: pages that come from the code, so that they cannot say anything else.
//!
//! The program itself prints each page by a hidden command; this only runs it and keeps the result in the repository, where it can be
//! read without building anything. To add a page, add a row to [`PAGES`].

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::{process, project};

/// A generated page and the arguments of `plimsoll` that print it.
struct Page {
    path: &'static str,
    arguments: &'static [&'static str],
}

const PAGES: &[Page] = &[
    Page { path: "docs/reference/settings.md", arguments: &["docs", "settings"] },
    Page { path: "docs/reference/secrets.md", arguments: &["docs", "secrets"] },
    Page { path: "docs/reference/feeds.md", arguments: &["docs", "feeds"] },
];

pub(crate) fn command(arguments: &[String]) -> Result<()> {
    match arguments {
        [] => {
            for page in PAGES {
                let path = project::root().join(page.path);
                fs::create_dir_all(path.parent().expect("a page lies in a folder"))?;
                fs::write(&path, render(page)?).with_context(|| format!("cannot write {}", page.path))?;
                eprintln!("generate: {}", page.path);
            }
            Ok(())
        }
        [option] if option == "--check" => check(),
        _ => bail!("generate takes no argument but --check"),
    }
}

/// Fails when a page in the repository is not what the program prints.
pub(crate) fn check() -> Result<()> {
    for page in PAGES {
        let kept = fs::read_to_string(project::root().join(page.path)).unwrap_or_default();
        if kept != render(page)? {
            bail!("{} is not up to date; run `cargo xtask generate`", page.path);
        }
    }
    Ok(())
}

fn render(page: &Page) -> Result<String> {
    // Built as a part of the whole workspace, as the tests are: cargo unifies features per build, and another choice of packages would
    // compile the dependencies a second time.
    let mut build = process::command("cargo");
    build.current_dir(project::root()).args(["build", "--quiet", "--workspace", "--bins"]);
    process::run(&mut build)?;

    let mut command = process::command(project::target().join("debug/plimsoll"));
    command.args(page.arguments);
    let text = process::capture(&mut command).with_context(|| format!("cannot print {}", page.path))?;
    if text.trim().is_empty() {
        bail!("the program printed nothing for {}", page.path);
    }
    Ok(text)
}

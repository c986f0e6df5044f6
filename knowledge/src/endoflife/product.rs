//! Product files: YAML front matter between two lines `---`
//! (<https://github.com/endoflife-date/endoflife.date/blob/master/CONTRIBUTING.md>).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Dates, Plain, When};
use crate::product::{Product, ProductKind};

#[derive(Deserialize)]
struct Front {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    permalink: Option<String>,
    #[serde(default)]
    alternate_urls: Vec<String>,
    #[serde(default)]
    identifiers: Vec<BTreeMap<String, Plain>>,
    #[serde(default)]
    releases: Vec<Release>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Release {
    release_cycle: Plain,
    #[serde(default)]
    release_date: When,
    #[serde(default)]
    eoas: When,
    #[serde(default)]
    eol: When,
    #[serde(default)]
    eoes: When,
}

/// Reads a product file; `stem` names the product if the file does not.
pub(super) fn read(stem: &str, text: &str) -> Result<Product, String> {
    let yaml = front_matter(text).ok_or("it has no front matter")?;
    let front: Front = serde_saphyr::from_str(yaml).map_err(|error| error.to_string())?;
    let name = front.permalink.as_deref().map_or(stem, |link| link.trim_matches('/')).to_owned();
    let aliases = front.alternate_urls.iter().map(|url| url.trim_matches('/').to_owned()).collect();
    let cycle = |release: Release| {
        let Release { release_cycle, release_date: released, eoas, eol, eoes } = release;
        Dates { released, eoas, eol, eoes }.lifecycle(&name, release_cycle.0)
    };
    let cycles = front.releases.into_iter().map(cycle).collect();
    let purls = front.identifiers.into_iter().filter_map(|mut identifier| identifier.remove("purl"));
    Ok(Product {
        label: front.title,
        kind: front.category.as_deref().map_or(ProductKind::Unknown, ProductKind::of_category),
        aliases,
        purls: purls.map(|purl| purl.0).collect(),
        cycles,
        name,
        ..Product::default()
    })
}

fn front_matter(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("---")?.trim_start_matches(['\r', ' ']).strip_prefix('\n')?;
    let end = rest.find("\n---")?;
    Some(&rest[..=end])
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    #[test]
    fn a_product_file_gives_its_cycles_and_names() {
        let text = "---\ntitle: X\ncategory: lang\npermalink: /x-product\nalternate_urls:\n  - /x\nidentifiers:\n  \
                    - repology: x\n  - purl: pkg:npm/x\nreleases:\n  \
                    - releaseCycle: \"3.10\"\n    releaseDate: 2020-01-01\n    eoas: 2020-06-01\n    eol: 2021-01-01\n    \
                    eoes: 2022-01-01\n  - releaseCycle: \"2\"\n    eol: true\n---\n# Text\n";
        let product = read("stem", text).unwrap();
        assert_eq!((product.name.as_str(), product.aliases.as_slice()), ("x-product", &["x".to_owned()][..]));
        assert_eq!((product.label.as_deref(), product.kind), (Some("X"), ProductKind::Software));
        assert_eq!(product.purls, ["pkg:npm/x"]);
        let [ten, two] = &product.cycles[..] else { panic!("two cycles") };
        assert_eq!((ten.cycle.as_str(), ten.eoas), ("3.10", Timestamp::parse("2020-06-01")));
        assert_eq!((ten.eol, ten.eos), (Timestamp::parse("2021-01-01"), Timestamp::parse("2022-01-01")));
        assert!(two.ended && two.eol.is_none() && two.ga.is_none());
        assert!(read("stem", "# no front matter").is_err());
    }
}

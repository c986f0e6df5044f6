//! Product files: YAML front matter between two lines `---`
//! (<https://github.com/endoflife-date/endoflife.date/blob/master/CONTRIBUTING.md>).

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::{When, lifecycle};
use crate::record::Product;

#[derive(Deserialize)]
struct Front {
    #[serde(default)]
    permalink: Option<String>,
    #[serde(default)]
    alternate_urls: Vec<String>,
    #[serde(default)]
    releases: Vec<Release>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Release {
    release_cycle: Plain,
    #[serde(default)]
    release_date: Plain,
    #[serde(default)]
    eol: Plain,
    #[serde(default)]
    eoes: Plain,
}

/// A scalar as text, whatever YAML takes it for.
#[derive(Default)]
struct Plain(String);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PlainVisitor;

        impl Visitor<'_> for PlainVisitor {
            type Value = Plain;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a scalar")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Plain, E> {
                Ok(Plain(text.to_owned()))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Plain, E> {
                Ok(Plain(value.to_string()))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Plain, E> {
                Ok(Plain(value.to_string()))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Plain, E> {
                Ok(Plain(value.to_string()))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Plain, E> {
                Ok(Plain(value.to_string()))
            }

            fn visit_unit<E: Error>(self) -> Result<Plain, E> {
                Ok(Plain::default())
            }
        }

        deserializer.deserialize_any(PlainVisitor)
    }
}

/// Reads a product file; `stem` names the product if the file does not.
pub(super) fn read(stem: &str, text: &str) -> Result<Product, String> {
    let yaml = front_matter(text).ok_or("it has no front matter")?;
    let front: Front = serde_saphyr::from_str(yaml).map_err(|error| error.to_string())?;
    let name = front.permalink.as_deref().map_or(stem, |link| link.trim_matches('/')).to_owned();
    let aliases = front.alternate_urls.iter().map(|url| url.trim_matches('/').to_owned()).collect();
    let cycle = |release: Release| {
        let released = Some(release.release_date.0.as_str()).filter(|date| !date.is_empty());
        let eol = When::of_text(&release.eol.0);
        lifecycle(&name, release.release_cycle.0, released, &eol, &When::of_text(&release.eoes.0))
    };
    let cycles = front.releases.into_iter().map(cycle).collect();
    Ok(Product { name, aliases, cycles, precedence: 0 })
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
    fn a_product_file_gives_its_cycles() {
        let text = "---\ntitle: X\npermalink: /x-product\nalternate_urls:\n  - /x\nreleases:\n  \
                    - releaseCycle: \"3.10\"\n    releaseDate: 2020-01-01\n    eol: 2021-01-01\n    eoes: 2022-01-01\n  \
                    - releaseCycle: \"2\"\n    eol: true\n---\n# Text\n";
        let product = read("stem", text).unwrap();
        assert_eq!((product.name.as_str(), product.aliases.as_slice()), ("x-product", &["x".to_owned()][..]));
        let [ten, two] = &product.cycles[..] else { panic!("two cycles") };
        assert_eq!(
            (ten.cycle.as_str(), ten.eol, ten.eos),
            ("3.10", Timestamp::parse("2021-01-01"), Timestamp::parse("2022-01-01"))
        );
        assert!(two.ended && two.eol.is_none() && two.ga.is_none());
        assert!(read("stem", "# no front matter").is_err());
    }
}

//! The same content told in two ways: as the drift of a container, and as an image that the runtime makes of it.
//!
//! The sensor reads such an image from its layers like any other, so the two lists prove each other.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::shown;
use super::walk::{Container, Outcome, Walk};

/// Containers of each image that are made images of.
const OF_EACH: usize = 3;
/// How long reading all those images may take.
const PATIENCE: Duration = Duration::from_secs(240);
const PAUSE: Duration = Duration::from_millis(500);

impl Walk<'_> {
    /// Makes images of some drifted containers, and compares what the server shows of both.
    pub(super) fn commit(&mut self, containers: &[Container]) -> Result<Outcome> {
        let chosen =
            containers.iter().filter(|container| !container.role.returns && container.role.number < OF_EACH);
        let mut waiting = Vec::new();
        let mut outcome = Outcome { name: "as an image".to_owned(), ..Outcome::default() };
        for container in chosen {
            let name = format!("bench/commit:{}", container.name);
            let id = self.daemon.commit(&container.id, &name)?;
            waiting.push((container, id.trim_start_matches("sha256:").to_owned(), Instant::now()));
        }
        outcome.containers = waiting.len();
        outcome.touched = waiting.len();
        let begun = Instant::now();
        while !waiting.is_empty() {
            let is_late = begun.elapsed() > PATIENCE;
            let mut left = Vec::new();
            for (container, image, since) in waiting {
                let differences = match self.image(&image)? {
                    Some(_) => self.beside(container, &image, &mut outcome)?,
                    None if is_late => vec![format!("{}: the image made of it is not known", container.name)],
                    None => {
                        left.push((container, image, since));
                        continue;
                    }
                };
                outcome.differences.extend(differences);
                outcome.seconds.push(since.elapsed().as_secs_f64());
            }
            waiting = left;
            std::thread::sleep(PAUSE);
        }
        Ok(outcome)
    }

    fn beside(&self, container: &Container, image: &str, outcome: &mut Outcome) -> Result<Vec<String>> {
        let image = &self.images[image];
        let Some(shown) = shown::ask(self.plimsoll, &container.id)? else {
            return Ok(vec![format!("{}: the server does not know it", container.name)]);
        };
        let found = shown::findings(self.plimsoll, &format!("/containers/{}", container.id))?;
        let key = |row: &shown::Row| {
            format!("{} {} {}", row.name, row.version, row.path.as_deref().unwrap_or_default())
                .trim_end()
                .to_owned()
        };
        let of_container: BTreeSet<String> = shown.software.iter().map(key).collect();
        let of_image: BTreeSet<String> = image.software.iter().map(key).collect();
        let mut told = Vec::new();
        for row in of_container.symmetric_difference(&of_image) {
            let by = if of_container.contains(row) { "the container" } else { "the image made of it" };
            told.push(format!("{}: {by} alone has {row}", container.name));
        }
        for number in found.numbers.symmetric_difference(&image.findings.numbers) {
            let by = if found.numbers.contains(number) { "the container" } else { "the image made of it" };
            told.push(format!("{}: {by} alone has finding {number}", container.name));
        }
        outcome.packages += of_container.len();
        Ok(told)
    }
}

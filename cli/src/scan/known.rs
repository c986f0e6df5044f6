//! Images scanned before, so that one that another is built on can be told by name.
//!
//! The decision a reader may doubt: the list is a courtesy. If it cannot be read it is empty, and if it cannot be written the
//! scan stands; of two scans at one time the later one's list stays.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use model::{ImageFacts, KnownImage, longest_base};

/// How many images are remembered; the oldest are forgotten first.
const MOST: usize = 2_000;

/// Bytes of the list that are read.
const BYTES: u64 = 64 << 20;

/// The list in the cache directory: one image a line, as JSON. The lines stay as they are, because of thousands only those
/// few are looked into that hold this image's lowest layer.
pub(super) struct KnownImages {
    file: PathBuf,
    lines: Vec<String>,
}

impl KnownImages {
    /// Reads the list.
    pub(super) fn read(cache: &Path) -> Self {
        let file = cache.join("known-images");
        let lines = std::fs::File::open(&file).map(|file| BufReader::new(file.take(BYTES)).lines());
        let lines = lines.into_iter().flatten().map_while(Result::ok);
        let lines = lines.filter(|line| line.starts_with(r#"{"id":"#)).collect();
        Self { file, lines }
    }

    /// Names the base of `image`, and remembers the image itself.
    pub(super) fn meet(&mut self, image: &mut ImageFacts) {
        image.base = None;
        let Some(known) = KnownImage::of(image) else {
            return;
        };
        let lowest = known.diff_ids.first().map(ToString::to_string).unwrap_or_default();
        let alike = self.lines.iter().filter(|line| line.contains(&lowest));
        // A line that is damaged is no image.
        let alike: Vec<KnownImage> = alike.filter_map(|line| serde_json::from_str(line).ok()).collect();
        image.base = longest_base(image, &alike);
        if let Err(error) = self.remember(&known) {
            tracing::debug!("the list of known images cannot be kept in {}: {error}", self.file.display());
        }
    }

    fn remember(&mut self, known: &KnownImage) -> std::io::Result<()> {
        let line = serde_json::to_string(known)?;
        if self.lines.contains(&line) {
            return Ok(());
        }
        let same = format!(r#"{{"id":"{}""#, known.id);
        self.lines.retain(|other| !other.starts_with(&same));
        self.lines.push(line);
        let excess = self.lines.len().saturating_sub(MOST);
        self.lines.drain(..excess);
        self.write()
    }

    fn write(&self) -> std::io::Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        let mut staging = std::io::BufWriter::new(tempfile::NamedTempFile::new_in(folder)?);
        for line in &self.lines {
            writeln!(staging, "{line}")?;
        }
        let staging = staging.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        staging.persist(&self.file)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use model::{DiffId, Digest, ImageId, LayerFacts};

    use super::*;

    fn image(number: usize, layers: &[usize]) -> ImageFacts {
        let digest = |text: String| Digest::of(text.as_bytes());
        let mut image = ImageFacts::new(ImageId(digest(format!("image {number}"))));
        let layer = |number: &usize| LayerFacts {
            diff_id: Some(DiffId(digest(format!("layer {number}")))),
            digest: None,
            size: 0,
            created_by: String::new(),
            created: None,
            comment: String::new(),
        };
        image.layers = layers.iter().map(layer).collect();
        image
    }

    fn base_of(cache: &Path, mut image: ImageFacts) -> Option<(ImageId, u32)> {
        KnownImages::read(cache).meet(&mut image);
        image.base.map(|base| (base.id, base.layers))
    }

    #[test]
    fn an_image_met_before_is_told_as_base_in_a_later_run() {
        let cache = tempfile::tempdir().unwrap();
        let cache = cache.path().join("not/yet/there");
        assert_eq!(base_of(&cache, image(1, &[1])), None);
        assert_eq!(base_of(&cache, image(2, &[1, 2])), Some((image(1, &[]).id, 1)));
        assert_eq!(base_of(&cache, image(3, &[1, 2, 3])), Some((image(2, &[]).id, 2)));
        assert_eq!(base_of(&cache, image(1, &[1])), None, "still nobody's");
        let text = std::fs::read_to_string(cache.join("known-images")).unwrap();
        assert_eq!(text.lines().count(), 3, "each once");
    }

    #[test]
    fn the_oldest_are_forgotten_and_damage_costs_only_its_line() {
        let cache = tempfile::tempdir().unwrap();
        let mut known = KnownImages::read(cache.path());
        let line =
            |number| serde_json::to_string(&KnownImage::of(&image(number, &[number])).unwrap()).unwrap();
        known.lines = (0..MOST).map(line).collect();
        known.meet(&mut image(MOST, &[MOST]));
        let text = std::fs::read_to_string(cache.path().join("known-images")).unwrap();
        assert_eq!(text.lines().count(), MOST);
        let damaged = format!("{{\n\u{0}\n{{\"id\":\n{text}");
        std::fs::write(cache.path().join("known-images"), damaged).unwrap();
        assert_eq!(base_of(cache.path(), image(9_999, &[0, 1])), None, "the first is forgotten");
        assert_eq!(base_of(cache.path(), image(9_998, &[MOST, 1])), Some((image(MOST, &[]).id, 1)));
    }

    #[test]
    fn a_folder_that_cannot_be_written_costs_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "in the way").unwrap();
        assert_eq!(base_of(&file, image(1, &[1])), None);
    }
}

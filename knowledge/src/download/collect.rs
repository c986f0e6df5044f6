//! Fetching the changed documents of a list, within bounds, so that what did not come this time comes the next.

use super::changes::Change;
use super::client::Request;
use super::kind::Kind;
use super::merge::Changed;
use super::retry::Failure;
use super::worker::Worker;

/// Bytes of all documents that are held at a time; what is beyond comes in the next run.
const TOGETHER: u64 = 256 << 20;
/// Failures after which the rest is left for the next run: something is wrong beyond single documents.
const ENOUGH: usize = 20;

/// How documents are fetched.
pub(super) struct Documents<'d> {
    /// The address of a change's document.
    pub(super) url: &'d dyn Fn(&Change) -> String,
    /// The most bytes of one.
    pub(super) limit: u64,
    /// Whether a checksum may lie beside each.
    pub(super) checksums: bool,
}

/// What came.
#[derive(Debug, Default)]
pub(super) struct Collected<'c> {
    pub(super) changed: Changed,
    pub(super) done: Vec<&'c Change>,
    pub(super) bytes: u64,
    /// Why some did not come.
    pub(super) failures: Vec<Failure>,
    /// How many were asked for.
    pub(super) wanted: usize,
}

impl Collected<'_> {
    pub(super) fn is_complete(&self) -> bool {
        self.done.len() == self.wanted
    }

    /// The outcome for the report, after what came was put in place.
    pub(super) fn outcome(&self) -> Result<Option<u64>, Failure> {
        if self.is_complete() {
            return Ok((!self.done.is_empty()).then_some(self.bytes));
        }
        let missing = self.wanted - self.done.len();
        let why = self.failures.first().map_or_else(|| "too much at once".to_owned(), Failure::reason);
        let text = format!("{missing} of {} changed documents did not come: {why}", self.wanted);
        Err(match self.failures.last() {
            Some(Failure::Unreachable(_)) => Failure::Unreachable(text),
            _ => Failure::Other(text),
        })
    }
}

/// Fetches the documents of `news`, in their order. One that the publisher no longer has is dropped.
pub(super) fn collect<'c>(
    worker: &mut Worker<'_>,
    news: &[&'c Change],
    documents: &Documents<'_>,
) -> Collected<'c> {
    let mut collected = Collected { wanted: news.len(), ..Collected::default() };
    let mut checksums = documents.checksums;
    for change in news {
        if collected.bytes > TOGETHER || collected.failures.len() >= ENOUGH {
            break;
        }
        let url = (documents.url)(change);
        match document(worker, &url, documents.limit, &mut checksums) {
            Ok(bytes) => {
                collected.bytes += bytes.len() as u64;
                collected.changed.put.insert(change.path.clone(), bytes);
                collected.done.push(change);
            }
            Err(Failure::Missing) => {
                collected.changed.drop.insert(change.path.clone());
                collected.done.push(change);
            }
            Err(failure) => {
                let last = matches!(failure, Failure::Unreachable(_));
                collected.failures.push(failure);
                if last {
                    break;
                }
            }
        }
    }
    collected
}

fn document(
    worker: &mut Worker<'_>,
    url: &str,
    limit: u64,
    checksums: &mut bool,
) -> Result<Vec<u8>, Failure> {
    let page = worker.page(Request::new(url, Kind::Json, limit))?;
    let bytes = page.ok_or_else(|| Failure::other("the server sent no body"))?.bytes;
    if *checksums {
        match worker.published_checksum(url)? {
            Some(checksum) => checksum
                .check(bytes.as_slice())
                .map_err(|reason| Failure::Other(format!("{url}: {reason}")))?,
            // A publisher has them for all or for none.
            None => *checksums = false,
        }
    }
    serde_json::from_slice::<serde::de::IgnoredAny>(&bytes)
        .map_err(|error| Failure::Other(format!("{url} is no JSON: {error}")))?;
    Ok(bytes)
}

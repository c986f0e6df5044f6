//! How many threads share the work of one step.

use std::num::NonZero;
use std::sync::LazyLock;

/// As many as there are processors, asked once: the answer is read from half a dozen files of the system.
pub(crate) fn threads() -> usize {
    static THREADS: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZero::get));
    *THREADS
}

//! The publishers' protocols, one file each. Every one of them asks for changes only, and falls back to everything where it has to.

pub(super) mod alpine;
pub(super) mod commit;
pub(super) mod csaf;
pub(super) mod cvelist;
pub(super) mod listing;
pub(super) mod nvd;
pub(super) mod nvd_merge;
pub(super) mod osv;
pub(super) mod repomd;

const MIB: u64 = 1 << 20;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

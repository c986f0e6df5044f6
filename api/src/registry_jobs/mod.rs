//! Walks through registries, as those claim and make them who walk: registry sensors, and accounts that may send images.
//!
//! A claim hands out the registry's login. So it is given to sensors of registries and to accounts that may send images, and to no other
//! sensor.

pub(crate) mod claim;
pub(crate) mod walk;

use std::time::Duration;

/// How long a claim holds without a sign of life.
const LEASE: Duration = Duration::from_secs(90);

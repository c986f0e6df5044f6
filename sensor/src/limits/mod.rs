//! The bounds that a sensor lives in: processor, memory, bandwidth.
//!
//! What it is for: being a guest on a machine that is there for something else. What it is not for: limits of what is read;
//! those are with the readers.
//!
//! The decision a reader may doubt: the share of a processor is kept by pausing and not by a control group. A group may not
//! be made everywhere a sensor runs, and where it may, whoever runs the sensor can put it into one; pausing works as any
//! user and holds for the work alone, so that events are followed at full speed.

mod bandwidth;
mod memory;
mod throttle;

pub use self::bandwidth::Bandwidth;
pub(crate) use self::memory::Memory;
#[cfg(test)]
pub(crate) use self::memory::resident;
pub use self::throttle::Throttle;
pub(crate) use self::throttle::be_nice;

/// What the sensor may use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Processors that reading images and looking into containers may use, such as 0.5.
    pub cpu: f64,
    /// Bytes of memory that the sensor stays within, together with the process that reads images for it.
    pub memory: u64,
    /// Bytes that the spool may have on the disk.
    pub spool: u64,
}

impl Default for Limits {
    /// Half a processor, 128 MiB, a spool of 1 GiB.
    fn default() -> Self {
        Self { cpu: 0.5, memory: 128 << 20, spool: 1 << 30 }
    }
}

//! A cap on what is sent: a bucket that fills at the wanted rate.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The rate, if there is one. Copies share the bucket.
#[derive(Clone, Debug)]
pub struct Bandwidth {
    bucket: Option<Arc<Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    /// Bytes a second.
    rate: f64,
    /// When everything taken so far has flowed off.
    free_at: Mutex<Instant>,
}

/// So much may go at once after a pause.
const BURST: Duration = Duration::from_millis(250);

impl Bandwidth {
    /// At most `rate` bytes a second; `None` is as fast as it goes.
    pub fn new(rate: Option<u64>) -> Self {
        let bucket = |rate: u64| Bucket { rate: rate.max(1) as f64, free_at: Mutex::new(Instant::now()) };
        Self { bucket: rate.map(|rate| Arc::new(bucket(rate))) }
    }

    /// Itself, if there is a cap.
    pub(crate) fn capped(&self) -> Option<Self> {
        self.bucket.is_some().then(|| self.clone())
    }

    /// How long so many bytes take.
    pub(crate) fn time_of(&self, bytes: usize) -> Duration {
        let seconds = self.bucket.as_ref().map_or(0.0, |bucket| bytes as f64 / bucket.rate);
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX / 4)
    }

    /// Waits until `bytes` more may be sent.
    pub async fn take(&self, bytes: usize) {
        let Some(bucket) = &self.bucket else { return };
        let cost = self.time_of(bytes);
        let until = {
            let mut free_at = bucket.free_at.lock().unwrap_or_else(PoisonError::into_inner);
            let now = Instant::now();
            *free_at = (*free_at).max(now.checked_sub(BURST).unwrap_or(now)) + cost;
            *free_at
        };
        tokio::time::sleep_until(until).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_sent_takes_the_time_that_the_cap_says_whoever_sends_it() {
        let bandwidth = Bandwidth::new(Some(10_000));
        let other = bandwidth.clone();
        let begun = Instant::now();
        let send = async |bandwidth: Bandwidth| {
            for _ in 0..10 {
                bandwidth.take(500).await;
            }
        };
        tokio::join!(send(bandwidth), send(other));
        let taken = begun.elapsed().as_secs_f64();
        assert!((0.7..=5.0).contains(&taken), "{taken} s for 10,000 bytes at 10,000 bytes a second");
    }

    #[tokio::test]
    async fn without_a_cap_nothing_waits() {
        let begun = Instant::now();
        Bandwidth::new(None).take(usize::MAX).await;
        assert!(begun.elapsed() < Duration::from_secs(1));
    }
}

//! The stream of events: from the daemon's chunks to whoever looks at the containers.
//!
//! A daemon drops events for a client that does not read (Docker waits 100 ms), so the stream is read whether or not the receiver
//! keeps up: what waits for it is held here, in bounds, and beyond them one [`What::Missed`] stands for all that was lost. So it does
//! for lines that nobody can read.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use model::Timestamp;
use tokio::sync::mpsc;

use super::client::{Client, PING, Stream};
use super::event::{self, Heard};
use super::lines::{Endless, Line, Lines};
use super::probe::Probes;
use crate::runtime::{Event, RuntimeError, What};

/// Seconds without an event after which the daemon is asked whether it is there.
const SILENCE: u64 = 30;
/// Events that wait for the receiver, and the bytes of their lines.
const MAX_WAITING: usize = 8_192;
const MAX_WAITING_BYTES: usize = 8 << 20;
/// So many unreadable lines in a row are no stream of events.
const MAX_GARBAGE: usize = 100;

/// Follows the events at `path` until the stream breaks or nobody receives any more.
pub(super) async fn follow(
    client: &Client,
    path: &str,
    probes: &Mutex<Probes>,
    events: &mpsc::Sender<Event>,
) -> Result<(), RuntimeError> {
    let Some(mut stream) = open(client, path, events).await? else { return Ok(()) };
    let mut waiting = Waiting::default();
    let mut reader = Reader::default();
    loop {
        tokio::select! {
            biased;
            permit = events.reserve(), if !waiting.is_empty() => match permit {
                Ok(permit) => {
                    if let Some(event) = waiting.next() {
                        permit.send(event);
                    }
                }
                Err(_) => return Ok(()),
            },
            () = events.closed() => return Ok(()),
            chunk = stream.next(client, path) => {
                let chunk = match chunk {
                    Ok(Some(chunk)) => chunk,
                    ended => {
                        reader.finish(probes, &mut waiting);
                        hand_over(waiting, events).await;
                        ended?;
                        return Err(client.away("the stream of events ended".to_owned()));
                    }
                };
                if let Err(reason) = reader.read(&chunk, probes, &mut waiting) {
                    hand_over(waiting, events).await;
                    return Err(client.garbled(path, reason));
                }
            }
            () = tokio::time::sleep(client.seconds(SILENCE)) => ping(client).await?,
        }
    }
}

/// Opens the stream; `None` if nobody receives any more.
async fn open(
    client: &Client,
    path: &str,
    events: &mpsc::Sender<Event>,
) -> Result<Option<Stream>, RuntimeError> {
    let opening = client.open(path);
    tokio::pin!(opening);
    loop {
        tokio::select! {
            stream = &mut opening => return stream.map(Some),
            () = events.closed() => return Ok(None),
            () = tokio::time::sleep(client.seconds(SILENCE)) => ping(client).await?,
        }
    }
}

/// A daemon that says nothing may be at rest or hang.
async fn ping(client: &Client) -> Result<(), RuntimeError> {
    client.get("/_ping", PING).await.map(|_| ())
}

async fn hand_over(mut waiting: Waiting, events: &mpsc::Sender<Event>) {
    while let Some(event) = waiting.next() {
        if events.send(event).await.is_err() {
            return;
        }
    }
}

/// Makes events of lines.
#[derive(Default)]
struct Reader {
    lines: Lines,
    /// Lines so far, for errors.
    count: u64,
    garbage_in_a_row: usize,
    last_reason: String,
}

impl Reader {
    /// Reads what a chunk brings.
    ///
    /// # Errors
    /// If this is no stream of events.
    fn read(&mut self, chunk: &[u8], probes: &Mutex<Probes>, waiting: &mut Waiting) -> Result<(), String> {
        let mut lines = std::mem::take(&mut self.lines);
        let pushed = lines.push(chunk, |line| self.line(&line, probes, waiting));
        self.lines = lines;
        if pushed == Err(Endless) {
            return Err(format!("line {} does not end", self.count + 1));
        }
        if self.garbage_in_a_row > MAX_GARBAGE {
            let Self { count, last_reason, .. } = self;
            return Err(format!("line {count}, as {MAX_GARBAGE} before it, is no event: {last_reason}"));
        }
        Ok(())
    }

    /// The stream has ended. Half an event is none: what it was about tells the listing after the next connection.
    fn finish(&mut self, probes: &Mutex<Probes>, waiting: &mut Waiting) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.finish(|line| self.line(&line, probes, waiting));
    }

    fn line(&mut self, line: &Line<'_>, probes: &Mutex<Probes>, waiting: &mut Waiting) {
        self.count += 1;
        let parsed = match line {
            Line::Whole(bytes) => event::parse(bytes).map(|heard| (heard, bytes.len())),
            Line::TooLong => Err("it is too long".to_owned()),
        };
        let (heard, size) = match parsed {
            Ok(found) => found,
            Err(reason) => {
                tracing::debug!(line = self.count, "an event cannot be read: {reason}");
                self.garbage_in_a_row += 1;
                self.last_reason = reason;
                return waiting.lose();
            }
        };
        self.garbage_in_a_row = 0;
        if let Some(heard) = heard.filter(|heard| is_wanted(heard, probes)) {
            waiting.push(heard.event, size);
        }
    }
}

fn is_wanted(heard: &Heard, probes: &Mutex<Probes>) -> bool {
    let mut probes = probes.lock().unwrap_or_else(PoisonError::into_inner);
    match (&heard.event.what, &heard.exec) {
        (What::Exec { id }, Some(process)) => !probes.is_probe(id, process),
        (What::ContainerGone(told), _) => {
            probes.forget(&told.id);
            true
        }
        _ => true,
    }
}

/// Events on their way to the receiver.
#[derive(Default)]
struct Waiting {
    events: VecDeque<(Event, usize)>,
    bytes: usize,
    is_lossy: bool,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.events.is_empty() && !self.is_lossy
    }

    fn push(&mut self, event: Event, size: usize) {
        if self.events.len() >= MAX_WAITING || self.bytes + size > MAX_WAITING_BYTES {
            return self.lose();
        }
        self.bytes += size;
        self.events.push_back((event, size));
    }

    /// Something was lost. It is told after what is waiting, so that the listing it leads to is newer than all of that.
    fn lose(&mut self) {
        self.is_lossy = true;
    }

    fn next(&mut self) -> Option<Event> {
        if let Some((event, size)) = self.events.pop_front() {
            self.bytes -= size;
            return Some(event);
        }
        std::mem::take(&mut self.is_lossy).then(|| Event { at: Timestamp::now(), what: What::Missed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(number: u64) -> String {
        format!(
            r#"{{"Type":"container","Action":"start","Actor":{{"ID":"{number:064x}","Attributes":{{}}}},"time":{number}}}"#
        )
    }

    #[test]
    fn what_nobody_fetches_is_bounded_and_told_as_lost() {
        let (mut waiting, mut reader) = (Waiting::default(), Reader::default());
        let probes = Mutex::default();
        for number in 0..MAX_WAITING as u64 + 500 {
            reader.read(format!("{}\n", started(number)).as_bytes(), &probes, &mut waiting).unwrap();
        }
        let all: Vec<Event> = std::iter::from_fn(|| waiting.next()).collect();
        assert_eq!(all.len(), MAX_WAITING + 1);
        assert_eq!(all.last().map(|event| &event.what), Some(&What::Missed));
        assert!(waiting.is_empty() && waiting.bytes == 0);
    }

    #[test]
    fn garbage_between_events_costs_nothing_but_a_listing_and_only_garbage_ends_the_stream() {
        let (mut waiting, mut reader) = (Waiting::default(), Reader::default());
        let probes = Mutex::default();
        let text = format!("{}\n{{\"half\n\n\u{0}\n{}\n", started(1), started(2));
        reader.read(text.as_bytes(), &probes, &mut waiting).unwrap();
        let all: Vec<Event> = std::iter::from_fn(|| waiting.next()).collect();
        assert!(matches!(all[..], [_, _, Event { what: What::Missed, .. }]), "{all:?}");
        let reason = reader.read("x\n".repeat(200).as_bytes(), &probes, &mut waiting).unwrap_err();
        assert!(reason.starts_with("line 204, as 100 before it, is no event: expected value"), "{reason}");
    }

    #[test]
    fn the_half_event_at_the_end_of_a_stream_is_none() {
        let (mut waiting, mut reader) = (Waiting::default(), Reader::default());
        let probes = Mutex::default();
        reader.read(&started(1).as_bytes()[..40], &probes, &mut waiting).unwrap();
        reader.finish(&probes, &mut waiting);
        assert_eq!(waiting.next().map(|event| event.what), Some(What::Missed));
        reader.read(started(1).as_bytes(), &probes, &mut waiting).unwrap();
        reader.finish(&probes, &mut waiting);
        assert!(matches!(waiting.next().unwrap().what, What::Container(_)));
    }
}

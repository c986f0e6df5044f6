//! The one writer: a thread that owns the writing connection and commits what waits as one group.
//!
//! A commit costs a flush of the disk, whoever pays for it. So while one commit runs, requests collect, and the
//! next commit takes them all, up to a bound. Under light load a request is committed at once and alone; there is
//! no waiting for company. Every request runs in a savepoint: bad data undoes its own request only. When the
//! commit itself fails, all requests of the group are told so, nothing of them is kept and the thread goes on.
//!
//! With an engine that is far away, requests are kept until their group is committed, and a group is run again as a
//! whole (see `attempt`).

use std::sync::Arc;
use std::thread::JoinHandle;

use model::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

use crate::attempt::Attempts;
use crate::driver::{Connection, Engine};
use crate::error::{Result, StoreError};
use crate::recent::Recent;
use crate::work::{Question, Work};

/// Requests in one commit.
const GROUP_REQUESTS: usize = 256;
/// Bytes of requests in one commit; a larger request is committed alone.
const GROUP_BYTES: usize = 16 << 20;
/// Requests that may wait; more senders wait themselves.
const QUEUE_REQUESTS: usize = 1_024;
/// KiB of requests that may wait.
const QUEUE_KIB: u32 = 256 << 10;

/// A request as the thread sees it.
pub(crate) trait Request: Send {
    /// About how many bytes it holds.
    fn size(&self) -> usize;

    /// The rows that it will ask for, if it can tell. Of rows that anybody asks for, one that can writes these alone.
    fn questions(&self) -> &[Question];

    /// Does the work. An error means that the transaction is lost. If the connection is remote it may be called
    /// again, in another transaction.
    fn run(&mut self, work: &mut Work<'_>) -> Result<()>;

    /// Tells the sender what came of it.
    fn answer(self: Box<Self>, committed: &Result<()>);
}

/// A request with the way back to its sender.
struct Call<T, F> {
    size: usize,
    questions: Vec<Question>,
    run: Option<F>,
    outcome: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
    _room: OwnedSemaphorePermit,
}

impl<T, F> Request for Call<T, F>
where
    T: Send,
    F: FnOnce(&mut Work<'_>) -> Result<T> + Clone + Send,
{
    fn size(&self) -> usize {
        self.size
    }

    fn questions(&self) -> &[Question] {
        &self.questions
    }

    fn run(&mut self, work: &mut Work<'_>) -> Result<()> {
        if self.questions.is_empty() {
            work.forget_foreseen();
        }
        // what is never called for again is not copied
        let run = if work.connection.is_remote() { self.run.clone() } else { self.run.take() };
        self.outcome = run.map(|run| work.request(run)).transpose()?;
        Ok(())
    }

    fn answer(self: Box<Self>, committed: &Result<()>) {
        let lost = committed.as_ref().err().cloned();
        let answer = match (self.outcome, lost) {
            (Some(Err(own)), _) => Err(own),
            (_, Some(error)) => Err(error),
            (Some(outcome), None) => outcome,
            (None, None) => Err(StoreError::Closed),
        };
        // a sender that went away does not want to know
        let _ = self.reply.send(answer);
    }
}

/// The senders' end.
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Request>>>,
    room: Arc<Semaphore>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread; `clock` is told of every commit that moved the clock, and `recent` keeps what it wrote.
    pub(crate) fn start(
        engine: Arc<dyn Engine>,
        connection: Box<dyn Connection>,
        clock: watch::Sender<Timestamp>,
        recent: Arc<Recent>,
    ) -> std::io::Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE_REQUESTS);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || serve(Attempts::new(engine, connection, recent), waiting, &clock))?;
        let room = Arc::new(Semaphore::new(QUEUE_KIB as usize));
        Ok(Self { queue: Some(queue), room, thread: Some(thread) })
    }

    /// Runs `run` in the next commit; when this returns with success, its effect is durable.
    ///
    /// `size` is about how many bytes the request holds. `questions` are the rows that it will ask for; of all that are ever asked
    /// for so, it may write no others. No question says that it may write anything. If the returned future is dropped, the request may
    /// still be carried out.
    pub(crate) async fn run<T, F>(&self, size: usize, questions: Vec<Question>, run: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Work<'_>) -> Result<T> + Clone + Send + 'static,
    {
        let kib = u32::try_from(size / 1_024 + 1).unwrap_or(QUEUE_KIB).min(QUEUE_KIB);
        let room = Arc::clone(&self.room).acquire_many_owned(kib).await.map_err(|_| StoreError::Closed)?;
        let (reply, answer) = oneshot::channel();
        let call = Call { size, questions, run: Some(run), outcome: None, reply, _room: room };
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.send(Box::new(call)).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    /// Finishes what waits and closes the connection before it returns.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer ended in a panic");
        }
    }
}

fn serve(
    mut attempts: Attempts,
    mut waiting: mpsc::Receiver<Box<dyn Request>>,
    clock: &watch::Sender<Timestamp>,
) {
    let mut left_over = None;
    while let Some(first) = left_over.take().or_else(|| waiting.blocking_recv()) {
        let mut group = collect(first, &mut waiting, &mut left_over);
        let committed = attempts.write(&mut group).map(|moved| {
            if let Some(time) = moved {
                clock.send_replace(time);
            }
        });
        if let Err(error) = &committed {
            tracing::error!(%error, requests = group.len(), "a group of writes was undone: {error}");
        }
        for request in group {
            request.answer(&committed);
        }
    }
}

/// Takes what waits already, within the bounds; one that would break them is left for the next group.
fn collect(
    first: Box<dyn Request>,
    waiting: &mut mpsc::Receiver<Box<dyn Request>>,
    left_over: &mut Option<Box<dyn Request>>,
) -> Vec<Box<dyn Request>> {
    let mut bytes = first.size();
    let mut group = vec![first];
    while group.len() < GROUP_REQUESTS
        && let Ok(next) = waiting.try_recv()
    {
        bytes += next.size();
        if bytes > GROUP_BYTES {
            *left_over = Some(next);
            break;
        }
        group.push(next);
    }
    group
}

//! Reading connections: a few, made when first needed, each used by one blocking thread at a time.
//!
//! Every piece of reading is one transaction and so sees one snapshot; readers and the writer never wait for each other.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use crate::codec::Codec;
use crate::driver::{Connection, Engine, Mode, in_transaction};
use crate::error::{Result, StoreError};

/// Connections at most; further readers wait their turn.
const MAX_READERS: usize = 8;

/// A connection with what it needs to read documents.
struct Reader {
    connection: Box<dyn Connection>,
    codec: Codec,
}

/// The pool.
pub(crate) struct Readers {
    engine: Box<dyn Engine>,
    idle: Mutex<Vec<Reader>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    /// Makes an empty pool.
    pub(crate) fn new(engine: Box<dyn Engine>) -> Self {
        Self { engine, idle: Mutex::new(Vec::new()), turns: Arc::new(Semaphore::new(MAX_READERS)) }
    }

    /// Runs `work` in a reading transaction on a blocking thread.
    pub(crate) async fn run<T, F>(self: &Arc<Self>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Connection, &mut Codec) -> Result<T> + Send + 'static,
    {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let pool = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || {
            let outcome = pool.read(work);
            drop(turn);
            outcome
        });
        task.await.map_err(|_| StoreError::Closed)?
    }

    fn read<T>(&self, work: impl FnOnce(&mut dyn Connection, &mut Codec) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => Reader { connection: self.engine.open_reader()?, codec: Codec::new() },
        };
        let Reader { connection, codec } = &mut reader;
        let outcome = in_transaction(&mut **connection, Mode::Read, |connection| work(connection, codec));
        // a connection that failed is closed rather than used again
        if !matches!(outcome, Err(StoreError::Engine(_))) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        }
        outcome
    }
}

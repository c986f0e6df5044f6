//! Reading connections: a few, made when first needed, each used by one blocking thread at a time.
//!
//! Every piece of reading is one transaction and so sees one snapshot; readers and the writer never wait for each other.
//!
//! A connection that broke, perhaps long ago and unnoticed, is replaced and the reading done once more from its start:
//! nothing of it has been seen yet. If that breaks, too, the database is away and the reader is told so.

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
    engine: Arc<dyn Engine>,
    idle: Mutex<Vec<Reader>>,
    turns: Arc<Semaphore>,
}

impl Readers {
    /// Makes an empty pool.
    pub(crate) fn new(engine: Arc<dyn Engine>) -> Self {
        Self { engine, idle: Mutex::new(Vec::new()), turns: Arc::new(Semaphore::new(MAX_READERS)) }
    }

    /// Runs `work` in a reading transaction on a blocking thread.
    pub(crate) async fn run<T, F>(self: &Arc<Self>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Connection, &mut Codec) -> Result<T> + Clone + Send + 'static,
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

    fn read<T, F>(&self, work: F) -> Result<T>
    where
        F: FnOnce(&mut dyn Connection, &mut Codec) -> Result<T> + Clone,
    {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(reader) = idle else { return self.read_by(self.connect()?, work) };
        if !reader.connection.is_remote() {
            return self.read_by(reader, work);
        }
        match self.read_by(reader, work.clone()) {
            Err(StoreError::Away { .. }) => {
                // what broke one connection broke those that were made with it
                self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
                self.read_by(self.connect()?, work)
            }
            outcome => outcome,
        }
    }

    fn connect(&self) -> Result<Reader> {
        Ok(Reader { connection: self.engine.open_reader()?, codec: Codec::new() })
    }

    fn read_by<T>(
        &self,
        mut reader: Reader,
        work: impl FnOnce(&mut dyn Connection, &mut Codec) -> Result<T>,
    ) -> Result<T> {
        let Reader { connection, codec } = &mut reader;
        let outcome = in_transaction(&mut **connection, Mode::Read, |connection| work(connection, codec));
        // a connection that failed is closed rather than used again
        if !matches!(outcome, Err(StoreError::Engine(_) | StoreError::Away { .. })) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        }
        outcome
    }
}

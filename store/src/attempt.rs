//! Groups of requests run until they are committed: what may be run again, and when.
//!
//! With SQLite a group runs once. With a database server there are three reasons to run one again from its start,
//! which is safe because nothing of it was kept and each request still has what it was given:
//!
//! - *A request failed.* To save the server two statements for each, the first run makes no savepoints. If one
//!   request fails, the group is undone and run again with them, so that its neighbours are not touched.
//! - *The server gave the transaction up* because somebody else was in the way (a deadlock with a person's session).
//! - *The connection broke.* Before the commit was asked for, nothing can have been kept. If it broke during the
//!   commit, the server is asked what became of the transaction, by its number; only one that was undone is run
//!   again. If the server cannot tell, the senders are told that the database is away.
//!
//! A first run also fetches the rows that all its requests will ask for in one go, before the first of them.
//!
//! A database that is away is waited for, but not by every group anew: as long as it stays away, later groups fail at once.

use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use model::Timestamp;

use crate::driver::{Connection, DriverError, Engine, Mode, Trouble};
use crate::error::{Result, StoreError};
use crate::recent::Recent;
use crate::work::{Memory, Work};
use crate::writer::Request;

/// How long writers wait for a database that went away.
const PATIENCE: Duration = Duration::from_secs(5);
/// The first pause between attempts; each is twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(20);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// Runs of a group that others get into the way of.
const CONFLICTS: u32 = 8;
/// How long the server may take to notice that a connection is gone that was committing.
const DOUBT: Duration = Duration::from_secs(10);

/// The writing connection, replaced when it breaks, and what is remembered from one group to the next.
pub(crate) struct Attempts {
    engine: Arc<dyn Engine>,
    connection: Option<Box<dyn Connection>>,
    memory: Memory,
    recent: Arc<Recent>,
    /// Since when the database is away.
    away: Option<Instant>,
}

/// Why a group was not committed.
enum Failure {
    /// One request failed and there were no savepoints.
    Request,
    /// Somebody was in the way.
    Conflict(StoreError),
    /// The connection is gone, and the transaction with it.
    Lost(StoreError),
    /// The connection is gone, and the transaction of this number may have been committed, with this clock value.
    InDoubt(StoreError, Option<i64>, Option<Timestamp>),
    /// Anything that another run does not mend.
    Final(StoreError),
}

impl Attempts {
    /// Starts with a connection; what is committed is kept in `recent`.
    pub(crate) fn new(engine: Arc<dyn Engine>, connection: Box<dyn Connection>, recent: Arc<Recent>) -> Self {
        let memory = Memory::new(Arc::clone(&recent));
        Self { engine, connection: Some(connection), memory, recent, away: None }
    }

    /// Runs and commits a group; gives the clock value if the clock moved.
    pub(crate) fn write(&mut self, group: &mut [Box<dyn Request>]) -> Result<Option<Timestamp>> {
        let (mut careful, mut conflicts, mut pause) = (false, 0, PAUSE);
        loop {
            let failure = match self.run(group, careful) {
                Ok(clock) => return Ok(clock),
                Err(failure) => failure,
            };
            match failure {
                Failure::Final(error) => return Err(error),
                Failure::Request => careful = true,
                Failure::Conflict(error) => {
                    conflicts += 1;
                    if conflicts >= CONFLICTS {
                        tracing::warn!(%error, "writing was given up after {conflicts} attempts: {error}");
                        return Err(StoreError::Busy);
                    }
                    sleep(pause);
                }
                Failure::Lost(error) => self.wait_or_give_up(error, &mut pause)?,
                Failure::InDoubt(error, transaction, clock) => {
                    if self.was_committed(error, transaction)? {
                        return Ok(clock);
                    }
                }
            }
        }
    }

    /// One run of a group in one transaction.
    fn run(
        &mut self,
        group: &mut [Box<dyn Request>],
        careful: bool,
    ) -> std::result::Result<Option<Timestamp>, Failure> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                // a server that took the place of another one may know less than was remembered
                self.memory = Memory::new(Arc::clone(&self.recent));
                self.engine.open_writer().map_err(|error| Failure::Lost(error.into()))?
            }
        };
        let careful = careful || !connection.is_remote();
        let outcome = match connection.begin(Mode::Write) {
            Ok(()) => write_group(&mut *connection, &mut self.memory, group, careful),
            Err(error) => {
                connection.rollback();
                Err(failure(error))
            }
        };
        match outcome {
            Err(Failure::Lost(_) | Failure::InDoubt(..)) => {}
            _ => {
                self.connection = Some(connection);
                if self.away.take().is_some() {
                    tracing::info!("the database is back");
                }
            }
        }
        outcome
    }

    /// Pauses if there is hope; an error if the database has been away for too long.
    fn wait_or_give_up(&mut self, error: StoreError, pause: &mut Duration) -> Result<()> {
        let since = *self.away.get_or_insert_with(|| {
            tracing::warn!(%error, "writing waits: {error}");
            Instant::now()
        });
        if since.elapsed() + *pause > PATIENCE {
            return Err(error);
        }
        sleep(*pause);
        *pause = (*pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }

    /// Asks over a new connection what became of a transaction; the error is the given one if nobody can tell.
    fn was_committed(&mut self, error: StoreError, transaction: Option<i64>) -> Result<bool> {
        let Some(transaction) = transaction else { return Err(error) };
        let (started, mut pause) = (Instant::now(), PAUSE);
        while started.elapsed() < DOUBT {
            let told = self.engine.open_writer().and_then(|mut other| other.outcome_of(transaction));
            match told {
                Ok(Some(committed)) => {
                    let word = if committed { "kept" } else { "undone" };
                    tracing::warn!("the connection broke during a commit, which was {word}");
                    return Ok(committed);
                }
                Err(other) if other.trouble != Trouble::Lost => break,
                Ok(None) | Err(_) => sleep(pause),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        Err(error)
    }
}

/// Runs and commits a group in a transaction that is open.
fn write_group(
    connection: &mut dyn Connection,
    memory: &mut Memory,
    group: &mut [Box<dyn Request>],
    careful: bool,
) -> std::result::Result<Option<Timestamp>, Failure> {
    let mut work = Work::new(connection, memory, careful);
    let questions = group.iter().flat_map(|request| request.questions()).copied().collect();
    let outcome = if careful { Ok(()) } else { work.foresee(questions) };
    let outcome = outcome.and_then(|()| group.iter_mut().try_for_each(|request| request.run(&mut work)));
    let outcome = outcome.and_then(|()| work.commit());
    let Err(error) = outcome else { return Ok(work.committed()) };
    let (clock, transaction) = (work.last_clock(), work.connection.transaction());
    let in_doubt = work.connection.is_in_doubt();
    work.undone();
    Err(match error {
        StoreError::Away { .. } if in_doubt => Failure::InDoubt(error, transaction, clock),
        StoreError::Away { .. } => Failure::Lost(error),
        StoreError::Engine(ref engine) if engine.trouble == Trouble::Conflict => Failure::Conflict(error),
        error if error.spares_the_group() && !careful => Failure::Request,
        error => Failure::Final(error),
    })
}

fn failure(error: DriverError) -> Failure {
    match error.trouble {
        Trouble::Lost => Failure::Lost(error.into()),
        Trouble::Conflict => Failure::Conflict(error.into()),
        _ => Failure::Final(error.into()),
    }
}

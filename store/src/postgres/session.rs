//! One connection: prepared statements, and many of them on the way at once.
//!
//! A statement that nobody waits for is kept until something is asked, and then all are sent in one go; the server
//! works through them in order. So a report costs a question or two over the wire, whatever it writes.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use futures_util::{StreamExt as _, pin_mut};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, Config, Statement};

use super::explain::{explain, unreachable};
use super::lost;
use super::tls::Tls;
use crate::dialect::Dialect;
use crate::driver::{Connection, DriverError, Mode, Row, Trouble, Value, check_values};

/// Prepared statements kept; a few dozen texts exist.
const STATEMENTS: usize = 256;
/// Statements that wait to be sent; more are sent on their own.
const LATER: usize = 256;
/// Bytes of values that wait to be sent.
const LATER_BYTES: usize = 4 << 20;
/// How long the server may be silent: longer than its own limit for a statement, so that this one speaks first.
const SILENCE: Duration = Duration::from_secs(150);

/// A statement with its values.
struct Call {
    statement: Statement,
    values: Vec<Value>,
}

/// How far a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// None.
    Idle,
    /// Its `BEGIN` waits to be sent.
    Announced,
    /// The server knows of it.
    Open,
}

/// A connection.
pub(super) struct Session {
    client: Arc<Client>,
    /// Runs the connection's input and output while something is waited for. `None` only while it is dropped.
    runtime: Option<Runtime>,
    statements: HashMap<String, Statement>,
    later: Vec<Call>,
    later_bytes: usize,
    state: State,
    /// Whether the server can tell what became of a transaction.
    tells: bool,
    transaction: Option<i64>,
    writing: bool,
    in_doubt: bool,
    /// The server's last words on a connection that it ended.
    farewell: Arc<Mutex<Option<DriverError>>>,
    broken: bool,
}

impl Session {
    /// Connects. Whatever goes wrong means that the database cannot be reached.
    pub(super) fn connect(config: &Config, tls: Tls) -> Result<Self, DriverError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| lost(format!("no runtime for a connection: {error}")))?;
        let limit = config.get_connect_timeout().copied().unwrap_or(SILENCE).saturating_mul(2);
        let connecting = async { tokio::time::timeout(limit, config.connect(tls)).await };
        let (client, connection) = runtime
            .block_on(connecting)
            .map_err(|_| lost(format!("no answer within {} s", limit.as_secs())))?
            .map_err(|error| unreachable(&error))?;
        let farewell = Arc::new(Mutex::new(None));
        let last_words = Arc::clone(&farewell);
        runtime.spawn(async move {
            if let Err(error) = connection.await {
                *last_words.lock().unwrap_or_else(PoisonError::into_inner) = Some(explain(&error));
            }
        });
        Ok(Self {
            client: Arc::new(client),
            runtime: Some(runtime),
            statements: HashMap::new(),
            later: Vec::new(),
            later_bytes: 0,
            state: State::Idle,
            tells: false,
            transaction: None,
            writing: false,
            in_doubt: false,
            farewell,
            broken: false,
        })
    }

    /// Finds out whether the server can tell what became of a transaction; some of PostgreSQL's kin cannot.
    pub(super) fn learn_transactions(&mut self) -> Result<(), DriverError> {
        match self.query(TRANSACTION_AND_STATE, &[]) {
            Ok(_) => self.tells = true,
            Err(error) if error.trouble == Trouble::Other => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Waits for `work` while the connection is served.
    fn wait<T>(
        &mut self,
        work: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, DriverError> {
        if self.broken {
            return Err(self.last_words());
        }
        let Some(runtime) = &self.runtime else { return Err(lost("the connection is closed")) };
        let outcome = runtime.block_on(async { tokio::time::timeout(SILENCE, work).await });
        let outcome = match outcome {
            Ok(outcome) => outcome.map_err(|error| explain(&error)),
            Err(_) => Err(lost(format!("no answer within {} s", SILENCE.as_secs()))),
        };
        outcome
            .map_err(|error| {
                if error.trouble != Trouble::Lost {
                    return error;
                }
                self.broken = true;
                let words = self.farewell.lock().unwrap_or_else(PoisonError::into_inner).take();
                words.unwrap_or(error)
            })
            .inspect_err(|error| {
                if error.trouble == Trouble::Lost {
                    tracing::debug!(%error, "a connection to the database was lost: {error}");
                }
            })
    }

    fn last_words(&self) -> DriverError {
        let words = self.farewell.lock().unwrap_or_else(PoisonError::into_inner);
        lost(words.as_ref().map_or("the connection was lost", |words| words.message.as_str()))
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, DriverError> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let client = Arc::clone(&self.client);
        let statement = self.wait(client.prepare(sql))?;
        if self.statements.len() >= STATEMENTS {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn call(&mut self, sql: &str, values: &[Value]) -> Result<Call, DriverError> {
        check_values(values)?;
        let statement = self.prepared(sql)?;
        let wanted = statement.params().len();
        if wanted > values.len() {
            return Err(DriverError::other(format!("parameter ${wanted} has no value")));
        }
        Ok(Call { statement, values: values[..wanted].to_vec() })
    }

    /// Sends what waits and `calls` behind it; gives the rows and the number of touched rows of each of `calls`.
    fn run(&mut self, calls: Vec<Call>) -> Result<Vec<(Vec<Row>, u64)>, DriverError> {
        let first = self.later.len();
        let mut all = std::mem::take(&mut self.later);
        self.later_bytes = 0;
        all.extend(calls);
        if self.state == State::Announced {
            self.state = State::Open;
        }
        let client = Arc::clone(&self.client);
        let mut answers = self.wait(run_in_order(&client, &all))?;
        Ok(answers.split_off(first))
    }

    fn run_one(&mut self, sql: &str, values: &[Value]) -> Result<(Vec<Row>, u64), DriverError> {
        let call = self.call(sql, values)?;
        Ok(self.run(vec![call])?.pop().unwrap_or_default())
    }
}

/// The number of this transaction, and a question that only a server answers that keeps count of them.
const TRANSACTION_AND_STATE: &str = "SELECT txid_current(), txid_status(txid_current())";
const TRANSACTION: &str = "SELECT txid_current()";
const OUTCOME: &str = "SELECT coalesce(txid_status($1), 'unknown')";
/// Keeps all other writers out until the transaction ends.
const TAKE_TURN: &str = "SELECT now FROM clock FOR UPDATE";

/// Sends all calls before it waits for the first answer. The first error is given, but all answers are waited for,
/// so that the connection is in step afterwards.
async fn run_in_order(
    client: &Client,
    calls: &[Call],
) -> Result<Vec<(Vec<Row>, u64)>, tokio_postgres::Error> {
    let mut running = Vec::with_capacity(calls.len());
    for call in calls {
        let mut one = Box::pin(run_call(client, call));
        // the first poll hands the statement to the connection, in this order
        let early = poll_fn(|context| {
            Poll::Ready(match one.as_mut().poll(context) {
                Poll::Ready(answer) => Some(answer),
                Poll::Pending => None,
            })
        });
        let early = early.await;
        running.push((one, early));
    }
    let mut answers = Vec::with_capacity(calls.len());
    let mut failed = None;
    for (one, early) in running {
        let answer = match early {
            Some(answer) => answer,
            None => one.await,
        };
        match answer {
            Ok(answer) => answers.push(answer),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(answers), Err)
}

async fn run_call(client: &Client, call: &Call) -> Result<(Vec<Row>, u64), tokio_postgres::Error> {
    let rows = client.query_raw(&call.statement, call.values.iter()).await?;
    pin_mut!(rows);
    let mut answer = Vec::new();
    while let Some(row) = rows.next().await {
        let row = row?;
        let values = (0..row.len()).map(|column| row.try_get(column)).collect::<Result<_, _>>()?;
        answer.push(Row(values));
    }
    Ok((answer, rows.rows_affected().unwrap_or(0)))
}

impl Connection for Session {
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, DriverError> {
        Ok(self.run_one(sql, values)?.1)
    }

    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, DriverError> {
        Ok(self.run_one(sql, values)?.0)
    }

    fn execute_later(&mut self, sql: &str, values: &[Value]) -> Result<(), DriverError> {
        let call = self.call(sql, values)?;
        self.later_bytes += call.values.iter().map(size_of_value).sum::<usize>();
        self.later.push(call);
        if self.later.len() >= LATER || self.later_bytes >= LATER_BYTES {
            self.settle()?;
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), DriverError> {
        if self.later.is_empty() {
            return Ok(());
        }
        self.run(Vec::new()).map(drop)
    }

    fn query_many(&mut self, sql: &str, sets: &[Vec<Value>]) -> Result<Vec<Vec<Row>>, DriverError> {
        let mut answers = Vec::with_capacity(sets.len());
        for part in sets.chunks(LATER) {
            let calls = part.iter().map(|values| self.call(sql, values)).collect::<Result<_, _>>()?;
            answers.extend(self.run(calls)?.into_iter().map(|(rows, _)| rows));
        }
        Ok(answers)
    }

    fn script(&mut self, sql: &str) -> Result<(), DriverError> {
        self.settle()?;
        let client = Arc::clone(&self.client);
        self.wait(client.batch_execute(sql))
    }

    fn begin(&mut self, mode: Mode) -> Result<(), DriverError> {
        let begin = match mode {
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
            Mode::Write | Mode::Form => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
        };
        self.transaction = None;
        self.writing = mode == Mode::Write;
        self.execute_later(begin, &[])?;
        self.state = State::Announced;
        if mode != Mode::Write {
            return Ok(());
        }
        self.execute_later(TAKE_TURN, &[])?;
        if self.tells {
            let mut rows = self.query(TRANSACTION, &[])?;
            self.transaction = rows.first_mut().map(|row| row.int(0)).transpose()?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), DriverError> {
        if self.state == State::Announced && self.later.len() == 1 {
            // nothing was asked
            self.rollback();
            return Ok(());
        }
        // where a statement before it fails, the server takes this for a rollback
        let outcome = self.run_one("COMMIT", &[]).map(drop);
        match &outcome {
            Ok(()) => self.state = State::Idle,
            Err(error) if error.trouble == Trouble::Lost && self.writing => {
                self.in_doubt = true;
            }
            Err(_) => {}
        }
        outcome
    }

    fn rollback(&mut self) {
        self.later.clear();
        self.later_bytes = 0;
        let state = std::mem::replace(&mut self.state, State::Idle);
        if state != State::Open || self.broken {
            return;
        }
        if let Err(error) = self.execute("ROLLBACK", &[])
            && error.trouble != Trouble::Lost
        {
            // the server must not go on holding locks for it
            self.broken = true;
            tracing::error!(%error, "cannot undo a transaction: {error}");
        }
    }

    fn limit_pages(&mut self, _: u32) -> Result<(), DriverError> {
        Err(DriverError::other("PostgreSQL bounds the size of a database by its disk alone"))
    }

    fn dialect(&self) -> Dialect {
        Dialect::POSTGRES
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn transaction(&self) -> Option<i64> {
        self.transaction
    }

    fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    fn outcome_of(&mut self, transaction: i64) -> Result<Option<bool>, DriverError> {
        let mut rows = self.query(OUTCOME, &[transaction.into()])?;
        match rows.first_mut().map(|row| row.text(0)).transpose()?.as_deref() {
            Some("committed") => Ok(Some(true)),
            Some("aborted") => Ok(Some(false)),
            Some("in progress") => Ok(None),
            _ => Err(DriverError::other(format!(
                "the server does not know transaction {transaction} any more"
            ))),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // may happen where a runtime must not be waited for
            runtime.shutdown_background();
        }
    }
}

fn size_of_value(value: &Value) -> usize {
    match value {
        Value::Null | Value::Int(_) => 8,
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
    }
}

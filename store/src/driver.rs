//! The seam between the store and an engine: two dozen lines that a database must offer.
//!
//! The decision a reader may doubt: it is synchronous. All writing happens on one thread of its own, which
//! collects requests into one commit, and reading happens on blocking threads; an engine with an async client
//! waits inside its driver. So all logic above is written once, as plain code.

use crate::dialect::Dialect;

/// A value of a parameter or a column. There are four kinds; everything else is made of them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// SQL `NULL`.
    Null,
    /// A whole number.
    Int(i64),
    /// Text without NUL characters.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Int(i64::from(truth))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

/// The two uuids that stand in nearly every row and key, nobody's and the only customer's, are stored short. The order of
/// all uuids is that of their stored bytes.
const SHORT: [(uuid::Uuid, &[u8]); 2] = [(uuid::Uuid::nil(), b""), (uuid::Uuid::from_u128(1), b"\0")];

impl From<uuid::Uuid> for Value {
    fn from(uuid: uuid::Uuid) -> Self {
        let short = SHORT.iter().find(|(known, _)| *known == uuid);
        Self::Bytes(short.map_or_else(|| uuid.as_bytes().to_vec(), |(_, bytes)| bytes.to_vec()))
    }
}

impl From<&model::Digest> for Value {
    fn from(digest: &model::Digest) -> Self {
        Self::Bytes(digest.as_bytes().to_vec())
    }
}

impl From<model::Timestamp> for Value {
    fn from(time: model::Timestamp) -> Self {
        Self::Int(time.0)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What sort of failure an engine reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No room left.
    Full,
    /// Locked by someone else for longer than the time-out.
    Busy,
    /// A rule of the schema was broken.
    Constraint,
    /// A value that no engine can hold.
    Invalid,
    /// The engine gave up a transaction that got into another one's way; run again, it may succeed.
    Conflict,
    /// The connection is gone, or none can be had. Its transaction is undone.
    Lost,
    /// Anything else.
    Other,
}

/// A failure of the engine, in its own words.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct DriverError {
    /// What sort.
    pub trouble: Trouble,
    /// The engine's message.
    pub message: String,
}

impl DriverError {
    /// Makes an error that is none of the engine's known troubles.
    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self { trouble: Trouble::Other, message: message.into() }
    }
}

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One snapshot for all queries.
    Read,
    /// Keeps every other writer, in any process, out until it ends.
    Write,
    /// Changes the form of the database, which may not have a clock to keep others out with yet.
    Form,
}

/// One connection. Parameters are `$1`, `$2`, ... and are bound by that name.
pub(crate) trait Connection: Send {
    /// Runs a statement; gives the number of rows that it touched.
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, DriverError>;

    /// Runs a statement and collects its rows.
    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, DriverError>;

    /// Runs a statement whose effect nobody waits for. It takes place before whatever is asked of the connection next;
    /// if it fails, that comes out at the latest when the connection settles or commits.
    fn execute_later(&mut self, sql: &str, values: &[Value]) -> Result<(), DriverError> {
        self.execute(sql, values).map(drop)
    }

    /// Waits for all statements that were to run later.
    fn settle(&mut self) -> Result<(), DriverError> {
        Ok(())
    }

    /// Runs one statement with several sets of values; gives the rows of each set, in their order.
    fn query_many(&mut self, sql: &str, sets: &[Vec<Value>]) -> Result<Vec<Vec<Row>>, DriverError> {
        sets.iter().map(|values| self.query(sql, values)).collect()
    }

    /// Runs several statements without parameters.
    fn script(&mut self, sql: &str) -> Result<(), DriverError>;

    /// Begins a transaction.
    fn begin(&mut self, mode: Mode) -> Result<(), DriverError>;

    /// Makes the transaction durable: it survives the loss of the process and of power when this returns.
    fn commit(&mut self) -> Result<(), DriverError>;

    /// Undoes the transaction, whatever state it is in; does nothing if there is none.
    fn rollback(&mut self);

    /// Bounds the size of the database in pages of the engine, for tests of a full disk.
    fn limit_pages(&mut self, pages: u32) -> Result<(), DriverError>;

    /// How the engine's SQL differs from the common text.
    fn dialect(&self) -> Dialect;

    /// Whether the engine is far away: asking costs more than working, and the way to it can break. What it is told is
    /// then kept until it is done, to be told again.
    fn is_remote(&self) -> bool {
        false
    }

    /// The number of the writing transaction, for [`Self::outcome_of`]; `None` if the engine cannot tell.
    fn transaction(&self) -> Option<i64> {
        None
    }

    /// Whether the connection was lost while it committed.
    fn is_in_doubt(&self) -> bool {
        false
    }

    /// What became of a transaction of another connection: whether it was committed; `None` while it has not ended.
    fn outcome_of(&mut self, transaction: i64) -> Result<Option<bool>, DriverError> {
        Err(DriverError::other(format!("nobody knows what became of transaction {transaction}")))
    }
}

/// Refuses text that PostgreSQL cannot hold, on every engine alike.
pub(crate) fn check_values(values: &[Value]) -> Result<(), DriverError> {
    let bad = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
    match values.iter().position(bad) {
        None => Ok(()),
        Some(place) => Err(DriverError {
            trouble: Trouble::Invalid,
            message: format!("a text (parameter ${}) holds a NUL character", place + 1),
        }),
    }
}

/// Opens connections to one database.
pub(crate) trait Engine: Send + Sync {
    /// Opens a connection that writes.
    fn open_writer(&self) -> Result<Box<dyn Connection>, DriverError>;

    /// Opens a connection that only reads.
    fn open_reader(&self) -> Result<Box<dyn Connection>, DriverError>;
}

/// Runs `work` in a transaction of its own; undoes it if it fails.
pub(crate) fn in_transaction<T, E: From<DriverError>>(
    connection: &mut dyn Connection,
    mode: Mode,
    work: impl FnOnce(&mut dyn Connection) -> Result<T, E>,
) -> Result<T, E> {
    connection.begin(mode)?;
    let outcome = work(connection).and_then(|value| Ok(connection.commit().map(|()| value)?));
    if outcome.is_err() {
        connection.rollback();
    }
    outcome
}

/// One row of an answer; columns are taken by their place, counted from 0.
#[derive(Debug)]
pub(crate) struct Row(pub(crate) Vec<Value>);

impl Row {
    fn take(&mut self, column: usize) -> Value {
        self.0.get_mut(column).map_or(Value::Null, |value| std::mem::replace(value, Value::Null))
    }

    fn wrong(column: usize, wanted: &str, found: &Value) -> DriverError {
        let found = match found {
            Value::Null => "null",
            Value::Int(_) => "a number",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
        };
        DriverError::other(format!("column {column} holds {found} in place of {wanted}"))
    }

    /// Takes a number.
    pub(crate) fn int(&mut self, column: usize) -> Result<i64, DriverError> {
        match self.take(column) {
            Value::Int(number) => Ok(number),
            other => Err(Self::wrong(column, "a number", &other)),
        }
    }

    /// Takes a number or null.
    pub(crate) fn optional_int(&mut self, column: usize) -> Result<Option<i64>, DriverError> {
        match self.take(column) {
            Value::Null => Ok(None),
            Value::Int(number) => Ok(Some(number)),
            other => Err(Self::wrong(column, "a number", &other)),
        }
    }

    /// Takes a number that fits 32 bits.
    pub(crate) fn u32(&mut self, column: usize) -> Result<u32, DriverError> {
        let number = self.int(column)?;
        u32::try_from(number).map_err(|_| {
            DriverError::other(format!("column {column} holds {number}, which is no 32-bit number"))
        })
    }

    /// Takes a point in time.
    pub(crate) fn time(&mut self, column: usize) -> Result<model::Timestamp, DriverError> {
        self.int(column).map(model::Timestamp)
    }

    /// Takes a text.
    pub(crate) fn text(&mut self, column: usize) -> Result<String, DriverError> {
        match self.take(column) {
            Value::Text(text) => Ok(text),
            other => Err(Self::wrong(column, "text", &other)),
        }
    }

    /// Takes a text or null.
    pub(crate) fn optional_text(&mut self, column: usize) -> Result<Option<String>, DriverError> {
        match self.take(column) {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other => Err(Self::wrong(column, "text", &other)),
        }
    }

    /// Takes bytes.
    pub(crate) fn bytes(&mut self, column: usize) -> Result<Vec<u8>, DriverError> {
        match self.take(column) {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err(Self::wrong(column, "bytes", &other)),
        }
    }

    /// Takes bytes or null.
    pub(crate) fn optional_bytes(&mut self, column: usize) -> Result<Option<Vec<u8>>, DriverError> {
        match self.take(column) {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes)),
            other => Err(Self::wrong(column, "bytes", &other)),
        }
    }

    /// Takes a uuid.
    pub(crate) fn uuid(&mut self, column: usize) -> Result<uuid::Uuid, DriverError> {
        let bytes = self.bytes(column)?;
        if let Some((uuid, _)) = SHORT.iter().find(|(_, short)| *short == bytes) {
            return Ok(*uuid);
        }
        uuid::Uuid::from_slice(&bytes)
            .map_err(|_| DriverError::other(format!("column {column} does not hold the 16 bytes of a uuid")))
    }

    /// Takes a digest.
    pub(crate) fn digest(&mut self, column: usize) -> Result<model::Digest, DriverError> {
        let bytes: [u8; 32] = self.bytes(column)?.try_into().map_err(|_| {
            DriverError::other(format!("column {column} does not hold the 32 bytes of a digest"))
        })?;
        Ok(model::Digest::from_bytes(bytes))
    }

    /// Takes a digest or null.
    pub(crate) fn optional_digest(&mut self, column: usize) -> Result<Option<model::Digest>, DriverError> {
        match self.0.get(column) {
            None | Some(Value::Null) => Ok(None),
            Some(_) => self.digest(column).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn uuids_come_back_and_are_ordered_as_their_stored_bytes() {
        let numbers = [0, 1, 2, 255, 1 << 64, u128::MAX >> 8, u128::MAX];
        let stored = numbers.map(|number| Value::from(Uuid::from_u128(number)));
        let bytes = stored.clone().map(|value| match value {
            Value::Bytes(bytes) => bytes,
            other => panic!("{other:?}"),
        });
        assert!(bytes.is_sorted());
        assert_eq!(bytes.each_ref().map(Vec::len), [0, 1, 16, 16, 16, 16, 16]);
        for (number, value) in numbers.into_iter().zip(stored) {
            assert_eq!(Row(vec![value]).uuid(0).unwrap(), Uuid::from_u128(number));
        }
        assert!(Row(vec![Value::Bytes(vec![1])]).uuid(0).is_err());
    }
}

//! The PostgreSQL driver.
//!
//! Each connection has a small runtime of its own that runs on the thread that uses it, so that waiting for the server
//! costs no change of threads. What nobody waits for is sent together with the next question (see `session`).
//!
//! The decision a reader may doubt: writers run in READ COMMITTED and hold the clock's row from their first statement
//! on. So they queue, in whatever process they are, each sees all that was committed before its turn, and none
//! is ever refused for getting into another one's way. Readers run in REPEATABLE READ, which is one snapshot.

mod explain;
mod session;
mod tls;
mod url;
mod value;
mod verify;

use crate::driver::{Connection, DriverError, Engine, Trouble};
use session::Session;
use tls::Tls;
pub(crate) use url::PostgresUrl;

/// How long a statement may take before the server gives it up, how long one waits for a lock, and how long a
/// transaction may stand still. All in the server's words; a server of its own that hangs must not keep the clock.
const WRITER: &str = "SET statement_timeout = '120s'; SET lock_timeout = '10s'; \
    SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = warning; SET jit = off; \
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
const READER: &str = "SET statement_timeout = '120s'; SET idle_in_transaction_session_timeout = '60s'; \
    SET client_min_messages = warning; SET jit = off; SET default_transaction_read_only = on";

/// A database on a server.
pub(crate) struct Postgres {
    url: PostgresUrl,
    tls: Tls,
}

impl Postgres {
    /// Names a database; trusted certificates are read, nothing is connected yet.
    pub(crate) fn new(url: PostgresUrl) -> Result<Self, DriverError> {
        let tls = Tls::new(&url)?;
        Ok(Self { url, tls })
    }

    fn open(&self, setup: &str) -> Result<Session, DriverError> {
        let mut session = Session::connect(&self.url.config, self.tls.clone())?;
        session.script(setup)?;
        Ok(session)
    }
}

impl Engine for Postgres {
    fn open_writer(&self) -> Result<Box<dyn Connection>, DriverError> {
        let mut session = self.open(WRITER)?;
        let encoding = session
            .query("SELECT current_setting('server_encoding')", &[])?
            .first_mut()
            .map(|row| row.text(0));
        match encoding.transpose()?.as_deref() {
            Some("UTF8") => {}
            other => {
                let found = other.unwrap_or("none");
                return Err(DriverError::other(format!(
                    "the database has the encoding {found}; make one with: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
                )));
            }
        }
        session.learn_transactions()?;
        Ok(Box::new(session))
    }

    fn open_reader(&self) -> Result<Box<dyn Connection>, DriverError> {
        Ok(Box::new(self.open(READER)?))
    }
}

/// The error of a connection that was lost before.
fn lost(message: impl Into<String>) -> DriverError {
    DriverError { trouble: Trouble::Lost, message: message.into() }
}

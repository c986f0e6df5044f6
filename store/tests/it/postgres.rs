//! What concerns PostgreSQL alone: the way to it, and what happens when it breaks.

use model::Timestamp;
use store::{DEFAULT_CUSTOMER, Store, StoreError, StoreOptions};
use testkit::postgres::{Cluster, Database, fresh_citus_database, fresh_database};

use crate::Backend;
use crate::build::{report, stored};

/// A database on the server of this process.
pub(crate) struct PostgresDatabase(Database);

impl Backend for PostgresDatabase {
    fn is_there() -> bool {
        testkit::postgres::is_there()
    }

    fn fresh() -> Self {
        Self(fresh_database())
    }

    fn open(&self) -> Store {
        open(&self.0.url)
    }
}

/// A database on a server with Citus.
pub(crate) struct CitusDatabase(Database);

impl Backend for CitusDatabase {
    fn is_there() -> bool {
        testkit::postgres::citus_is_there()
    }

    fn fresh() -> Self {
        Self(fresh_citus_database())
    }

    fn open(&self) -> Store {
        open(&self.0.url)
    }
}

fn open(url: &str) -> Store {
    Store::open(&StoreOptions::postgres(url).unwrap()).unwrap()
}

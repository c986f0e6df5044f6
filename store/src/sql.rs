//! The SQL texts of the store, one file each under `sql/<aggregate>/`.

/// The text of `sql/<name>.sql`.
macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/sql/", $name, ".sql"))
    };
}

pub(crate) use sql;

//! qql

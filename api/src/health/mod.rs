//! Health, for whoever runs the server.

pub(crate) mod live;
pub(crate) mod ready;

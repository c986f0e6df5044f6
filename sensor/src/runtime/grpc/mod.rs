//! gRPC over a unix socket: what containerd and the runtimes of Kubernetes speak.
//!
//! What it is for: calls with one question and one answer or a stream of answers, bounded in size and time. What it is not for:
//! anything that sends a stream, TLS, compression, or a server.
//!
//! The decision a reader may doubt: this is hyper's HTTP/2 client with a hundred lines of gRPC on top, and messages declared by hand,
//! instead of tonic and prost. hyper is in the program anyway, so that its HTTP/2 costs two crates (h2, fnv); tonic with prost would
//! bring nine (tonic, tonic-prost, prost, prost-derive, itertools, either, tokio-stream, h2, fnv) and generated code of some 20,000
//! lines for two dozen messages of which a handful of fields are wanted. prost alone would save no line over declarations by
//! hand, and leaves the length of lists to whoever wrote the bytes.

mod channel;
mod wire;

#[cfg(test)]
mod tests;

pub(crate) use channel::{Call, CallError, Channel};
pub(crate) use wire::{Field, Malformed, Message, Writer, read};

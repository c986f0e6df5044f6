//! Runs the router on a listening socket, HTTP/1.1 only.
//!
//! Not `axum::serve`: public clients look header names up letter by letter (`Link`, never `link`), and only
//! hyper's own connection builder can write names in title case. Since the connection is ours anyway, the
//! limits stand here too: time to send the headers, number of connections, and how long a stop may take.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::request_target::LenientTargets;

/// Connections that are open at once; further ones wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 2_048;
/// A client that takes longer to send a request head, or stays idle for longer, is disconnected.
const HEADER_TIMEOUT: Duration = Duration::from_secs(60);
/// A request head that is larger is refused.
const MAX_HEAD: usize = 256 << 10;
/// How long requests that are under way may take once a stop was asked for.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(30);
/// Pause after a failed accept, such as "too many open files".
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` on `listener` until `shutdown` resolves, then finishes the requests that are under way.
///
/// Returns when the last one is answered, or after half a minute at the latest.
pub async fn serve(listener: TcpListener, router: Router, shutdown: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut shutdown = pin!(shutdown);
    loop {
        let slot = tokio::select! {
            slot = Arc::clone(&slots).acquire_owned() => slot.expect("the semaphore is never closed"),
            () = &mut shutdown => break,
        };
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        let connection = graceful.watch(connection(stream, router.clone()));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended: {error}");
            }
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were still under way when the server stopped");
    }
}

type Connection =
    hyper::server::conn::http1::Connection<TokioIo<LenientTargets<TcpStream>>, TowerToHyperService<Router>>;

fn connection(stream: TcpStream, router: Router) -> Connection {
    // small responses must not wait for an acknowledgement; a socket that cannot be told so still works
    let _ = stream.set_nodelay(true);
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .title_case_headers(true)
        .serve_connection(TokioIo::new(LenientTargets::new(stream)), TowerToHyperService::new(router))
}

//! One log line for each answered request.

use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use crate::auth::AccountName;

/// The middleware. Queries are not logged: they may hold what a client looks for.
pub(crate) async fn log(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let started = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let ms = started.elapsed().as_millis();
    let account = response.extensions().get::<AccountName>().map_or("-", |name| name.0.as_str());
    tracing::info!(%method, path, status, ms, account, "{method} {path} {status} in {ms} ms for {account}");
    response
}

//! `GET /healthz`: the process runs.

/// Answers as long as the process runs; looks at nothing else, so that a slow database does not get the
/// process killed.
#[utoipa::path(
    get, path = "/healthz", tag = "health", security(()),
    responses((status = 200, description = "the process runs", body = String, content_type = "text/plain"))
)]
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

//! The list of the API: every path, its methods and who answers.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::error::{ApiError, Refusal};
use crate::state::{ApiState, Shared, SharedState};
use crate::wire::Version;
use crate::{
    auth, changes, completion, container_reports, containers, deletion, health, images, jobs, openapi, query,
    reports, request_log, statistics, tags, token, vulnerabilities,
};

/// The largest form of `POST /auth`, in bytes.
const MAX_FORM: usize = 16 << 10;

/// The headers of every answer.
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("x-frame-options"), HeaderValue::from_static("sameorigin")),
    (HeaderName::from_static("x-xss-protection"), HeaderValue::from_static("1; mode=block")),
    (HeaderName::from_static("referrer-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), HeaderValue::from_static("none")),
];

/// Makes the router of the whole API.
///
/// Paths that it does not know are answered with the documented 404 body; set another fallback on the result
/// to serve more.
pub fn router(state: ApiState) -> Router {
    let shared = SharedState::new(state);
    let signed_in = || middleware::from_fn_with_state(Shared::clone(&shared), auth::authenticate);

    let mut router = Router::new()
        .route("/healthz", get(health::live::live))
        .route("/readyz", get(health::ready::ready))
        .route("/api/v1/openapi.json", get(openapi::show))
        .route("/auth", post(token::issue::issue).layer(DefaultBodyLimit::max(MAX_FORM)))
        .route("/auth/oidc", post(token::issue::issue).layer(DefaultBodyLimit::max(MAX_FORM)));
    for version in Version::ALL {
        let compatible = compatible().layer(Extension(version)).route_layer(signed_in());
        router = router.nest(&format!("/csapi/{version}"), compatible);
    }
    router
        .nest("/api/v1", own().route_layer(signed_in()))
        .fallback(async || ApiError::not_found("no such path"))
        .method_not_allowed_fallback(async |request: Request| {
            let message = format!("{} is not possible on this path", request.method());
            ApiError::new(Refusal::MethodNotAllowed, message)
        })
        .layer(RequestBodyTimeoutLayer::new(shared.settings.body_pause))
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::map_response(with_headers))
        .layer(middleware::from_fn(request_log::log))
        .with_state(shared)
}

/// The compatible calls, the same in all versions.
fn compatible() -> Router<Shared> {
    Router::new()
        .both("/images", get(images::list::list).delete(deletion::images::delete))
        .both("/images/delete", post(deletion::images::delete))
        .both("/images/list", get(images::bulk::bulk))
        .both("/images/snow", get(images::snow::snow))
        .both("/images/{sha}", get(images::show::show))
        .both("/images/{sha}/association", get(images::association::association))
        .both("/images/{sha}/software", get(images::list_software::list_software))
        .both("/images/{sha}/vuln", get(images::list_vulnerabilities::list_vulnerabilities))
        .both("/images/{sha}/vuln/count", get(images::count_vulnerabilities::count_vulnerabilities))
        .both("/containers", get(containers::list::list).delete(deletion::containers::delete))
        .both("/containers/delete", post(deletion::containers::delete))
        .both("/containers/list", get(containers::bulk::bulk))
        .both("/containers/{sha}", get(containers::show::show))
        .both("/containers/{sha}/software", get(containers::list_software::list_software))
        .both("/containers/{sha}/vuln", get(containers::list_vulnerabilities::list_vulnerabilities))
        .both("/containers/{sha}/vuln/count", get(containers::count_vulnerabilities::count_vulnerabilities))
        .both("/vulnerability", get(vulnerabilities::list::list))
        .both("/vulnerability/{uuid}", get(vulnerabilities::show::show))
        .both("/vuln", get(vulnerabilities::list::list))
        .both("/vuln/count", get(vulnerabilities::count::count))
}

/// Plimsoll's own calls.
fn own() -> Router<Shared> {
    Router::new()
        .route("/reports", post(reports::create::create))
        .route("/containers", post(container_reports::create::create))
        .route("/images/{sha}/explain", get(images::explain::explain))
        .route("/aggregates", get(statistics::aggregates::aggregates))
        .route("/summary", get(statistics::summary::summary))
        .route("/history", get(statistics::history::history))
        .route("/query", get(query::query))
        .route("/qql/complete", get(completion::complete))
        .route("/changes", get(changes::list::list))
        .route("/jobs", get(jobs::list::list))
        .route("/jobs/{uuid}", get(jobs::show::show).delete(jobs::cancel::cancel))
        .route("/tags/{name}", post(tags::assign::assign))
}

/// Routes that answer with and without a slash at the end.
trait BothRoutes {
    fn both(self, path: &str, routes: MethodRouter<Shared>) -> Self;
}

impl BothRoutes for Router<Shared> {
    fn both(self, path: &str, routes: MethodRouter<Shared>) -> Self {
        self.route(path, routes.clone()).route(&format!("{path}/"), routes)
    }
}

async fn with_headers(mut response: Response) -> Response {
    response.headers_mut().extend(HEADERS);
    response
}

fn panicked(payload: Box<dyn std::any::Any + Send>) -> axum::http::Response<Body> {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    ApiError::internal(text.unwrap_or("panic without a message")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_with_the_documented_body_and_its_text_stays_inside() {
        let response = panicked(Box::new("index 7 out of bounds"));
        assert_eq!(response.status(), axum::http::StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 1_000).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["errorCode"], "500 INTERNAL_SERVER_ERROR");
        assert_eq!(body["message"], "internal error");
    }
}

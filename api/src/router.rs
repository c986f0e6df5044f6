//! The list of the API: every path, its methods and who answers.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post, put};
use axum::{Extension, Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::{CompressionLayer, CompressionLevel};
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::error::{ApiError, Refusal};
use crate::state::{ApiState, Shared, SharedState};
use crate::wire::Version;
use crate::{
    activation_key, auth, body_limit, changes, completion, container_reports, containers, deletion, health,
    images, jobs, openapi, query, registries, registry_jobs, reports, request_log, sensor_profiles, sensors,
    statistics, tags, token, vulnerabilities,
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
    let most = middleware::from_fn_with_state(sensors::enrol::MAX_BODY, body_limit::check);
    let enrol = post(sensors::enrol::enrol).layer((most, DefaultBodyLimit::max(sensors::enrol::MAX_BODY)));
    router = router.route("/api/v1/sensors/enrol", enrol);
    let events = post(registries::events::take).layer(DefaultBodyLimit::max(registries::events::MAX_BODY));
    router = router.route("/api/v1/registries/{uuid}/events", events);
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
        .both("/images/{sha}/associatedRegistries", get(registries::repositories::of_image))
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
        .merge(compatible_registries())
        .both("/sensors", get(sensors::list::list).delete(deletion::sensors::delete))
        .both("/sensors/delete", post(deletion::sensors::delete))
        .both("/sensors/{uuid}", get(sensors::record::show))
        .both("/activationkey", get(activation_key::show))
        .both("/sensorProfile", get(sensor_profiles::list::list).post(sensor_profiles::put::create))
        .both(
            "/sensorProfile/{uuid}",
            get(sensor_profiles::show::show)
                .put(sensor_profiles::put::replace)
                .delete(sensor_profiles::delete::delete),
        )
        .both("/vulnerability", get(vulnerabilities::list::list))
        .both("/vulnerability/{uuid}", get(vulnerabilities::show::show))
        .both("/vuln", get(vulnerabilities::list::list))
        .both("/vuln/count", get(vulnerabilities::count::count))
}

/// The compatible calls about registries.
fn compatible_registries() -> Router<Shared> {
    use registries::{connectors, delete, list, put, repositories, schedules, show, validate};
    Router::new()
        .both("/registry", get(list::list).post(put::create).delete(delete::delete_all))
        .both("/registry/delete", post(delete::delete_all))
        .both("/registry/validate", post(validate::validate))
        .both("/registry/aws-base", get(connectors::aws_base))
        .both("/registry/aws/connectors/{account}", get(connectors::list_of_account))
        .both("/registry/{uuid}", get(show::show).put(put::replace).delete(delete::delete))
        .both("/registry/{uuid}/connector", post(connectors::create))
        .both("/registry/{uuid}/connectors", get(connectors::list))
        .both("/registry/{uuid}/connector/{id}", get(connectors::show))
        .both("/registry/{uuid}/repository", get(repositories::list))
        .both(
            "/registry/{uuid}/schedule",
            get(schedules::list).post(schedules::create).delete(schedules::delete_all),
        )
        .both("/registry/{uuid}/schedule/{schedule}", put(schedules::replace).delete(schedules::delete))
        .both("/registry/{uuid}/schedule/{schedule}/cancel", post(schedules::cancel))
}

/// Plimsoll's own calls.
fn own() -> Router<Shared> {
    Router::new()
        .route("/reports", post(reports::create::create))
        .route("/containers", post(container_reports::create::create))
        .route("/containers/{sha}", get(container_reports::show::show))
        .route("/images/{sha}", get(images::facts::facts))
        .route("/images/{sha}/explain", get(images::explain::explain))
        .route("/aggregates", get(statistics::aggregates::aggregates))
        .route("/summary", get(statistics::summary::summary))
        .route("/history", get(statistics::history::history))
        .route("/query", get(query::query))
        .route("/qql/complete", get(completion::complete))
        .route("/changes", get(changes::list::list))
        .route("/jobs", get(jobs::list::list))
        .route("/jobs/{uuid}", get(jobs::show::show).delete(jobs::cancel::cancel))
        .merge(own_sensors())
        .route("/registries", get(registries::own::list))
        .route(
            "/registries/{uuid}/event-secret",
            post(registries::own::make_event_secret).delete(registries::own::delete_event_secret),
        )
        .route("/registry-jobs/claim", post(registry_jobs::claim::claim))
        .route("/registry-jobs/{run}/tags", post(registry_jobs::walk::tags))
        .route("/registry-jobs/{run}/repositories", post(registry_jobs::walk::repositories))
        .route("/registry-jobs/{run}/manifests", post(registry_jobs::walk::manifests))
        .route("/registry-jobs/{run}/progress", post(registry_jobs::walk::progress))
        .route("/registry-jobs/{run}/end", post(registry_jobs::walk::end))
        .route("/tags/{name}", post(tags::assign::assign).delete(tags::unassign::unassign))
}

/// Calls of sensors and about them, each with its largest body.
fn own_sensors() -> Router<Shared> {
    use sensors::{change, containers, heartbeat, images, revoke, show, tokens};
    let most =
        |bytes| (middleware::from_fn_with_state(bytes, body_limit::check), DefaultBodyLimit::max(bytes));
    let small = Router::new()
        .route("/sensors/tokens", get(tokens::list).post(tokens::create))
        .route("/sensors/tokens/{uuid}", delete(tokens::delete))
        .route("/sensors/containers", get(containers::containers))
        .route("/sensors/{uuid}", get(show::show).patch(change::change))
        .route("/sensors/{uuid}/revoke", post(revoke::revoke))
        .route_layer(most(sensors::MAX_BODY));
    let heartbeat = post(heartbeat::heartbeat).layer(most(heartbeat::MAX_BODY));
    let images = post(images::images).layer(most(images::MAX_BODY));
    small.route("/sensors/heartbeat", heartbeat).route("/sensors/images", images)
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

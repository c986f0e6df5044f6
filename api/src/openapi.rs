//! The OpenAPI document, made from the handlers' own annotations.

use axum::Json;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi, SecurityRequirement};
use utoipa::{Modify, OpenApi as _};

use crate::{
    changes, completion, container_reports, containers, deletion, health, images, jobs, query, reports,
    statistics, tags, token, vulnerabilities,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Plimsoll",
        description = "Container security: what is inside images and containers, and what is known about it."
    ),
    paths(
        token::issue::issue,
        images::list::list,
        images::bulk::bulk,
        deletion::images::delete,
        deletion::containers::delete,
        changes::list::list,
        images::show::show,
        images::list_software::list_software,
        images::list_vulnerabilities::list_vulnerabilities,
        images::count_vulnerabilities::count_vulnerabilities,
        images::association::association,
        images::snow::snow,
        images::explain::explain,
        containers::list::list,
        containers::bulk::bulk,
        containers::show::show,
        containers::list_software::list_software,
        containers::list_vulnerabilities::list_vulnerabilities,
        containers::count_vulnerabilities::count_vulnerabilities,
        vulnerabilities::list::list,
        vulnerabilities::show::show,
        vulnerabilities::count::count,
        reports::create::create,
        container_reports::create::create,
        tags::assign::assign,
        statistics::aggregates::aggregates,
        statistics::summary::summary,
        statistics::history::history,
        query::query,
        completion::complete,
        jobs::list::list,
        jobs::show::show,
        jobs::cancel::cancel,
        health::live::live,
        health::ready::ready,
        show,
    ),
    modifiers(&Credentials)
)]
struct Document;

/// Every call takes Basic or Bearer unless it says otherwise.
struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, scheme) in [("basic", HttpAuthScheme::Basic), ("bearer", HttpAuthScheme::Bearer)] {
            components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
        }
        let none: [&str; 0] = [];
        let either = ["basic", "bearer"].map(|name| SecurityRequirement::new(name, none));
        document.security = Some(either.to_vec());
    }
}

/// The OpenAPI document of the API.
pub fn document() -> OpenApi {
    Document::openapi()
}

/// Shows this document.
#[utoipa::path(
    get, path = "/api/v1/openapi.json", tag = "health", security(()),
    responses((status = 200, description = "the document", body = serde_json::Value))
)]
pub(crate) async fn show() -> Json<OpenApi> {
    Json(document())
}

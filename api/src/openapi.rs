//! The OpenAPI document, made from the handlers' own annotations.

use axum::Json;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi, SecurityRequirement};
use utoipa::{Modify, OpenApi as _};

use crate::{
    activation_key, changes, completion, container_reports, containers, deletion, health, images, jobs,
    query, registries, registry_jobs, reports, sensor_profiles, sensors, statistics, tags, token,
    vulnerabilities,
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
        images::facts::facts,
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
        container_reports::show::show,
        tags::assign::assign,
        tags::unassign::unassign,
        statistics::aggregates::aggregates,
        statistics::summary::summary,
        statistics::history::history,
        query::query,
        completion::complete,
        registries::list::list,
        registries::put::create,
        registries::delete::delete_all,
        registries::validate::validate,
        registries::show::show,
        registries::put::replace,
        registries::delete::delete,
        registries::repositories::list,
        registries::repositories::of_image,
        registries::schedules::list,
        registries::schedules::create,
        registries::schedules::delete_all,
        registries::schedules::replace,
        registries::schedules::delete,
        registries::schedules::cancel,
        registries::connectors::aws_base,
        registries::connectors::create,
        registries::connectors::list,
        registries::connectors::list_of_account,
        registries::connectors::show,
        registries::own::list,
        registries::own::make_event_secret,
        registries::own::delete_event_secret,
        registries::events::take,
        registry_jobs::claim::claim,
        registry_jobs::walk::tags,
        registry_jobs::walk::repositories,
        registry_jobs::walk::manifests,
        registry_jobs::walk::progress,
        registry_jobs::walk::end,
        sensors::list::list,
        sensors::record::show,
        deletion::sensors::delete,
        activation_key::show,
        sensor_profiles::list::list,
        sensor_profiles::put::create,
        sensor_profiles::show::show,
        sensor_profiles::put::replace,
        sensor_profiles::delete::delete,
        sensors::tokens::create,
        sensors::tokens::list,
        sensors::tokens::delete,
        sensors::enrol::enrol,
        sensors::heartbeat::heartbeat,
        sensors::containers::containers,
        sensors::images::images,
        sensors::show::show,
        sensors::change::change,
        sensors::revoke::revoke,
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

//! `GET /api/v1/qql/complete`: what may come next in a query that is being typed.

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use fleet::Entity;
use qql::Candidate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::{Identity, Permission};
use crate::body;
use crate::error::ApiError;
use crate::paging::{Parameters, shorten};
use crate::state::Shared;
use crate::wire::ErrorBody;

/// What may stand at the cursor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompletionList {
    /// What a candidate replaces: from this character on, counted from 0 …
    start: usize,
    /// … to before this one. Equal to `start` where something is inserted.
    end: usize,
    /// The best first, at most 100.
    candidates: Vec<CompletionCandidate>,
}

/// One thing that may stand there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CompletionCandidate {
    text: String,
    /// `token`, `operator`, `keyword` or `value`.
    kind: &'static str,
    /// A few words about it; may be empty.
    detail: String,
}

impl From<Candidate> for CompletionCandidate {
    fn from(candidate: Candidate) -> Self {
        Self { text: candidate.text, kind: candidate.kind.as_str(), detail: candidate.detail }
    }
}

/// Completes a query: tokens, operators, words, and values that the account's records have, the most frequent first.
#[utoipa::path(
    get, path = "/api/v1/qql/complete", tag = "qql",
    params(
        ("entity" = Option<String>, Query, description = "images, containers, software or vulnerabilities; default images"),
        ("q" = Option<String>, Query, description = "the text so far"),
        ("cursor" = Option<usize>, Query, description = "the place in it, in characters from 0; default its end"),
    ),
    responses(
        (status = 200, description = "what may come next; nothing where the text cannot be understood", body = CompletionList),
        (status = 400, description = "a parameter is not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not read", body = ErrorBody),
    )
)]
pub(crate) async fn complete(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    identity.require(Permission::ViewImages)?;
    identity.require(Permission::ViewContainers)?;
    let parameters = Parameters::of(&uri);
    let entity = entity(&parameters)?;
    parameters.refuse_broken("q")?;
    // blanks at the end matter here
    let text = parameters.each("q").next().unwrap_or_default().to_owned();
    let cursor = parameters.number("cursor")?.unwrap_or(usize::MAX).min(text.chars().count());
    let (customer, scope) = (identity.customer(), identity.scope().clone());
    let found =
        crate::ask(&shared, move |fleet| Ok(fleet.complete((customer, &scope), entity, &text, cursor)));
    let found = found.await?;
    Ok(body::json(&CompletionList {
        start: found.span.start,
        end: found.span.end,
        candidates: found.candidates.into_iter().map(CompletionCandidate::from).collect(),
    }))
}

fn entity(parameters: &Parameters) -> Result<Entity, ApiError> {
    match parameters.get("entity").unwrap_or("images").to_ascii_lowercase().as_str() {
        "image" | "images" => Ok(Entity::Image),
        "container" | "containers" => Ok(Entity::Container),
        "software" | "softwares" => Ok(Entity::Software),
        "vulnerability" | "vulnerabilities" => Ok(Entity::Vulnerability),
        other => {
            let message = format!(
                "entity must be images, containers, software or vulnerabilities, not {}",
                shorten(other)
            );
            Err(ApiError::bad_request(message))
        }
    }
}

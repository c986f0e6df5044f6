//! `GET /api/v1/images/{sha}/explain`: why an image has a finding, or has none.
//!
//! The decision a reader may doubt: only the statements about the image's own packages are looked at, and an answer is cut
//! at a bound that it tells. Whoever wants everything runs `plimsoll explain`.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use fleet::inquiry::{Answer, Inquiry, Question, Seen, is_number};
use fleet::{ImageView, SoftwareView};
use model::{Digest, ImageId, OsRelease, Package, Timestamp};
use serde::Serialize;

use crate::auth::Identity;
use crate::body;
use crate::error::{ApiError, Refusal};
use crate::lookup::{self, Key};
use crate::paging::Parameters;
use crate::state::Shared;
use crate::wire::{self, ErrorBody};

/// Explanations of one answer.
const MOST: usize = 100;
/// The longest id or name that is asked for.
const LONGEST: usize = 512;

/// What is explained.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Explained<'a> {
    image: ImageId,
    knowledge: Knowledge,
    #[serde(flatten)]
    answer: Answer<'a>,
}

/// The data that it is explained by.
#[derive(Serialize)]
struct Knowledge {
    bundle: Digest,
    date: Option<Timestamp>,
}

/// Explains a finding, or why there is none: package evidence, lookup, advisory records, compared versions, rules.
#[utoipa::path(
    get, path = "/api/v1/images/{imageSha}/explain", tag = "images",
    params(
        ("imageSha" = String, Path, description = "64 hex digits, or the first 12"),
        ("qid" = Option<u32>, Query, description = "a vulnerability by its number"),
        ("id" = Option<String>, Query, description = "a vulnerability by any of its ids (CVE, GHSA, DSA, EOL), in any case"),
        ("package" = Option<String>, Query, description = "a package by its name, its source package's, or its package URL"),
    ),
    responses(
        (status = 200, description = "what is known; at most 100 explanations, leftOut counts the others", body = serde_json::Value),
        (status = 400, description = "not exactly one of qid, id and package, or not understood", body = ErrorBody),
        (status = 401, description = "no valid credentials", body = ErrorBody),
        (status = 403, description = "the role may not read", body = ErrorBody),
        (status = 404, description = "no such image in the account's scope", body = ErrorBody),
    )
)]
pub(crate) async fn explain(
    State(shared): State<Shared>,
    Extension(identity): Extension<Identity>,
    Key(key): Key,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, ApiError> {
    let view = match super::find(&shared, &identity, &key).await {
        // Unlike the compatible calls this one does not tell that others have such an image.
        Err(error) if error.is_out_of_scope() => return Err(lookup::unknown("image")),
        found => found?,
    };
    let asked = Asked::of(&Parameters::of(&uri))?;
    let stopped = |_| ApiError::new(Refusal::Unavailable, "the server is stopping");
    let _turn = shared.explanations.acquire().await.map_err(stopped)?;
    let bundle = shared.fleet.bundle();
    let json = tokio::task::spawn_blocking(move || answer(&view, &bundle, &asked)).await;
    Ok(body::ready_json(json.map_err(ApiError::internal)?))
}

/// What a request asks for.
enum Asked {
    Question(Question),
    Purl(String),
}

impl Asked {
    fn of(parameters: &Parameters) -> Result<Self, ApiError> {
        let given = ["qid", "id", "package"].map(|name| parameters.get(name));
        if given.iter().flatten().any(|text| text.len() > LONGEST) {
            return Err(ApiError::bad_request(format!("a parameter has more than {LONGEST} bytes")));
        }
        Ok(match given {
            [Some(qid), None, None] if is_number(qid) => {
                Self::Question(Question::Number(qid.parse().unwrap_or_default()))
            }
            [Some(_), None, None] => return Err(ApiError::bad_request("qid is not a whole number")),
            [None, Some(id), None] => Self::Question(Question::Id(id.to_owned())),
            [None, None, Some(purl)] if purl.starts_with("pkg:") => Self::Purl(purl.to_owned()),
            [None, None, Some(name)] => {
                Self::Question(Question::Package { ecosystem: None, name: name.to_owned(), version: None })
            }
            _ => return Err(ApiError::bad_request("give exactly one of qid, id and package")),
        })
    }
}

fn answer(view: &Arc<ImageView>, bundle: &Arc<fleet::Bundle>, asked: &Asked) -> Vec<u8> {
    let document = &view.record.document;
    let release = document.os_release.as_ref().map(OsRelease::package);
    let words = |place: &SoftwareView| (place.package.package.package(), place.package.purl());
    let packages: Vec<(Package, String)> = view.software.iter().map(words).collect();
    let inquiry = Inquiry {
        seen: view
            .software
            .iter()
            .zip(&packages)
            .map(|(place, (package, purl))| Seen {
                package,
                purl,
                path: &place.path,
                layer: place.layer,
                owned_by: place.owned_by.as_deref(),
                declared: None,
                found_by: "",
            })
            .collect(),
        release: release.as_ref(),
        facts: &document.facts,
        bundle,
        now: Timestamp::now(),
        most: MOST,
    };
    let answer = match asked {
        Asked::Question(question) => inquiry.answer(question, &[]),
        Asked::Purl(purl) => of_purl(&inquiry, purl),
    };
    wire::to_json(&Explained {
        image: view.record.id,
        knowledge: Knowledge { bundle: bundle.id(), date: bundle.date() },
        answer,
    })
}

/// The package that a package URL names, with or without version and qualifiers.
fn of_purl<'a>(inquiry: &Inquiry<'a>, purl: &str) -> Answer<'a> {
    let parts = |text: &str| -> [usize; 2] {
        let plain = text.find('?').unwrap_or(text.len());
        [plain, text[..plain].rfind('@').unwrap_or(plain)]
    };
    let is_named = |seen: &&Seen<'_>| {
        let [plain, bare] = parts(seen.purl);
        [seen.purl, &seen.purl[..plain], &seen.purl[..bare]].contains(&purl)
    };
    let Some(found) = inquiry.seen.iter().find(is_named) else { return Answer::default() };
    let has_version = purl.len() > parts(found.purl)[1];
    let question = Question::Package {
        ecosystem: Some(found.package.ecosystem),
        name: found.package.name.clone(),
        version: has_version.then(|| found.package.version.clone()),
    };
    inquiry.answer(&question, &[])
}

//! Notifications of registries: the envelope of the distribution registry ("Notifications"), and Harbor's ("Webhooks").

use model::Digest;
use model::registry::RegistryEvent;
use serde::Deserialize;

/// Events of one notification that are read.
const MOST: usize = 10_000;

#[derive(Deserialize)]
#[serde(untagged)]
enum Notification {
    Distribution {
        events: Vec<Event>,
    },
    /// In its own form, or as a CloudEvent.
    Harbor {
        r#type: String,
        #[serde(alias = "data")]
        event_data: EventData,
    },
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    action: String,
    #[serde(default)]
    target: Target,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Target {
    media_type: Option<String>,
    digest: Option<String>,
    repository: Option<String>,
    tag: Option<String>,
}

#[derive(Deserialize)]
struct EventData {
    #[serde(default)]
    resources: Vec<Resource>,
    /// Not of events about a replication or a whole project.
    #[serde(default)]
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    digest: Option<String>,
    #[serde(default)]
    tag: Option<String>,
}

#[derive(Deserialize)]
struct Repository {
    repo_full_name: String,
}

/// Reads a notification; gives what is about images that came or went. Pulls, layers and everything else are passed over.
///
/// # Errors
/// It is neither form of notification.
pub fn read_events(body: &[u8]) -> Result<Vec<RegistryEvent>, String> {
    let notification: Notification = serde_json::from_slice(body)
        .map_err(|_| "neither a notification of the distribution registry nor one of Harbor".to_owned())?;
    let mut events: Vec<RegistryEvent> = match notification {
        Notification::Distribution { events } => {
            events.into_iter().take(MOST).filter_map(of_distribution).collect()
        }
        Notification::Harbor { r#type, event_data } => of_harbor(&r#type, event_data),
    };
    events.sort_unstable();
    events.dedup();
    Ok(events)
}

fn event(repository: String, tag: Option<String>, digest: Option<&str>) -> Option<RegistryEvent> {
    let digest: Option<Digest> = digest.and_then(|digest| digest.parse().ok());
    // some write the digest where the tag would be
    let tag = tag.filter(|tag| !tag.is_empty() && !tag.contains(':'));
    let fits =
        !repository.is_empty() && repository.len() <= 255 && tag.as_ref().is_none_or(|tag| tag.len() <= 128);
    fits.then_some(RegistryEvent { repository, tag, digest })
}

fn of_distribution(Event { action, target }: Event) -> Option<RegistryEvent> {
    let media_type = target.media_type.unwrap_or_default();
    let is_manifest = media_type.contains("manifest") || media_type.contains("image.index");
    let is_about = match action.as_str() {
        // an untagged push is part of one that has a tag
        "push" => is_manifest && target.tag.is_some(),
        // of a layer nothing but its digest is told, as of a manifest
        "delete" => true,
        _ => false,
    };
    if !is_about {
        return None;
    }
    event(target.repository?, target.tag, target.digest.as_deref())
}

fn of_harbor(kind: &str, data: EventData) -> Vec<RegistryEvent> {
    let is_push = matches!(kind, "PUSH_ARTIFACT" | "harbor.artifact.pushed");
    if !is_push && !matches!(kind, "DELETE_ARTIFACT" | "harbor.artifact.deleted") {
        return Vec::new();
    }
    let Some(Repository { repo_full_name: repository }) = data.repository else { return Vec::new() };
    let events = data.resources.into_iter().take(MOST).filter_map(|resource| {
        let event = event(repository.clone(), resource.tag, resource.digest.as_deref())?;
        (!is_push || event.tag.is_some()).then_some(event)
    });
    events.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(body: &str) -> Vec<String> {
        let show =
            |event: RegistryEvent| format!("{}:{}", event.repository, event.tag.as_deref().unwrap_or("-"));
        read_events(body.as_bytes()).unwrap().into_iter().map(show).collect()
    }

    #[test]
    fn pushes_and_deletions_of_the_distribution_registry_are_read_and_the_rest_is_passed_over() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let body = format!(
            r#"{{"events":[
                {{"id":"1","action":"push","target":{{"mediaType":"application/vnd.docker.distribution.manifest.v2+json","digest":"{digest}","repository":"team/app","tag":"1","url":"u"}}}},
                {{"action":"push","target":{{"mediaType":"application/octet-stream","digest":"{digest}","repository":"team/app"}}}},
                {{"action":"push","target":{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{digest}","repository":"team/app"}}}},
                {{"action":"pull","target":{{"mediaType":"application/vnd.oci.image.manifest.v1+json","repository":"team/app","tag":"1"}}}},
                {{"action":"delete","target":{{"digest":"{digest}","repository":"team/old"}}}},
                {{"action":"delete","target":{{"repository":"team/old","tag":"2"}}}}
            ]}}"#
        );
        assert_eq!(shown(&body), ["team/app:1", "team/old:-", "team/old:2"]);
    }

    #[test]
    fn artifacts_of_harbor_are_read_and_other_events_are_passed_over() {
        let body = |kind: &str, tag: &str| {
            format!(
                r#"{{"type":"{kind}","occur_at":1,"operator":"admin","event_data":{{"resources":[{{"digest":"sha256:{}","tag":"{tag}","resource_url":"u"}}],
                "repository":{{"date_created":1,"name":"app","namespace":"team","repo_full_name":"team/app","repo_type":"private"}}}}}}"#,
                "ab".repeat(32)
            )
        };
        assert_eq!(shown(&body("PUSH_ARTIFACT", "1")), ["team/app:1"]);
        assert!(shown(&body("PUSH_ARTIFACT", "")).is_empty());
        assert_eq!(shown(&body("DELETE_ARTIFACT", "")), ["team/app:-"]);
        assert_eq!(shown(&body("DELETE_ARTIFACT", "sha256:ab")), ["team/app:-"]);
        assert!(shown(&body("SCANNING_COMPLETED", "1")).is_empty());
        assert!(
            shown(r#"{"type":"REPLICATION","event_data":{"replication":{"job_status":"Success"}}}"#)
                .is_empty()
        );
    }

    #[test]
    fn cloud_events_of_harbor_say_the_same() {
        let body = |kind: &str| {
            format!(
                r#"{{"specversion":"1.0","id":"66e7","source":"/projects/2/webhook/policies/15","type":"{kind}",
                "datacontenttype":"application/json","time":"2024-03-05T02:30:34Z","operator":"admin","data":{{
                "resources":[{{"digest":"sha256:{}","tag":"1","resource_url":"u"}}],
                "repository":{{"name":"app","namespace":"team","repo_full_name":"team/app","repo_type":"private"}}}}}}"#,
                "ab".repeat(32)
            )
        };
        assert_eq!(shown(&body("harbor.artifact.pushed")), ["team/app:1"]);
        assert_eq!(shown(&body("harbor.artifact.deleted")), ["team/app:1"]);
        assert!(shown(&body("harbor.artifact.pulled")).is_empty());
    }

    #[test]
    fn anything_else_is_no_notification() {
        for body in ["", "{}", "[]", "{\"events\":5}", "{\"type\":\"PUSH_ARTIFACT\"}"] {
            assert!(read_events(body.as_bytes()).is_err(), "{body}");
        }
    }
}

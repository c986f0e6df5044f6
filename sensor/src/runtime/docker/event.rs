//! Events as Docker (`GET /events`, moby `api/types/events`) and podman tell them: one JSON object a line.
//!
//! Podman speaks Docker's form with some words of its own (`remove` for `destroy`, `died` for `die`), and daemons before API 1.22
//! know neither `Type` nor `Action`. What nobody has to look at, such as the result of a health check every few seconds, is passed
//! over here, so that it costs nothing further on.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::{ContainerState, Digest, Label, Timestamp};
use serde::Deserialize;

use crate::runtime::{Event, Told, What};

/// An event, as far as it is of interest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    /// What is handed on.
    pub(super) event: Event,
    /// The process that was started in a container or ended there.
    pub(super) exec: Option<Exec>,
}

/// A process beside the first one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Exec {
    /// The daemon's id of it.
    pub(super) id: String,
    /// Its program and arguments, separated by spaces, if it was started.
    pub(super) command: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "Type")]
    kind: Option<String>,
    #[serde(rename = "Action")]
    action: Option<String>,
    #[serde(rename = "Actor")]
    actor: Option<Actor>,
    status: Option<String>,
    id: Option<String>,
    from: Option<String>,
    time: Option<i64>,
    #[serde(rename = "timeNano")]
    nanoseconds: Option<i64>,
}

#[derive(Default, Deserialize)]
struct Actor {
    #[serde(rename = "ID")]
    id: Option<String>,
    #[serde(rename = "Attributes")]
    attributes: Option<BTreeMap<String, Option<String>>>,
}

/// Attributes that the daemon itself adds to a container's labels.
const NO_LABELS: [&str; 14] = [
    "comment",
    "container",
    "containerExitCode",
    "execDuration",
    "execID",
    "exitCode",
    "health_status",
    "image",
    "imageID",
    "imageRef",
    "name",
    "oldName",
    "podId",
    "signal",
];

/// Reads a line; `None` if it is nothing to look at.
///
/// # Errors
/// If it is no event, with what is wrong.
pub(super) fn parse(line: &[u8]) -> Result<Option<Heard>, String> {
    // engines replace bytes that are no UTF-8; what gets past them must not cost the event
    let text: Cow<'_, str> = String::from_utf8_lossy(line);
    let message: Message = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let Some(action) = message.action.clone().or_else(|| message.status.clone()) else {
        return Err("it has neither `Action` nor `status`".to_owned());
    };
    // "exec_start: sh -c date" and "health_status: healthy"
    let (word, rest) = match action.split_once(':') {
        Some((word, rest)) => (word, Some(rest.trim_start())),
        None => (action.as_str(), None),
    };
    let kind = message.kind.as_deref().unwrap_or_else(|| kind_of(word, message.from.as_deref()));
    let at = message.at();
    let (what, exec) = match kind {
        "container" => match container(word, rest, &message)? {
            Some(found) => found,
            None => return Ok(None),
        },
        "image" => match image(word, &message) {
            Some(what) => (what, None),
            None => return Ok(None),
        },
        "network" if matches!(word, "connect" | "disconnect") => {
            let id = message.attribute("container").unwrap_or_default();
            (What::Container(Told { id: container_id(id)?, ..Told::default() }), None)
        }
        _ => return Ok(None),
    };
    Ok(Some(Heard { event: Event { at, what }, exec }))
}

impl Message {
    fn at(&self) -> Timestamp {
        match (self.nanoseconds, self.time) {
            (Some(nanoseconds), _) if nanoseconds != 0 => Timestamp(nanoseconds / 1_000_000),
            (_, Some(seconds)) => Timestamp(seconds.saturating_mul(1_000)),
            _ => Timestamp::now(),
        }
    }

    fn id(&self) -> &str {
        let own = self.actor.as_ref().and_then(|actor| actor.id.as_deref()).filter(|id| !id.is_empty());
        own.or(self.id.as_deref()).unwrap_or_default()
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        let value = self.actor.as_ref()?.attributes.as_ref()?.get(name)?.as_deref();
        value.filter(|value| !value.is_empty())
    }

    fn told(&self, state: Option<ContainerState>) -> Result<Told, String> {
        let attributes = self.actor.iter().filter_map(|actor| actor.attributes.as_ref()).flatten();
        let labels = attributes
            .filter(|(key, _)| !NO_LABELS.contains(&key.as_str()))
            .map(|(key, value)| Label { key: key.clone(), value: value.clone().unwrap_or_default() });
        Ok(Told {
            id: container_id(self.id())?,
            name: self.attribute("name").map(|name| name.trim_start_matches('/').to_owned()),
            image: self.attribute("image").or(self.from.as_deref()).map(str::to_owned),
            state,
            labels: labels.collect(),
        })
    }
}

/// Old daemons do not say what an event is about; only those of containers name the image that they come `from`.
fn kind_of(word: &str, from: Option<&str>) -> &'static str {
    match word {
        "pull" | "push" | "tag" | "untag" | "delete" | "import" | "load" | "save" if from.is_none() => {
            "image"
        }
        _ => "container",
    }
}

fn container_id(id: &str) -> Result<String, String> {
    match Digest::from_hex(id) {
        Ok(digest) => Ok(digest.to_hex()),
        Err(_) => Err("it names no container".to_owned()),
    }
}

fn container(
    word: &str,
    rest: Option<&str>,
    message: &Message,
) -> Result<Option<(What, Option<Exec>)>, String> {
    use ContainerState::{Created, Deleted, Paused, Running, Stopped};
    let state = match word {
        "create" | "init" => Some(Created),
        "start" | "restart" | "unpause" | "restore" => Some(Running),
        "die" | "died" | "stop" => Some(Stopped),
        "pause" => Some(Paused),
        // a signal need not end anything, and `extract-to-dir` is `docker cp` into the container
        "kill" | "rename" | "update" | "extract-to-dir" => None,
        "destroy" | "remove" => {
            return Ok(Some((What::ContainerGone(message.told(Some(Deleted))?), None)));
        }
        // what the process changed is there when it has ended
        "exec_start" | "exec" | "exec_die" | "exec_died" => {
            let command = rest.filter(|_| word == "exec_start").map(|command| command.trim().to_owned());
            let id = message.attribute("execID").unwrap_or_default().to_owned();
            let what = What::Exec { id: container_id(message.id())? };
            return Ok(Some((what, Some(Exec { id, command }))));
        }
        "commit" => {
            let image = message.attribute("imageID").or_else(|| message.attribute("imageRef"));
            return Ok(image.map(|id| (What::Image { id: id.to_owned() }, None)));
        }
        _ => return Ok(None),
    };
    Ok(Some((What::Container(message.told(state)?), None)))
}

fn image(word: &str, message: &Message) -> Option<What> {
    let id = Some(message.id()).filter(|id| !id.is_empty()).or_else(|| message.attribute("name"))?.to_owned();
    match word {
        "pull" | "tag" | "import" | "load" | "loadfromarchive" | "build" | "create" => {
            Some(What::Image { id })
        }
        "delete" | "remove" | "untag" => Some(What::ImageGone { id }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

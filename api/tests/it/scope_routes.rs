//! Every GET route of the API document, with random parameters.

use serde_json::Value;
use testkit::oracle::{Asker, Dice, Entity, print};

use crate::oracle_world::Rows;

/// An id that nothing has.
const NOBODYS: &str = "0b1c2d3e-1111-7222-8333-444455556666";

/// A GET route of the document.
pub(crate) struct Route {
    pub(crate) path: String,
    /// The names of its query parameters.
    parameters: Vec<String>,
}

/// What the targets are made of.
pub(crate) struct Material<'a> {
    pub(crate) rows: &'a Rows,
    pub(crate) tags: &'a [String],
    pub(crate) now: i64,
}

/// All GET routes.
pub(crate) fn routes() -> Vec<Route> {
    let document = serde_json::to_value(api::openapi()).unwrap();
    let mut routes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(operation) = item.get("get") else { continue };
        let all = operation["parameters"].as_array().cloned().unwrap_or_default();
        let names = all
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].clone());
        let parameters = names.map(|name| name.as_str().unwrap().to_owned()).collect();
        routes.push(Route { path: path.clone(), parameters });
    }
    routes
}

impl Route {
    /// Whether it is a list that goes on where its `Link` header says.
    pub(crate) fn is_bulk(&self) -> bool {
        self.parameters.iter().any(|name| name == "paginationQuery")
    }

    /// Whether it is about one record.
    pub(crate) fn has_record(&self) -> bool {
        self.path.contains("Sha}")
    }

    fn entity(&self) -> Entity {
        match self.path.as_str() {
            path if path.ends_with("/software") => Entity::Software,
            path if path.contains("/vuln") => Entity::Vulnerability,
            path if path.contains("containers") => Entity::Container,
            _ => Entity::Image,
        }
    }

    /// The path about a record, the one with this sha or a random one that the account sees; `None` if there is none.
    pub(crate) fn place(
        &self,
        dice: &mut Dice,
        material: &Material<'_>,
        sha: Option<&str>,
    ) -> Option<String> {
        let any = |dice: &mut Dice, rows: &[Value]| -> Option<String> {
            if let Some(sha) = sha {
                return Some(sha.to_owned());
            }
            let sha = if rows.is_empty() { return None } else { dice.pick(rows)["sha"].as_str()? };
            Some(if dice.percent(20) { sha[..12].to_owned() } else { sha.to_owned() })
        };
        let mut path = self.path.replace("{version}", dice.pick::<&str>(&["v1.1", "v1.2", "v1.3"]));
        if path.contains("{imageSha}") {
            path = path.replace("{imageSha}", &any(dice, &material.rows.images)?);
        }
        if path.contains("{containerSha}") {
            path = path.replace("{containerSha}", &any(dice, &material.rows.containers)?);
        }
        path = path.replace("{uuid}", NOBODYS).replace("{id}", NOBODYS);
        path =
            path.replace("{cloud}", dice.pick::<&str>(&["acr", "gcp"])).replace("{account}", "123456789012");
        assert!(!path.contains('{'), "teach this test what to put into {path}");
        Some(path)
    }

    /// A target with random parameters; `None` if there is no record that it could be about.
    pub(crate) fn target(&self, dice: &mut Dice, material: &Material<'_>) -> Option<String> {
        let place = self.place(dice, material, None)?;
        let mut query = form_urlencoded::Serializer::new(String::new());
        if self.path.ends_with("/explain") {
            let (name, value) = explained(dice, material.rows)?;
            query.append_pair(name, &value);
        } else {
            let chosen = *dice.pick(&[Entity::Image, Entity::Container]);
            let has_choice = self.parameters.iter().any(|name| name == "entity");
            let entity = if has_choice { chosen } else { self.entity() };
            if has_choice {
                query.append_pair("entity", if chosen == Entity::Image { "images" } else { "containers" });
            }
            for name in self.parameters.iter().filter(|name| *name != "entity") {
                let often = match name.as_str() {
                    "by" => 95,
                    "filter" | "limit" | "pageSize" | "q" => 70,
                    _ => 35,
                };
                if dice.percent(often)
                    && let Some(value) = self.value(dice, name, entity, material)
                {
                    query.append_pair(name, &value);
                }
            }
        }
        Some(format!("{place}?{}", query.finish()))
    }

    fn value(&self, dice: &mut Dice, name: &str, entity: Entity, material: &Material<'_>) -> Option<String> {
        let word = |dice: &mut Dice, words: &[&str]| Some((*dice.pick(words)).to_owned());
        match name {
            "filter" => filter(dice, entity, material),
            // a question that is being written
            "q" => {
                let text = filter(dice, entity, material)?;
                let length = dice.below(text.chars().count() + 1);
                Some(text.chars().take(length).collect())
            }
            "cursor" => Some(dice.below(12).to_string()),
            "by" if dice.percent(50) => word(dice, GROUPS),
            "by" => {
                let records = records(entity, material);
                Some(Asker::new(entity, &records, material.now, |_| false).order(dice)?.name)
            }
            "groupBy" => word(dice, &["severity", "severity", "category", "x"]),
            "format" => word(dice, &["json", "ndjson", "csv"]),
            "columns" => word(dice, &["uuid", "updated,uuid", "name", "qid,severity,imageCount"]),
            "top" => Some((1 + dice.below(9)).to_string()),
            "days" => Some((1 + dice.below(40)).to_string()),
            "sort" => {
                let records = records(entity, material);
                let column = Asker::new(entity, &records, material.now, |_| false).order(dice)?;
                Some(format!("{}:{}", column.name, dice.pick(&["asc", "desc"])))
            }
            "pageNumber" | "pageNo" => Some((1 + dice.below(3)).to_string()),
            "pageSize" | "limit" => Some((1 + dice.below(20)).to_string()),
            "offset" => Some(dice.below(9).to_string()),
            // the walk through a bulk list tries what its links say
            "paginationQuery" => None,
            "scanDetails" => word(dice, &["secrets", "malware, secrets", "compliance"]),
            "type" if self.path.ends_with("/association") => {
                word(dice, &["ALL", "Container", "HOST", "Drift"])
            }
            "type" => word(dice, &["ALL", "SUMMARY", "details"]),
            "isDrift" | "applyException" | "reports" => word(dice, &["true", "false"]),
            "profile" => word(dice, &["full", "classic"]),
            "after" => {
                let rows = if dice.percent(50) { &material.rows.images } else { &material.rows.containers };
                if rows.is_empty() { None } else { Some(dice.pick(rows)["updated"].as_str()?.to_owned()) }
            }
            "wait" => word(dice, &["0"]),
            "before" => word(dice, &[NOBODYS, "x"]),
            "tag" => Some(dice.pick(material.tags).clone()),
            _ => panic!("teach this test what to give for {name} of {}", self.path),
        }
    }
}

/// What numbers can be counted by besides tokens.
const GROUPS: &[&str] =
    &["severity", "package", "package-version", "vulnerability", "cve", "repository", "host", "namespace"];

fn records(entity: Entity, material: &Material<'_>) -> Vec<Value> {
    let rows = material.rows;
    let parts = |key: &str| -> Vec<Value> {
        rows.images.iter().filter_map(|row| row[key].as_array()).flatten().take(200).cloned().collect()
    };
    match entity {
        Entity::Image => rows.images.clone(),
        Entity::Container => rows.containers.clone(),
        Entity::Software => parts("softwares"),
        Entity::Vulnerability => parts("vulnerabilities"),
    }
}

fn filter(dice: &mut Dice, entity: Entity, material: &Material<'_>) -> Option<String> {
    let records = records(entity, material);
    let ask = Asker::new(entity, &records, material.now, |_| false).ask(dice)?;
    Some(print(&ask, dice))
}

/// What an explanation is asked for: a vulnerability of an image, or a package of it.
fn explained(dice: &mut Dice, rows: &Rows) -> Option<(&'static str, String)> {
    let image = if rows.images.is_empty() { return None } else { dice.pick(&rows.images) };
    let any = |dice: &mut Dice, key: &str| {
        let all = image[key].as_array().filter(|all| !all.is_empty())?;
        Some(dice.pick(all).clone())
    };
    match dice.below(3) {
        0 => Some(("qid", any(dice, "vulnerabilities")?["qid"].to_string())),
        1 => Some(("id", any(dice, "vulnerabilities")?["cveids"][0].as_str()?.to_owned())),
        _ => Some(("package", any(dice, "softwares")?["name"].as_str()?.split(':').next()?.to_owned())),
    }
}

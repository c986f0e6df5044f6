//! Random questions over random fleets by random accounts, compared with a walk through the records.
//!
//! `PLIMSOLL_ORACLE_CASES=100000` asks that many (`cargo xtask differential fleet`), `PLIMSOLL_ORACLE_SEED` begins with
//! another fleet, `PLIMSOLL_ORACLE_TOKENS=size,repo.tag` asks by these tokens only. Each fault is told with the smallest question that shows it and the seed of its fleet.

use std::collections::BTreeSet;

use serde_json::Value;
use testkit::oracle::{
    Ask, Asker, Column, Dice, Entity, IN_COMMON, Judge, RandomFleet, Size, print, shorter, software_rows,
    sort, sort_by_uuid_too,
};

use crate::oracle_world::{Answer, Rows, World, random_scope, wants_postgres};

/// Questions of an ordinary run.
const CASES: usize = 300;
/// Questions to one fleet.
const CASES_OF_A_FLEET: usize = 100;
/// Faults after which it is enough.
const MOST_FAULTS: usize = 40;

/// Whether no record shows what a token finds: of a vulnerability of one piece of software, what is shown of all together.
fn is_left_out(entity: Entity, token: &str) -> bool {
    let of_software = match entity {
        Entity::Software => token.strip_prefix("vulnerabilities."),
        _ => token
            .strip_prefix("softwares.vulnerabilities.")
            .or_else(|| token.strip_prefix("software.vulnerabilities.")),
    };
    of_software.is_some_and(|name| IN_COMMON.contains(&name))
}

/// One question with everything around it.
#[derive(Clone)]
struct Case {
    entity: Entity,
    /// The path of the list.
    path: String,
    ask: Option<Ask>,
    /// Chooses the spelling.
    spelling: u64,
    order: Option<(Column, bool)>,
    shape: Shape,
}

#[derive(Clone, Copy)]
enum Shape {
    /// A page: number and size.
    Page(usize, usize),
    /// By cursor, so many a page.
    Bulk(usize),
    /// The list of a record's parts.
    Parts,
}

/// What came, or should come: names of rows in order, and the number of all.
#[derive(Debug, PartialEq)]
struct Found {
    rows: Vec<String>,
    count: Option<usize>,
}

impl Case {
    fn text(&self) -> String {
        self.ask.as_ref().map_or_else(String::new, |ask| print(ask, &mut Dice::new(self.spelling)))
    }

    fn target(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("filter", &self.text());
        if let Some((column, descending)) = &self.order {
            query.append_pair(
                "sort",
                &format!("{}:{}", column.name, if *descending { "desc" } else { "asc" }),
            );
        }
        match self.shape {
            Shape::Page(number, size) => {
                query.append_pair("pageNumber", &number.to_string());
                query.append_pair("pageSize", &size.to_string());
            }
            Shape::Bulk(limit) => {
                query.append_pair("limit", &limit.to_string());
            }
            Shape::Parts => {}
        }
        format!("{}?{}", self.path, query.finish())
    }

    /// What a walk through `rows` finds.
    fn expected(&self, rows: &[Value], now: i64) -> Found {
        let judge = Judge { entity: self.entity, now };
        let mut found: Vec<&Value> =
            rows.iter().filter(|row| self.ask.as_ref().is_none_or(|ask| judge.holds(ask, row))).collect();
        let is_part = matches!(self.shape, Shape::Parts);
        match &self.order {
            Some((column, descending)) if is_part => sort(&mut found, column, *descending),
            Some((column, descending)) => sort_by_uuid_too(&mut found, column, *descending),
            None => {}
        }
        let count = found.len();
        let names = found.into_iter().map(name);
        match self.shape {
            Shape::Page(number, size) => {
                let rows: Vec<String> = names.skip((number - 1) * size).take(size).collect();
                // from v1.2 on a page behind the last one has no body to say a number in
                let is_told = !rows.is_empty() || self.path.contains("/v1.1/");
                Found { count: is_told.then_some(count), rows }
            }
            Shape::Bulk(_) => Found { rows: names.collect(), count: None },
            Shape::Parts => {
                Found { rows: names.collect(), count: (self.entity == Entity::Software).then_some(count) }
            }
        }
    }

    /// What the server finds; its refusal if it does not understand.
    async fn found(&self, world: &World, account: &str) -> Result<Found, String> {
        let refused = |answer: &Answer| format!("status {}: {}", answer.status, answer.text());
        if let Shape::Bulk(limit) = self.shape {
            let mut rows = Vec::new();
            for (_, page) in world.walk(account, self.target()).await {
                if !matches!(page.status, 200 | 204) {
                    return Err(refused(&page));
                }
                let data = page.data();
                if data.len() > limit || (page.link.is_some() && data.len() < limit) {
                    return Err(format!("a page of {} where {limit} were asked for", data.len()));
                }
                rows.extend(data.iter().map(name));
            }
            return Ok(Found { rows, count: None });
        }
        let answer = world.get(account, &self.target()).await;
        match answer.status {
            200 => {}
            204 => return Ok(Found { rows: Vec::new(), count: None }),
            _ => return Err(refused(&answer)),
        }
        let json = answer.json();
        let rows = match self.entity {
            Entity::Vulnerability => vulnerabilities(&json),
            _ => json["data"].as_array().cloned().unwrap_or_default(),
        };
        let count = json["count"].as_u64().and_then(|count| usize::try_from(count).ok());
        Ok(Found { rows: rows.iter().map(name).collect(), count })
    }

    /// What is wrong with the answer; `None` if nothing is.
    async fn fault(&self, world: &World, account: &str, rows: &[Value]) -> Option<String> {
        for _ in 0..5 {
            let before = model::Timestamp::now().0;
            let found = self.found(world, account).await;
            let expected = self.expected(rows, before);
            // unless the meaning of `now` changed while it was asked
            if expected == self.expected(rows, model::Timestamp::now().0) {
                return match found {
                    Ok(found) if found == expected => None,
                    Ok(found) => Some(self.difference(&expected, &found, rows)),
                    Err(refusal) => Some(refusal),
                };
            }
        }
        None
    }

    fn difference(&self, expected: &Found, found: &Found, rows: &[Value]) -> String {
        let set = |found: &Found| -> BTreeSet<String> { found.rows.iter().cloned().collect() };
        let (wanted, came) = (set(expected), set(found));
        let mut text = String::new();
        for (what, name) in wanted
            .difference(&came)
            .map(|name| ("missing", name))
            .chain(came.difference(&wanted).map(|name| ("too much", name)))
            .take(3)
        {
            text += &format!("\n  {what}: {name} {}", self.relevant(rows, name));
        }
        for name in wanted.intersection(&came) {
            let times = |found: &Found| found.rows.iter().filter(|row| *row == name).count();
            if times(expected) != times(found) {
                text += &format!("\n  {} times, expected {}: {name}", times(found), times(expected));
                for row in rows.iter().filter(|row| self::name(row) == *name) {
                    text += &format!("\n    {row}");
                }
            }
        }
        if expected.count != found.count {
            text += &format!("\n  count {:?}, expected {:?}", found.count, expected.count);
        }
        if text.is_empty() {
            let at = (0..).find(|at| expected.rows.get(*at) != found.rows.get(*at)).unwrap_or_default();
            let relevant = |found: &Found| {
                found.rows.get(at).map(|name| format!("{name} {}", self.relevant(rows, name)))
            };
            text = format!("\n  at {at}: {:?}\n  expected: {:?}", relevant(found), relevant(expected));
        }
        text
    }

    /// The values of a row that the question is about.
    fn relevant(&self, rows: &[Value], wanted: &str) -> String {
        let Some(row) = rows.iter().find(|row| name(row) == wanted) else {
            return "which nobody knows".to_owned();
        };
        let mut keys = BTreeSet::new();
        if let Some(ask) = &self.ask {
            tokens(ask, &mut keys);
        }
        keys.extend(self.order.as_ref().map(|(column, _)| column.path.clone()));
        let first = |token: &String| {
            let path = self.entity.column(token).map(|column| column.path);
            let path =
                path.or_else(|| self.entity.group(token).map(str::to_owned)).unwrap_or_else(|| token.clone());
            path.split('.').next().unwrap_or_default().to_owned()
        };
        let keys: BTreeSet<String> = keys.iter().map(first).collect();
        let values: Vec<String> = keys.iter().map(|key| format!("{key}={}", row[key])).collect();
        values.join(" ").chars().take(1_500).collect()
    }
}

fn tokens(ask: &Ask, out: &mut BTreeSet<String>) {
    match ask {
        Ask::All(asks) | Ask::Any(asks) => asks.iter().for_each(|ask| tokens(ask, out)),
        Ask::Not(ask) => tokens(ask, out),
        Ask::Term(token, _) | Ask::Missing(token) => {
            out.insert(token.clone());
        }
        Ask::Element(token, ask) => {
            out.insert(token.clone());
            let mut inner = BTreeSet::new();
            tokens(ask, &mut inner);
            out.extend(inner.into_iter().map(|name| format!("{token}.{name}")));
        }
    }
}

/// What a row is called in reports of faults: unique within its list.
fn name(row: &Value) -> String {
    match row["uuid"].as_str() {
        Some(uuid) => uuid.to_owned(),
        None if row["qid"].is_null() => format!("{} {} {}", row["name"], row["version"], row["packagePath"]),
        None => row["qid"].to_string(),
    }
}

/// The vulnerabilities of an image or of a container.
fn vulnerabilities(json: &Value) -> Vec<Value> {
    let details = &json["details"];
    details.as_array().or_else(|| details["vulns"].as_array()).cloned().unwrap_or_default()
}

/// The rows that a question is about, and the path that shows them.
async fn table(dice: &mut Dice, world: &World, rows: &Rows) -> (Entity, String, Vec<Value>) {
    let (entity, list, records) = match dice.below(2) {
        0 => (Entity::Image, "images", &rows.images),
        _ => (Entity::Container, "containers", &rows.containers),
    };
    if records.is_empty() || dice.percent(75) {
        return (entity, list.to_owned(), records.clone());
    }
    let record = dice.pick(records);
    let path = format!("{list}/{}", record["sha"].as_str().unwrap());
    let get = async |part: &str| {
        world.get(&rows.account, &format!("/csapi/v1.3/{path}/{part}?profile=full")).await.json()
    };
    let found = vulnerabilities(&get("vuln").await);
    match dice.below(2) {
        0 => (Entity::Software, format!("{path}/software"), software_rows(&get("software").await, &found)),
        _ => (Entity::Vulnerability, format!("{path}/vuln"), found),
    }
}

async fn case(dice: &mut Dice, world: &World, rows: &Rows) -> (Case, Vec<Value>) {
    let (entity, path, records) = table(dice, world, rows).await;
    let only = std::env::var("PLIMSOLL_ORACLE_TOKENS").ok();
    let is_left_out = |token: &str| {
        let is_unwanted = |only: &String| !only.split(',').any(|name| name == token);
        is_left_out(entity, token) || only.as_ref().is_some_and(is_unwanted)
    };
    let asker = Asker::new(entity, &records, model::Timestamp::now().0, is_left_out);
    let is_part = matches!(entity, Entity::Software | Entity::Vulnerability);
    let shape = match dice.below(3) {
        _ if is_part => Shape::Parts,
        0 => Shape::Bulk(1 + dice.below(30)),
        1 => Shape::Page(1, 1 + dice.below(60)),
        _ => Shape::Page(1 + dice.below(3), 1 + dice.below(8)),
    };
    let is_bulk = matches!(shape, Shape::Bulk(_));
    let order = if is_bulk { None } else { asker.order(dice).map(|column| (column, dice.percent(50))) };
    // parts come in an order of their own unless one is asked for, pages do not
    let order = if is_part && dice.percent(50) { None } else { order };
    let version = *dice.pick(&["v1.1", "v1.2", "v1.3", "v1.3"]);
    let path = format!("/csapi/{version}/{path}{}", if is_bulk { "/list" } else { "" });
    let ask = if dice.percent(3) { None } else { asker.ask(dice) };
    (Case { entity, path, ask, spelling: dice.seed(), order, shape }, records)
}

/// The smallest question that still shows a fault, and the fault.
async fn smallest(case: Case, fault: String, world: &World, account: &str, rows: &[Value]) -> (Case, String) {
    let (mut case, mut fault) = (case, fault);
    'again: loop {
        let asks = case.ask.as_ref().map(shorter).unwrap_or_default();
        let without_order = Case { order: None, ..case.clone() };
        let is_page = matches!(case.shape, Shape::Page(..));
        let mut tries: Vec<Case> =
            asks.into_iter().map(|ask| Case { ask: Some(ask), ..case.clone() }).collect();
        if case.order.is_some() && !is_page {
            tries.push(without_order);
        } else if case.order.is_some() && case.ask.is_some() {
            tries.push(Case { ask: None, ..case.clone() });
        }
        for smaller in tries {
            if let Some(other) = smaller.fault(world, account, rows).await {
                (case, fault) = (smaller, other);
                continue 'again;
            }
        }
        return (case, fault);
    }
}

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name)
        .ok()
        .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// What came of many questions.
#[derive(Default)]
struct Outcome {
    /// The faults, each under the tokens that it is about.
    faults: Vec<(BTreeSet<String>, String)>,
    asked: usize,
    /// Questions to which some of the rows are the answer, and not all.
    telling: usize,
}

async fn ask_fleet(seed: u64, size: Size, cases: usize, outcome: &mut Outcome) {
    let fleet = RandomFleet::new(seed, size);
    let world = World::of(&fleet, wants_postgres(seed)).await;
    let mut dice = Dice::new(seed ^ 0x5eed);
    let scope = random_scope(&mut dice, &fleet.tags);
    world.account("all", &[]).await;
    world.account("some", &scope).await;
    let accounts = [Rows::of(&world, "all").await, Rows::of(&world, "some").await];
    for _ in 0..cases {
        let rows = &accounts[usize::from(dice.percent(40))];
        let (case, records) = case(&mut dice, &world, rows).await;
        let judge = Judge { entity: case.entity, now: model::Timestamp::now().0 };
        let holds = |row: &&Value| case.ask.as_ref().is_none_or(|ask| judge.holds(ask, row));
        let found = records.iter().filter(holds).count();
        outcome.asked += 1;
        outcome.telling += usize::from(found > 0 && found < records.len());
        let faults = &mut outcome.faults;
        let Some(fault) = case.fault(&world, &rows.account, &records).await else { continue };
        let (case, fault) = smallest(case, fault, &world, &rows.account, &records).await;
        let mut about = BTreeSet::new();
        case.ask.iter().for_each(|ask| tokens(ask, &mut about));
        about.extend(case.order.iter().map(|(column, _)| format!("sort {}", column.name)));
        if let Some(refusal) = fault.split("\"message\":").nth(1).filter(|_| fault.starts_with("status")) {
            // of refusals in the same words one is enough
            let words = refusal.split(['`', ',']).next().unwrap_or_default().split("sort by").next();
            about = BTreeSet::from([words.unwrap_or_default().to_owned()]);
        }
        if faults.iter().any(|(known, _)| *known == about) {
            continue;
        }
        let scope = if rows.account == "all" { String::new() } else { format!(", scope {scope:?}") };
        let order =
            case.order.as_ref().map(|(column, descending)| format!(", sort {} {descending}", column.name));
        let text = format!(
            "seed {seed}{scope}, {}{}: {}\n  {} {fault}",
            case.path,
            order.unwrap_or_default(),
            case.text(),
            case.target()
        );
        faults.push((about, text));
        if faults.len() >= MOST_FAULTS {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_are_answered_as_a_walk_through_the_records_answers_them() {
    let cases = number("PLIMSOLL_ORACLE_CASES", CASES);
    let first = number("PLIMSOLL_ORACLE_SEED", 1);
    let is_large = cases > CASES;
    let of_a_fleet = if is_large { 10 * CASES_OF_A_FLEET } else { CASES_OF_A_FLEET };
    let size =
        if is_large { Size { images: 60, containers: 150 } } else { Size { images: 25, containers: 40 } };
    let mut outcome = Outcome::default();
    for seed in first.. {
        let now = of_a_fleet.min(cases - outcome.asked);
        ask_fleet(seed as u64, size, now, &mut outcome).await;
        if outcome.asked >= cases || outcome.faults.len() >= MOST_FAULTS {
            break;
        }
    }
    let Outcome { faults, asked, telling } = outcome;
    let texts: Vec<&str> = faults.iter().map(|(_, text)| text.as_str()).collect();
    assert!(
        faults.is_empty(),
        "{} kinds of faults in {asked} questions:\n\n{}",
        texts.len(),
        texts.join("\n\n")
    );
    println!("{asked} questions, {telling} of them answered by some of the rows and not by all");
    assert!(telling * 3 > asked, "most questions find everything or nothing");
}

/// Tokens that nothing reports yet, or that a record shows as nothing on purpose.
const NEVER_SHOWN: &[&str] = &[
    "lastAssessed",
    "isContinuouslyAssessed",
    "registryUuid",
    "isDockerHubOfficial",
    "scanErrorCode",
    "sensorUuid",
    "criticality",
    "compliance.",
    "hasMalware",
    "isDrift",
    "drift.",
    "lastComplianceScanned",
    "services.",
    "cluster.",
    "isExposedToWorld",
    "exceptions",
    "customerSeverity",
    "status",
    "product",
    "vendor",
    "authType",
    "temporalScore",
    "threatIntel.exploitKit",
    "threatIntel.malware",
    "threatIntel.highLateralMovement",
    "threatIntel.highDataLoss",
    "port",
    "isExempted",
    "reason",
    "childImagesCount",
    "malware.",
    "controls.",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_fleets_have_values_of_every_token_that_records_show() {
    let mut never: Vec<(Entity, Column)> = Vec::new();
    for entity in [Entity::Image, Entity::Container] {
        never.extend(entity.columns().into_iter().map(|column| (entity, column)));
    }
    for seed in 0..6 {
        let fleet = RandomFleet::new(seed, Size { images: 40, containers: 60 });
        let world = World::of(&fleet, false).await;
        world.account("all", &[]).await;
        let rows = Rows::of(&world, "all").await;
        never.retain(|(entity, column)| {
            let records = if *entity == Entity::Image { &rows.images } else { &rows.containers };
            !records.iter().any(|record| Judge { entity: *entity, now: 0 }.holds(&has(column), record))
        });
    }
    never.retain(|(_, column)| {
        let is_common = is_left_out(Entity::Image, &column.name);
        let own = ["softwares.", "software.", "vulnerabilities."]
            .iter()
            .fold(column.name.as_str(), |name, prefix| name.strip_prefix(prefix).unwrap_or(name));
        let is_source = own == "source" && column.name != "source";
        !is_common
            && !is_source
            && !NEVER_SHOWN.iter().any(|name| own.starts_with(name) || own.ends_with(name))
    });
    let names: Vec<&str> = never.iter().map(|(_, column)| column.name.as_str()).collect();
    assert!(names.is_empty(), "no random record has {names:?}");
}

fn has(column: &Column) -> Ask {
    Ask::Not(Box::new(Ask::Missing(column.name.clone())))
}

//! The parts of an OVAL 5 document that matter, read from its elements.

use std::collections::HashMap;

use model::{Digest, Timestamp};

use super::comment::is_neutral;
use super::element::Element;

/// Definitions, tests and so on of one file; more are not read.
const MAX_ELEMENTS: usize = 8_000_000;

/// Characters of a description, of which one sentence is used.
const MAX_DESCRIPTION: usize = 4000;

/// A file, with everything that criteria refer to.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) made: Option<Timestamp>,
    pub(super) definitions: Vec<Definition>,
    tests: HashMap<String, Test>,
    objects: HashMap<String, Object>,
    states: HashMap<String, State>,
    variables: HashMap<String, Vec<String>>,
    count: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// An advisory; it may fix several flaws.
    Patch,
    /// One flaw.
    Vulnerability,
}

/// A definition of one of these two classes.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) id: String,
    pub(super) class: Class,
    pub(super) metadata: Element,
    pub(super) criteria: Option<Criteria>,
    pub(super) digest: Digest,
}

/// A tree of conditions.
#[derive(Clone, Debug)]
pub(super) enum Criteria {
    All(Vec<Criteria>),
    Any(Vec<Criteria>),
    Leaf(Criterion),
    /// An operator other than AND and OR, or a negated group.
    Odd,
}

#[derive(Clone, Debug)]
pub(super) struct Criterion {
    /// The test, empty for a reference to another definition.
    pub(super) test: String,
    pub(super) comment: String,
    pub(super) negate: bool,
}

#[derive(Debug)]
struct Test {
    object: Option<String>,
    states: Vec<String>,
    /// It holds if nothing of its object exists.
    absent: bool,
}

#[derive(Debug)]
enum Object {
    Name(String),
    Variable(String),
}

/// What is asked of a package; fields that are not asked for are `None`.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Operation and version.
    pub(super) evr: Option<(String, String)>,
    /// Operation and value of the version alone, as in tests for a product's release package.
    pub(super) version: Option<(String, String)>,
    /// A pattern or a name.
    pub(super) arch: Option<String>,
}

/// A test with what it refers to.
#[derive(Debug)]
pub(super) struct Resolved<'a> {
    pub(super) names: Vec<&'a str>,
    /// Whether the names were listed by a variable: binaries of the source package that comments name.
    pub(super) listed: bool,
    pub(super) states: Vec<&'a State>,
    pub(super) absent: bool,
}

impl Document {
    /// Takes an element of the list called `list`.
    pub(super) fn add(&mut self, list: &str, element: Element, raw: &[u8]) {
        self.count += 1;
        if self.count > MAX_ELEMENTS {
            return;
        }
        match list {
            "generator" if element.name == "timestamp" => self.made = timestamp(element.trimmed()),
            "definitions" => self.definitions.extend(definition(element, raw)),
            "tests" if !is_neutral(element.attribute("comment").unwrap_or_default()) => {
                keep(&mut self.tests, &element, test(&element));
            }
            "objects" => {
                if let Some(object) = object(&element) {
                    keep(&mut self.objects, &element, object);
                }
            }
            // One sample of SUSE's has `state` here.
            "states" | "state" => {
                keep(&mut self.states, &element, state(&element));
            }
            "variables" => {
                let values = element.all("value").map(|value| value.trimmed().to_owned()).collect();
                keep(&mut self.variables, &element, values);
            }
            _ => {}
        }
    }

    /// Whether there was more than is read.
    pub(super) fn overflows(&self) -> bool {
        self.count > MAX_ELEMENTS
    }

    /// The test of that id with object and states; `None` if the file lacks one of them.
    pub(super) fn test(&self, id: &str) -> Option<Resolved<'_>> {
        let test = self.tests.get(id)?;
        let (names, listed) = match self.objects.get(test.object.as_deref()?)? {
            Object::Name(name) => (vec![name.as_str()], false),
            Object::Variable(variable) => {
                (self.variables.get(variable)?.iter().map(String::as_str).collect(), true)
            }
        };
        let states = test.states.iter().map(|id| self.states.get(id)).collect::<Option<Vec<_>>>()?;
        Some(Resolved { names, listed, states, absent: test.absent })
    }
}

/// The first of an id stays: files repeat elements.
fn keep<T>(map: &mut HashMap<String, T>, element: &Element, value: T) {
    if let Some(id) = element.attribute("id") {
        map.entry(id.to_owned()).or_insert(value);
    }
}

fn definition(mut element: Element, raw: &[u8]) -> Option<Definition> {
    let class = match element.attribute("class") {
        Some("patch") => Class::Patch,
        Some("vulnerability") => Class::Vulnerability,
        _ => return None,
    };
    let id = element.attribute("id").unwrap_or_default().to_owned();
    let criteria = element.child("criteria").map(criteria);
    let at = element.children.iter().position(|child| child.name == "metadata");
    let mut metadata = at.map(|at| element.children.swap_remove(at)).unwrap_or_default();
    shorten(&mut metadata);
    Some(Definition { id, class, metadata, criteria, digest: Digest::of(raw) })
}

/// Leaves out what is not used of metadata, because all definitions are held until the tests behind them are read.
fn shorten(element: &mut Element) {
    const UNUSED: [&str; 5] = ["bugzilla", "rights", "notes", "bug", "moreinfo"];
    element.children.retain(|child| !UNUSED.contains(&child.name.as_str()));
    for child in &mut element.children {
        if child.name == "description"
            && let Some((end, _)) = child.text.char_indices().nth(MAX_DESCRIPTION)
        {
            child.text.truncate(end);
        }
        shorten(child);
    }
}

fn criteria(element: &Element) -> Criteria {
    let negate = |element: &Element| matches!(element.attribute("negate"), Some("true" | "1"));
    let mut members = Vec::new();
    for child in &element.children {
        match child.name.as_str() {
            "criteria" => members.push(criteria(child)),
            // Half of all criteria ask for signatures; of whole distributions they would fill memory.
            "criterion" if is_neutral(child.attribute("comment").unwrap_or_default()) => {}
            "criterion" | "extend_definition" => members.push(Criteria::Leaf(Criterion {
                test: child.attribute("test_ref").unwrap_or_default().to_owned(),
                comment: child.attribute("comment").unwrap_or_default().to_owned(),
                negate: negate(child),
            })),
            _ => {}
        }
    }
    match element.attribute("operator").unwrap_or("AND") {
        _ if negate(element) => Criteria::Odd,
        "AND" => Criteria::All(members),
        "OR" => Criteria::Any(members),
        _ => Criteria::Odd,
    }
}

fn test(element: &Element) -> Test {
    let reference = |name: &str, attribute: &str| {
        element.child(name).and_then(|child| child.attribute(attribute)).map(str::to_owned)
    };
    let states = element.all("state").filter_map(|state| state.attribute("state_ref"));
    Test {
        object: reference("object", "object_ref"),
        states: states.map(str::to_owned).collect(),
        absent: element.attribute("check_existence") == Some("none_exist"),
    }
}

/// Objects that name a package, or a list of packages (Canonical's, also as patterns over an image's manifest).
fn object(element: &Element) -> Option<Object> {
    let named = element.child("name").or_else(|| element.child("pattern"))?;
    match named.attribute("var_ref") {
        Some(variable) => Some(Object::Variable(variable.to_owned())),
        None if named.name == "name" && named.attribute("operation").is_none_or(|op| op == "equals") => {
            Some(Object::Name(named.trimmed().to_owned()))
        }
        None => None,
    }
}

fn state(element: &Element) -> State {
    let compared = |name: &str| {
        let child = element.child(name)?;
        let operation = child.attribute("operation").unwrap_or("equals");
        Some((operation.to_owned(), child.trimmed().to_owned()))
    };
    // Canonical compares what a pattern caught in an image's manifest.
    let caught = element
        .child("subexpression")
        .filter(|child| child.attribute("datatype").is_some_and(|kind| kind.contains("evr")))
        .and_then(|_| compared("subexpression"));
    State {
        evr: compared("evr").or(caught),
        version: compared("version"),
        arch: compared("arch").map(|(_, pattern)| pattern),
    }
}

/// `2021-09-09T12:49:02`, with or without fraction and zone, to the day.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text.trim().get(..10)?)
}

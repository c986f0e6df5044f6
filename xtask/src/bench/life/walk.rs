//! Carrying out steps, and comparing every container with the server until both say the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::compare;
use super::daemon::Daemon;
use super::inside::{self, Truth, Wanted};
use super::plimsoll::Plimsoll;
use super::scenario::{Deed, Family, Role, Step};
use super::shown::{self, Findings, Row};

/// Containers that something is done to at a time.
const WORKERS: usize = 4;
/// How long the server may lag behind what was done last, beyond some looks into containers.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOKS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(100);
/// A container of which there is no news is compared again after so long.
const AGAIN: Duration = Duration::from_secs(5);

/// A container of the bench, and what is true of it.
#[derive(Clone)]
pub(super) struct Container {
    pub(super) role: Role,
    pub(super) name: String,
    pub(super) id: String,
    pub(super) truth: Truth,
    /// What the runtime says of it; `None` when it is gone.
    pub(super) runtime: Option<Value>,
}

/// What an image shows.
pub(super) struct Image {
    pub(super) software: Vec<Row>,
    pub(super) findings: Findings,
}

/// What came of a step.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) name: String,
    pub(super) containers: usize,
    pub(super) touched: usize,
    pub(super) packages: usize,
    pub(super) files: usize,
    pub(super) differences: Vec<String>,
    /// Seconds from the end of what was done until the server said the same, of those to which something was done.
    pub(super) seconds: Vec<f64>,
}

/// A container after a step.
struct Worked {
    container: Container,
    touched: bool,
    ended: Instant,
}

/// A container that is not yet shown as it is.
struct Waiting {
    touched: bool,
    ended: Instant,
    /// What its line said of its last change when it was last compared, and when that was.
    seen: Option<(Option<Value>, Instant)>,
}

/// The surroundings of all steps.
pub(super) struct Walk<'w> {
    pub(super) daemon: &'w Daemon,
    pub(super) plimsoll: &'w Plimsoll,
    pub(super) supply: &'w Path,
    pub(super) look_seconds: u32,
    pub(super) images: BTreeMap<String, Image>,
    /// What was true of a container of each image before it had changed anything.
    before: BTreeMap<Family, Truth>,
    /// When the first container was started, in seconds since 1970.
    since: u64,
}

impl<'w> Walk<'w> {
    pub(super) fn new(
        daemon: &'w Daemon,
        plimsoll: &'w Plimsoll,
        supply: &'w Path,
        look_seconds: u32,
    ) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (images, before, since) = (BTreeMap::new(), BTreeMap::new(), now.as_secs());
        Self { daemon, plimsoll, supply, look_seconds, images, before, since }
    }

    /// Starts containers of the images, and compares them.
    pub(super) fn start(
        &mut self,
        images: &BTreeMap<Family, String>,
        count: usize,
    ) -> Result<(Vec<Container>, Outcome)> {
        let make = |number: usize| Container {
            role: Role::of(number),
            name: format!("life-{number}"),
            id: String::new(),
            truth: Truth::default(),
            runtime: None,
        };
        let mut containers: Vec<Container> = (0..count).map(make).collect();
        let (daemon, since) = (self.daemon, self.since);
        let volume = format!("{}:/repo:ro", self.supply.display());
        let options =
            ["--network", "none", "--volume", &volume, "--env", "BENCH=life", "--label", "bench=life"];
        let outcome = self.compare("start", &mut containers, &|container| {
            let command = [images[&container.role.family].as_str(), "sleep", "1000000"];
            let name = ["run", "--detach", "--name", container.name.as_str()];
            let id = daemon.docker(&[&name[..], &options, &command].concat())?;
            let ended = Instant::now();
            let is_first = container.role.number == 0;
            let wanted = Wanted { npm: true, verified: is_first, files: is_first };
            let truth = inside::ask(daemon, &id, since, wanted)?;
            let runtime = runtime(daemon, &id)?;
            Ok(Worked {
                container: Container { id, truth, runtime, ..container.clone() },
                touched: true,
                ended,
            })
        })?;
        Ok((containers, outcome))
    }

    /// Takes all containers through a step.
    pub(super) fn step(&mut self, step: &Step, containers: &mut [Container]) -> Result<Outcome> {
        let (daemon, since) = (self.daemon, self.since);
        self.compare(step.name, containers, &|before| {
            let deeds = (step.deeds)(before.role);
            let mut container = before.clone();
            let last = deeds.iter().rposition(|deed| matches!(deed, Deed::Inside(_)));
            let mut ended = Instant::now();
            for (at, deed) in deeds.iter().enumerate() {
                carry_out(daemon, &mut container, *deed)?;
                ended = Instant::now();
                // one that is paused or stopped next answers no more
                if last == Some(at) {
                    container.truth = asked(daemon, before, since, step.wanted)?;
                }
            }
            if last.is_none() && step.wanted.verified {
                container.truth = asked(daemon, before, since, step.wanted)?;
            }
            container.runtime = runtime(daemon, &container.id)?;
            Ok(Worked { container, touched: !deeds.is_empty(), ended })
        })
    }

    /// Removes all containers, and compares.
    pub(super) fn remove(&mut self, containers: &mut [Container]) -> Result<Outcome> {
        let daemon = self.daemon;
        self.compare("remove", containers, &|before| {
            daemon.docker(&["rm", "--force", &before.id])?;
            let ended = Instant::now();
            let mut container = before.clone();
            container.runtime = None;
            Ok(Worked { container, touched: true, ended })
        })
    }

    /// Compares all containers as they are.
    pub(super) fn look(&mut self, name: &str, containers: &mut [Container]) -> Result<Outcome> {
        self.compare(name, containers, &|container| {
            Ok(Worked { container: container.clone(), touched: false, ended: Instant::now() })
        })
    }

    /// Does `work` to each container, and compares each until the server says the same or it takes too long.
    fn compare(
        &mut self,
        name: &str,
        containers: &mut [Container],
        work: &(dyn Fn(&Container) -> Result<Worked> + Sync),
    ) -> Result<Outcome> {
        let mut outcome =
            Outcome { name: name.to_owned(), containers: containers.len(), ..Outcome::default() };
        let before: Vec<Container> = containers.to_vec();
        let (sender, receiver) = mpsc::channel();
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..WORKERS {
                let (sender, next, before) = (sender.clone(), &next, &before);
                scope.spawn(move || {
                    while let Some((at, container)) = {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        before.get(at).map(|container| (at, container))
                    } {
                        if sender.send((at, work(container))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            self.follow(&receiver, containers, &mut outcome)
        })?;
        self.all_are_listed(containers, &mut outcome)?;
        Ok(outcome)
    }

    /// Takes containers as they come from the workers, and compares until all are equal.
    fn follow(
        &mut self,
        receiver: &mpsc::Receiver<(usize, Result<Worked>)>,
        containers: &mut [Container],
        outcome: &mut Outcome,
    ) -> Result<()> {
        let mut waiting: BTreeMap<usize, Waiting> = BTreeMap::new();
        let mut deadline = None;
        loop {
            let mut is_over = false;
            loop {
                match receiver.try_recv() {
                    Ok((at, Ok(worked))) => {
                        outcome.touched += usize::from(worked.touched);
                        let Worked { container, touched, ended } = worked;
                        containers[at] = container;
                        waiting.insert(at, Waiting { touched, ended, seen: None });
                    }
                    Ok((at, Err(error))) => {
                        let name = &containers[at].name;
                        outcome.differences.push(format!("{name}: the step failed: {error:#}"));
                    }
                    Err(mpsc::TryRecvError::Empty) => break,
                    Err(mpsc::TryRecvError::Disconnected) => {
                        is_over = true;
                        break;
                    }
                }
            }
            let looks = Duration::from_secs(u64::from(self.look_seconds * LOOKS));
            let until = is_over.then(|| *deadline.get_or_insert_with(|| Instant::now() + looks + PATIENCE));
            let is_late = until.is_some_and(|until| Instant::now() > until);
            let lines = self.lines()?;
            let places: Vec<usize> = waiting.keys().copied().collect();
            for at in places {
                let wait = waiting.get_mut(&at).context("it waits")?;
                let updated = lines.get(&containers[at].id).map(|line| line["updated"].clone());
                let is_news =
                    wait.seen.as_ref().is_none_or(|(seen, when)| *seen != updated || when.elapsed() > AGAIN);
                if !is_news && !is_late {
                    continue;
                }
                wait.seen = Some((updated, Instant::now()));
                let (touched, ended) = (wait.touched, wait.ended);
                let told = self.differences(&containers[at], &lines, outcome)?;
                if told.is_empty() {
                    waiting.remove(&at);
                    outcome.seconds.extend(touched.then(|| ended.elapsed().as_secs_f64()));
                } else if is_late {
                    waiting.remove(&at);
                    let container = &containers[at];
                    let who = format!(
                        "{} ({}, {})",
                        container.name,
                        container.role.family.fixture(),
                        short(&container.id)
                    );
                    outcome.differences.extend(told.into_iter().map(|line| format!("{who}: {line}")));
                }
            }
            if is_over && waiting.is_empty() {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// The lines of the plain list, by id.
    fn lines(&self) -> Result<BTreeMap<String, Value>> {
        let lines = self.plimsoll.containers()?;
        Ok(lines
            .into_iter()
            .map(|line| (line["sha"].as_str().unwrap_or_default().to_owned(), line))
            .collect())
    }

    /// Where a container differs from what the server shows.
    fn differences(
        &mut self,
        container: &Container,
        lines: &BTreeMap<String, Value>,
        outcome: &mut Outcome,
    ) -> Result<Vec<String>> {
        let Some(line) = lines.get(&container.id) else {
            return Ok(vec!["the server does not list it".to_owned()]);
        };
        let Some(shown) = shown::ask(self.plimsoll, &container.id)? else {
            return Ok(vec!["the server does not know it".to_owned()]);
        };
        let mut told = compare::state(container.runtime.as_ref(), &shown.record);
        let Some(image) = self.image(shown.record["imageSha"].as_str().unwrap_or_default())? else {
            told.push("the server does not know its image".to_owned());
            return Ok(told);
        };
        let family = container.role.family;
        if container.role.number == 0 && !self.before.contains_key(&family) {
            self.before.insert(family, container.truth.clone());
        }
        let Some(before) = self.before.get(&family) else {
            return Ok(vec!["the first container of the image has not been asked yet".to_owned()]);
        };
        let image = &self.images[&image];
        let (content, compared) = compare::content(&container.truth, &shown, &image.software, before);
        told.extend(content);
        if told.is_empty() {
            let found = shown::findings(self.plimsoll, &format!("/containers/{}", container.id))?;
            told.extend(compare::findings(&shown, &found, &image.findings, line));
        }
        if told.is_empty() {
            outcome.packages += compared.packages;
            outcome.files += compared.files;
        }
        Ok(told)
    }

    /// Asks once for an image; gives its id.
    pub(super) fn image(&mut self, id: &str) -> Result<Option<String>> {
        if !self.images.contains_key(id) {
            let Some(software) = shown::image(self.plimsoll, id)? else { return Ok(None) };
            let findings = shown::findings(self.plimsoll, &format!("/images/{id}"))?;
            self.images.insert(id.to_owned(), Image { software, findings });
        }
        Ok(Some(id.to_owned()))
    }

    /// What the server lists and the runtime has must be the same containers, each once.
    fn all_are_listed(&self, containers: &[Container], outcome: &mut Outcome) -> Result<()> {
        let text = self.daemon.docker(&["ps", "--all", "--quiet", "--no-trunc"])?;
        let here: BTreeSet<String> = text.lines().map(str::to_owned).collect();
        let mut listed = BTreeSet::new();
        for line in self.plimsoll.containers()? {
            let id = line["sha"].as_str().unwrap_or_default().to_owned();
            if line["state"] != "DELETED" && !listed.insert(id.clone()) {
                outcome.differences.push(format!("{id}: the server lists it twice"));
            }
        }
        for id in here.symmetric_difference(&listed) {
            let by = if here.contains(id) { "the runtime" } else { "the server" };
            outcome.differences.push(format!("{}: {by} alone has it", short(id)));
        }
        if here.len() > containers.len() {
            outcome.differences.push("the runtime has more containers than were started".to_owned());
        }
        Ok(())
    }
}

/// Does one thing to a container.
fn carry_out(daemon: &Daemon, container: &mut Container, deed: Deed) -> Result<()> {
    match deed {
        Deed::Inside(script) => {
            let script = format!(". /repo/inside/lib.sh\n{script}");
            daemon.docker(&["exec", "--user", "0", &container.id, "sh", "-ec", &script])?;
        }
        Deed::Runtime(command) => drop(daemon.docker(&[command, &[&container.id]].concat())?),
        Deed::Rename => {
            let name = format!("renamed-{}", container.name);
            daemon.docker(&["rename", &container.name, &name])?;
            container.name = name;
        }
    }
    Ok(())
}

/// Asks in a container; what is not asked for stays as it was.
fn asked(daemon: &Daemon, container: &Container, since: u64, wanted: Wanted) -> Result<Truth> {
    let truth = inside::ask(daemon, &container.id, since, wanted)?;
    let npm = if wanted.npm { truth.npm } else { container.truth.npm.clone() };
    Ok(Truth { npm, ..truth })
}

/// What the runtime says of a container that is there.
fn runtime(daemon: &Daemon, id: &str) -> Result<Option<Value>> {
    Ok(daemon.inspect(&[id])?.pop())
}

fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

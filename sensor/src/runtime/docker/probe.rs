//! Health checks: a process that a daemon starts in a container every few seconds. Each tells of itself with the same events as
//! what somebody runs with `docker exec`, and a container that is looked at because it was looked at has no end of work.

use std::collections::{HashMap, HashSet};

use super::event::Exec;

/// How many containers and processes are remembered; far more than a host runs.
const MOST: usize = 10_000;

/// What containers run to see whether they are well, and which of these processes are running.
#[derive(Debug, Default)]
pub(super) struct Probes {
    commands: HashMap<String, String>,
    running: HashSet<String>,
}

impl Probes {
    /// Notes the health check of a container, or that it has none.
    pub(super) fn learn(&mut self, container: &str, command: Option<String>) {
        match command {
            Some(command) => {
                if self.commands.len() >= MOST {
                    self.commands.clear();
                }
                self.commands.insert(container.to_owned(), command);
            }
            None => self.forget(container),
        }
    }

    /// The container is gone.
    pub(super) fn forget(&mut self, container: &str) {
        self.commands.remove(container);
    }

    /// Whether a process that started or ended is a health check.
    pub(super) fn is_probe(&mut self, container: &str, process: &Exec) -> bool {
        let Some(command) = &process.command else { return self.running.remove(&process.id) };
        let is_probe = self.commands.get(container) == Some(command);
        if is_probe {
            if self.running.len() >= MOST {
                self.running.clear();
            }
            self.running.insert(process.id.clone());
        }
        is_probe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_health_check_is_told_from_what_somebody_runs_by_its_command() {
        let process =
            |id: &str, command: Option<&str>| Exec { id: id.to_owned(), command: command.map(str::to_owned) };
        let mut probes = Probes::default();
        probes.learn("a", Some("/bin/sh -c true".to_owned()));
        assert!(probes.is_probe("a", &process("1", Some("/bin/sh -c true"))));
        assert!(!probes.is_probe("a", &process("2", Some("apt-get update"))));
        assert!(!probes.is_probe("b", &process("3", Some("/bin/sh -c true"))));
        assert!(probes.is_probe("a", &process("1", None)) && !probes.is_probe("a", &process("1", None)));
        assert!(!probes.is_probe("a", &process("2", None)));
        probes.learn("a", None);
        assert!(!probes.is_probe("a", &process("4", Some("/bin/sh -c true"))));
    }
}

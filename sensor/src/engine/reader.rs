//! Reading images in a process of its own.
//!
//! What an image needs to be read is given back to the system whole when the process ends, and one that needs too much costs
//! that process and not the sensor.
//!
//! The decision a reader may doubt: the bound is kept by whoever waits for the process, which looks at its size every few
//! milliseconds, and not by a limit of the kernel. Those bound what is reserved, and an allocator reserves far more than it uses.

use std::ffi::OsString;
use std::io::{self, Read, Write as _};
use std::num::NonZeroUsize;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use image::{Engine, Source, StorageOptions, Stored};
use model::ImageId;
use rustix::process::{Signal, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};

use super::read::{ReadError, ReadJob};
use crate::limits::{Memory, be_nice};

/// How often the size of the process is looked at.
const LOOK: Duration = Duration::from_millis(4);
/// Bytes of a task or of the head of an answer.
const MAX_HEAD: u64 = 4 << 20;
/// Bytes of a packed report that are taken: a server takes no more.
const MAX_BODY: u64 = 64 << 20;

/// The program that reads images: it takes a task on its standard input and gives the answer on its standard output, as
/// [`serve_reader`] does.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// What a reader is to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Task {
    id: ImageId,
    names: Vec<String>,
    place: Place,
    layers: PathBuf,
    cpu: f64,
    threads: NonZeroUsize,
    ahead: i64,
    /// Whether the report is wanted, or only the results of layers.
    is_told: bool,
}

/// Where an image is, in words for another process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Place {
    Storage { engine: String, name: String, root: Option<PathBuf>, namespace: Option<String> },
    Layout(PathBuf),
}

/// What every answer begins with, as a line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(default)]
    packages: usize,
}

const ENGINES: [(Engine, &str); 3] =
    [(Engine::Docker, "docker"), (Engine::Podman, "podman"), (Engine::Containerd, "containerd")];

impl Place {
    /// `None` of a source that no runtime names.
    pub(super) fn of(source: &Source) -> Option<Self> {
        match source {
            Source::OciDir(path) => Some(Self::Layout(path.clone())),
            Source::Storage(stored) => {
                let (engine, name, place) = stored.parts()?;
                let (_, word) = ENGINES.iter().find(|(known, _)| *known == engine)?;
                let StorageOptions { root, namespace } = place.clone();
                Some(Self::Storage { engine: (*word).to_owned(), name: name.to_owned(), root, namespace })
            }
            _ => None,
        }
    }

    fn source(self) -> Option<Source> {
        match self {
            Self::Layout(path) => Some(Source::OciDir(path)),
            Self::Storage { engine, name, root, namespace } => {
                let (engine, _) = ENGINES.into_iter().find(|(_, word)| *word == engine)?;
                Some(Source::Storage(Stored::image(engine, name, StorageOptions { root, namespace })))
            }
        }
    }
}

impl Task {
    /// The report of an image.
    pub(super) fn report(job: &ReadJob, place: Place) -> Self {
        let ReadJob { id, names, layers, cpu, threads, ahead, .. } = job.clone();
        Self { id, names, place, layers, cpu, threads, ahead, is_told: true }
    }

    /// The results of an image's layers, for whoever reads it after that.
    pub(super) fn layers(job: &ReadJob, place: Place) -> Self {
        Self { is_told: false, ..Self::report(job, place) }
    }
}

impl Reader {
    /// Has a task done; gives the number of packages and the packed report, if that was wanted. Blocks.
    pub(super) fn run(
        &self,
        task: &Task,
        memory: Memory,
        is_stopping: &dyn Fn() -> bool,
    ) -> Result<(usize, Vec<u8>), ReadError> {
        let task = serde_json::to_vec(task).map_err(ReadError::of)?;
        let cannot = |error: io::Error| {
            ReadError::Failed(format!("{} cannot be started: {error}", self.program.display()))
        };
        let mut command = Command::new(&self.program);
        let command = command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = Guard(command.spawn().map_err(cannot)?);
        if let Some(mut input) = child.0.stdin.take() {
            // whoever dies before it has read its task says so by its end
            let _ = input.write_all(&task);
        }
        let output = child.0.stdout.take().ok_or_else(|| ReadError::of("no answer can be read"))?;
        let answer = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            output.take(MAX_BODY + MAX_HEAD).read_to_end(&mut bytes).map(|_| bytes)
        });
        let status = watch(&mut child.0, memory, is_stopping)?;
        let answer = answer.join().map_err(|_| ReadError::of("the answer was not read"))?;
        parse(status, &answer.map_err(ReadError::of)?)
    }
}

/// Ends the process when whoever waits for it does not any more.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for the end of the process, or brings it about when there is too little memory.
fn watch(child: &mut Child, memory: Memory, is_stopping: &dyn Fn() -> bool) -> Result<ExitStatus, ReadError> {
    loop {
        if let Some(status) = child.try_wait().map_err(ReadError::of)? {
            return Ok(status);
        }
        if memory.is_exceeded_with(child.id()) {
            return Err(ReadError::TooLarge(memory.bytes()));
        }
        if is_stopping() {
            return Err(ReadError::of("the sensor is stopped"));
        }
        std::thread::sleep(LOOK);
    }
}

fn parse(status: ExitStatus, answer: &[u8]) -> Result<(usize, Vec<u8>), ReadError> {
    if let Some(signal) = status.signal() {
        return Err(ReadError::Failed(format!("whoever read it was ended by signal {signal}")));
    }
    let end = answer.iter().position(|byte| *byte == b'\n');
    let head = end.and_then(|end| serde_json::from_slice::<Head>(&answer[..end]).ok());
    match (head, end) {
        (Some(Head { error: Some(reason), .. }), _) => Err(ReadError::Failed(reason)),
        (Some(Head { packages, .. }), Some(end)) if status.success() => {
            Ok((packages, answer[end + 1..].to_vec()))
        }
        _ => Err(ReadError::Failed(format!("whoever read it ended without an answer ({status})"))),
    }
}

/// Does the one task that stands on `input` and writes the answer to `output`: the whole of the program that a [`Reader`] names.
///
/// # Errors
/// If no task can be read or no answer written. What goes wrong with the image is an answer.
pub fn serve_reader(input: impl Read, mut output: impl io::Write) -> io::Result<()> {
    be_nice();
    // nobody waits for the answer when the sensor is gone
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let mut text = Vec::new();
    input.take(MAX_HEAD).read_to_end(&mut text)?;
    let task: Task = serde_json::from_slice(&text)?;
    let Task { id, names, place, layers, cpu, threads, ahead, is_told } = task;
    let source =
        place.source().ok_or_else(|| io::Error::other("the image lies in a storage of no known engine"))?;
    let (head, body) = match (ReadJob { id, names, source, layers, cpu, threads, ahead }).run() {
        Ok((packages, body)) => (Head { error: None, packages }, if is_told { body } else { Vec::new() }),
        Err(error) => (Head { error: Some(error.to_string()), packages: 0 }, Vec::new()),
    };
    serde_json::to_writer(&mut output, &head)?;
    output.write_all(b"\n")?;
    output.write_all(&body)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Reader {
        Reader { program: PathBuf::from("/bin/sh"), arguments: vec!["-c".into(), script.into()] }
    }

    fn task(place: Place) -> Task {
        let id = ImageId(model::Digest::of(b"image"));
        let layers = PathBuf::from("/nowhere");
        Task {
            id,
            names: Vec::new(),
            place,
            layers,
            cpu: 1.0,
            threads: NonZeroUsize::MIN,
            ahead: 0,
            is_told: true,
        }
    }

    fn run(script: &str, mebibytes: u64) -> Result<(usize, Vec<u8>), ReadError> {
        let memory = Memory::new(mebibytes << 20);
        shell(script).run(&task(Place::Layout(PathBuf::from("/nowhere"))), memory, &|| false)
    }

    #[test]
    fn an_answer_is_a_line_and_a_report() {
        let answer = run(r#"cat > /dev/null; echo '{"packages":7}'; printf report"#, 4_096);
        assert_eq!(answer, Ok((7, b"report".to_vec())));
        let error = run(r#"echo '{"error":"no such layer"}'"#, 4_096).unwrap_err();
        assert_eq!(error.to_string(), "no such layer");
    }

    #[test]
    fn whoever_ends_without_an_answer_costs_the_image_alone() {
        for (script, told) in [
            ("exit 3", "without an answer"),
            ("echo '{\"packages\":1}'; exit 1", "without an answer"),
            ("echo nonsense", "without an answer"),
            ("kill -ABRT $$", "signal 6"),
        ] {
            let error = run(script, 4_096).unwrap_err().to_string();
            assert!(error.contains(told), "{script}: {error}");
        }
        let nobody = Reader { program: PathBuf::from("/no/such/program"), arguments: Vec::new() };
        let error = nobody.run(&task(Place::Layout(PathBuf::new())), Memory::new(u64::MAX), &|| false);
        assert!(error.unwrap_err().to_string().contains("/no/such/program cannot be started"));
    }

    #[test]
    fn what_grows_too_large_is_ended_and_said_to_be() {
        // doubles a text until somebody stops it
        let grow = "cat > /dev/null; text=0123456789abcdef; while :; do text=$text$text; done";
        let bound = crate::limits::resident().unwrap() + (64 << 20);
        let begun = std::time::Instant::now();
        let outcome =
            shell(grow).run(&task(Place::Layout(PathBuf::from("/nowhere"))), Memory::new(bound), &|| false);
        assert_eq!(outcome, Err(ReadError::TooLarge(bound)));
        assert!(begun.elapsed() < Duration::from_secs(20));
        let stopped = shell("sleep 600").run(
            &task(Place::Layout(PathBuf::from("/nowhere"))),
            Memory::new(u64::MAX),
            &|| true,
        );
        assert!(stopped.unwrap_err().to_string().contains("stopped"));
    }

    #[test]
    fn a_place_is_the_same_for_the_other_process() {
        for engine in ENGINES.map(|(engine, _)| engine) {
            let place =
                StorageOptions { root: Some(PathBuf::from("/data")), namespace: Some("k8s.io".to_owned()) };
            let source = Source::Storage(Stored::image(engine, "sha256:ab", place));
            let told = serde_json::to_string(&Place::of(&source).unwrap()).unwrap();
            assert_eq!(serde_json::from_str::<Place>(&told).unwrap().source(), Some(source));
        }
        assert_eq!(Place::of(&Source::RootFs(PathBuf::from("/"))), None);
    }
}

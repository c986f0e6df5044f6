//! `plimsoll import`: records of other tools, sent to a server.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use model::Timestamp;
use model::container::HostFacts;
use sensor::runtime::docker::read_inspected;

use crate::push::PushArgs;

#[derive(clap::Subcommand)]
pub(crate) enum ImportCommand {
    /// Containers out of the JSON that `docker inspect` or `podman inspect` prints
    Containers {
        /// The JSON file; `-` reads standard input
        file: PathBuf,
        /// Name of the machine that the containers were seen on; without it this machine's name
        #[arg(long, value_name = "NAME")]
        host: Option<String>,
        /// Address of that machine
        #[arg(long, value_name = "IP")]
        host_ip: Option<String>,
        /// Tags to put on the containers, separated by commas
        #[arg(long = "tag", value_delimiter = ',')]
        tags: Vec<String>,
        #[command(flatten)]
        push: PushArgs,
    },
}

/// The largest file that is read.
const MAX_BYTES: u64 = 256 << 20;

pub(crate) fn run(command: ImportCommand) -> anyhow::Result<()> {
    let ImportCommand::Containers { file, host, host_ip, tags, push } = command;
    let Some(target) = push.target()? else {
        bail!("--push URL is missing: the server to send the containers to")
    };
    let bytes = read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let host = machine(host, host_ip);
    let mut containers = read_inspected(&bytes, &host, Timestamp::now())
        .with_context(|| format!("{} is not usable", file.display()))?;
    for container in &mut containers {
        catalog::mask_container(container);
        container.tags.clone_from(&tags);
    }
    target.post("api/v1/containers", &serde_json::to_vec(&containers)?)?;
    crate::output::note(&format!("{} containers sent to {}", containers.len(), target.url()));
    Ok(())
}

/// The machine that the containers are said to run on: the names given, else this machine's.
fn machine(name: Option<String>, address: Option<String>) -> HostFacts {
    let here = || std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned();
    HostFacts {
        architecture: name.is_none().then(|| std::env::consts::ARCH.to_owned()),
        hostname: name.unwrap_or_else(here),
        ip_address: address,
        ipv6_address: None,
    }
}

fn read(file: &std::path::Path) -> anyhow::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let input: Box<dyn std::io::Read> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file)?)
    };
    input.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        bail!("it is larger than {} MiB", MAX_BYTES >> 20);
    }
    Ok(bytes)
}

//! The part of a packed container that is not compressed: marks, times, addresses and the uid of a pod.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::slice;

use model::{ContainerReport, ContainerState, Label, Timestamp};
use uuid::Uuid;

use crate::packed::{STATES, state_number};

/// What stands for the entry of the environment that names the pod.
pub(crate) const SHORT_HOSTNAME: &str = "HOSTNAME=";

/// The labels that a kubelet puts on a container.
pub(crate) struct Pod<'a> {
    container: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
    namespace: Option<&'a str>,
    uid: Option<&'a str>,
    /// Which of the labels is the uid.
    pub(crate) uid_place: Option<usize>,
}

impl<'a> Pod<'a> {
    pub(crate) fn of(labels: &'a [Label]) -> Self {
        let place = |key: &str| labels.iter().position(|label| label.key == key);
        let value = |key: &str| place(key).map(|place| &*labels[place].value);
        let uid_place = place("io.kubernetes.pod.uid");
        Self {
            container: value("io.kubernetes.container.name"),
            name: value("io.kubernetes.pod.name"),
            namespace: value("io.kubernetes.pod.namespace"),
            uid: uid_place.map(|place| &*labels[place].value),
            uid_place,
        }
    }

    /// The name that a kubelet gives to a container at its nth attempt.
    pub(crate) fn container_name(&self, attempt: u32) -> Option<String> {
        let (container, pod, namespace, uid) = (self.container?, self.name?, self.namespace?, self.uid?);
        Some(format!("k8s_{container}_{pod}_{namespace}_{uid}_{attempt}"))
    }

    fn attempt_of(&self, name: &str) -> Option<u32> {
        let attempt = name.rsplit('_').next()?.parse().ok()?;
        (self.container_name(attempt)? == name).then_some(attempt)
    }
}

/// The entry of the environment that names the pod, if nothing before it could be taken for it.
pub(crate) fn hostname_place(environment: &[&str], pod: Option<&str>) -> Option<usize> {
    let pod = pod?;
    let place = environment.iter().position(|entry| {
        entry.strip_prefix(SHORT_HOSTNAME).is_some_and(|name| name.is_empty() || name == pod)
    })?;
    (environment[place].strip_prefix(SHORT_HOSTNAME) == Some(pod)).then_some(place)
}

/// How an address is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Address {
    Missing,
    Raw(IpAddr),
    /// As text, because its bytes do not give its spelling back.
    Odd,
}

impl Address {
    fn of(text: Option<&str>) -> Self {
        let Some(text) = text else { return Self::Missing };
        match text.parse::<IpAddr>() {
            Ok(address) if address.to_string() == text => Self::Raw(address),
            _ => Self::Odd,
        }
    }

    const fn kind(self) -> u32 {
        match self {
            Self::Missing => 0,
            Self::Raw(IpAddr::V4(_)) => 1,
            Self::Raw(IpAddr::V6(_)) => 2,
            Self::Odd => 3,
        }
    }
}

/// What is stored raw.
pub(crate) struct Plain {
    pub(crate) state: ContainerState,
    pub(crate) privileged: Option<bool>,
    pub(crate) root: Option<bool>,
    pub(crate) created: Timestamp,
    pub(crate) state_changed: Timestamp,
    /// The last part of a name that follows from the labels.
    pub(crate) attempt: Option<u32>,
    /// The uid of the pod, whose label is stored empty.
    pub(crate) uid: Option<Uuid>,
    /// Whether an entry of the environment is filled up with the name of the pod.
    pub(crate) hostname: bool,
    addresses: [Address; 4],
}

impl Plain {
    /// The raw part of a report, and the texts of its odd addresses.
    pub(crate) fn of<'a>(report: &'a ContainerReport, pod: &Pod<'_>) -> (Self, Vec<&'a str>) {
        let host = &report.host;
        let given = [&host.ip_address, &host.ipv6_address, &report.ipv4, &report.ipv6].map(Option::as_deref);
        let addresses = given.map(Address::of);
        let odd = given.iter().zip(addresses).filter(|(_, address)| *address == Address::Odd);
        let odd = odd.filter_map(|(text, _)| *text).collect();
        let uid = pod.uid.and_then(|text| Uuid::parse_str(text).ok().filter(|uid| uid.to_string() == text));
        let environment: Vec<&str> = report.environment.iter().map(String::as_str).collect();
        let plain = Self {
            state: report.state,
            privileged: report.privileged,
            root: report.root,
            created: report.created,
            state_changed: report.state_changed,
            attempt: pod.attempt_of(&report.name),
            uid,
            hostname: hostname_place(&environment, pod.name).is_some(),
            addresses,
        };
        (plain, odd)
    }

    /// Writes it behind `out`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let truth = |truth: Option<bool>| truth.map_or(0, |truth| 1 + u32::from(truth));
        let mut marks = state_number(self.state) as u32;
        marks |= truth(self.privileged) << 3;
        marks |= truth(self.root) << 5;
        marks |= u32::from(self.attempt.is_some()) << 7;
        marks |= u32::from(self.uid.is_some()) << 8;
        marks |= u32::from(self.hostname) << 9;
        for (address, shift) in self.addresses.iter().zip([10, 12, 14, 16]) {
            marks |= address.kind() << shift;
        }
        let changed = self.state_changed.0.wrapping_sub(self.created.0);
        let numbers = postcard::to_stdvec(&(marks, self.created.0, changed));
        out.extend(numbers.expect("numbers can be written into memory"));
        if let Some(attempt) = self.attempt {
            out.extend(postcard::to_stdvec(&attempt).expect("a number can be written into memory"));
        }
        out.extend(self.uid.iter().flat_map(|uid| *uid.as_bytes()));
        for address in self.addresses {
            match address {
                Address::Raw(IpAddr::V4(address)) => out.extend(address.octets()),
                Address::Raw(IpAddr::V6(address)) => out.extend(address.octets()),
                Address::Missing | Address::Odd => {}
            }
        }
    }

    /// Reads what [`Self::write`] wrote; gives what stands behind it.
    pub(crate) fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let ((marks, created, changed), mut rest) =
            postcard::take_from_bytes::<(u32, i64, i64)>(bytes).ok()?;
        let truth = |shift: u32| match (marks >> shift) & 3 {
            0 => Some(None),
            number @ 1..=2 => Some(Some(number == 2)),
            _ => None,
        };
        let state = *STATES.get(((marks & 7) as usize).checked_sub(1)?)?;
        let (privileged, root) = (truth(3)?, truth(5)?);
        let attempt = if marks & (1 << 7) == 0 {
            None
        } else {
            let (attempt, behind) = postcard::take_from_bytes::<u32>(rest).ok()?;
            rest = behind;
            Some(attempt)
        };
        let uid = if marks & (1 << 8) == 0 { None } else { Some(Uuid::from_bytes(*take(&mut rest)?)) };
        let mut addresses = [Address::Missing; 4];
        for (address, shift) in addresses.iter_mut().zip([10, 12, 14, 16]) {
            *address = match (marks >> shift) & 3 {
                0 => Address::Missing,
                1 => Address::Raw(Ipv4Addr::from(*take::<4>(&mut rest)?).into()),
                2 => Address::Raw(Ipv6Addr::from(*take::<16>(&mut rest)?).into()),
                _ => Address::Odd,
            };
        }
        let plain = Self {
            state,
            privileged,
            root,
            created: Timestamp(created),
            state_changed: Timestamp(created.wrapping_add(changed)),
            attempt,
            uid,
            hostname: marks & (1 << 9) != 0,
            addresses,
        };
        Some((plain, rest))
    }

    /// The addresses as texts: of the host, and of the container's first network; `None` if an odd one is missing.
    pub(crate) fn addresses(&self, odd: &mut slice::Iter<'_, &str>) -> Option<[Option<String>; 4]> {
        let mut texts = [const { None }; 4];
        for (text, address) in texts.iter_mut().zip(self.addresses) {
            *text = match address {
                Address::Missing => None,
                Address::Raw(address) => Some(address.to_string()),
                Address::Odd => Some((*odd.next()?).to_owned()),
            };
        }
        Some(texts)
    }
}

fn take<'a, const N: usize>(rest: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (first, behind) = rest.split_first_chunk::<N>()?;
    *rest = behind;
    Some(first)
}

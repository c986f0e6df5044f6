//! Addresses of the host's interfaces, from the kernel's tables.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Host;

/// What the tables say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Network {
    /// See [`model::HostReport::addresses`]. Addresses that are good on one link only are left out: they name no host.
    pub(super) addresses: Vec<String>,
    /// Of the interface of the default route.
    pub(super) mac_address: Option<String>,
}

pub(super) fn read(host: &Host) -> Network {
    let routes: Vec<Route> = table(host, "route").lines().filter_map(Route::parse).collect();
    let default = routes.iter().filter(|route| route.is_default()).min_by_key(|route| route.metric);
    let interface = default.map(|route| route.interface.as_str());
    let on_it = |address: &Ipv4Addr| {
        let mut direct =
            routes.iter().filter(|route| !route.is_default() && Some(route.interface.as_str()) == interface);
        direct.any(|route| u32::from(*address) & route.mask == route.target)
    };
    let mut v4 = local_v4(&table(host, "fib_trie"));
    v4.sort_by_key(|address| !on_it(address));
    let mut v6 = local_v6(&table(host, "if_inet6"));
    v6.sort_by_key(|(_, of)| Some(of.as_str()) != interface);
    let mac = interface
        .filter(|name| !name.contains('/'))
        .and_then(|name| host.word(&format!("sys/class/net/{name}/address")));
    Network {
        addresses: v4
            .iter()
            .map(ToString::to_string)
            .chain(v6.iter().map(|(address, _)| address.to_string()))
            .collect(),
        mac_address: mac,
    }
}

/// A table of the first process's network, which is the host's even if the sensor has one of its own.
fn table(host: &Host, name: &str) -> String {
    let of_first = host.text(&format!("proc/1/net/{name}"));
    of_first.or_else(|| host.text(&format!("proc/net/{name}"))).unwrap_or_default()
}

/// A line of `/proc/net/route`.
struct Route {
    interface: String,
    target: u32,
    mask: u32,
    metric: u32,
}

impl Route {
    /// Numbers are hexadecimal, addresses in the machine's byte order (`net/ipv4/fib_trie.c`, `fib_route_seq_show`).
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let interface = words.next()?.to_owned();
        let mut number = || u32::from_str_radix(words.next()?, 16).ok();
        let (target, _gateway, _flags) = (u32::from_be(number()?), number()?, number()?);
        let mut words = line.split_whitespace().skip(6);
        let metric = words.next()?.parse().ok()?;
        let mask = u32::from_be(u32::from_str_radix(words.next()?, 16).ok()?);
        Some(Self { interface, target, mask, metric })
    }

    fn is_default(&self) -> bool {
        self.target == 0 && self.mask == 0
    }
}

/// The leaves of the tree that are addresses of this host: an address, and below it `/32 host LOCAL`.
fn local_v4(tree: &str) -> Vec<Ipv4Addr> {
    let mut found = Vec::new();
    let mut leaf = None;
    for line in tree.lines() {
        if let Some(address) = line.trim_start().strip_prefix("|-- ") {
            leaf = address.trim().parse::<Ipv4Addr>().ok();
        } else if line.contains("/32 host LOCAL")
            && let Some(address) = leaf.filter(|address| !address.is_loopback() && !address.is_link_local())
        {
            found.push(address);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Lines of an address in 32 hex digits, four numbers and the interface's name.
fn local_v6(table: &str) -> Vec<(Ipv6Addr, String)> {
    let parse = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [digits, _, _, _, _, interface] = words[..] else { return None };
        let address = u128::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 32)?;
        Some((Ipv6Addr::from(address), interface.to_owned()))
    };
    let is_hosts =
        |(address, _): &(Ipv6Addr, String)| !address.is_loopback() && !address.is_unicast_link_local();
    let mut found: Vec<_> = table.lines().filter_map(parse).filter(is_hosts).collect();
    found.sort_unstable();
    found
}

/// Reads a text as each of the tables.
#[cfg(fuzzing)]
pub(super) fn fuzz(text: &str) {
    let _ = (local_v4(text), local_v6(text), text.lines().filter_map(Route::parse).count());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake;

    const TREE: &str = "\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
Local:
  +-- 0.0.0.0/0 2 0 2
     +-- 10.1.2.0/24 2 0 2
        |-- 10.1.2.7
           /32 host LOCAL
        |-- 10.1.2.255
           /32 link BROADCAST
     |-- 127.0.0.1
        /32 host LOCAL
     |-- 10.0.0.9
        /32 host LOCAL
";

    #[test]
    fn the_address_of_the_default_route_comes_first() {
        let little = |address: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(address));
        let (none, net, full, wide) =
            (little([0; 4]), little([10, 1, 2, 0]), little([255, 255, 255, 0]), little([10, 0, 0, 0]));
        let routes = format!(
            "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n\
             eth1 {none} 0101010A 0003 0 0 100 {none} 0 0 0\n\
             eth1 {net} {none} 0001 0 0 0 {full} 0 0 0\n\
             eth0 {wide} {none} 0001 0 0 0 {full} 0 0 0\n"
        );
        let (_folder, host) = fake(&[
            ("proc/1/net/fib_trie", TREE),
            ("proc/1/net/route", &routes),
            (
                "proc/1/net/if_inet6",
                "00000000000000000000000000000001 01 80 10 80       lo\n\
                 fe80000000000000000000000000beef 02 40 20 80     eth1\n\
                 20010db8000000000000000000000001 03 40 00 80     eth0\n\
                 20010db8000000000000000000000007 02 40 00 80     eth1\n",
            ),
            ("sys/class/net/eth1/address", "02:42:ac:11:00:02\n"),
        ]);
        let network = read(&host);
        assert_eq!(network.addresses, ["10.1.2.7", "10.0.0.9", "2001:db8::7", "2001:db8::1"]);
        assert_eq!(network.mac_address.as_deref(), Some("02:42:ac:11:00:02"));
    }

    #[test]
    fn tables_that_make_no_sense_give_no_address() {
        let (_folder, host) = fake(&[
            ("proc/net/fib_trie", "|-- 1.2.3\n/32 host LOCAL\n/32 host LOCAL\n"),
            ("proc/net/route", "../../etc 0 0 0 0 0 0 0\nx\n"),
            ("proc/net/if_inet6", "zz 1 2 3 4 lo\n1 2\n"),
        ]);
        assert_eq!(read(&host), Network::default());
    }
}

//! Where a registry may send a client.
//!
//! A registry answers with redirects and with the address of its token service, and whoever scans stands
//! inside a network that the registry cannot reach by itself. So it may send to hosts of the internet and of
//! a private network, where storage often is, but not to this machine and not to link-local addresses, behind
//! which clouds keep the machine's own keys; unless the registry itself is there.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::Arc;

use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::name::is_loopback;

/// What the registry itself is, against which its pointers are held.
#[derive(Debug)]
pub(super) struct Guard {
    /// Its host without port, in small letters.
    host: String,
    is_https: bool,
    is_loopback: bool,
    is_link_local: bool,
    /// Whether the user has allowed plain HTTP.
    plain_http: bool,
    /// Whether the registry itself must not be where it must not send anybody.
    public_only: bool,
    /// Hosts of proxies, which the user has chosen.
    proxies: Vec<String>,
}

impl Guard {
    /// For the registry at `base`.
    pub(super) fn new(base: &Url, plain_http: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let host = base.host_str().unwrap_or_default().to_ascii_lowercase();
        let proxy = |name: &str| {
            let text = variable(name).or_else(|| variable(&name.to_ascii_lowercase()))?;
            let address = if text.contains("://") { text } else { format!("http://{text}") };
            let url = Url::parse(&address).ok()?;
            url.host_str().map(str::to_ascii_lowercase)
        };
        Self {
            is_https: base.scheme() == "https",
            is_loopback: is_loopback(&host),
            is_link_local: address(&host).is_some_and(is_link_local),
            host,
            plain_http,
            public_only: false,
            proxies: ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"].into_iter().filter_map(proxy).collect(),
        }
    }

    /// Holds the registry itself to the rules for where it may send: whoever named it is not who stands here.
    ///
    /// # Errors
    /// Why it must not be asked, if its address alone says so; a name is looked at when it is resolved.
    pub(super) fn public_only(mut self) -> Result<Self, &'static str> {
        if self.is_loopback || self.host == "0.0.0.0" || self.host == "[::]" {
            return Err("it is on this machine");
        }
        if self.is_link_local {
            return Err("it is a link-local address");
        }
        self.public_only = true;
        Ok(self)
    }

    /// Whether the registry is spoken to over TLS.
    pub(super) fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether the registry is on this machine.
    pub(super) fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Why a place that the registry points to is not gone to; `None` if it is.
    pub(super) fn objection(&self, target: &Url) -> Option<&'static str> {
        let host = target.host_str().unwrap_or_default().to_ascii_lowercase();
        match target.scheme() {
            "https" => {}
            "http" if self.is_https && !self.plain_http => return Some("it is plain HTTP"),
            "http" => {}
            _ => return Some("it is neither HTTPS nor HTTP"),
        }
        if host == self.host {
            return None;
        }
        if is_loopback(&host) && !self.is_loopback {
            return Some("it is on this machine");
        }
        self.address_objection(address(&host)?)
    }

    fn address_objection(&self, address: IpAddr) -> Option<&'static str> {
        let address = address.to_canonical();
        if is_link_local(address) && !self.is_link_local {
            return Some("it is a link-local address");
        }
        if (address.is_loopback() || address.is_unspecified()) && !self.is_loopback {
            return Some("it is on this machine");
        }
        None
    }

    /// The addresses of a name that may be connected to.
    fn addresses(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        let all: Vec<SocketAddr> = (name, 0).to_socket_addrs()?.collect();
        let name = name.to_ascii_lowercase();
        if (name == self.host && !self.public_only) || self.proxies.contains(&name) {
            return Ok(all);
        }
        let allowed = all.into_iter().filter(|address| self.address_objection(address.ip()).is_none());
        let allowed: Vec<SocketAddr> = allowed.collect();
        match allowed.is_empty() {
            true => Err(io::Error::other(
                "its addresses are link-local or on this machine, where a registry must not send anybody",
            )),
            false => Ok(allowed),
        }
    }
}

/// Resolves names, and hides the addresses that must not be gone to.
pub(super) struct GuardedResolver(pub(super) Arc<Guard>);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        let name = name.as_str().to_owned();
        Box::pin(async move {
            let addresses = tokio::task::spawn_blocking(move || guard.addresses(&name)).await??;
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

fn address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Link-local (RFC 3927, RFC 4291 §2.5.6), and the address of one cloud's metadata that is not.
fn is_link_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_unicast_link_local() || address.segments() == [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objection(base: &str, target: &str) -> Option<&'static str> {
        let guard = Guard::new(&Url::parse(base).unwrap(), false, |_| None);
        guard.objection(&Url::parse(target).unwrap())
    }

    #[test]
    fn a_registry_sends_to_storage_but_not_to_the_clients_own_machine_or_cloud() {
        let hub = "https://registry-1.docker.io/";
        for target in ["https://cdn.example/x", "https://10.1.2.3/x", "https://[fd00::1]/x", hub] {
            assert_eq!(objection(hub, target), None, "{target}");
        }
        for target in [
            "http://cdn.example/x",
            "ftp://cdn.example/x",
            "file:///etc/passwd",
            "https://169.254.169.254/latest",
            "https://[fe80::1]/x",
            "https://[::ffff:169.254.169.254]/",
            "https://2852039166/",
            "https://[fd00:ec2::254]/",
            "https://127.0.0.1/x",
            "https://localhost:8080/x",
            "https://[::1]/x",
            "https://0.0.0.0/x",
        ] {
            assert!(objection(hub, target).is_some(), "{target}");
        }
    }

    #[test]
    fn a_registry_on_this_machine_or_a_link_local_one_may_point_to_its_like() {
        assert_eq!(objection("http://127.0.0.1:5000/", "http://127.0.0.1:9000/x"), None);
        assert_eq!(objection("http://localhost:5000/", "http://[::1]:9000/x"), None);
        assert!(objection("http://127.0.0.1:5000/", "http://169.254.169.254/").is_some());
        assert_eq!(objection("http://169.254.1.1/", "http://169.254.1.1/x"), None);
        assert_eq!(objection("http://169.254.1.1/", "http://169.254.1.2/x"), None);
    }

    #[test]
    fn a_registry_that_somebody_else_named_may_not_be_on_this_machine_itself() {
        let guard = |base: &str| Guard::new(&Url::parse(base).unwrap(), false, |_| None).public_only();
        for base in
            ["http://127.0.0.1:5000/", "https://localhost/", "http://169.254.169.254/", "http://[::1]/"]
        {
            assert!(guard(base).is_err(), "{base}");
        }
        assert!(guard("http://10.1.2.3:5000/").is_ok());
        // a name that leads here is told when it is resolved
        let base = Url::parse("https://registry.example/").unwrap();
        let mut guard = Guard::new(&base, false, |_| None).public_only().unwrap();
        guard.host = "localhost".to_owned();
        assert!(guard.addresses("localhost").is_err());
    }

    #[test]
    fn a_name_that_resolves_to_this_machine_is_only_followed_for_the_registry_and_for_proxies() {
        let base = Url::parse("https://registry.example/").unwrap();
        let guard = Guard::new(&base, false, |_| None);
        assert!(guard.addresses("localhost").is_err());
        let proxy = |name: &str| (name == "https_proxy").then(|| "LOCALHOST:3128".to_owned());
        assert!(Guard::new(&base, false, proxy).addresses("localhost").is_ok());
        let own = Guard::new(&Url::parse("http://localhost:5000/").unwrap(), false, |_| None);
        assert!(own.addresses("localhost").is_ok());
    }
}

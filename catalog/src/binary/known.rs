//! Well-known programs and libraries that tell their version in a text of their own: which file names are looked
//! into, and which text is believed.
//!
//! What it is not for: programs that list their parts (Go, cargo-auditable), and libraries whose version stands in
//! their file name alone, which anyone may have given.
//!
//! The decision a reader may doubt: the name decides whether a file is searched, and the text inside whether anything
//! is reported. Searching every program would cost more than all else that a scan does, and a version without the
//! name of its program beside it (`\0 1.2.13 \0`) proves nothing. The names are those of the projects, as Syft and
//! endoflife.date write them; a package of the operating system that owns the file owns the record, too.

use super::evidence::{Evidence, Shape};

/// A program or library and what proves its version.
pub(super) struct Known {
    /// The name in the report.
    pub name: &'static str,
    /// Which files are searched.
    files: &'static [File],
    /// What is searched for, in the order of trust.
    pub evidence: &'static [Evidence],
}

/// A form of file names.
#[derive(Clone, Copy)]
enum File {
    /// This name.
    Named(&'static str),
    /// This name, and with a version behind it: `php`, `php8.2`, `perl5.36.0`.
    Versioned(&'static str),
    /// A shared library of this stem, with versions or a hash before and behind its suffix: `libcrypto.so.3`,
    /// `libpython3.11.so.1.0`, `libssl-cd1d6220.so.1.1` as Python wheels carry it.
    Library(&'static str),
}

use File::{Library, Named, Versioned};

const fn known(name: &'static str, files: &'static [File], evidence: &'static [Evidence]) -> Known {
    Known { name, files, evidence }
}

const fn text(anchor: &'static str) -> Evidence {
    Evidence { anchor: anchor.as_bytes(), shape: Shape::After }
}

const fn before(anchor: &'static [u8]) -> Evidence {
    Evidence { anchor, shape: Shape::Before }
}

const fn shaped(anchor: &'static [u8], shape: Shape) -> Evidence {
    Evidence { anchor, shape }
}

/// The build id: version, host, time in seconds, and zeros where the build has a fixed time.
const REDIS_BUILD: &[Evidence] =
    &[shaped(b"-1", Shape::BuildOnHost), shaped(b"000000000", Shape::BuildAtFixedTime)];

/// Every row was seen in real files; see `docs/reference/known-programs.md`.
pub(super) const KNOWN: &[Known] = &[
    known("bash", &[Named("bash")], &[text("@(#)Bash version ")]),
    known("bind", &[Named("named")], &[text("BIND ")]),
    known("bun", &[Named("bun")], &[text("Bun v"), text("Bun/")]),
    known("busybox", &[Named("busybox")], &[text("BusyBox v")]),
    known("curl", &[Named("curl")], &[text("curl/")]),
    known(
        "curl",
        &[Library("libcurl"), Library("libcurl-gnutls")],
        &[text("libcurl/"), text("CLIENT libcurl ")],
    ),
    known("deno", &[Named("deno")], &[shaped(b"Deno/", Shape::Numbers)]),
    known("dnsmasq", &[Named("dnsmasq")], &[text("dnsmasq-")]),
    known("dovecot", &[Named("dovecot")], &[text("Dovecot v")]),
    known("dropbear", &[Named("dropbear")], &[text("dropbear_")]),
    known("expat", &[Library("libexpat"), Library("libexpatw")], &[text("expat_")]),
    known("git", &[Named("git")], &[text("git/")]),
    known("glibc", &[Library("libc")], &[text("stable release version ")]),
    known("gnutls", &[Library("libgnutls")], &[text("GnuTLS ")]),
    known("haproxy", &[Named("haproxy")], &[shaped(b", released 20", Shape::HaProxy)]),
    known("httpd", &[Named("httpd"), Named("apache2")], &[text("Apache/")]),
    known("libpng", &[Library("libpng")], &[text("libpng version ")]),
    known("lighttpd", &[Named("lighttpd")], &[text("lighttpd/")]),
    known(
        "lua",
        &[Versioned("lua"), Versioned("luac"), Library("liblua")],
        &[shaped(b"$LuaVersion: Lua ", Shape::After), shaped(b"Lua ", Shape::Copyright)],
    ),
    known("mariadb", &[Named("mariadbd"), Named("mysqld")], &[before(b"-MariaDB\0"), before(b"-MariaDB-")]),
    known("memcached", &[Named("memcached")], &[text("memcached ")]),
    known("musl", &[Named("libc.so"), Library("ld-musl")], &[shaped(b"\x001.", Shape::Alone)]),
    known("nginx", &[Named("nginx"), Named("nginx-debug")], &[text("nginx version: nginx/")]),
    known("node", &[Named("node"), Named("nodejs"), Library("libnode")], &[text("node.js/v")]),
    known("openresty", &[Named("openresty"), Named("nginx")], &[text("nginx version: openresty/")]),
    known("openssh", &[Named("sshd"), Named("ssh")], &[shaped(b"OpenSSH_", Shape::Portable)]),
    known(
        "openssl",
        &[Library("libcrypto"), Library("libssl"), Named("openssl")],
        &[shaped(b"OpenSSL ", Shape::Dated)],
    ),
    known("perl", &[Versioned("perl"), Library("libperl")], &[shaped(b"\0v5.", Shape::Perl)]),
    known(
        "php",
        &[Versioned("php"), Versioned("php-fpm"), Versioned("php-cgi"), Library("libphp")],
        &[text("X-Powered-By: PHP/")],
    ),
    known("postgresql", &[Named("postgres")], &[text("postgres (PostgreSQL) ")]),
    known("proftpd", &[Named("proftpd")], &[text("ProFTPD Version ")]),
    known("python", &[Versioned("python"), Library("libpython")], &[shaped(b"", Shape::OfFileName)]),
    known("redis", &[Named("redis-server"), Named("redis-check-rdb")], REDIS_BUILD),
    known("ruby", &[Versioned("ruby"), Library("libruby")], &[shaped(b"ruby ", Shape::Revision)]),
    known("rust", &[Library("librustc_driver")], &[text("rustc version ")]),
    known("sqlite", &[Library("libsqlite3")], &[shaped(b"\x003.", Shape::Alone)]),
    known("squid", &[Named("squid")], &[text("squid/")]),
    known("tor", &[Named("tor")], &[text(" (on Tor ")]),
    known("unbound", &[Named("unbound")], &[text("unbound ")]),
    known("valkey", &[Named("valkey-server"), Named("valkey-check-rdb")], REDIS_BUILD),
    known("varnish", &[Named("varnishd")], &[text("varnish-")]),
    known("vsftpd", &[Named("vsftpd")], &[text("vsFTPd ")]),
    known("wolfssl", &[Library("libwolfssl")], &[text("wolfSSL ")]),
    known("zlib", &[Library("libz")], &[shaped(b" inflate ", Shape::Copyright)]),
];

/// The rows whose files are called so; most names have none and cost a look at a few bytes.
pub(super) fn of(name: &[u8]) -> impl Iterator<Item = &'static Known> {
    let rows = if may_be_known(name) { KNOWN } else { &[] };
    rows.iter().filter(move |known| known.files.iter().any(|file| file.is(name)))
}

/// Whether a file is searched for the version of a well-known program.
pub(super) fn is_known(name: &[u8]) -> bool {
    of(name).next().is_some()
}

/// Longest name of a known file.
const MAX_NAME: usize = 64;

/// Names of programs and libraries have no dot but before a number or `so`; nearly all other files have one.
fn may_be_known(name: &[u8]) -> bool {
    if !(2..=MAX_NAME).contains(&name.len()) || !name[0].is_ascii_lowercase() {
        return false;
    }
    match memchr::memchr(b'.', name) {
        None => true,
        Some(dot) => name[dot..].starts_with(b".so") || name[dot - 1].is_ascii_digit(),
    }
}

impl File {
    fn is(self, name: &[u8]) -> bool {
        match self {
            Named(own) => name == own.as_bytes(),
            Versioned(own) => {
                let rest = name.strip_prefix(own.as_bytes());
                rest.is_some_and(|rest| rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.'))
            }
            Library(stem) => {
                let Some(rest) = name.strip_prefix(stem.as_bytes()) else { return false };
                let Some(at) = memchr::memmem::find(rest, b".so") else { return false };
                let (middle, end) = (&rest[..at], &rest[at + 3..]);
                let hash = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b'-' | b't');
                let is_middle = match middle.first() {
                    None => true,
                    Some(b'-') => {
                        middle[1..].iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
                    }
                    Some(first) => first.is_ascii_digit() && middle.iter().all(hash),
                };
                is_middle && end.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str) -> Vec<&'static str> {
        of(name.as_bytes()).map(|known| known.name).collect()
    }

    #[test]
    fn files_are_known_by_their_name_and_others_are_not_searched() {
        let cases: &[(&str, &[&str])] = &[
            ("nginx", &["nginx", "openresty"]),
            ("node", &["node"]),
            ("libnode.so.108", &["node"]),
            ("libcrypto.so.3", &["openssl"]),
            ("libcrypto.so", &["openssl"]),
            ("libssl-cd1d6220.so.1.1", &["openssl"]),
            ("libcrypto-2cb8f8f8.so.1.1", &["openssl"]),
            ("python3.11", &["python"]),
            ("python", &["python"]),
            ("libpython3.13t.so.1.0", &["python"]),
            ("libruby-3.1.so.3.1.2", &["ruby"]),
            ("librustc_driver-26b1a9a4d1b5fa3f.so", &["rust"]),
            ("ld-musl-x86_64.so.1", &["musl"]),
            ("libc.so", &["glibc", "musl"]),
            ("libc.so.6", &["glibc"]),
            ("libc-2.31.so", &["glibc"]),
            ("php8.2", &["php"]),
            ("php-fpm8.2", &["php"]),
            ("perl5.36.0", &["perl"]),
            ("libpng16.so.16.39.0", &["libpng"]),
            ("libcurl-gnutls.so.4", &["curl"]),
            ("libz.so.1.2.13", &["zlib"]),
            ("libzip.so", &[]),
            ("node.js", &[]),
            ("python3.11-config", &[]),
            ("python.py", &[]),
            ("libcryptography.so", &[]),
            ("php.ini", &[]),
            ("nginx.conf", &[]),
            ("NODE", &[]),
            ("", &[]),
        ];
        for (name, expected) in cases {
            let mut found = told(name);
            found.dedup();
            assert_eq!(found, *expected, "{name}");
        }
    }
}

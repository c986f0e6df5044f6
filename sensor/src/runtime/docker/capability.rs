//! What a container may do: capabilities (capabilities(7)) out of its settings.
//!
//! What is told is the set that the first process may come to have (its bounding set). A process of another account than root
//! starts with none of them in effect and gets them back with the first program that is set-user-id root.

/// All that Linux has, by number.
const ALL: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// What Docker gives if nothing else is said (moby `oci/caps/defaults.go`).
const DEFAULT: [&str; 14] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FSETID",
    "FOWNER",
    "MKNOD",
    "NET_RAW",
    "SETGID",
    "SETUID",
    "SETFCAP",
    "SETPCAP",
    "NET_BIND_SERVICE",
    "SYS_CHROOT",
    "KILL",
    "AUDIT_WRITE",
];

/// The capabilities of a container, sorted, by the rules of Docker (moby `oci/caps/utils.go`, `TweakCapabilities`): `ALL` among the
/// added ones comes before `ALL` among the dropped ones, and what is added stays if it is dropped as well.
pub(super) fn granted(is_privileged: bool, add: &[String], drop: &[String]) -> Vec<String> {
    let (add, drop): (Vec<String>, Vec<String>) =
        (add.iter().map(|name| bare(name)).collect(), drop.iter().map(|name| bare(name)).collect());
    let named = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let mut all = if is_privileged {
        named(&ALL)
    } else if add.iter().any(|name| name == "ALL") {
        named(&ALL).into_iter().filter(|name| !drop.contains(name)).collect()
    } else if drop.iter().any(|name| name == "ALL") {
        add
    } else {
        let kept = named(&DEFAULT).into_iter().filter(|name| !drop.contains(name));
        kept.chain(add.iter().cloned()).collect()
    };
    for name in &mut all {
        name.insert_str(0, "CAP_");
    }
    all.sort();
    all.dedup();
    all
}

/// A name as the constants have it.
fn bare(name: &str) -> String {
    let name = name.to_ascii_uppercase();
    name.strip_prefix("CAP_").unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(is_privileged: bool, add: &[&str], drop: &[&str]) -> Vec<String> {
        let owned = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        granted(is_privileged, &owned(add), &owned(drop))
    }

    #[test]
    fn capabilities_are_the_defaults_with_what_was_added_and_without_what_was_dropped() {
        assert_eq!(of(false, &[], &[]).len(), 14);
        assert_eq!(of(true, &[], &["ALL"]).len(), 41);
        let some = of(false, &["net_admin", "CAP_CHOWN"], &["CAP_MKNOD", "kill"]);
        assert_eq!(some.len(), 13);
        assert!(some.contains(&"CAP_NET_ADMIN".to_owned()) && !some.contains(&"CAP_MKNOD".to_owned()));
        assert_eq!(of(false, &["NET_BIND_SERVICE"], &["ALL"]), ["CAP_NET_BIND_SERVICE"]);
        assert_eq!(of(false, &["ALL"], &["SYS_ADMIN"]).len(), 40);
        assert!(of(false, &[], &["all"]).is_empty());
        assert!(some.is_sorted());
    }
}

//! Whether this process sees the extended attributes of the `trusted` namespace (xattr(7)): only processes
//! with `CAP_SYS_ADMIN` in the first user namespace do, and the kernel tells all others that there are none.

use std::sync::OnceLock;

/// `CAP_SYS_ADMIN` of linux/capability.h.
const SYS_ADMIN: u32 = 21;

/// The whole of the number space, as the first user namespace maps it (user_namespaces(7)).
const FIRST_NAMESPACE: [&str; 3] = ["0", "0", "4294967295"];

/// Looks once; the answer does not change while a process reads images.
pub(super) fn sees_trusted() -> bool {
    static SEES: OnceLock<bool> = OnceLock::new();
    *SEES.get_or_init(|| {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
        judge(&read("status"), &read("uid_map"))
    })
}

fn judge(status: &str, uid_map: &str) -> bool {
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let bits = effective.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or(0);
    bits & (1 << SYS_ADMIN) != 0 && uid_map.split_whitespace().eq(FIRST_NAMESPACE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_capability_counts_in_the_first_user_namespace_only() {
        let first = "         0          0 4294967295\n";
        assert!(judge("Name:\tx\nCapEff:\t000001ffffffffff\n", first));
        assert!(!judge("CapEff:\t00000000a80425fb\n", first), "what docker gives to its containers");
        assert!(!judge("CapEff:\t000001ffffffffff\n", "0 1000 1\n1 100000 65536\n"));
        assert!(!judge("", first));
    }
}

//! `*.ez` (Erlang reference manual, "code", "Loading of code from archive files"): resource files inside.

use super::parse_app::{MAX_RESOURCE, application};
use crate::facts::Facts;
use crate::packed::read_members;
use crate::path;
use crate::registry::Input;
use crate::text::Problem;

/// Keeps the applications of the archive.
pub(super) fn read(input: &mut Input<'_>, facts: &mut Facts) -> Result<(), Problem> {
    let wanted = |member: &[u8]| super::is_resource(member, path::name(member));
    read_members(input, facts, wanted, MAX_RESOURCE, &|member, bytes, facts| {
        facts.packages.extend(application(member, bytes)?);
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use crate::packed::zip_of;
    use crate::trial::{facts_of, lines};

    #[test]
    fn applications_inside_are_kept_with_their_place() {
        let archive = zip_of(&[
            ("cowboy-2.8.0/ebin/cowboy.app", b"{application,cowboy,[{vsn,\"2.8.0\"}]}."),
            ("cowboy-2.8.0/ebin/cowboy.beam", b""),
        ]);
        let facts = facts_of("usr/lib/rabbitmq/plugins/cowboy-2.8.0.ez", archive);
        assert_eq!(lines(&facts), ["otp cowboy 2.8.0"]);
        assert_eq!(facts.packages[0].inside, "cowboy-2.8.0/ebin/cowboy.app");
    }
}

//! Words without a token: a search in the fields that name a thing.

use crate::ast::{Quote, Scalar};
use crate::condition::{Condition, Test};
use crate::fields::{
    Array, ContainerField, Field, FieldId, FieldType, FindingField, ImageField, Level, SoftwareField,
};
use crate::merge;
use crate::scope::Scope;
use crate::test::KeywordTest;

use super::value::text_test;

/// The places where words are looked for: arrays on the way, and the field.
fn places(scope: &Scope) -> Vec<(Vec<Array>, FieldId)> {
    let own = |ids: &[FieldId]| ids.iter().map(|id| (Vec::new(), *id)).collect::<Vec<_>>();
    if !scope.base().is_empty() {
        return text_fields(scope.level, scope.base(), &[]);
    }
    match scope.level {
        Level::Image => {
            let mut places = text_fields(Level::Repo, "", &[Array::Repo]);
            places.extend(own(&[
                FieldId::Image(ImageField::OperatingSystem),
                FieldId::Image(ImageField::Sha),
                FieldId::Image(ImageField::ImageId),
            ]));
            places
        }
        Level::Container => own(&[
            FieldId::Container(ContainerField::Name),
            FieldId::Container(ContainerField::ImageSha),
            FieldId::Container(ContainerField::HostHostname),
        ]),
        Level::Finding => {
            own(&[FieldId::Finding(FindingField::Title), FieldId::Finding(FindingField::Cveids)])
        }
        Level::Software | Level::Affected => own(&[FieldId::Software(SoftwareField::Name)]),
        other => text_fields(other, "", &[]),
    }
}

fn text_fields(level: Level, base: &str, path: &[Array]) -> Vec<(Vec<Array>, FieldId)> {
    let is_text = |field: &&Field| field.kind == FieldType::Text && field.name.starts_with(base);
    level.fields().iter().filter(is_text).map(|field| (path.to_vec(), field.id)).collect()
}

/// One of the default fields of the place matches: text as with a token, keywords by their beginning. A `*` alone holds
/// for everything.
pub(super) fn free_text(scope: &Scope, text: &Scalar) -> Condition {
    let words = text.text.trim();
    if text.quote == Quote::Bare && words == "*" {
        return Condition::All;
    }
    let mut alternatives = Vec::new();
    for (path, id) in places(scope) {
        let field = id.field();
        let test = if field.kind == FieldType::Text {
            Test::Text(text_test(std::slice::from_ref(text), false))
        } else {
            let beginning = words.trim_end_matches('*');
            if beginning.is_empty() {
                continue;
            }
            Test::Keyword(KeywordTest::new(field.spec.form, [], [beginning]))
        };
        alternatives.push(Condition::Test { field: id, test }.below(&path));
    }
    merge::one_of(alternatives)
}

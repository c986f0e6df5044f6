//! The products of a document: what a product id stands for.
//!
//! A status names mostly ids that a relationship made: a component of a product (`default_component_of`), or a
//! component of a module of a product, which takes two relationships. [`Products::part`] takes such an id apart.

use std::cell::Cell;
use std::collections::HashMap;

use super::schema::{Branch, Product, ProductTree, Text};

/// The longest chain of relationships that is followed; real ones have two.
const MAX_CHAIN: usize = 8;

/// How many members of groups are named in one document, counted each time that a group is used. No real document has
/// groups; without a bound, many remarks about one large group would take forever.
const MAX_MEMBERS: usize = 1_000_000;

/// A product without a component is the platform itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'d> {
    /// The package, image or archive; `None` if the product as a whole is meant.
    pub(crate) component: Option<Item<'d>>,
    /// What the component is part of within the platform, such as an RPM module.
    pub(crate) within: Option<Item<'d>>,
    /// The product that the component is shipped with.
    pub(crate) platform: Item<'d>,
}

/// What the tree says about one id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'d> {
    pub(crate) id: &'d str,
    pub(crate) name: &'d str,
    pub(crate) cpe: Option<&'d str>,
    pub(crate) purl: Option<&'d str>,
}

/// The products of one document, by id.
pub(crate) struct Products<'d> {
    items: HashMap<&'d str, Item<'d>>,
    relationships: HashMap<&'d str, (&'d str, &'d str)>,
    groups: HashMap<&'d str, &'d [Text<'d>]>,
    members_left: Cell<usize>,
}

impl<'d> Products<'d> {
    pub(crate) fn of(tree: &'d ProductTree<'d>) -> Self {
        let mut products = Self {
            items: HashMap::new(),
            relationships: HashMap::new(),
            groups: HashMap::new(),
            members_left: Cell::new(MAX_MEMBERS),
        };
        tree.full_product_names.iter().for_each(|product| products.add(product));
        tree.branches.iter().for_each(|branch| products.add_branch(branch));
        for relationship in &tree.relationships {
            let parts = (&*relationship.product_reference, &*relationship.relates_to_product_reference);
            products.relationships.insert(&relationship.full_product_name.product_id, parts);
        }
        for group in &tree.product_groups {
            products.groups.insert(&group.group_id, &group.product_ids);
        }
        products
    }

    fn add(&mut self, product: &'d Product<'d>) {
        let helper = &product.product_identification_helper;
        let item = Item {
            id: &product.product_id,
            name: &product.name,
            cpe: helper.cpe.as_deref(),
            purl: helper.purl.as_deref(),
        };
        self.items.insert(item.id, item);
    }

    fn add_branch(&mut self, branch: &'d Branch<'d>) {
        if let Some(product) = &branch.product {
            self.add(product);
        }
        branch.branches.iter().for_each(|branch| self.add_branch(branch));
    }

    /// Takes an id apart; `None` if the tree does not hold it.
    pub(crate) fn part(&self, id: &str) -> Option<Part<'d>> {
        if let Some(platform) = self.items.get(id) {
            return Some(Part { component: None, within: None, platform: *platform });
        }
        let (component, mut platform) = *self.relationships.get(id)?;
        let mut within = None;
        for _ in 0..MAX_CHAIN {
            if let Some(platform) = self.items.get(platform) {
                let component = Some(*self.items.get(component)?);
                return Some(Part { component, within, platform: *platform });
            }
            let (middle, next) = *self.relationships.get(platform)?;
            within = self.items.get(middle).copied();
            platform = next;
        }
        None
    }

    /// The ids that a remark is about: those that it lists, and the members of the groups that it lists.
    pub(crate) fn ids<'s>(
        &'s self,
        product_ids: &'s [Text<'s>],
        group_ids: &'s [Text<'s>],
    ) -> impl Iterator<Item = &'s str> {
        let members = group_ids.iter().filter_map(|group| self.groups.get(&**group)).copied().flatten();
        let members = members.take_while(|_| {
            let left = self.members_left.get();
            self.members_left.set(left.saturating_sub(1));
            left > 0
        });
        product_ids.iter().chain(members).map(|id| &**id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = r#"{"branches": [{"branches": [
            {"product": {"product_id": "P", "name": "Product", "product_identification_helper": {"cpe": "cpe:/o:v:p"}}},
            {"branches": [{"product": {"product_id": "m", "name": "module"}}, {"product": {"product_id": "c", "name": "component"}}]}]}],
        "relationships": [
            {"full_product_name": {"product_id": "P:m"}, "product_reference": "m", "relates_to_product_reference": "P"},
            {"full_product_name": {"product_id": "P:m:c"}, "product_reference": "c", "relates_to_product_reference": "P:m"},
            {"full_product_name": {"product_id": "loop"}, "product_reference": "c", "relates_to_product_reference": "loop"}],
        "product_groups": [{"group_id": "g", "product_ids": ["P:m", "P:m:c"]}]}"#;

    #[test]
    fn an_id_is_taken_apart_through_any_chain_of_relationships() {
        let tree: ProductTree<'_> = serde_json::from_str(TREE).unwrap();
        let products = Products::of(&tree);
        let show = |id: &str| {
            products.part(id).map(|part| {
                let name = |item: Option<Item<'_>>| item.map_or("-".to_owned(), |item| item.name.to_owned());
                format!("{} {} {}", name(part.component), name(part.within), part.platform.name)
            })
        };
        assert_eq!(show("P").as_deref(), Some("- - Product"));
        assert_eq!(show("P:m").as_deref(), Some("module - Product"));
        assert_eq!(show("P:m:c").as_deref(), Some("component module Product"));
        assert_eq!((show("loop"), show("unknown")), (None, None));
        let (ids, groups) = (["x".into()], ["g".into(), "none".into()]);
        assert_eq!(products.ids(&ids, &groups).collect::<Vec<_>>(), ["x", "P:m", "P:m:c"]);
    }

    impl From<&'static str> for Text<'static> {
        fn from(text: &'static str) -> Self {
            Self(text.into())
        }
    }
}

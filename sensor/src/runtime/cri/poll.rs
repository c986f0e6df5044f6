//! What is different between two listings.

use std::collections::BTreeMap;

use model::{ContainerState, Digest, Timestamp};

use super::message::Container;
use crate::runtime::kubernetes::sorted;
use crate::runtime::{Event, Told, What};

/// Containers by id; those whose id is none that a report can have are left out.
pub(super) fn by_id(listed: Vec<Container>) -> BTreeMap<String, Container> {
    let is_id = |container: &Container| Digest::from_hex(&container.id).is_ok();
    let listed = listed.into_iter().filter(is_id);
    listed.map(|container| (container.id.clone(), container)).collect()
}

/// The events that must have happened in between, as far as they left traces.
pub(super) fn changes(
    before: &BTreeMap<String, Container>,
    after: &BTreeMap<String, Container>,
    at: Timestamp,
) -> Vec<Event> {
    let gone = before.iter().filter(|(id, _)| !after.contains_key(*id));
    let gone = gone.map(|(_, container)| What::ContainerGone(told(container, ContainerState::Deleted)));
    let other = after.iter().filter(|(id, container)| before.get(*id) != Some(*container));
    let other = other.map(|(_, container)| What::Container(told(container, container.state.known())));
    gone.chain(other).map(|what| Event { at, what }).collect()
}

fn told(container: &Container, state: ContainerState) -> Told {
    Told {
        id: container.id.clone(),
        name: Some(container.metadata.name.clone()).filter(|name| !name.is_empty()),
        image: Some(container.image.image.clone()).filter(|image| !image.is_empty()),
        state: Some(state),
        labels: sorted(container.labels.clone()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::runtime::cri::message::State;

    fn container(number: u8, state: u64) -> Container {
        let id = Digest::from_bytes([number; 32]).to_hex();
        Container { id, state: State(state), ..Container::default() }
    }

    fn listing(containers: &[(u8, u64)]) -> BTreeMap<String, Container> {
        by_id(containers.iter().map(|(number, state)| container(*number, *state)).collect())
    }

    #[test]
    fn what_is_new_different_or_gone_is_told_and_nothing_else() {
        let (before, after) = (listing(&[(1, 1), (2, 1), (3, 1)]), listing(&[(1, 1), (2, 2), (4, 0)]));
        let at = Timestamp(7);
        let told: Vec<_> = changes(&before, &after, at)
            .into_iter()
            .map(|event| match event.what {
                What::Container(told) => (told.id, told.state),
                What::ContainerGone(told) => (told.id, None),
                other => panic!("{other:?}"),
            })
            .collect();
        let id = |number| Digest::from_bytes([number; 32]).to_hex();
        let expected =
            [(id(3), None), (id(2), Some(ContainerState::Stopped)), (id(4), Some(ContainerState::Created))];
        assert_eq!(told, expected);
    }

    #[test]
    fn an_id_of_another_form_is_left_out() {
        assert!(by_id(vec![Container { id: "web".into(), ..Container::default() }]).is_empty());
    }

    proptest! {
        #[test]
        fn the_events_lead_from_one_listing_to_the_next(
            before in proptest::collection::vec((0u8..8, 0u64..4), 0..8),
            after in proptest::collection::vec((0u8..8, 0u64..4), 0..8),
        ) {
            let (before, after) = (listing(&before), listing(&after));
            let state = |container: &Container| container.state.known();
            let mut now: BTreeMap<_, _> = before.iter().map(|(id, one)| (id.clone(), state(one))).collect();
            for event in changes(&before, &after, Timestamp(0)) {
                match event.what {
                    What::Container(told) => { now.insert(told.id, told.state.unwrap()); }
                    What::ContainerGone(told) => { now.remove(&told.id); }
                    _ => unreachable!(),
                }
            }
            let expected: BTreeMap<_, _> = after.iter().map(|(id, one)| (id.clone(), state(one))).collect();
            prop_assert_eq!(now, expected);
        }
    }
}

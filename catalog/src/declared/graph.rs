//! What can be reached in a graph of dependencies; for lock files that mark only the first step as development.

/// Which of `edges.len()` nodes can be reached from `roots`. Numbers that name no node are passed over.
pub(crate) fn reachable(roots: impl IntoIterator<Item = usize>, edges: &[Vec<usize>]) -> Vec<bool> {
    let mut seen = vec![false; edges.len()];
    let mut waiting: Vec<usize> = roots.into_iter().collect();
    while let Some(node) = waiting.pop() {
        if seen.get(node) == Some(&false) {
            seen[node] = true;
            waiting.extend(&edges[node]);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::reachable;

    #[test]
    fn circles_and_unknown_nodes_do_no_harm() {
        let edges = [vec![1], vec![0, 9], vec![0], vec![]];
        assert_eq!(reachable([0, 77], &edges), [true, true, false, false]);
        assert_eq!(reachable([2], &edges), [true, true, true, false]);
    }
}

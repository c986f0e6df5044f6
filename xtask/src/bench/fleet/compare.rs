//! The answers of the server beside those of PostgreSQL: how much faster, and whether the totals are the same.
//!
//! The decision a reader may doubt: a total that differs is no failure if a reason for it is known, and is shown with that reason. A question
//! whose totals differ without one compares nothing, so it is counted apart.

use serde_json::Value;

/// The question for everything, whose total tells how many images the server has.
const ALL_IMAGES: &str = "images:  by created:desc";

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// Time of PostgreSQL as a multiple of the server's, ascending.
    pub(super) ratios: Vec<f64>,
    /// Questions with the same total in both.
    pub(super) equal: usize,
    /// Questions whose totals differ for a known reason.
    pub(super) explained: usize,
    /// Questions whose totals differ and nobody knows why, or that the server was not asked or refused.
    pub(super) unexplained: usize,
    /// A line for each question.
    pub(super) notes: Vec<String>,
}

impl Compared {
    /// The middle of the ratios, the least and the greatest.
    pub(super) fn spread(&self) -> [f64; 3] {
        let at = |place: usize| self.ratios.get(place).copied().unwrap_or_default();
        [at(self.ratios.len() / 2), at(0), at(self.ratios.len().saturating_sub(1))]
    }
}

/// Holds `theirs`, an object of questions with `median`, `count` and perhaps `reason`, against `own`, a list of questions with `name`, `median`
/// and `count`. `images` is how many images the fleet has in PostgreSQL.
pub(super) fn compare(own: &[Value], theirs: &Value, images: u64) -> Compared {
    let mut compared = Compared::default();
    let find = |name: &str| own.iter().find(|one| in_arguments(one["name"].as_str().unwrap_or("")) == name);
    let all = find(ALL_IMAGES).and_then(|all| all["count"].as_u64()).unwrap_or(images);
    let earlier = (all > images).then(|| {
        format!("the data directory holds {} images more, which earlier runs reported", all - images)
    });
    for (name, answer) in theirs.as_object().into_iter().flatten() {
        let Some(found) = find(name) else {
            compared.unexplained += 1;
            compared.notes.push(format!("PostgreSQL: `{name}` was not answered here"));
            continue;
        };
        let (median, slower) = (time(found), time(answer));
        if median > 0.0 {
            compared.ratios.push(slower / median);
        }
        let reason = answer["reason"].as_str().or(earlier.as_deref());
        let totals = match (found["count"] == answer["count"], reason) {
            (true, _) => {
                compared.equal += 1;
                format!("{} matches in both", found["count"])
            }
            (false, Some(reason)) => {
                compared.explained += 1;
                format!("{} matches, here {}: {reason}", answer["count"], found["count"])
            }
            (false, None) => {
                compared.unexplained += 1;
                format!("{} matches, here {}: not explained", answer["count"], found["count"])
            }
        };
        let times = slower / median;
        compared.notes.push(format!(
            "PostgreSQL: `{name}` {slower:.1} ms beside {median:.2} ms: {times:.1} times; {totals}"
        ));
    }
    compared.ratios.sort_by(f64::total_cmp);
    compared
}

fn time(answer: &Value) -> f64 {
    answer["median"].as_f64().unwrap_or_default()
}

/// A name as it is handed to `psql`, where a quote would end the argument.
pub(super) fn in_arguments(name: &str) -> String {
    name.replace('\'', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn own(name: &str, count: u64) -> Value {
        json!({"name": name, "count": count, "median": 2.0})
    }

    #[test]
    fn totals_are_equal_explained_or_neither() {
        let here = [own("a", 1), own("b", 2), own("c", 3)];
        let there = json!({
            "a": {"count": 1, "median": 4.0},
            "b": {"count": 1, "median": 8.0, "reason": "of words"},
            "c": {"count": 4, "median": 2.0},
            "d": {"count": 4, "median": 2.0},
        });
        let compared = compare(&here, &there, 3);
        assert_eq!((compared.equal, compared.explained, compared.unexplained), (1, 1, 2));
        assert_eq!(compared.spread(), [2.0, 1.0, 4.0]);
        assert!(compared.notes[1].ends_with("1 matches, here 2: of words"), "{:?}", compared.notes);
    }

    #[test]
    fn images_of_earlier_runs_are_a_reason() {
        let here = [own(ALL_IMAGES, 13), own("b", 2)];
        let there = json!({"b": {"count": 1, "median": 4.0}, ALL_IMAGES: {"count": 10, "median": 4.0}});
        let compared = compare(&here, &there, 10);
        assert_eq!((compared.explained, compared.unexplained), (2, 0));
        assert!(compared.notes[0].contains("3 images more"), "{:?}", compared.notes);
    }
}

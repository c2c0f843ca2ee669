//! What counts as right: five schemes, each with integer counts that add up.

use std::ops::AddAssign;

use nommer_core::label::Label;
use nommer_core::span::{Source, Span};
use serde::Serialize;

use crate::align::Mention;

/// When a predicted mention counts as right.
///
/// Gold and predictions are disjoint spans in text order. Each prediction is paired with at most one gold mention and
/// each gold mention with at most one prediction: with the one of the same span, else with the first it overlaps
/// that is not paired yet. This is the pairing of nervaluate 1.2.1 and of the CLEF-HIPE scorer; [`Scheme::Type`]
/// differs, see there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Both ends and the label agree. What CoNLL, seqeval, nervaluate and HIPE call strict, or just F1.
    Strict,
    /// Both ends agree, whatever the label (nervaluate and HIPE: `exact`).
    Exact,
    /// A character is shared and the label agrees, as nervaluate's `ent_type` pairs: with the gold mention of the same label whose ends are
    /// nearest, and only without one with the first it overlaps.
    Type,
    /// Both ends agree, or half a point when a character is shared, whatever the label (nervaluate and HIPE: `partial`).
    Partial,
    /// A character is shared with the paired gold mention and the label agrees (HIPE: `ent_type`, called fuzzy).
    Overlap,
}

impl Scheme {
    /// All schemes, in the order reports list them.
    pub const ALL: [Scheme; 5] = [
        Scheme::Strict,
        Scheme::Exact,
        Scheme::Type,
        Scheme::Partial,
        Scheme::Overlap,
    ];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Scheme::Strict => "strict",
            Scheme::Exact => "exact",
            Scheme::Type => "type",
            Scheme::Partial => "partial",
            Scheme::Overlap => "overlap",
        }
    }
}

/// How the mentions of both sides fared. Every gold mention is correct, incorrect, partial or missed; every
/// predicted one is correct, incorrect, partial or spurious (MUC-5; SemEval-2013 task 9.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Pairs that are right.
    pub correct: u64,
    /// Pairs that are wrong.
    pub incorrect: u64,
    /// Pairs that are half right.
    pub partial: u64,
    /// Gold mentions without a prediction.
    pub missed: u64,
    /// Predictions without a gold mention.
    pub spurious: u64,
}

impl Counts {
    /// All gold mentions.
    #[must_use]
    pub const fn gold(&self) -> u64 {
        self.correct + self.incorrect + self.partial + self.missed
    }

    /// All predicted mentions.
    #[must_use]
    pub const fn predicted(&self) -> u64 {
        self.correct + self.incorrect + self.partial + self.spurious
    }

    /// Twice the points: two for a correct pair, one for a partial one.
    pub(crate) const fn points2(&self) -> u64 {
        2 * self.correct + self.partial
    }

    /// Points for each predicted mention; `None` when there is none.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        ratio(self.points2(), 2 * self.predicted())
    }

    /// Points for each gold mention; `None` when there is none.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        ratio(self.points2(), 2 * self.gold())
    }

    /// The harmonic mean of precision and recall; `None` when there is neither gold nor prediction.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        ratio(self.points2(), self.gold() + self.predicted())
    }
}

/// `part / whole`, undefined when there is no whole.
pub(crate) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.correct += other.correct;
        self.incorrect += other.incorrect;
        self.partial += other.partial;
        self.missed += other.missed;
        self.spurious += other.spurious;
    }
}

/// Which mentions a count is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Row {
    /// All of them.
    Micro,
    /// Those of one label, gold and predicted: a prediction of another label cannot be paired with them.
    Label(Label),
}

impl Row {
    /// All rows, in the order of [`Tally`].
    pub const ALL: [Row; 4] = [
        Row::Micro,
        Row::Label(Label::Per),
        Row::Label(Label::Org),
        Row::Label(Label::Loc),
    ];

    /// Its place in [`Row::ALL`].
    pub(crate) const fn index(self) -> usize {
        match self {
            Row::Micro => 0,
            Row::Label(label) => 1 + label as usize,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Row::Micro => "micro",
            Row::Label(label) => label.as_str(),
        }
    }
}

/// Counts by scheme and row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally([[Counts; Row::ALL.len()]; Scheme::ALL.len()]);

impl Tally {
    /// Compares the mentions of one document.
    #[must_use]
    pub fn count(text: &str, gold: &[Mention], predicted: &[Mention]) -> Tally {
        let mut tally = Tally::default();
        for (at, row) in Row::ALL.into_iter().enumerate() {
            let of_row = |mention: &&Mention| match row {
                Row::Micro => true,
                Row::Label(label) => mention.label == label,
            };
            let gold = items(gold.iter().filter(of_row));
            let predicted = items(predicted.iter().filter(of_row));
            let pairs = pairs(&gold, &predicted);
            for scheme in Scheme::ALL {
                let pairs = match scheme {
                    Scheme::Type => &type_pairs(text, &gold, &predicted),
                    _ => &pairs,
                };
                tally.0[scheme as usize][at] = judge(scheme, &gold, &predicted, pairs);
            }
        }
        tally
    }

    /// The counts of a scheme and row.
    #[must_use]
    pub fn get(&self, scheme: Scheme, row: Row) -> &Counts {
        &self.0[scheme as usize][row.index()]
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        for (rows, others) in self.0.iter_mut().zip(other.0) {
            for (counts, other) in rows.iter_mut().zip(others) {
                *counts += other;
            }
        }
    }
}

/// A span, and what it was said to be.
pub(crate) type Item<K> = (Span<Source>, K);

/// Mentions as items that are compared by their labels.
pub(crate) fn items<'a>(mentions: impl IntoIterator<Item = &'a Mention>) -> Vec<Item<Label>> {
    let mentions = mentions.into_iter();
    mentions
        .map(|mention| (mention.span, mention.label))
        .collect()
}

/// The prediction each gold item is paired with, by [`Scheme`]'s rule. Both sides are sorted and disjoint.
pub(crate) fn pairs<K>(gold: &[Item<K>], predicted: &[Item<K>]) -> Vec<Option<usize>> {
    let mut paired = vec![None; gold.len()];
    for (at, (span, _)) in predicted.iter().enumerate() {
        // Disjoint: where a gold item has the same span, nothing else overlaps it.
        if let Some(first) = overlapped(gold, *span).find(|&other| paired[other].is_none()) {
            paired[first] = Some(at);
        }
    }
    paired
}

/// The prediction each gold item is paired with, by the rule of [`Scheme::Type`].
fn type_pairs<K: PartialEq>(
    text: &str,
    gold: &[Item<K>],
    predicted: &[Item<K>],
) -> Vec<Option<usize>> {
    let mut paired = vec![None; gold.len()];
    for (at, (span, kind)) in predicted.iter().enumerate() {
        let free = || overlapped(gold, *span).filter(|&other| paired[other].is_none());
        let same: Vec<usize> = free().filter(|&other| gold[other].1 == *kind).collect();
        let chosen = match same[..] {
            [] => free().next(),
            [only] => Some(only),
            // Characters are counted only here, where it is rare.
            _ => same
                .into_iter()
                .min_by_key(|&other| distance(text, gold[other].0, *span)),
        };
        if let Some(chosen) = chosen {
            paired[chosen] = Some(at);
        }
    }
    paired
}

/// Characters between the starts and between the ends of two spans.
fn distance(text: &str, a: Span<Source>, b: Span<Source>) -> usize {
    let between = |a: usize, b: usize| text[a.min(b)..a.max(b)].chars().count();
    between(a.start(), b.start()) + between(a.end(), b.end())
}

/// The items that share a character with `span`, in order.
pub(crate) fn overlapped<K>(items: &[Item<K>], span: Span<Source>) -> impl Iterator<Item = usize> {
    let first = items.partition_point(|(other, _)| other.end() <= span.start());
    (first..items.len()).take_while(move |&at| items[at].0.start() < span.end())
}

/// Counts pairs as a scheme judges them.
pub(crate) fn judge<K: PartialEq>(
    scheme: Scheme,
    gold: &[Item<K>],
    predicted: &[Item<K>],
    pairs: &[Option<usize>],
) -> Counts {
    let mut counts = Counts::default();
    for ((span, kind), pair) in gold.iter().zip(pairs) {
        let Some(pair) = *pair else {
            counts.missed += 1;
            continue;
        };
        let (other_span, other_kind) = &predicted[pair];
        let (same_span, same_kind) = (span == other_span, kind == other_kind);
        let right = match scheme {
            Scheme::Strict => same_span && same_kind,
            Scheme::Exact | Scheme::Partial => same_span,
            Scheme::Type | Scheme::Overlap => same_kind,
        };
        match (right, scheme) {
            (true, _) => counts.correct += 1,
            (false, Scheme::Partial) => counts.partial += 1,
            (false, _) => counts.incorrect += 1,
        }
    }
    counts.spurious = predicted.len() as u64 - (gold.len() as u64 - counts.missed);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::document;

    /// Counts as `correct incorrect partial missed spurious`.
    fn check(gold: &str, predicted: &str, expected: [(&str, &str, [u64; 5]); 5]) {
        let (document, prediction) = document("d", gold, predicted);
        let tally = Tally::count(&document.text, &document.mentions, &prediction.mentions);
        for (scheme, row, counts) in expected {
            let scheme = Scheme::ALL
                .into_iter()
                .find(|other| other.as_str() == scheme)
                .unwrap();
            let row = Row::ALL
                .into_iter()
                .find(|other| other.as_str() == row)
                .unwrap();
            let found = tally.get(scheme, row);
            let found_counts = [
                found.correct,
                found.incorrect,
                found.partial,
                found.missed,
                found.spurious,
            ];
            assert_eq!(found_counts, counts, "{} {}", scheme.as_str(), row.as_str());
            for row in Row::ALL {
                let (counts, strict) = (tally.get(scheme, row), tally.get(Scheme::Strict, row));
                assert_eq!(
                    (counts.gold(), counts.predicted()),
                    (strict.gold(), strict.predicted())
                );
            }
        }
    }

    #[test]
    fn right_wrong_label_wrong_end_missed_and_invented() {
        check(
            "[PER Zoé] voit [ORG Total] au [LOC Mans] et [LOC Lyon], jeudi",
            "[PER Zoé] voit [LOC Total] [LOC au Mans] et Lyon, [PER jeudi]",
            [
                ("strict", "micro", [1, 2, 0, 1, 1]),
                ("exact", "micro", [2, 1, 0, 1, 1]),
                ("type", "micro", [2, 1, 0, 1, 1]),
                ("partial", "micro", [2, 0, 1, 1, 1]),
                ("overlap", "micro", [2, 1, 0, 1, 1]),
            ],
        );
    }

    #[test]
    fn a_label_meets_only_its_own_kind() {
        check(
            "[PER Zoé] voit [ORG Total] au [LOC Mans]",
            "[PER Zoé] voit [LOC Total] [LOC au Mans]",
            [
                ("strict", "PER", [1, 0, 0, 0, 0]),
                ("strict", "ORG", [0, 0, 0, 1, 0]),
                ("strict", "LOC", [0, 1, 0, 0, 1]),
                ("partial", "LOC", [0, 0, 1, 0, 1]),
                ("overlap", "LOC", [1, 0, 0, 0, 1]),
            ],
        );
    }

    /// One prediction over two gold mentions: nervaluate's `ent_type` prefers the same label, HIPE's the first.
    #[test]
    fn type_and_overlap_pair_differently() {
        check(
            "[PER Zoé] [ORG Total] dit",
            "[ORG Zoé Total] dit",
            [
                ("type", "micro", [1, 0, 0, 1, 0]),
                ("overlap", "micro", [0, 1, 0, 1, 0]),
                ("strict", "micro", [0, 1, 0, 1, 0]),
                ("exact", "micro", [0, 1, 0, 1, 0]),
                ("partial", "micro", [0, 0, 1, 1, 0]),
            ],
        );
    }

    /// Of two of one label the nearest ends win: "Île-de-Bréhat" is 4 characters from the whole, "Le" is 14.
    #[test]
    fn type_prefers_the_nearest_ends() {
        let (document, prediction) = document(
            "d",
            "[LOC Le] [LOC Île-de-Bréhat] et",
            "[LOC Le Île-de-Bréhat] [LOC et]",
        );
        let (gold, predicted) = (items(&document.mentions), items(&prediction.mentions));
        assert_eq!(
            type_pairs(&document.text, &gold, &predicted),
            [None, Some(0)]
        );
        assert_eq!(pairs(&gold, &predicted), [Some(0), None]);
    }

    #[test]
    fn a_split_name_pairs_once() {
        check(
            "[ORG Conseil des affaires franco-kazakhstanais]",
            "[ORG Conseil] des [ORG affaires] [LOC franco-kazakhstanais]",
            [
                ("strict", "micro", [0, 1, 0, 0, 2]),
                ("exact", "micro", [0, 1, 0, 0, 2]),
                ("type", "micro", [1, 0, 0, 0, 2]),
                ("partial", "micro", [0, 0, 1, 0, 2]),
                ("overlap", "micro", [1, 0, 0, 0, 2]),
            ],
        );
    }

    #[test]
    fn nothing_is_undefined_and_not_zero() {
        let nothing = Counts::default();
        assert_eq!(
            (nothing.precision(), nothing.recall(), nothing.f1()),
            (None, None, None)
        );
        let missed = Counts {
            missed: 2,
            ..nothing
        };
        assert_eq!(
            (missed.precision(), missed.recall(), missed.f1()),
            (None, Some(0.0), Some(0.0))
        );
        let spurious = Counts {
            spurious: 2,
            ..nothing
        };
        assert_eq!(
            (spurious.precision(), spurious.recall(), spurious.f1()),
            (Some(0.0), None, Some(0.0))
        );
        let half = Counts {
            correct: 1,
            partial: 1,
            missed: 1,
            spurious: 2,
            ..nothing
        };
        assert_eq!(
            (half.precision(), half.recall()),
            (Some(1.5 / 4.0), Some(1.5 / 3.0))
        );
        assert_eq!(half.f1(), Some(3.0 / 7.0));
    }
}

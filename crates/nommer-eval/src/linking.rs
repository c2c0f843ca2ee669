//! Whether mentions were linked to the right entries.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::align::{GoldDocument, Mention, Prediction};
use crate::bootstrap::{Draws, Interval, Parts, intervals};
use crate::document::Target;
use crate::report::Score;
use crate::score::{Counts, Item, Row, Scheme, items, judge, pairs, ratio};

/// How linking fared, on gold mentions whose annotation says what they are linked to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Linking {
    /// By label of the gold mention, and `micro` for all.
    pub rows: BTreeMap<&'static str, LinkingRow>,
    /// By the tier that gave the answer, over mentions found with both ends right.
    pub tiers: BTreeMap<String, Accuracy>,
}

/// Linking of one label's mentions.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct LinkingRow {
    /// Gold mentions with a link.
    pub gold: u64,
    /// Those of them that were found with both ends right: the others cannot be judged on their link alone.
    pub found: u64,
    /// Of the found mentions that have an entry, how many were linked to it.
    pub in_kb: Accuracy,
    /// Of the found mentions: those that have no entry against those said to have none.
    pub nil: Retrieval,
    /// Found mentions whose prediction chose none of several candidates.
    pub ambiguous: u64,
    /// Found mentions whose prediction says nothing about links.
    pub unanswered: u64,
    /// Found and linked: both ends and the answer agree (HIPE's strict end-to-end linking, which leaves labels
    /// aside).
    pub end_to_end_strict: Score,
    /// A character is shared and the answer agrees (HIPE's fuzzy end-to-end linking).
    pub end_to_end_relaxed: Score,
}

/// Right answers out of some.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Accuracy {
    /// How many were right.
    pub right: u64,
    /// Out of how many.
    pub of: u64,
    /// `right / of`, undefined of none.
    pub accuracy: Option<f64>,
}

impl Accuracy {
    fn new(right: u64, of: u64) -> Accuracy {
        Accuracy {
            right,
            of,
            accuracy: ratio(right, of),
        }
    }
}

/// How well one sort of answer is given.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Retrieval {
    /// Rightly given.
    pub right: u64,
    /// Given.
    pub predicted: u64,
    /// To be given.
    pub gold: u64,
    /// `right / predicted`.
    pub precision: Option<f64>,
    /// `right / gold`.
    pub recall: Option<f64>,
    /// Their harmonic mean.
    pub f1: Option<f64>,
    /// Its 95% interval over documents.
    pub interval: Option<Interval>,
}

/// Evaluates links, or `None` where one side has none at all.
#[must_use]
pub fn linking(gold: &[GoldDocument], predictions: &[Prediction], draws: Draws) -> Option<Linking> {
    let any = |mut mentions: std::slice::Iter<'_, Mention>| {
        mentions.any(|mention| mention.link.is_some())
    };
    if !gold.iter().any(|document| any(document.mentions.iter()))
        || !predictions
            .iter()
            .any(|prediction| any(prediction.mentions.iter()))
    {
        return None;
    }
    let mut tiers = BTreeMap::new();
    let documents: Vec<[Counted; ROWS]> = gold
        .iter()
        .zip(predictions)
        .map(|(document, prediction)| {
            let pairs = pairs(&items(&document.mentions), &items(&prediction.mentions));
            let mut rows = [Counted::default(); ROWS];
            count_found(document, prediction, &pairs, &mut rows, &mut tiers);
            for (row, counted) in Row::ALL.into_iter().zip(&mut rows) {
                count_end_to_end(row, document, prediction, &pairs, &mut counted.end_to_end);
            }
            rows
        })
        .collect();
    let rows = Row::ALL.into_iter().enumerate().map(|(at, row)| {
        let parts: Vec<[Parts; 3]> = documents.iter().map(|rows| rows[at].parts()).collect();
        let mut sum = Counted::default();
        for rows in &documents {
            sum.add(&rows[at]);
        }
        (row.as_str(), sum.row(intervals(&parts, draws)))
    });
    Some(Linking {
        rows: rows.collect(),
        tiers,
    })
}

const ROWS: usize = Row::ALL.len();

/// Counts of a row.
#[derive(Debug, Clone, Copy, Default)]
struct Counted {
    gold: u64,
    found: u64,
    linked: u64,
    linked_right: u64,
    nil_right: u64,
    nil_predicted: u64,
    nil_gold: u64,
    ambiguous: u64,
    unanswered: u64,
    /// Strict, relaxed.
    end_to_end: [Counts; 2],
}

impl Counted {
    fn add(&mut self, other: &Counted) {
        self.gold += other.gold;
        self.found += other.found;
        self.linked += other.linked;
        self.linked_right += other.linked_right;
        self.nil_right += other.nil_right;
        self.nil_predicted += other.nil_predicted;
        self.nil_gold += other.nil_gold;
        self.ambiguous += other.ambiguous;
        self.unanswered += other.unanswered;
        for (counts, other) in self.end_to_end.iter_mut().zip(other.end_to_end) {
            *counts += other;
        }
    }

    /// What the F1 of NIL and of both end-to-end schemes are made of.
    fn parts(&self) -> [Parts; 3] {
        let f1 = |counts: &Counts| [counts.points2(), counts.gold() + counts.predicted()];
        let nil = [2 * self.nil_right, self.nil_predicted + self.nil_gold];
        [nil, f1(&self.end_to_end[0]), f1(&self.end_to_end[1])]
            .map(|parts| parts.map(|count| u32::try_from(count).unwrap_or(u32::MAX)))
    }

    fn row(self, [nil, strict, relaxed]: [Option<Interval>; 3]) -> LinkingRow {
        LinkingRow {
            gold: self.gold,
            found: self.found,
            in_kb: Accuracy::new(self.linked_right, self.linked),
            nil: Retrieval {
                right: self.nil_right,
                predicted: self.nil_predicted,
                gold: self.nil_gold,
                precision: ratio(self.nil_right, self.nil_predicted),
                recall: ratio(self.nil_right, self.nil_gold),
                f1: ratio(2 * self.nil_right, self.nil_predicted + self.nil_gold),
                interval: nil,
            },
            ambiguous: self.ambiguous,
            unanswered: self.unanswered,
            end_to_end_strict: Score::new(self.end_to_end[0], strict),
            end_to_end_relaxed: Score::new(self.end_to_end[1], relaxed),
        }
    }
}

fn count_found(
    document: &GoldDocument,
    prediction: &Prediction,
    pairs: &[Option<usize>],
    rows: &mut [Counted; ROWS],
    tiers: &mut BTreeMap<String, Accuracy>,
) {
    for (mention, pair) in document.mentions.iter().zip(pairs) {
        let Some(link) = &mention.link else { continue };
        let found = pair
            .map(|pair| &prediction.mentions[pair])
            .filter(|other| other.span == mention.span);
        let answer = found.and_then(|found| found.link.as_ref());
        let right = answer.is_some_and(|answer| answer.target == link.target);
        if let Some(answer) = answer
            && let (Target::Linked(_), Some(tier)) = (&answer.target, &answer.tier)
        {
            let tier = tiers.entry(tier.clone()).or_default();
            *tier = Accuracy::new(tier.right + u64::from(right), tier.of + 1);
        }
        let answered = |target: &Target| answer.is_some_and(|answer| answer.target == *target);
        for row in [0, 1 + mention.label as usize] {
            let row = &mut rows[row];
            row.gold += 1;
            if found.is_none() {
                continue;
            }
            row.found += 1;
            if matches!(link.target, Target::Linked(_)) {
                row.linked += 1;
                row.linked_right += u64::from(right);
            }
            row.nil_gold += u64::from(link.target == Target::Nil);
            row.nil_predicted += u64::from(answered(&Target::Nil));
            row.nil_right += u64::from(right && link.target == Target::Nil);
            row.ambiguous += u64::from(answered(&Target::Ambiguous));
            row.unanswered += u64::from(answer.is_none());
        }
    }
}

/// Compares links as if they were labels. Predictions of mentions whose gold says nothing about links are left
/// out.
fn count_end_to_end(
    row: Row,
    document: &GoldDocument,
    prediction: &Prediction,
    pairs: &[Option<usize>],
    [strict, relaxed]: &mut [Counts; 2],
) {
    let of_row = |mention: &Mention| match row {
        Row::Micro => true,
        Row::Label(label) => mention.label == label,
    };
    let mut left_out = vec![false; prediction.mentions.len()];
    for (mention, pair) in document.mentions.iter().zip(pairs) {
        if let (None, Some(pair)) = (&mention.link, pair) {
            left_out[*pair] = true;
        }
    }
    fn target(mention: &Mention) -> Item<Option<&Target>> {
        (mention.span, mention.link.as_ref().map(|link| &link.target))
    }
    let gold: Vec<_> = document
        .mentions
        .iter()
        .filter(|mention| mention.link.is_some() && of_row(mention))
        .map(target)
        .collect();
    let predicted: Vec<_> = prediction
        .mentions
        .iter()
        .zip(left_out)
        .filter(|(mention, left_out)| !left_out && of_row(mention))
        .map(|(mention, _)| target(mention))
        .collect();
    let pairs = crate::score::pairs(&gold, &predicted);
    *strict += judge(Scheme::Strict, &gold, &predicted, &pairs);
    *relaxed += judge(Scheme::Overlap, &gold, &predicted, &pairs);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::documents;

    const DRAWS: Draws = Draws {
        count: 100,
        seed: 0,
    };

    fn accuracy(right: u64, of: u64) -> Accuracy {
        Accuracy::new(right, of)
    }

    /// Found: Zoé right, Total wrong, Pau NIL and said so, Léa NIL and linked, Lyon undecided. Not found: Gap (missed), Le Mans
    /// (an end wrong, the answer right).
    #[test]
    fn every_figure_by_hand() {
        let (gold, predictions) = documents(&[(
            "[PER=Q1 Zoé] [ORG=Q2 Total] [LOC=NIL Pau] [PER=NIL Léa] [LOC=Q5 Lyon] [LOC=Q6 Gap] [LOC=Q7 Le Mans] hier",
            "[PER=Q1 Zoé] [ORG=Q9 Total] [LOC=NIL Pau] [PER=Q4 Léa] [LOC=? Lyon] Gap Le [LOC=Q7 Mans] [LOC=Q8 hier]",
        )]);
        let linking = linking(&gold, &predictions, DRAWS).unwrap();
        let micro = &linking.rows["micro"];
        assert_eq!(
            (micro.gold, micro.found, micro.ambiguous, micro.unanswered),
            (7, 5, 1, 0)
        );
        assert_eq!(micro.in_kb, accuracy(1, 3));
        assert_eq!(
            (micro.nil.right, micro.nil.predicted, micro.nil.gold),
            (1, 1, 2)
        );
        assert_eq!(
            (micro.nil.precision, micro.nil.recall, micro.nil.f1),
            (Some(1.0), Some(0.5), Some(2.0 / 3.0))
        );
        let strict = micro.end_to_end_strict.counts;
        assert_eq!(
            (
                strict.correct,
                strict.incorrect,
                strict.missed,
                strict.spurious
            ),
            (2, 4, 1, 1)
        );
        let relaxed = micro.end_to_end_relaxed.counts;
        assert_eq!(
            (
                relaxed.correct,
                relaxed.incorrect,
                relaxed.missed,
                relaxed.spurious
            ),
            (3, 3, 1, 1)
        );
        assert_eq!(linking.rows["PER"].in_kb, accuracy(1, 1));
        assert_eq!(linking.rows["LOC"].in_kb, accuracy(0, 1));
        assert_eq!(linking.tiers["exact"], accuracy(1, 3));
    }

    #[test]
    fn mentions_whose_gold_says_nothing_are_left_out_with_their_predictions() {
        let (gold, predictions) = documents(&[(
            "[PER=Q1 Zoé] [ORG Total] [LOC=Q3 Pau]",
            "[PER=Q1 Zoé] [ORG=Q2 Total] [LOC Pau]",
        )]);
        let micro = &linking(&gold, &predictions, DRAWS).unwrap().rows["micro"];
        assert_eq!((micro.gold, micro.found, micro.unanswered), (2, 2, 1));
        let strict = micro.end_to_end_strict.counts;
        assert_eq!(
            (
                strict.correct,
                strict.incorrect,
                strict.missed,
                strict.spurious
            ),
            (1, 1, 0, 0)
        );
    }

    #[test]
    fn without_links_there_is_nothing_to_say() {
        let (gold, predictions) = documents(&[("[PER=Q1 Zoé]", "[PER Zoé]")]);
        assert_eq!(linking(&gold, &predictions, DRAWS), None);
    }
}

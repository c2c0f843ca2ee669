//! The same figures for parts of the corpus.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Serialize;

use crate::align::{GoldDocument, Mention, Prediction};
use crate::bootstrap::{Draws, Figure, Sums, estimate_sums};
use crate::report::Score;
use crate::score::{Row, Scheme, Tally};

/// The corpus, parted in one way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slicing {
    /// A field of `meta`, or `length`, `capitals`, `seen`.
    pub by: String,
    /// What is parted: documents, or mentions of both sides by their own text.
    pub of: Parted,
    /// The parts.
    pub slices: Vec<Slice>,
}

/// What a slicing parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Parted {
    /// Whole documents. A document may belong to several slices, or to none.
    Documents,
    /// Mentions: each belongs to one slice.
    Mentions,
}

/// A part of the corpus.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slice {
    /// Which one.
    pub value: String,
    /// Documents in it, or documents with mentions in it.
    pub documents: u64,
    /// Strict scores, by label and `micro`.
    pub strict: BTreeMap<&'static str, Score>,
}

/// Names of training mentions, to tell seen from unseen ones.
#[derive(Debug, Clone, Default)]
pub struct Seen(BTreeSet<String>);

impl Seen {
    /// The names of training documents.
    #[must_use]
    pub fn new(documents: &[GoldDocument]) -> Seen {
        let names = documents.iter().flat_map(|document| {
            document
                .mentions
                .iter()
                .map(|mention| on_one_line(mention.span.slice(&document.text)))
        });
        Seen(names.collect())
    }
}

/// Parts documents by a field of `meta`. Values are in the order of their names, documents without the field last,
/// as `(none)`.
#[must_use]
pub fn by_meta(field: &str, gold: &[GoldDocument], tallies: &[Tally], draws: Draws) -> Slicing {
    const NONE: &str = "(none)";
    let mut parts: BTreeMap<(bool, &str), Part> = BTreeMap::new();
    for (document, tally) in gold.iter().zip(tallies) {
        match document.meta.get(field).map(Vec::as_slice) {
            None | Some([]) => parts.entry((true, NONE)).or_default().add(tally),
            Some(values) => {
                for value in values.iter().collect::<BTreeSet<_>>() {
                    parts.entry((false, value)).or_default().add(tally);
                }
            }
        }
    }
    let slices = parts
        .into_iter()
        .map(|((_, value), part)| slice(value, &part, draws));
    Slicing {
        by: field.to_owned(),
        of: Parted::Documents,
        slices: slices.collect(),
    }
}

/// Parts mentions by their length in words, by their capitals, and by whether they were seen in training.
#[must_use]
pub fn by_mention(
    gold: &[GoldDocument],
    predictions: &[Prediction],
    seen: Option<&Seen>,
    draws: Draws,
) -> Vec<Slicing> {
    let mut slicings = vec![
        parted(
            "length",
            &["1 word", "2 words", "3 words", "4 or more"],
            gold,
            predictions,
            draws,
            |name| name.split_whitespace().count().clamp(1, 4) - 1,
        ),
        parted(
            "capitals",
            &["ALL CAPITALS", "Capitalised", "none"],
            gold,
            predictions,
            draws,
            capitals,
        ),
    ];
    if let Some(seen) = seen {
        slicings.push(parted(
            "seen",
            &["seen in training", "unseen"],
            gold,
            predictions,
            draws,
            |name| usize::from(!seen.0.contains(&on_one_line(name))),
        ));
    }
    slicings
}

fn parted(
    by: &str,
    values: &[&str],
    gold: &[GoldDocument],
    predictions: &[Prediction],
    draws: Draws,
    part_of: impl Fn(&str) -> usize + Sync,
) -> Slicing {
    /// Documents that one thread takes at a time.
    const CHUNK: usize = 1024;
    let chunks: Vec<Vec<Part>> = gold
        .par_chunks(CHUNK)
        .zip(predictions.par_chunks(CHUNK))
        .map(|(gold, predictions)| {
            let mut parts = vec![Part::default(); values.len()];
            for (document, prediction) in gold.iter().zip(predictions) {
                let text = &document.text;
                let divide = |mentions: &[Mention]| {
                    let mut divided = vec![Vec::new(); values.len()];
                    for mention in mentions {
                        divided[part_of(mention.span.slice(text))].push(mention.clone());
                    }
                    divided
                };
                let (gold, predicted) = (divide(&document.mentions), divide(&prediction.mentions));
                for ((part, gold), predicted) in parts.iter_mut().zip(gold).zip(predicted) {
                    if !gold.is_empty() || !predicted.is_empty() {
                        part.add(&Tally::count(text, &gold, &predicted));
                    }
                }
            }
            parts
        })
        .collect();
    let mut parts = vec![Part::default(); values.len()];
    for (part, more) in chunks
        .into_iter()
        .flat_map(|chunk| chunk.into_iter().enumerate())
    {
        parts[part].extend(more);
    }
    let slices = values
        .iter()
        .zip(&parts)
        .map(|(value, part)| slice(value, part, draws));
    Slicing {
        by: by.to_owned(),
        of: Parted::Mentions,
        slices: slices.collect(),
    }
}

/// The counts of a slice: of all its documents, and of each what intervals need.
#[derive(Debug, Clone, Default)]
struct Part {
    total: Tally,
    documents: Vec<Sums<u32>>,
}

impl Part {
    fn add(&mut self, tally: &Tally) {
        self.total += *tally;
        self.documents.push(Sums::of(tally));
    }

    fn extend(&mut self, other: Part) {
        self.total += other.total;
        self.documents.extend(other.documents);
    }
}

fn slice(value: &str, part: &Part, draws: Draws) -> Slice {
    let estimates = estimate_sums(&part.documents, draws);
    let score = |row: Row| {
        let interval = estimates.interval(Figure::Row(Scheme::Strict, row));
        let counts = *part.total.get(Scheme::Strict, row);
        (row.as_str(), Score::new(counts, interval))
    };
    Slice {
        value: value.to_owned(),
        documents: part.documents.len() as u64,
        strict: Row::ALL.into_iter().map(score).collect(),
    }
}

/// 0 when all its letters are capitals and there are two or more, 1 when any is, 2 when none is.
fn capitals(name: &str) -> usize {
    let cased = || {
        name.chars()
            .filter(|c| c.is_lowercase() || c.is_uppercase())
    };
    if cased().count() >= 2 && cased().all(char::is_uppercase) {
        0
    } else if cased().any(char::is_uppercase) {
        1
    } else {
        2
    }
}

fn on_one_line(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::documents;

    const DRAWS: Draws = Draws { count: 10, seed: 0 };

    /// `value gold predicted correct` of every slice.
    fn rows(slicing: &Slicing) -> Vec<String> {
        let row = |slice: &Slice| {
            let score = &slice.strict["micro"];
            format!(
                "{} {} {} {}",
                slice.value, score.gold, score.predicted, score.counts.correct
            )
        };
        slicing.slices.iter().map(row).collect()
    }

    #[test]
    fn mentions_are_parted_by_their_own_text() {
        let (gold, predictions) = documents(&[
            (
                "[PER ZOÉ] chez [ORG Air Liquide], [ORG la Ligue des droits]",
                "[PER ZOÉ] chez [ORG Air] Liquide, la [ORG Ligue des droits]",
            ),
            ("[LOC Rennes] et [LOC tours]", "[LOC Rennes] et tours"),
        ]);
        let (training, _) = documents(&[("[ORG Air\nLiquide]", "[ORG Air\nLiquide]")]);
        let slicings = by_mention(&gold, &predictions, Some(&Seen::new(&training)), DRAWS);
        let by: Vec<_> = slicings.iter().map(|slicing| slicing.by.as_str()).collect();
        assert_eq!(by, ["length", "capitals", "seen"]);
        assert_eq!(
            rows(&slicings[0]),
            [
                "1 word 3 3 2",
                "2 words 1 0 0",
                "3 words 0 1 0",
                "4 or more 1 0 0"
            ]
        );
        assert_eq!(
            rows(&slicings[1]),
            ["ALL CAPITALS 1 1 1", "Capitalised 3 3 1", "none 1 0 0"]
        );
        assert_eq!(
            rows(&slicings[2]),
            ["seen in training 1 0 0", "unseen 4 4 2"]
        );
        assert_eq!(slicings[0].slices[0].documents, 2);
    }

    #[test]
    fn documents_are_parted_by_a_field_and_may_have_several_values_or_none() {
        let (mut gold, predictions) = documents(&[
            ("[PER Zoé]", "[PER Zoé]"),
            ("[PER Léa]", "Léa"),
            ("[LOC Pau]", "[LOC Pau]"),
        ]);
        let values = |values: &[&str]| values.iter().map(|value| value.to_string()).collect();
        gold[0]
            .meta
            .insert("cases".to_owned(), values(&["b", "a", "b"]));
        gold[1].meta.insert("cases".to_owned(), values(&["b"]));
        let tallies: Vec<Tally> = gold
            .iter()
            .zip(&predictions)
            .map(|(gold, prediction)| {
                Tally::count(&gold.text, &gold.mentions, &prediction.mentions)
            })
            .collect();
        let slicing = by_meta("cases", &gold, &tallies, DRAWS);
        assert_eq!(rows(&slicing), ["a 1 1 1", "b 2 1 1", "(none) 1 1 1"]);
        let b = &slicing.slices[1].strict;
        assert_eq!(
            (b["micro"].f1, b["PER"].f1, b["LOC"].f1),
            (Some(2.0 / 3.0), Some(2.0 / 3.0), None)
        );
    }

    #[test]
    fn capitals_need_two_letters_and_no_small_one() {
        let cases = [
            ("OTAN", 0),
            ("A", 1),
            ("L.", 1),
            ("Le Mans", 1),
            ("d'OSCE", 1),
            ("saint-denis", 2),
            ("1984", 2),
            ("É.-U.", 0),
        ];
        for (name, expected) in cases {
            assert_eq!(capitals(name), expected, "{name}");
        }
    }
}

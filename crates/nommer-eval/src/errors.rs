//! What went wrong: kinds of errors, which labels are taken for which, and the errors that cost most.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use nommer_core::label::Label;
use nommer_core::offset::{OffsetCursor, OffsetUnit};
use nommer_core::span::Span;
use serde::Serialize;

use crate::align::{GoldDocument, Mention, Prediction};
use crate::score::{Item, items, overlapped, pairs};

/// What sort of mistake it is. Mentions of both sides that share characters, directly or over others, belong to one
/// error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorKind {
    /// A gold mention and nothing predicted.
    Missed,
    /// A prediction and nothing there.
    Invented,
    /// Both ends right, the label wrong.
    WrongLabel,
    /// The label right, an end wrong.
    WrongBoundary,
    /// Overlap only.
    WrongBoundaryAndLabel,
    /// One gold mention, several predictions.
    Split,
    /// Several gold mentions, fewer predictions.
    Merged,
}

impl ErrorKind {
    /// All kinds, in the order reports list them.
    pub const ALL: [ErrorKind; 7] = [
        ErrorKind::Missed,
        ErrorKind::Invented,
        ErrorKind::WrongLabel,
        ErrorKind::WrongBoundary,
        ErrorKind::WrongBoundaryAndLabel,
        ErrorKind::Split,
        ErrorKind::Merged,
    ];

    /// Its name for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Missed => "missed",
            ErrorKind::Invented => "invented",
            ErrorKind::WrongLabel => "wrong label",
            ErrorKind::WrongBoundary => "wrong boundary",
            ErrorKind::WrongBoundaryAndLabel => "wrong boundary and label",
            ErrorKind::Split => "split",
            ErrorKind::Merged => "merged",
        }
    }
}

/// All errors, counted, and the most costly of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Errors {
    /// How often each kind occurs, and at what cost.
    pub kinds: Vec<KindCount>,
    /// Which labels are taken for which.
    pub confusion: Confusion,
    /// The most costly errors first; the same mistake made several times is one entry.
    pub top: Vec<Mistake>,
}

/// Errors of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// The kind.
    pub kind: ErrorKind,
    /// How many errors.
    pub errors: u64,
    /// How many gold mentions were not found, and predictions not right, because of them.
    pub cost: u64,
}

/// Counts of paired mentions, `[gold label][predicted label]`, labels in the order PER, ORG, LOC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Confusion {
    /// Pairs with the same span: the diagonal is right.
    pub same_span: [[u64; LABELS]; LABELS],
    /// Pairs whose spans differ: the diagonal is boundary errors only.
    pub other_span: [[u64; LABELS]; LABELS],
    /// Gold mentions without a pair.
    pub missed: [u64; LABELS],
    /// Predictions without a pair.
    pub spurious: [u64; LABELS],
}

const LABELS: usize = Label::ALL.len();

/// One mistake, as often as it is made with the same words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mistake {
    /// What sort.
    pub kind: ErrorKind,
    /// What the gold says.
    pub gold: Vec<Name>,
    /// What was predicted.
    pub predicted: Vec<Name>,
    /// How often.
    pub times: u64,
    /// Gold mentions not found and predictions not right, all times together.
    pub cost: u64,
    /// The first few occurrences.
    pub examples: Vec<Example>,
}

/// A mention without its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Name {
    /// What it names.
    pub label: Label,
    /// The name, with white space as single spaces.
    pub text: String,
}

/// An error in context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The document.
    pub document: String,
    /// Where the error begins, in code points.
    pub start: usize,
    /// The text around it, cut where mentions begin and end.
    pub segments: Vec<Segment>,
}

/// A stretch of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Segment {
    /// The text, as in the document.
    pub text: String,
    /// The label of the gold mention it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gold: Option<Label>,
    /// The label of the prediction it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predicted: Option<Label>,
}

/// How many occurrences of a mistake are shown.
const EXAMPLES: usize = 3;

/// How many characters before and after an error are shown.
const CONTEXT: usize = 70;

/// What makes two errors the same mistake: the kind, the gold names, the predicted names.
type Words = (ErrorKind, Vec<Name>, Vec<Name>);

/// Mentions that overlap, by their places in their documents: those of the gold, those predicted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cluster {
    gold: std::ops::Range<usize>,
    predicted: std::ops::Range<usize>,
}

/// Counts errors, and describes the `most` costly ones.
#[must_use]
pub fn errors(gold: &[GoldDocument], predictions: &[Prediction], most: usize) -> Errors {
    let mut kinds = ErrorKind::ALL.map(|kind| KindCount {
        kind,
        errors: 0,
        cost: 0,
    });
    let mut confusion = Confusion::default();
    let mut mistakes: BTreeMap<Words, Vec<(usize, Cluster)>> = BTreeMap::new();
    for (at, (document, prediction)) in gold.iter().zip(predictions).enumerate() {
        confusion.count(&document.mentions, &prediction.mentions);
        for cluster in clusters(&document.mentions, &prediction.mentions) {
            let gold = &document.mentions[cluster.gold.clone()];
            let predicted = &prediction.mentions[cluster.predicted.clone()];
            let Some(kind) = kind(gold, predicted) else {
                continue;
            };
            kinds[kind as usize].errors += 1;
            kinds[kind as usize].cost += cluster.cost();
            let names = |mentions: &[Mention]| -> Vec<Name> {
                mentions
                    .iter()
                    .map(|mention| name(&document.text, mention))
                    .collect()
            };
            let key = (kind, names(gold), names(predicted));
            mistakes.entry(key).or_default().push((at, cluster));
        }
    }
    let mut top: Vec<_> = mistakes
        .into_iter()
        .map(|(key, places)| {
            (
                places
                    .iter()
                    .map(|(_, cluster)| cluster.cost())
                    .sum::<u64>(),
                key,
                places,
            )
        })
        .collect();
    // Stable: errors of the same cost stay in the order of their kinds and names.
    top.sort_by_key(|(cost, ..)| Reverse(*cost));
    top.truncate(most);
    let top = top
        .into_iter()
        .map(|(cost, (kind, gold_names, predicted), places)| Mistake {
            kind,
            gold: gold_names,
            predicted,
            times: places.len() as u64,
            cost,
            examples: places
                .iter()
                .take(EXAMPLES)
                .map(|(at, cluster)| example(&gold[*at], &predictions[*at], cluster))
                .collect(),
        });
    Errors {
        kinds: kinds.to_vec(),
        confusion,
        top: top.collect(),
    }
}

impl Cluster {
    /// The gold mentions not found and the predictions not right.
    fn cost(&self) -> u64 {
        (self.gold.len() + self.predicted.len()) as u64
    }
}

impl Confusion {
    fn count(&mut self, gold: &[Mention], predicted: &[Mention]) {
        let (gold, predicted) = (items(gold), items(predicted));
        let mut spurious = vec![true; predicted.len()];
        for ((span, label), pair) in gold.iter().zip(pairs(&gold, &predicted)) {
            let Some(pair) = pair else {
                self.missed[*label as usize] += 1;
                continue;
            };
            spurious[pair] = false;
            let (other_span, other_label) = predicted[pair];
            let table = if *span == other_span {
                &mut self.same_span
            } else {
                &mut self.other_span
            };
            table[*label as usize][other_label as usize] += 1;
        }
        for ((_, label), spurious) in predicted.iter().zip(spurious) {
            self.spurious[*label as usize] += u64::from(spurious);
        }
    }
}

/// What sort of error a cluster is, or `None` if it is right.
fn kind(gold: &[Mention], predicted: &[Mention]) -> Option<ErrorKind> {
    match (gold, predicted) {
        (_, []) => Some(ErrorKind::Missed),
        ([], _) => Some(ErrorKind::Invented),
        ([one], [other]) => match (one.span == other.span, one.label == other.label) {
            (true, true) => None,
            (true, false) => Some(ErrorKind::WrongLabel),
            (false, true) => Some(ErrorKind::WrongBoundary),
            (false, false) => Some(ErrorKind::WrongBoundaryAndLabel),
        },
        (gold, predicted) if gold.len() < predicted.len() => Some(ErrorKind::Split),
        (gold, predicted) if gold.len() > predicted.len() => Some(ErrorKind::Merged),
        // As many on both sides, none at its place.
        (gold, predicted)
            if gold
                .iter()
                .zip(predicted)
                .all(|(one, other)| one.label == other.label) =>
        {
            Some(ErrorKind::WrongBoundary)
        }
        _ => Some(ErrorKind::WrongBoundaryAndLabel),
    }
}

/// Groups mentions that overlap, in text order. Both sides are sorted and disjoint.
fn clusters(gold: &[Mention], predicted: &[Mention]) -> Vec<Cluster> {
    let mut clusters = Vec::new();
    let (mut g, mut p) = (0, 0);
    while g < gold.len() || p < predicted.len() {
        let mut cluster = Cluster {
            gold: g..g,
            predicted: p..p,
        };
        let start =
            |mentions: &[Mention], at: usize| mentions.get(at).map(|mention| mention.span.start());
        let mut end = if start(predicted, p)
            .is_none_or(|other| start(gold, g).is_some_and(|one| one <= other))
        {
            g += 1;
            gold[g - 1].span.end()
        } else {
            p += 1;
            predicted[p - 1].span.end()
        };
        // Whatever begins before the cluster ends belongs to it, and may carry its end on.
        loop {
            if start(gold, g).is_some_and(|start| start < end) {
                end = end.max(gold[g].span.end());
                g += 1;
            } else if start(predicted, p).is_some_and(|start| start < end) {
                end = end.max(predicted[p].span.end());
                p += 1;
            } else {
                break;
            }
        }
        (cluster.gold.end, cluster.predicted.end) = (g, p);
        clusters.push(cluster);
    }
    clusters
}

fn name(text: &str, mention: &Mention) -> Name {
    let words: Vec<&str> = mention.span.slice(text).split_whitespace().collect();
    Name {
        label: mention.label,
        text: words.join(" "),
    }
}

fn example(document: &GoldDocument, prediction: &Prediction, cluster: &Cluster) -> Example {
    /// More mentions than that are not shown of one error.
    const MOST: usize = 24;
    let text = &document.text;
    let gold = items(document.mentions[cluster.gold.clone()].iter().take(MOST));
    let predicted = items(
        prediction.mentions[cluster.predicted.clone()]
            .iter()
            .take(MOST),
    );
    let spans = || gold.iter().chain(&predicted).map(|(span, _)| *span);
    let start = spans().map(Span::start).min().unwrap_or(0);
    let end = spans().map(Span::end).max().unwrap_or(text.len());
    let (first, last) = context(text, start, end);
    let mut cuts = vec![first, last];
    cuts.extend(spans().flat_map(|span| [span.start(), span.end()]));
    cuts.sort_unstable();
    cuts.dedup();
    let label = |items: &[Item<Label>], at: usize| {
        let one = Span::new(at, at + 1)?;
        overlapped(items, one).next().map(|found| items[found].1)
    };
    Example {
        document: document.id.clone(),
        start: OffsetCursor::new(text, OffsetUnit::Codepoint).convert(start),
        segments: cuts
            .windows(2)
            .map(|cut| Segment {
                text: text[cut[0]..cut[1]].to_owned(),
                gold: label(&gold, cut[0]),
                predicted: label(&predicted, cut[0]),
            })
            .collect(),
    }
}

/// Where the text around `start..end` is cut: about [`CONTEXT`] characters away, between words if there are any.
fn context(text: &str, start: usize, end: usize) -> (usize, usize) {
    let before = text[..start].char_indices().rev().take(CONTEXT).last();
    let first = before.map_or(start, |(at, _)| at);
    let after = text[end..].char_indices().nth(CONTEXT);
    let last = after.map_or(text.len(), |(at, _)| end + at);
    let first = match text[first..start].find(char::is_whitespace) {
        Some(length) if first > 0 => first + length,
        _ => first,
    };
    let last = match text[end..last].rfind(char::is_whitespace) {
        Some(length) if last < text.len() => end + length,
        _ => last,
    };
    (first, last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::documents;

    /// The kinds of errors with their names, as `kind: gold | predicted`.
    fn check(gold: &str, predicted: &str, expected: &[&str]) {
        let (gold, predictions) = documents(&[(gold, predicted)]);
        let names = |names: &[Name]| {
            names
                .iter()
                .map(|name| format!("{} {}", name.label, name.text))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let mut found: Vec<String> = errors(&gold, &predictions, 99)
            .top
            .iter()
            .map(|mistake| {
                format!(
                    "{}: {} | {}",
                    mistake.kind.as_str(),
                    names(&mistake.gold),
                    names(&mistake.predicted)
                )
            })
            .collect();
        found.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn kinds_are_told_apart() {
        check(
            "[PER Zoé] et [PER Léa] chez [ORG Total] au [LOC Mans], le [LOC Caire], jeudi",
            "[PER Zoé] et Léa chez [LOC Total] [LOC au Mans], [ORG le Caire], [PER jeudi]",
            &[
                "invented:  | PER jeudi",
                "missed: PER Léa | ",
                "wrong boundary and label: LOC Caire | ORG le Caire",
                "wrong boundary: LOC Mans | LOC au Mans",
                "wrong label: ORG Total | LOC Total",
            ],
        );
    }

    #[test]
    fn names_split_and_merged() {
        check(
            "[ORG Comité mixte\n  pour l'eau], [PER Jean Dupont] et [PER Durand]",
            "[ORG Comité] [ORG mixte]\n  pour l'eau, [PER Jean Dupont et Durand]",
            &[
                "merged: PER Jean Dupont, PER Durand | PER Jean Dupont et Durand",
                "split: ORG Comité mixte pour l'eau | ORG Comité, ORG mixte",
            ],
        );
    }

    #[test]
    fn a_chain_of_overlaps_is_one_error() {
        check(
            "[LOC Rio de] [LOC Janeiro Brésil]",
            "[LOC Rio] [LOC de Janeiro] Brésil",
            &["wrong boundary: LOC Rio de, LOC Janeiro Brésil | LOC Rio, LOC de Janeiro"],
        );
    }

    #[test]
    fn a_chain_with_wrong_labels_says_so() {
        check(
            "[PER aa bb] [PER cc dd]",
            "[LOC aa] [LOC bb cc] dd",
            &["wrong boundary and label: PER aa bb, PER cc dd | LOC aa, LOC bb cc"],
        );
    }

    #[test]
    fn the_same_mistake_is_counted_once_with_all_its_cost() {
        let (gold, predictions) = documents(&[
            (
                "à [LOC Tours], à [LOC\tNice]".replace('\t', " ").as_str(),
                "à [LOC Tours], à Nice",
            ),
            ("À [LOC Nice] et [ORG OTAN]", "À Nice et [LOC OTAN]"),
        ]);
        let errors = errors(&gold, &predictions, 1);
        let total: Vec<_> = errors
            .kinds
            .iter()
            .map(|kind| (kind.errors, kind.cost))
            .collect();
        assert_eq!(
            total,
            [(2, 2), (0, 0), (1, 2), (0, 0), (0, 0), (0, 0), (0, 0)]
        );
        let [mistake] = &errors.top[..] else {
            panic!("{:?}", errors.top)
        };
        assert_eq!(
            (mistake.kind, mistake.times, mistake.cost),
            (ErrorKind::Missed, 2, 2)
        );
        let documents: Vec<_> = mistake
            .examples
            .iter()
            .map(|example| example.document.as_str())
            .collect();
        assert_eq!(documents, ["d0", "d1"]);
    }

    #[test]
    fn examples_cut_the_text_where_mentions_begin_and_end() {
        let before = format!("{} né", "é".repeat(100));
        let gold = format!("{before} à [LOC Le Mans] dit");
        let predicted = format!("{before} à Le [PER Mans dit]");
        let (gold, predictions) = documents(&[(gold.as_str(), predicted.as_str())]);
        let example = &errors(&gold, &predictions, 1).top[0].examples[0];
        assert_eq!(example.start, 106);
        let segments: Vec<_> = example
            .segments
            .iter()
            .map(|segment| (segment.text.as_str(), segment.gold, segment.predicted))
            .collect();
        let expected = [
            (" né à ", None, None),
            ("Le ", Some(Label::Loc), None),
            ("Mans", Some(Label::Loc), Some(Label::Per)),
            (" dit", None, Some(Label::Per)),
        ];
        assert_eq!(segments, expected);
    }

    #[test]
    fn confusion_adds_up_to_all_mentions() {
        let (gold, predictions) = documents(&[(
            "[PER Zoé] et [PER Léa] chez [ORG Total] au [LOC Mans], jeudi",
            "[PER Zoé] et Léa chez [LOC Total] [LOC au Mans], [ORG jeudi]",
        )]);
        let confusion = errors(&gold, &predictions, 0).confusion;
        let expected = Confusion {
            same_span: [[1, 0, 0], [0, 0, 1], [0, 0, 0]],
            other_span: [[0, 0, 0], [0, 0, 0], [0, 0, 1]],
            missed: [1, 0, 0],
            spurious: [0, 1, 0],
        };
        assert_eq!(confusion, expected);
    }
}

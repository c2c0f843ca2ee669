//! Gold documents and the predictions for them, checked against their texts.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use nommer_core::label::Label;
use nommer_core::offset::ByteOffsets;
use nommer_core::span::{Source, Span};
use rayon::prelude::*;

use crate::document::{Corpus, Document, Link, Problem, ProblemKind};
use crate::labels::LabelMap;
use crate::shown;

/// Which annotations count.
#[derive(Debug, Clone)]
pub struct Selection {
    /// What the names of labels stand for.
    pub map: LabelMap,
    /// The labels to evaluate; annotations of others are left out on both sides.
    pub labels: Vec<Label>,
    /// Predictions of a lower score are left out. Those without a score stay.
    pub min_score: Option<f32>,
}

impl Default for Selection {
    fn default() -> Self {
        Selection {
            map: LabelMap::default(),
            labels: Label::ALL.to_vec(),
            min_score: None,
        }
    }
}

/// A mention, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Mention {
    /// Where it stands in the gold text.
    pub span: Span<Source>,
    /// What it names.
    pub label: Label,
    /// How sure the tool is, in 0..=1.
    pub score: Option<f64>,
    /// What it was linked to; `None` when nothing is said about links.
    pub link: Option<Link>,
}

/// A gold document, checked: its mentions are sorted and disjoint.
#[derive(Debug, Clone, PartialEq)]
pub struct GoldDocument {
    /// Its identifier, unique.
    pub id: String,
    /// Its text.
    pub text: String,
    /// Its mentions.
    pub mentions: Vec<Mention>,
    /// How many annotations the selection left out.
    pub left_out: u64,
    /// Fields to slice by.
    pub meta: BTreeMap<String, Vec<String>>,
}

/// What was predicted for a gold document.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// The mentions, sorted and disjoint; none when there is no prediction.
    pub mentions: Vec<Mention>,
    /// How many annotations the selection left out.
    pub left_out: u64,
    /// Whether there is a prediction.
    pub state: State,
}

/// Whether there is a prediction for a gold document. Where there is none, all its gold counts as missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// There is.
    Compared,
    /// The predictions do not have the document.
    Missing,
    /// The tool failed on it, and said why.
    Failed(String),
}

/// Predictions in the order of the gold documents.
#[derive(Debug, Clone, PartialEq)]
pub struct Alignment {
    /// What documents were aligned by.
    pub by: AlignedBy,
    /// One for each gold document.
    pub predictions: Vec<Prediction>,
    /// Identifiers of predicted documents that are not in the gold. They are not evaluated.
    pub extra: Vec<String>,
}

/// What documents were aligned by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlignedBy {
    /// Their identifiers.
    Id,
    /// Their order, since no identifier is in both and all texts agree: identifiers made from the names of
    /// files differ where files do.
    Order,
}

/// Nothing to compare.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no document is in both: the gold has {gold:?} …, the predictions have {predicted:?} …; documents are aligned by id, or by their order \
     if all their texts are the same"
)]
pub struct NothingInCommon {
    gold: String,
    predicted: String,
}

/// Checks the gold documents. What is wrong is reported and repaired.
pub fn check_gold(
    corpus: Corpus,
    selection: &Selection,
    problems: &mut Vec<Problem>,
) -> Vec<GoldDocument> {
    let documents = distinct(corpus.documents, problems);
    let checked: Vec<_> = documents
        .into_par_iter()
        .map(|mut document| {
            let mut problems = Vec::new();
            if let Some(why) = &document.failed {
                let message = format!("says {:?} instead of its annotation", shown::in_line(why));
                problems.push(problem(&document, None, ProblemKind::FailedGold, message));
                return (None, problems);
            }
            let Some(text) = document.text.take() else {
                let message =
                    "has no text to check positions against; gold needs its text".to_owned();
                problems.push(problem(&document, None, ProblemKind::NoText, message));
                return (None, problems);
            };
            let (mentions, left_out) =
                check_spans(&document, &text, selection, None, &mut problems);
            let gold = GoldDocument {
                id: document.id,
                text,
                mentions,
                left_out,
                meta: document.meta,
            };
            (Some(gold), problems)
        })
        .collect();
    collect(checked, problems).into_iter().flatten().collect()
}

/// Aligns predictions with gold documents by id, and checks that they speak of the same text.
///
/// # Errors
/// When there are documents on both sides and none in common.
pub fn align(
    gold: &[GoldDocument],
    corpus: Corpus,
    selection: &Selection,
    problems: &mut Vec<Problem>,
) -> Result<Alignment, NothingInCommon> {
    let mut predicted = distinct(corpus.documents, problems);
    let by = aligned_by(gold, &predicted)?;
    if by == AlignedBy::Order {
        for (document, gold) in predicted.iter_mut().zip(gold) {
            document.id.clone_from(&gold.id);
        }
    }
    let mut documents: BTreeMap<String, Document> = BTreeMap::new();
    let mut order = Vec::new();
    for document in predicted {
        order.push(document.id.clone());
        documents.insert(document.id.clone(), document);
    }
    let found: Vec<Option<Document>> = gold
        .iter()
        .map(|document| documents.remove(&document.id))
        .collect();
    let checked = gold
        .par_iter()
        .zip(found)
        .map(|(gold, document)| {
            let mut problems = Vec::new();
            let prediction = predict(gold, document, selection, &mut problems);
            (prediction, problems)
        })
        .collect();
    order.retain(|id| documents.contains_key(id));
    Ok(Alignment {
        by,
        predictions: collect(checked, problems),
        extra: order,
    })
}

fn aligned_by(gold: &[GoldDocument], predicted: &[Document]) -> Result<AlignedBy, NothingInCommon> {
    let ids: BTreeSet<&str> = gold.iter().map(|document| document.id.as_str()).collect();
    let (Some(first), Some(other)) = (gold.first(), predicted.first()) else {
        return Ok(AlignedBy::Id);
    };
    if predicted
        .iter()
        .any(|document| ids.contains(document.id.as_str()))
    {
        return Ok(AlignedBy::Id);
    }
    let same_text =
        |(gold, document): (&GoldDocument, &Document)| document.text.as_ref() == Some(&gold.text);
    if gold.len() == predicted.len() && gold.iter().zip(predicted).all(same_text) {
        return Ok(AlignedBy::Order);
    }
    Err(NothingInCommon {
        gold: first.id.clone(),
        predicted: other.id.clone(),
    })
}

fn predict(
    gold: &GoldDocument,
    document: Option<Document>,
    selection: &Selection,
    problems: &mut Vec<Problem>,
) -> Prediction {
    let none = |state| Prediction {
        mentions: Vec::new(),
        left_out: 0,
        state,
    };
    let Some(document) = document else {
        return none(State::Missing);
    };
    if let Some(why) = &document.failed {
        return none(State::Failed(why.clone()));
    }
    if let Some(text) = &document.text
        && *text != gold.text
    {
        let message = difference(&gold.text, text);
        problems.push(problem(&document, None, ProblemKind::TextDiffers, message));
        let why = "its text differs from the gold text".to_owned();
        return none(State::Failed(why));
    }
    let least = selection.min_score;
    let (mentions, left_out) = check_spans(&document, &gold.text, selection, least, problems);
    Prediction {
        mentions,
        left_out,
        state: State::Compared,
    }
}

/// Keeps the first of documents with one identifier.
fn distinct(documents: Vec<Document>, problems: &mut Vec<Problem>) -> Vec<Document> {
    let mut firsts: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept: Vec<Document> = Vec::with_capacity(documents.len());
    for document in documents {
        match firsts.entry(document.id.clone()) {
            Entry::Vacant(entry) => {
                entry.insert(kept.len());
                kept.push(document);
            }
            Entry::Occupied(first) => {
                let message = format!("its id stands at {} already", kept[*first.get()].place);
                problems.push(problem(&document, None, ProblemKind::DuplicateId, message));
            }
        }
    }
    kept
}

fn collect<T>(checked: Vec<(T, Vec<Problem>)>, problems: &mut Vec<Problem>) -> Vec<T> {
    let mut values = Vec::with_capacity(checked.len());
    for (value, found) in checked {
        values.push(value);
        problems.extend(found);
    }
    values
}

fn problem(document: &Document, line: Option<u64>, kind: ProblemKind, message: String) -> Problem {
    let mut place = document.place.clone();
    place.line = line.or(place.line);
    Problem {
        place,
        document: Some(document.id.clone()),
        kind,
        message,
    }
}

/// The mentions of a document, sorted and disjoint, in bytes of `text`, and how many the selection left out.
fn check_spans(
    document: &Document,
    text: &str,
    selection: &Selection,
    min_score: Option<f32>,
    problems: &mut Vec<Problem>,
) -> (Vec<Mention>, u64) {
    let mut left_out = 0;
    let bytes = ByteOffsets::new(text, document.unit);
    let mut mentions = Vec::with_capacity(document.spans.len());
    for annotation in &document.spans {
        let label = shown::in_line(&annotation.label);
        let what = format_args!("{label} {}..{}", annotation.start, annotation.end);
        let mut report =
            |kind, message| problems.push(problem(document, annotation.line, kind, message));
        let label = match selection.map.get(&annotation.label) {
            Some(Some(label)) => label,
            Some(None) => {
                left_out += 1;
                continue;
            }
            None => {
                let message = format!(
                    "{what} has a label that is unknown here; say what it is with --label-map {label}=PER, or =- to leave it out"
                );
                report(ProblemKind::Label, message);
                continue;
            }
        };
        if !selection.labels.contains(&label) {
            left_out += 1;
            continue;
        }
        let span = bytes
            .get(annotation.start)
            .zip(bytes.get(annotation.end))
            .and_then(|(start, end)| Span::new(start, end));
        let Some(span) = span else {
            let unit = match document.unit {
                nommer_core::offset::OffsetUnit::Codepoint => "code points",
                nommer_core::offset::OffsetUnit::Byte => "bytes",
                nommer_core::offset::OffsetUnit::Utf16 => "UTF-16 units",
            };
            let length =
                nommer_core::offset::OffsetCursor::new(text, document.unit).convert(text.len());
            let message = if annotation.start >= annotation.end {
                format!(
                    "{what} is empty; a span is half-open, from its first position to one past its last"
                )
            } else if annotation.end > length {
                format!("{what} is outside the text, which has {length} {unit}")
            } else {
                format!(
                    "{what} cuts a character in two, if positions count {unit}; declare another with offset_unit"
                )
            };
            report(ProblemKind::Offset, message);
            continue;
        };
        if let Some(claimed) = &annotation.text
            && claimed != span.slice(text)
        {
            let message = format!(
                "{what} claims to be {:?}, but {:?} stands there",
                excerpt(claimed),
                excerpt(span.slice(text))
            );
            report(ProblemKind::SpanText, message);
        }
        let score = annotation.score.filter(|score| {
            let possible = (0.0..=1.0).contains(score);
            if !possible {
                report(
                    ProblemKind::Score,
                    format!("{what} has the score {score}; it must be between 0 and 1"),
                );
            }
            possible
        });
        // As single precision, which is how scores and their bound are written.
        if score
            .zip(min_score)
            .is_some_and(|(score, least)| (score as f32) < least)
        {
            left_out += 1;
            continue;
        }
        mentions.push((
            mentions.len(),
            Mention {
                span,
                label,
                score,
                link: annotation.link.clone(),
            },
            annotation.line,
        ));
    }
    (disjoint(document, text, mentions, problems), left_out)
}

/// Sorts mentions, and drops those that overlap a longer one, or an earlier one as long.
fn disjoint(
    document: &Document,
    text: &str,
    mut mentions: Vec<(usize, Mention, Option<u64>)>,
    problems: &mut Vec<Problem>,
) -> Vec<Mention> {
    mentions.sort_by_key(|(number, mention, _)| (mention.span, *number));
    if !mentions
        .windows(2)
        .all(|pair| pair[0].1.span.end() <= pair[1].1.span.start())
    {
        let mut longest_first: Vec<usize> = (0..mentions.len()).collect();
        longest_first.sort_by_key(|&at| {
            let (number, mention, _) = &mentions[at];
            (
                std::cmp::Reverse(mention.span.end() - mention.span.start()),
                *number,
            )
        });
        // By their starts, the kept ones are disjoint: only the neighbours can overlap another.
        let mut kept: BTreeMap<usize, usize> = BTreeMap::new();
        let mut dropped = Vec::new();
        for at in longest_first {
            let span = mentions[at].1.span;
            let before = kept.range(..span.end()).next_back();
            match before.filter(|&(_, &other)| mentions[other].1.span.overlaps(span)) {
                Some((_, &other)) => dropped.push((at, other)),
                None => {
                    kept.insert(span.start(), at);
                }
            }
        }
        dropped.sort_unstable();
        for (at, other) in dropped {
            let name = |at: usize| {
                let mention = &mentions[at].1;
                format!("{} {:?}", mention.label, excerpt(mention.span.slice(text)))
            };
            let message = format!("{} overlaps {}", name(at), name(other));
            problems.push(problem(
                document,
                mentions[at].2,
                ProblemKind::Overlap,
                message,
            ));
        }
        let kept: Vec<usize> = kept.into_values().collect();
        let mut number = 0;
        mentions.retain(|_| {
            let keep = kept.binary_search(&number).is_ok();
            number += 1;
            keep
        });
    }
    mentions
        .into_iter()
        .map(|(_, mention, _)| mention)
        .collect()
}

/// Where two texts first differ, and how.
fn difference(gold: &str, predicted: &str) -> String {
    let (mut position, mut line) = (0, 1);
    let (mut left, mut right) = (gold.chars(), predicted.chars());
    let (mut rest_left, mut rest_right) = (gold, predicted);
    while let (Some(a), Some(b)) = (left.next(), right.next())
        && a == b
    {
        position += 1;
        line += usize::from(a == '\n');
        (rest_left, rest_right) = (left.as_str(), right.as_str());
    }
    let mut message = format!(
        "its text differs from the gold text from code point {position} (line {line}) on: {:?} in the gold, {:?} here",
        excerpt(rest_left),
        excerpt(rest_right)
    );
    if gold.replace("\r\n", "\n") == predicted.replace("\r\n", "\n") {
        message += "; only line ends differ";
    } else if gold.trim() == predicted.trim() {
        message += "; only white space at the ends differs";
    } else if gold.split_whitespace().collect::<String>()
        == predicted.split_whitespace().collect::<String>()
    {
        message += "; only white space differs, as it does where one side was rebuilt from columns of tokens";
    }
    message
}

/// The beginning of a text, for a message.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Annotation, Place, Target};
    use nommer_core::offset::OffsetUnit;

    fn annotation(start: usize, end: usize, label: &str) -> Annotation {
        Annotation {
            start,
            end,
            label: label.to_owned(),
            text: None,
            score: None,
            link: None,
            line: None,
        }
    }

    fn document(id: &str, text: Option<&str>, spans: Vec<Annotation>) -> Document {
        Document {
            id: id.to_owned(),
            place: Place {
                file: "f".to_owned(),
                line: Some(7),
            },
            text: text.map(str::to_owned),
            unit: OffsetUnit::Codepoint,
            spans,
            failed: None,
            meta: BTreeMap::new(),
        }
    }

    fn corpus(documents: Vec<Document>) -> Corpus {
        Corpus {
            documents,
            format: String::new(),
            rejected: 0,
        }
    }

    const TEXT: &str = "Zoé voit Édouard à Évry 🚀.";

    /// What of `spans` is kept of `TEXT`, as text, and the messages about the rest.
    fn check(spans: Vec<Annotation>) -> (Vec<String>, Vec<(ProblemKind, String)>) {
        let mut problems = Vec::new();
        let gold = check_gold(
            corpus(vec![document("a", Some(TEXT), spans)]),
            &Selection::default(),
            &mut problems,
        );
        let kept = gold[0]
            .mentions
            .iter()
            .map(|mention| format!("{} {}", mention.label, mention.span.slice(TEXT)))
            .collect();
        let problems = problems
            .into_iter()
            .map(|problem| (problem.kind, problem.to_string()));
        (kept, problems.collect())
    }

    #[test]
    fn spans_are_sorted_and_lead_to_their_text() {
        let (kept, problems) = check(vec![
            annotation(19, 23, "loc"),
            annotation(0, 3, "PER"),
            annotation(9, 16, "Person"),
        ]);
        assert_eq!(kept, ["PER Zoé", "PER Édouard", "LOC Évry"]);
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn every_bad_span_is_reported_with_its_place_and_left_out() {
        let wrong_text = Annotation {
            text: Some("Edouard".to_owned()),
            score: Some(1.5),
            ..annotation(9, 16, "PER")
        };
        let (kept, problems) = check(vec![
            annotation(3, 3, "PER"),
            annotation(5, 2, "PER"),
            annotation(20, 99, "LOC"),
            Annotation {
                line: Some(12),
                ..annotation(0, 3, "GPE")
            },
            wrong_text,
        ]);
        assert_eq!(kept, ["PER Édouard"]);
        let expected = [
            (
                ProblemKind::Offset,
                "f:7: document \"a\": PER 3..3 is empty",
            ),
            (
                ProblemKind::Offset,
                "f:7: document \"a\": PER 5..2 is empty",
            ),
            (
                ProblemKind::Offset,
                "f:7: document \"a\": LOC 20..99 is outside the text, which has 26 code points",
            ),
            (
                ProblemKind::Label,
                "f:12: document \"a\": GPE 0..3 has a label that is unknown here; say what it is with --label-map GPE=PER",
            ),
            (
                ProblemKind::SpanText,
                "f:7: document \"a\": PER 9..16 claims to be \"Edouard\", but \"Édouard\" stands there",
            ),
            (
                ProblemKind::Score,
                "f:7: document \"a\": PER 9..16 has the score 1.5",
            ),
        ];
        assert_eq!(problems.len(), expected.len(), "{problems:?}");
        for ((kind, message), (expected_kind, start)) in problems.iter().zip(expected) {
            assert_eq!(*kind, expected_kind);
            assert!(message.starts_with(start), "{message}");
        }
    }

    #[test]
    fn of_overlapping_spans_the_longest_is_kept_and_of_equals_the_first() {
        let (kept, problems) = check(vec![
            annotation(0, 3, "ORG"),
            annotation(0, 3, "PER"),
            annotation(4, 8, "ORG"),
            annotation(7, 16, "PER"),
            annotation(15, 23, "LOC"),
        ]);
        assert_eq!(kept, ["ORG Zoé", "PER t Édouard"]);
        assert_eq!(problems.len(), 3);
        assert!(
            problems
                .iter()
                .all(|(kind, _)| *kind == ProblemKind::Overlap)
        );
        assert!(
            problems[0].1.contains("PER \"Zoé\" overlaps ORG \"Zoé\""),
            "{problems:?}"
        );
    }

    #[test]
    fn predictions_follow_the_gold_and_every_absence_is_named() {
        let mut problems = Vec::new();
        let labels = Selection::default();
        let spans = || vec![annotation(0, 3, "PER")];
        let gold = check_gold(
            corpus(
                ["a", "b", "c", "d", "e"]
                    .map(|id| document(id, Some(TEXT), spans()))
                    .to_vec(),
            ),
            &labels,
            &mut problems,
        );
        assert_eq!(problems, []);
        let failed = Document {
            failed: Some("read: not text".to_owned()),
            ..document("b", None, vec![])
        };
        let other_text = document("e", Some("Zoé voit\nrien"), spans());
        let alignment = align(
            &gold,
            corpus(vec![
                other_text,
                document("x", Some(TEXT), spans()),
                failed,
                document("c", None, spans()),
                document("a", Some(TEXT), spans()),
                document("a", Some(TEXT), vec![]),
            ]),
            &labels,
            &mut problems,
        )
        .unwrap();
        let states: Vec<&State> = alignment
            .predictions
            .iter()
            .map(|prediction| &prediction.state)
            .collect();
        let failed = State::Failed("read: not text".to_owned());
        let other_text = State::Failed("its text differs from the gold text".to_owned());
        assert_eq!(
            states,
            [
                &State::Compared,
                &failed,
                &State::Compared,
                &State::Missing,
                &other_text
            ]
        );
        assert_eq!(
            alignment
                .predictions
                .iter()
                .map(|prediction| prediction.mentions.len())
                .collect::<Vec<_>>(),
            [1, 0, 1, 0, 0]
        );
        assert_eq!(alignment.extra, ["x"]);
        let messages: Vec<String> = problems.iter().map(Problem::to_string).collect();
        assert_eq!(messages.len(), 2, "{messages:?}");
        assert!(
            messages[0].ends_with("document \"a\": its id stands at f:7 already"),
            "{messages:?}"
        );
        assert!(messages[1].contains("from code point 8 (line 1) on: \" Édouard à Évry 🚀.\" in the gold, \"\\nrien\" here"), "{messages:?}");
    }

    #[test]
    fn without_a_common_id_the_order_counts_if_all_texts_agree() {
        let mut problems = Vec::new();
        let labels = Selection::default();
        let documents = |ids: [&str; 2], texts: [Option<&str>; 2]| {
            let spans = || vec![annotation(0, 3, "PER")];
            corpus(vec![
                document(ids[0], texts[0], spans()),
                document(ids[1], texts[1], spans()),
            ])
        };
        let texts = [Some(TEXT), Some("Léa part")];
        let gold = check_gold(
            documents(["gold#1", "gold#2"], texts),
            &labels,
            &mut problems,
        );
        let mut by = |ids, texts| {
            let alignment = align(&gold, documents(ids, texts), &labels, &mut problems);
            alignment.map(|alignment| (alignment.by, alignment.extra.len()))
        };
        assert_eq!(by(["pred#1", "pred#2"], texts), Ok((AlignedBy::Order, 0)));
        assert_eq!(
            by(["gold#2", "pred#2"], [texts[1], None]),
            Ok((AlignedBy::Id, 1))
        );
        for texts in [[texts[1], texts[0]], [texts[0], None]] {
            let error = by(["pred#1", "pred#2"], texts).unwrap_err().to_string();
            assert!(
                error.contains("the gold has \"gold#1\" …, the predictions have \"pred#1\" …"),
                "{error}"
            );
        }
        assert_eq!(problems, []);
    }

    #[test]
    fn gold_needs_its_text_and_links_survive() {
        let mut problems = Vec::new();
        let link = Some(Link {
            target: Target::Nil,
            tier: None,
        });
        let linked = Annotation {
            link: link.clone(),
            ..annotation(0, 3, "PER")
        };
        let gold = check_gold(
            corpus(vec![
                document("a", None, vec![]),
                document("b", Some(TEXT), vec![linked]),
            ]),
            &Selection::default(),
            &mut problems,
        );
        assert_eq!(gold.len(), 1);
        assert_eq!(gold[0].mentions[0].link, link);
        assert_eq!(problems[0].kind, ProblemKind::NoText);
    }

    #[test]
    fn texts_that_differ_in_their_line_ends_say_so() {
        assert!(difference("a\nb", "a\r\nb").ends_with("only line ends differ"));
        assert!(difference("a\n", "a").ends_with("only white space at the ends differs"));
    }
}

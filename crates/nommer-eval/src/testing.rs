//! Documents for tests, written as text with marks.

use std::collections::BTreeMap;

use nommer_core::span::Span;

use crate::align::{GoldDocument, Mention, Prediction, State};
use crate::document::{Link, Target};

/// Reads `[PER Zoé]`, or with a link `[PER=Q1 Zoé]`, `[PER=NIL Zoé]`, `[PER=? Zoé]`, or with a score
/// `[PER@0.9 Zoé]`.
pub(crate) fn marked(marked: &str) -> (String, Vec<Mention>) {
    let (mut text, mut mentions) = (String::new(), Vec::new());
    let mut rest = marked;
    while let Some((before, after)) = rest.split_once('[') {
        text.push_str(before);
        let (inside, after) = after.split_once(']').unwrap();
        let (head, name) = inside.split_once(' ').unwrap();
        let (head, score) = match head.split_once('@') {
            Some((head, score)) => (head, Some(score.parse().unwrap())),
            None => (head, None),
        };
        let (label, target) = match head.split_once('=') {
            Some((label, "NIL")) => (label, Some(Target::Nil)),
            Some((label, "?")) => (label, Some(Target::Ambiguous)),
            Some((label, id)) => (label, Some(Target::Linked(id.to_owned()))),
            None => (head, None),
        };
        let start = text.len();
        text.push_str(name);
        mentions.push(Mention {
            span: Span::new(start, text.len()).unwrap(),
            label: label.parse().unwrap(),
            score,
            link: target.map(|target| Link {
                target,
                tier: Some("exact".to_owned()),
            }),
        });
        rest = after;
    }
    text.push_str(rest);
    (text, mentions)
}

/// A gold document and the prediction for it.
pub(crate) fn document(id: &str, gold: &str, predicted: &str) -> (GoldDocument, Prediction) {
    let (text, mentions) = marked(gold);
    let (other_text, predicted) = marked(predicted);
    assert_eq!(text, other_text);
    let gold = GoldDocument {
        id: id.to_owned(),
        text,
        mentions,
        left_out: 0,
        meta: BTreeMap::new(),
    };
    let prediction = Prediction {
        mentions: predicted,
        left_out: 0,
        state: State::Compared,
    };
    (gold, prediction)
}

/// Several of them.
pub(crate) fn documents(pairs: &[(&str, &str)]) -> (Vec<GoldDocument>, Vec<Prediction>) {
    let documents = pairs.iter().enumerate();
    documents
        .map(|(at, (gold, predicted))| document(&format!("d{at}"), gold, predicted))
        .unzip()
}

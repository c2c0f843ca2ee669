//! Documents that come as tokens: their text is rebuilt, and their tags become annotations.

use std::collections::BTreeMap;
use std::ops::Range;

use nommer_core::offset::OffsetUnit;

use super::tags::{Tag, TagScheme, entities};
use super::{Input, shown};
use crate::document::{Annotation, Document, Link, Problem, ProblemKind};

/// A token with its tag as written.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub(super) line: u64,
    pub(super) text: &'a str,
    pub(super) tag: &'a str,
    pub(super) link: Option<Link>,
}

/// A document under construction.
#[derive(Debug)]
pub(super) struct TokenDocument<'a> {
    id: String,
    line: u64,
    text: String,
    spans: Vec<Annotation>,
    /// Tokens whose tags are not decoded yet, and where they are in `text`.
    sequence: Vec<(Token<'a>, Range<usize>)>,
    pub(super) meta: BTreeMap<String, Vec<String>>,
}

impl<'a> TokenDocument<'a> {
    /// A document without tokens that begins at `line`.
    pub(super) fn new(id: String, line: u64) -> Self {
        TokenDocument {
            id,
            line,
            text: String::new(),
            spans: Vec::new(),
            sequence: Vec::new(),
            meta: BTreeMap::new(),
        }
    }

    /// Whether tokens came since the last sequence ended.
    pub(super) fn in_sequence(&self) -> bool {
        !self.sequence.is_empty()
    }

    /// Adds a token, behind `gap` unless it is the first.
    pub(super) fn push(&mut self, gap: &str, token: Token<'a>) {
        if !self.text.is_empty() {
            self.text.push_str(gap);
        }
        let start = self.text.len();
        self.text.push_str(token.text);
        self.sequence.push((token, start..self.text.len()));
    }

    /// Decodes the tags since the last sequence ended; no entity goes on behind it.
    pub(super) fn end_sequence(
        &mut self,
        input: &Input,
        scheme: TagScheme,
        problems: &mut Vec<Problem>,
    ) {
        let mut report = |token: &Token<'_>, kind, what: String| {
            let message = format!("token `{}`: {what}", shown(token.text));
            problems.push(input.problem(Some(token.line), Some(&self.id), kind, message));
        };
        let illegal = |before: &str, tag: &str| {
            format!(
                "{} after {}, which {scheme} does not allow; correct the tags, or choose their scheme",
                shown(tag),
                shown(before)
            )
        };
        let mut tags = Vec::with_capacity(self.sequence.len());
        let (mut before, mut before_written) = (Tag::Outside, "the start");
        for (token, _) in &self.sequence {
            let tag = Tag::parse(token.tag).unwrap_or_else(|| {
                let what = format!(
                    "`{}` is no tag; write O, or one like B-LOC",
                    shown(token.tag)
                );
                report(token, ProblemKind::Tag, what);
                Tag::Outside
            });
            if !scheme.allows(before, tag) {
                report(
                    token,
                    ProblemKind::Sequence,
                    illegal(before_written, token.tag),
                );
            }
            (before, before_written) = (tag, token.tag);
            tags.push(tag);
        }
        if let Some((last, _)) = self.sequence.last()
            && !scheme.allows(before, Tag::Outside)
        {
            report(
                last,
                ProblemKind::Sequence,
                illegal(before_written, "the end"),
            );
        }
        self.spans
            .extend(entities(&tags).into_iter().map(|(tokens, label)| {
                let (first, place) = &self.sequence[tokens.start];
                Annotation {
                    start: place.start,
                    end: self.sequence[tokens.end - 1].1.end,
                    label: label.to_owned(),
                    text: None,
                    score: None,
                    link: first.link.clone(),
                    line: Some(first.line),
                }
            }));
        self.sequence.clear();
    }

    /// The document as it is.
    pub(super) fn finish(
        mut self,
        input: &Input,
        scheme: TagScheme,
        problems: &mut Vec<Problem>,
    ) -> Document {
        self.end_sequence(input, scheme, problems);
        Document {
            id: self.id,
            place: input.place(Some(self.line)),
            text: Some(self.text),
            unit: OffsetUnit::Byte,
            spans: self.spans,
            failed: None,
            meta: self.meta,
        }
    }
}

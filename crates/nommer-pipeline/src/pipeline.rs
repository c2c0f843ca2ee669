//! One document's way through all stages.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nommer_core::entity::Mention;
use nommer_core::label::Label;
use nommer_core::meta::Meta;
use nommer_core::offset::{OffsetCursor, OffsetUnit};
use nommer_core::record::{
    self, Coverage, Entity, Failure, GazetteerInfo, ModelInfo, Outcome, Record, SCHEMA, SourceInfo,
};
use nommer_core::span::{Source, Span};
use nommer_core::text::case::restore_capitals;
use nommer_core::text::decode::{Decoded, decode};
use nommer_core::text::normalize::{NormalizedText, normalize};
use nommer_core::text::segment::{Sentence, sentences};
use nommer_gazetteer::layers::Gazetteers;
use nommer_model::manifest::sha256;
use nommer_model::model::{Model, RecognizeError, SentenceAnalysis};
use nommer_model::tags::Tag;
use rayon::prelude::*;

use crate::agree::agree;
use crate::read::{Content, RawDocument};
use crate::reconcile::{self, FullName, Reconciled};

/// What a record shall hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Entities of other labels are left out.
    pub labels: Vec<Label>,
    /// Entities of a lower score are left out.
    pub min_score: f32,
    /// The unit of all positions.
    pub offsets: OffsetUnit,
    /// Whether the record repeats the document's text.
    pub text: TextField,
    /// The year of documents that have no date of their own; when absent, a date in the text tells.
    pub year: Option<i16>,
}

/// Whether records hold their document's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextField {
    /// They do.
    Included,
    /// They do not.
    LeftOut,
}

/// A loaded model, gazetteers and settings, shared by all threads.
pub struct Pipeline {
    model: Model,
    info: ModelInfo,
    gazetteers: Gazetteers,
    gazetteer_infos: Vec<GazetteerInfo>,
    settings: Settings,
}

/// What the model found in a text, and the names of the gazetteers that stand in it.
#[derive(Debug, Default)]
struct Found {
    mentions: Vec<Mention>,
    names: Vec<FullName>,
    coverage: Coverage,
}

/// One sentence with all that was made of it, as `nommer explain` shows it.
#[derive(Debug)]
pub struct ReadSentence {
    /// Where it stands.
    pub span: Span<Source>,
    /// What the model saw of it.
    pub normalized: NormalizedText,
    /// What the model made of it.
    pub analysis: SentenceAnalysis,
}

/// The most bytes of source that are read as one sentence: anything longer is a list or a defect, and is cut
/// at a space.
const LONGEST_SENTENCE: usize = 32 * 1024;

/// Sentences of at least this many bytes together are read as one section: enough windows to keep a worker
/// busy, few enough that a long document occupies all workers.
const SECTION: usize = 16 * 1024;

impl Pipeline {
    /// A pipeline that reads with `model`, looks up in `gazetteers`, which may be none, and writes by `settings`.
    pub fn new(model: Model, gazetteers: Gazetteers, settings: Settings) -> Pipeline {
        let manifest = model.manifest();
        let info = ModelInfo {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            sha256: model.sha256().to_owned(),
        };
        let gazetteer_infos = gazetteers
            .iter()
            .map(|gazetteer| GazetteerInfo {
                name: gazetteer.about().name.clone(),
                version: gazetteer.about().version.clone(),
                sha256: gazetteer.sha256().to_owned(),
            })
            .collect();
        Pipeline {
            model,
            info,
            gazetteers,
            gazetteer_infos,
            settings,
        }
    }

    /// The model it reads with.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Annotates one document, and counts its words as separated by white space. Whatever goes wrong, a panic
    /// too, becomes the record's outcome.
    pub fn record(&self, document: RawDocument) -> (Record, u64) {
        let RawDocument {
            id,
            path,
            line,
            content,
            meta,
        } = document;
        let mut words = 0;
        let mut source = SourceInfo::at(path, line);
        let annotated = catch_unwind(AssertUnwindSafe(|| {
            self.outcome(content, meta.as_ref(), &mut source, &mut words)
        }));
        let outcome = annotated.unwrap_or_else(|panic| {
            let what = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("unknown");
            failed(
                "annotate",
                "internal",
                format!("a defect of nommer, please report it: {what}"),
            )
        });
        (self.finish(id, source, outcome, meta), words)
    }

    /// The record of a document that could not even be read.
    pub fn unread(
        &self,
        id: String,
        path: String,
        line: Option<u64>,
        kind: &str,
        message: String,
    ) -> Record {
        let source = SourceInfo::at(path, line);
        self.finish(id, source, failed("read", kind, message), None)
    }

    fn finish(
        &self,
        id: String,
        source: SourceInfo,
        outcome: Outcome,
        meta: Option<Meta>,
    ) -> Record {
        Record {
            schema: SCHEMA.to_owned(),
            id,
            source,
            outcome,
            model: self.info.clone(),
            gazetteers: self.gazetteer_infos.clone(),
            meta,
        }
    }

    /// The picture of ARCHITECTURE.md, in code.
    fn outcome(
        &self,
        content: Content,
        meta: Option<&Meta>,
        source: &mut SourceInfo,
        words: &mut u64,
    ) -> Outcome {
        let text = match content {
            Content::Bytes(bytes) => {
                source.sha256 = Some(sha256(&bytes));
                source.bytes = Some(bytes.len() as u64);
                match decode(bytes) {
                    Ok(Decoded {
                        text,
                        encoding,
                        replaced,
                    }) => {
                        source.encoding = Some(encoding.to_owned());
                        source.replaced = Some(replaced).filter(|&count| count > 0);
                        text
                    }
                    Err(error) => return failed("decode", error.kind(), error.to_string()),
                }
            }
            Content::Text(text) => {
                source.sha256 = Some(sha256(text.as_bytes()));
                source.bytes = Some(text.len() as u64);
                source.encoding = Some("UTF-8".to_owned());
                text
            }
        };
        *words = text.split_whitespace().count() as u64;
        let read = restore_capitals(&text);
        match self.find(&read) {
            Ok(found) => Outcome::Annotated {
                offset_unit: self.settings.offsets,
                spans: self.entities(&text, &read, &found, meta),
                coverage: found.coverage,
                text: (self.settings.text == TextField::Included).then_some(text),
            },
            Err(error) => failed("annotate", "model", error.to_string()),
        }
    }

    /// The entities of a record of `text`, which was read as `read`.
    fn entities(&self, text: &str, read: &str, found: &Found, meta: Option<&Meta>) -> Vec<Entity> {
        let unit = self.settings.offsets;
        if self.gazetteers.is_empty() {
            let mut mentions = found.mentions.clone();
            mentions.retain(|mention| self.wanted(mention));
            return record::entities(text, &mentions, unit);
        }
        let mut reconciled = self.reconcile(read, &found.mentions, &found.names, meta);
        reconciled.retain(|reconciled| self.wanted(&reconciled.mention));
        let mentions: Vec<Mention> = reconciled
            .iter()
            .map(|reconciled| reconciled.mention)
            .collect();
        let mut entities = record::entities(text, &mentions, unit);
        let mut cursor = OffsetCursor::new(text, unit);
        for (entity, reconciled) in entities.iter_mut().zip(&reconciled) {
            reconciled.write(entity, |byte| cursor.convert(byte));
        }
        entities
    }

    /// What the gazetteers make of the mentions of a document, which may bring its date along.
    pub fn reconcile(
        &self,
        text: &str,
        mentions: &[Mention],
        names: &[FullName],
        meta: Option<&Meta>,
    ) -> Vec<Reconciled<'_>> {
        let year = self.year(text, meta);
        reconcile::reconcile(&self.gazetteers, text, mentions, names, year)
    }

    /// The year of a document: of its own date, else the one of the settings, else of a date in it.
    pub fn year(&self, text: &str, meta: Option<&Meta>) -> Option<i16> {
        let date = meta.and_then(|meta| meta.text("date"));
        let own = date.and_then(|date| reconcile::year_of_date(&date));
        own.or(self.settings.year).or_else(|| reconcile::year(text))
    }

    /// The gazetteers it looks up in.
    pub fn gazetteers(&self) -> &Gazetteers {
        &self.gazetteers
    }

    /// Finds the mentions of a text, in order and disjoint, and its full names. Sections are read in parallel.
    ///
    /// # Errors
    /// When the tokenizer or the network fails.
    fn find(&self, text: &str) -> Result<Found, RecognizeError> {
        let sections = sections(text);
        let read: Vec<Result<Found, RecognizeError>> = sections
            .par_iter()
            .map(|section| {
                let mut found = Found::default();
                for sentence in self.read_section(text, section)? {
                    found.coverage.tokens += sentence.analysis.pieces.ids.len() as u64;
                    found.coverage.seen += sentence.analysis.logits.nrows() as u64;
                    found.mentions.extend(sentence.mentions());
                    found.names.extend(self.names(&sentence));
                }
                Ok(found)
            })
            .collect();
        let mut all = Found::default();
        for section in read {
            // Of several errors the first in the text, whichever came first.
            let section = section?;
            all.mentions.extend(section.mentions);
            all.names.extend(section.names);
            all.coverage.tokens += section.coverage.tokens;
            all.coverage.seen += section.coverage.seen;
        }
        agree(text, &mut all.mentions);
        Ok(all)
    }

    /// The mentions of a text, in order and disjoint, of all its sentences.
    pub fn mentions(&self, text: &str, sentences: &[ReadSentence]) -> Vec<Mention> {
        let mut mentions: Vec<Mention> =
            sentences.iter().flat_map(ReadSentence::mentions).collect();
        agree(text, &mut mentions);
        mentions
    }

    /// The full names of the gazetteers in a sentence, with the model's doubt that there is none.
    pub fn names(&self, sentence: &ReadSentence) -> Vec<FullName> {
        let mut names = reconcile::full_names(&self.gazetteers, &sentence.normalized);
        if names.is_empty() {
            return names;
        }
        let outside: Vec<(Span<Source>, f32)> = sentence.outside().collect();
        for name in &mut names {
            let first = outside.partition_point(|(span, _)| span.end() <= name.span.start());
            name.doubt = outside[first..]
                .iter()
                .take_while(|(span, _)| span.start() < name.span.end())
                .map(|(_, probability)| 1.0 - probability)
                .fold(1.0, f32::min);
        }
        names
    }

    /// Everything the stages make of a text, sentence by sentence, for people to look at: of the text as it is read, which
    /// the other methods take, too ([`restore_capitals`]).
    ///
    /// # Errors
    /// When the tokenizer or the network fails.
    pub fn explain(&self, text: &str) -> Result<Vec<ReadSentence>, RecognizeError> {
        let mut all = Vec::new();
        for section in sections(text) {
            all.extend(self.read_section(text, &section)?);
        }
        Ok(all)
    }

    /// Whether the settings keep this mention.
    pub fn wanted(&self, mention: &Mention) -> bool {
        self.settings.labels.contains(&mention.label) && mention.score >= self.settings.min_score
    }

    fn read_section(
        &self,
        text: &str,
        section: &[Span<Source>],
    ) -> Result<Vec<ReadSentence>, RecognizeError> {
        let normalized: Vec<NormalizedText> =
            section.iter().map(|&span| normalize(text, span)).collect();
        let texts: Vec<&str> = normalized.iter().map(NormalizedText::text).collect();
        let analyses = self.model.recognize(&texts)?;
        let sentences = section.iter().zip(normalized).zip(analyses);
        Ok(sentences
            .map(|((&span, normalized), analysis)| ReadSentence {
                span,
                normalized,
                analysis,
            })
            .collect())
    }
}

impl ReadSentence {
    /// The words that are of no name, where they stand in the source, with the probability that they are of none.
    fn outside(&self) -> impl Iterator<Item = (Span<Source>, f32)> + '_ {
        let words = self.analysis.words.iter();
        words
            .filter(|word| word.tag == Tag::Outside)
            .filter_map(|word| {
                let span = Span::new(word.range.start, word.range.end)?;
                Some((self.normalized.to_source(span)?, word.probability))
            })
    }

    /// The names found in the sentence, where they stand in the source: in order and disjoint. What the rest of the document
    /// says of them is not heeded. Characters that were
    /// composed together share their place, which is the first name's; a name of nothing else has none left.
    pub fn mentions(&self) -> impl Iterator<Item = Mention> + '_ {
        let mut end = 0;
        self.analysis.names.iter().filter_map(move |name| {
            let span = self
                .normalized
                .to_source(Span::new(name.range.start, name.range.end)?)?;
            let span = Span::new(span.start().max(end), span.end())?;
            end = span.end();
            Some(Mention {
                span,
                label: name.label,
                score: name.score,
            })
        })
    }
}

fn failed(stage: &str, kind: &str, message: String) -> Outcome {
    Outcome::Failed {
        error: Failure {
            stage: stage.to_owned(),
            kind: kind.to_owned(),
            message,
        },
    }
}

/// Sentences by sections. The cuts depend on the text alone, so results do not depend on the number of
/// threads.
fn sections(text: &str) -> Vec<Vec<Span<Source>>> {
    let mut sections: Vec<Vec<Span<Source>>> = Vec::new();
    let mut current: Vec<Span<Source>> = Vec::new();
    let mut bytes = 0;
    for Sentence { span, starts_block } in sentences(text) {
        // A section ends where a paragraph does, unless none ends for long.
        if bytes >= 2 * SECTION || (bytes >= SECTION && starts_block) {
            sections.push(std::mem::take(&mut current));
            bytes = 0;
        }
        bytes += span.end() - span.start();
        current.extend(parts(text, span, LONGEST_SENTENCE));
    }
    if !current.is_empty() {
        sections.push(current);
    }
    sections
}

/// A span as spans of at most `limit` bytes, cut after white space where there is some.
fn parts(text: &str, span: Span<Source>, limit: usize) -> impl Iterator<Item = Span<Source>> + '_ {
    let mut start = span.start();
    std::iter::from_fn(move || {
        let mut end = span.end();
        if end.saturating_sub(start) > limit {
            end = text.floor_char_boundary(start + limit);
            if let Some(space) = text[start..end]
                .rfind(char::is_whitespace)
                .filter(|&at| at > 0)
            {
                end = text.ceil_char_boundary(start + space + 1);
            }
        }
        let part = Span::new(start, end)?;
        start = end;
        Some(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_a_span_and_break_after_spaces() {
        let text = "un deux trois ééééééé";
        let span = Span::new(0, text.len()).unwrap();
        let cut: Vec<&str> = parts(text, span, 9).map(|part| part.slice(text)).collect();
        assert_eq!(cut, ["un deux ", "trois ", "éééé", "ééé"]);
        let whole: Vec<&str> = parts(text, span, 99).map(|part| part.slice(text)).collect();
        assert_eq!(whole, [text]);
    }

    #[test]
    fn sections_hold_every_sentence_in_order() {
        let text = "Une phrase assez courte. ".repeat(4000);
        let spans: Vec<Span<Source>> = sections(&text).concat();
        assert!(sections(&text).len() > 2);
        assert_eq!(spans.len(), 4000);
        assert!(
            spans
                .windows(2)
                .all(|pair| pair[0].end() <= pair[1].start())
        );
    }
}

//! One document's way through all stages.

use std::panic::{AssertUnwindSafe, catch_unwind};

use nommer_core::entity::Mention;
use nommer_core::label::Label;
use nommer_core::offset::OffsetUnit;
use nommer_core::record::{
    self, Coverage, Failure, ModelInfo, Outcome, Record, SCHEMA, SourceInfo,
};
use nommer_core::span::{Source, Span};
use nommer_core::text::decode::{Decoded, decode};
use nommer_core::text::normalize::{NormalizedText, normalize};
use nommer_core::text::segment::{Sentence, sentences};
use nommer_model::manifest::sha256;
use nommer_model::model::{Model, RecognizeError, SentenceAnalysis};
use rayon::prelude::*;

use crate::read::{Content, RawDocument};

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
}

/// Whether records hold their document's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextField {
    /// They do.
    Included,
    /// They do not.
    LeftOut,
}

/// A loaded model and settings, shared by all threads.
pub struct Pipeline {
    model: Model,
    info: ModelInfo,
    settings: Settings,
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
    /// A pipeline that reads with `model` and writes by `settings`.
    pub fn new(model: Model, settings: Settings) -> Pipeline {
        let manifest = model.manifest();
        let info = ModelInfo {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            sha256: model.sha256().to_owned(),
        };
        Pipeline {
            model,
            info,
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
            self.outcome(content, &mut source, &mut words)
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
        meta: Option<nommer_core::meta::Meta>,
    ) -> Record {
        Record {
            schema: SCHEMA.to_owned(),
            id,
            source,
            outcome,
            model: self.info.clone(),
            meta,
        }
    }

    /// The picture of ARCHITECTURE.md, in code.
    fn outcome(&self, content: Content, source: &mut SourceInfo, words: &mut u64) -> Outcome {
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
        match self.mentions(&text) {
            Ok((mentions, coverage)) => Outcome::Annotated {
                offset_unit: self.settings.offsets,
                spans: record::entities(&text, &mentions, self.settings.offsets),
                coverage,
                text: (self.settings.text == TextField::Included).then_some(text),
            },
            Err(error) => failed("annotate", "model", error.to_string()),
        }
    }

    /// Finds the mentions of a text, in order and disjoint. Sections are read in parallel.
    ///
    /// # Errors
    /// When the tokenizer or the network fails.
    pub fn mentions(&self, text: &str) -> Result<(Vec<Mention>, Coverage), RecognizeError> {
        let sections = sections(text);
        let read: Vec<Result<(Vec<Mention>, Coverage), RecognizeError>> = sections
            .par_iter()
            .map(|section| {
                let mut mentions = Vec::new();
                let mut coverage = Coverage::default();
                for sentence in self.read_section(text, section)? {
                    coverage.tokens += sentence.analysis.pieces.ids.len() as u64;
                    coverage.seen += sentence.analysis.logits.nrows() as u64;
                    mentions.extend(sentence.mentions());
                }
                mentions.retain(|mention| self.wanted(mention));
                Ok((mentions, coverage))
            })
            .collect();
        let mut all = Vec::new();
        let mut coverage = Coverage::default();
        for section in read {
            // Of several errors the first in the text, whichever came first.
            let (mentions, section) = section?;
            all.extend(mentions);
            coverage.tokens += section.tokens;
            coverage.seen += section.seen;
        }
        Ok((all, coverage))
    }

    /// Everything the stages make of a text, sentence by sentence, for people to look at.
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
    /// The names found in the sentence, where they stand in the source.
    pub fn mentions(&self) -> impl Iterator<Item = Mention> + '_ {
        self.analysis.names.iter().filter_map(|name| {
            let span = self
                .normalized
                .to_source(Span::new(name.range.start, name.range.end)?)?;
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

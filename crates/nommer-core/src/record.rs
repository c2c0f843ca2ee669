//! The JSONL record: one JSON object per document, the contract with every tool downstream.
//!
//! The shape is the one Prodigy and spaCy's tools read: `text` and `spans` with `start`, `end` and `label` in
//! code points, and `meta` for what the document brought along. `tests/record.schema.json` describes it.

use serde::{Deserialize, Serialize, Serializer};

use crate::entity::Mention;
use crate::label::Label;
use crate::meta::Meta;
use crate::offset::{OffsetCursor, OffsetUnit};

/// The version of the record's shape; a breaking change counts it up.
pub const SCHEMA: &str = "nommer/1";

/// Everything known about one document after a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`SCHEMA`].
    pub schema: String,
    /// The document's name within its run: its path below the input folder with `/`, or what its input calls
    /// it.
    pub id: String,
    /// Where the document came from.
    pub source: SourceInfo,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The model that read it.
    pub model: ModelInfo,
    /// Other fields of a JSONL input, untouched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<Meta>,
}

/// The provenance of a document's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceInfo {
    /// The file, as the user named it, with `/`.
    pub path: String,
    /// The line of a JSONL input, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// SHA-256 of the document's bytes after decompression and before decoding; of its `text` in UTF-8 when it
    /// came from JSONL. Absent when it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// How many bytes that were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The encoding the bytes were decoded from, by its IANA name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// How many invalid byte sequences became U+FFFD; absent when none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced: Option<usize>,
}

impl SourceInfo {
    /// A document of which nothing is known but its place.
    pub fn at(path: String, line: Option<u64>) -> SourceInfo {
        SourceInfo {
            path,
            line,
            sha256: None,
            bytes: None,
            encoding: None,
            replaced: None,
        }
    }
}

/// An annotated document, or why it was not annotated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Outcome {
    /// The document was read to its end.
    Annotated {
        /// The text the offsets index; absent on request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// What the offsets count.
        offset_unit: OffsetUnit,
        /// The entities, in text order, disjoint.
        spans: Vec<Entity>,
        /// How much of the document the model saw.
        coverage: Coverage,
    },
    /// The document could not be annotated; the run went on.
    Failed {
        /// What went wrong.
        error: Failure,
    },
}

/// A named entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// First position, in the record's offset unit.
    pub start: usize,
    /// One past the last position.
    pub end: usize,
    /// What it names.
    pub label: Label,
    /// The document's text from `start` to `end`.
    pub text: String,
    /// How sure the model is, in 0..=1; written with four decimals.
    #[serde(serialize_with = "four_decimals")]
    pub score: f32,
}

/// Tokens the model scored, out of all tokens of the document. Less than all is a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// Subword tokens in the document.
    pub tokens: u64,
    /// Subword tokens that the model scored.
    pub seen: u64,
}

/// The model's identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its manifest, which holds the hash of every other file.
    pub sha256: String,
}

/// Why a document has no annotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The stage that failed: `read`, `decode`, `annotate`.
    pub stage: String,
    /// The kind of failure, a stable name to count by.
    pub kind: String,
    /// What happened, where, and what to try.
    pub message: String,
}

/// Writes mentions as entities: offsets in `unit`, each with its text.
pub fn entities(text: &str, mentions: &[Mention], unit: OffsetUnit) -> Vec<Entity> {
    let mut cursor = OffsetCursor::new(text, unit);
    mentions
        .iter()
        .map(|mention| Entity {
            start: cursor.convert(mention.span.start()),
            end: cursor.convert(mention.span.end()),
            label: mention.label,
            text: mention.span.slice(text).to_owned(),
            score: mention.score,
        })
        .collect()
}

/// Four decimals are all a score is good for, and keep records small.
fn four_decimals<S: Serializer>(score: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((f64::from(*score) * 1e4).round() / 1e4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    #[test]
    fn a_record_reads_back() {
        let text = "à l'Élysée, Zoé";
        let span = |name: &str| {
            Span::new(
                text.find(name).unwrap(),
                text.find(name).unwrap() + name.len(),
            )
            .unwrap()
        };
        let mentions = [
            Mention {
                span: span("Élysée"),
                label: Label::Loc,
                score: 0.987_654_3,
            },
            Mention {
                span: span("Zoé"),
                label: Label::Per,
                score: 1.0,
            },
        ];
        let record = Record {
            schema: SCHEMA.to_owned(),
            id: "a.txt".to_owned(),
            source: SourceInfo {
                path: "a.txt".to_owned(),
                line: None,
                sha256: None,
                bytes: Some(18),
                encoding: Some("UTF-8".to_owned()),
                replaced: None,
            },
            outcome: Outcome::Annotated {
                text: Some(text.to_owned()),
                offset_unit: OffsetUnit::Codepoint,
                spans: entities(text, &mentions, OffsetUnit::Codepoint),
                coverage: Coverage { tokens: 7, seen: 7 },
            },
            model: ModelInfo {
                name: "m".to_owned(),
                version: "1".to_owned(),
                sha256: "0".to_owned(),
            },
            meta: None,
        };
        let line = serde_json::to_string(&record).unwrap();
        assert!(
            line.contains(
                r#""spans":[{"start":4,"end":10,"label":"LOC","text":"Élysée","score":0.9877}"#
            ),
            "{line}"
        );
        let mut back: Record = serde_json::from_str(&line).unwrap();
        let Outcome::Annotated { spans, .. } = &mut back.outcome else {
            panic!("{line}")
        };
        spans[0].score = 0.987_654_3;
        assert_eq!(back, record);
    }

    /// `outcome` is flattened, which makes serde keep what it does not know yet in a form of its own; `meta` must
    /// not take that way.
    #[test]
    fn meta_stays_as_it_was_written() {
        let meta = r#"{"n":12345678901234567890123,"x":[1e400, 1.10],"é":"\u00e9"}"#;
        for outcome in [
            r#""offset_unit":"byte","spans":[],"coverage":{"tokens":0,"seen":0}"#,
            r#""error":{"stage":"read","kind":"json","message":""}"#,
        ] {
            let fields = [
                r#""schema":"nommer/1","id":"a","source":{"path":"a"}"#,
                outcome,
                r#""model":{"name":"m","version":"1","sha256":"0"}"#,
            ]
            .join(",");
            let line = format!(r#"{{{fields},"meta":{meta}}}"#);
            let record: Record = serde_json::from_str(&line).unwrap();
            assert_eq!(serde_json::to_string(&record.meta).unwrap(), meta);
            assert_eq!(serde_json::to_string(&record).unwrap(), line);
            let first: Record =
                serde_json::from_str(&format!(r#"{{"meta":{meta},{fields}}}"#)).unwrap();
            assert_eq!(first, record);
        }
    }
}

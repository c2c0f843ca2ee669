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
    /// The gazetteers that its entities were looked up in, the one asked first at the front; absent without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gazetteers: Vec<GazetteerInfo>,
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
    /// The probability that span and label are right if the model is calibrated, else how sure the model is; in 0..=1, written
    /// with four decimals.
    #[serde(serialize_with = "four_decimals")]
    pub score: f32,
    /// Who found it. Absent without a gazetteer, as is all that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Origin>,
    /// How the gazetteer changed what the model found; absent where it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kb: Option<Kb>,
}

/// Who found an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The model, and so it stands.
    Model,
    /// The gazetteer alone.
    Gazetteer,
    /// The model, corrected by the gazetteer.
    Both,
}

/// How the gazetteer changed what the model found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The rule: `extended`, `relabelled`, `added`.
    pub rule: String,
    /// What the model had found there.
    pub was: Vec<Was>,
}

/// What the model had found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Was {
    /// First position, in the record's offset unit.
    pub start: usize,
    /// One past the last position.
    pub end: usize,
    /// What it took it for.
    pub label: Label,
}

/// What became of looking a mention up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LinkOutcome {
    /// It means one entry.
    Linked,
    /// It means one of several entries.
    Ambiguous,
    /// The gazetteer does not have it.
    Nil,
}

/// What a mention means, by the gazetteer. What does not apply is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kb {
    /// Whether it means an entry.
    pub outcome: LinkOutcome,
    /// The identifier of the entry, with its authority: `iso3166-1:KZ`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The entry's canonical name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who gave the identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// What sort of thing it is: `country`, `company` …
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The name of the entry that the mention matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// How: `exact`, `acronym`, `article`, `part`, `beginning`, `sound`, `near`, `misread`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// The sum of all that speaks for the entry; comparable between candidates of one mention. Four decimals.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "optional_decimals"
    )]
    pub score: Option<f32>,
    /// The next best entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runner_up: Option<String>,
    /// By how much its score is less.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "optional_decimals"
    )]
    pub margin: Option<f32>,
    /// ISO 3166-1 alpha-2 code of the country it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Degrees north.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "optional_decimals"
    )]
    pub lat: Option<f32>,
    /// Degrees east.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        serialize_with = "optional_decimals"
    )]
    pub lon: Option<f32>,
    /// The entries that an ambiguous mention may mean, the likeliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<String>,
    /// What all mentions of the document share that name the same thing, which the gazetteer does not have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_id: Option<String>,
}

impl Kb {
    /// An outcome, and nothing else known.
    #[must_use]
    pub fn of(outcome: LinkOutcome) -> Kb {
        Kb {
            outcome,
            id: None,
            name: None,
            authority: None,
            kind: None,
            alias: None,
            tier: None,
            score: None,
            runner_up: None,
            margin: None,
            country: None,
            lat: None,
            lon: None,
            candidates: Vec::new(),
            local_id: None,
        }
    }
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

/// A gazetteer's identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GazetteerInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its content.
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
            source: None,
            change: None,
            kb: None,
        })
        .collect()
}

/// Four decimals are all a score is good for, and keep records small.
fn four_decimals<S: Serializer>(score: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((f64::from(*score) * 1e4).round() / 1e4)
}

fn optional_decimals<S: Serializer>(value: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => four_decimals(value, serializer),
        None => serializer.serialize_none(),
    }
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
            gazetteers: Vec::new(),
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

//! What the labels of other people's models stand for.
//!
//! A checkpoint names its scores in `id2label`: in IO (`PER`, or `I-PER` alone), IOB1, IOB2, BIOES or BILOU, with
//! labels of its own, or with no names at all (`LABEL_0`). [`read`] says for each what it stands for here.

use std::fmt;
use std::str::FromStr;

use nommer_core::label::Label;
use serde::{Deserialize, Serialize};

use crate::tags::{Opening, Tag, TagSet};

/// The names that need no explanation. What others hold (`GPE`, `FAC`, `MISC`) differs by model: they are left out
/// unless a mapping says more.
const KNOWN: &[(&str, Label)] = &[
    ("per", Label::Per),
    ("pers", Label::Per),
    ("person", Label::Per),
    ("personne", Label::Per),
    ("org", Label::Org),
    ("organization", Label::Org),
    ("organisation", Label::Org),
    ("loc", Label::Loc),
    ("location", Label::Loc),
    ("lieu", Label::Loc),
    ("place", Label::Loc),
];

/// What a label of a model, or one of its tags, stands for: `GPE=LOC`, `MISC=-`, `LABEL_3=B-PER`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LabelMapping {
    name: String,
    meaning: Meaning,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// A label, whose tag is told by the name's prefix.
    Label(Label),
    /// A tag.
    Tag(Tag),
}

/// A text that maps nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} maps no label; write NAME=PER, NAME=ORG, NAME=LOC, or NAME=- to leave it out; for a model without names \
     of labels LABEL_1=B-PER, LABEL_2=I-PER …"
)]
pub struct NoMapping(String);

impl FromStr for LabelMapping {
    type Err = NoMapping;

    fn from_str(text: &str) -> Result<LabelMapping, NoMapping> {
        let wrong = || NoMapping(text.to_owned());
        let (name, meaning) = text.rsplit_once('=').ok_or_else(wrong)?;
        let meaning = match meaning {
            "-" | "O" => Meaning::Tag(Tag::Outside),
            meaning => match meaning.parse() {
                Ok(label) => Meaning::Label(label),
                Err(_) => {
                    let (prefix, label) = split(meaning).ok_or_else(wrong)?;
                    Meaning::Tag(prefix.tag(label.parse().map_err(|_| wrong())?))
                }
            },
        };
        if name.is_empty() {
            return Err(wrong());
        }
        Ok(LabelMapping {
            name: name.to_owned(),
            meaning,
        })
    }
}

impl TryFrom<String> for LabelMapping {
    type Error = NoMapping;

    fn try_from(text: String) -> Result<LabelMapping, NoMapping> {
        text.parse()
    }
}

impl From<LabelMapping> for String {
    fn from(mapping: LabelMapping) -> String {
        mapping.to_string()
    }
}

impl fmt::Display for LabelMapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.meaning {
            Meaning::Label(label) => write!(f, "{}={label}", self.name),
            Meaning::Tag(Tag::Outside) => write!(f, "{}=-", self.name),
            Meaning::Tag(tag) => write!(f, "{}={tag}", self.name),
        }
    }
}

/// Why a model's labels cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// None of them is known.
    #[error(
        "none of the model's labels is known to be a person, an organisation or a place: {0}; say what they stand \
         for with --label-map"
    )]
    NothingKnown(String),
    /// Nothing stands for words outside names.
    #[error(
        "the model has no label for words outside names: {0}; say which it is with --label-map NAME=-"
    )]
    NoOutside(String),
    /// A mapping of a label the model does not have.
    #[error("--label-map {mapping}: the model has no such label; it has {labels}")]
    NoSuchLabel {
        /// The mapping.
        mapping: String,
        /// The model's labels.
        labels: String,
    },
}

/// What each of a model's labels stands for.
///
/// # Errors
/// When none of them stands for anything we look for, or a mapping fits none.
pub fn read(names: &[String], mappings: &[LabelMapping]) -> Result<TagSet, LabelError> {
    let listed = || names.join(" ");
    for mapping in mappings {
        if !names
            .iter()
            .any(|name| mapping.is_of(name) || mapping.is_of(entity(name)))
        {
            return Err(LabelError::NoSuchLabel {
                mapping: mapping.to_string(),
                labels: listed(),
            });
        }
    }
    let tags: Vec<Tag> = names.iter().map(|name| meaning(name, mappings)).collect();
    let outside = |(name, tag): (&String, &Tag)| {
        *tag == Tag::Outside
            && (is_outside(name) || mappings.iter().any(|mapping| mapping.is_of(name)))
    };
    if tags.iter().all(|tag| *tag == Tag::Outside) {
        return Err(LabelError::NothingKnown(listed()));
    }
    if !names.iter().zip(&tags).any(outside) {
        return Err(LabelError::NoOutside(listed()));
    }
    Ok(TagSet::of(tags, Opening::WhereLabelChanges))
}

/// The labels, without prefixes, that are left out because nobody said what they stand for.
pub fn unexplained<'a>(names: &'a [String], mappings: &[LabelMapping]) -> Vec<&'a str> {
    let mut left_out: Vec<&str> = Vec::new();
    for name in names {
        let label = entity(name);
        let said = |mapping: &LabelMapping| mapping.is_of(name) || mapping.is_of(label);
        let explained = is_outside(name) || mappings.iter().any(said);
        let known = meaning(name, mappings) != Tag::Outside;
        let told = left_out.iter().any(|told| told.eq_ignore_ascii_case(label));
        if !explained && !known && !told {
            left_out.push(label);
        }
    }
    left_out
}

/// What one label stands for. A mapping of the whole name comes before one of its label, and that before what is
/// known.
fn meaning(name: &str, mappings: &[LabelMapping]) -> Tag {
    let (prefix, label) = split(name).unwrap_or((Prefix::Inside, name));
    let mapped = |wanted: &str| mappings.iter().rev().find(|mapping| mapping.is_of(wanted));
    match mapped(name).or_else(|| mapped(label)) {
        Some(LabelMapping {
            meaning: Meaning::Tag(tag),
            ..
        }) => *tag,
        Some(LabelMapping {
            meaning: Meaning::Label(label),
            ..
        }) => prefix.tag(*label),
        None => KNOWN
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(label))
            .map_or(Tag::Outside, |(_, label)| prefix.tag(*label)),
    }
}

impl LabelMapping {
    fn is_of(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
}

/// Where in a name a tag stands, whatever letter the scheme has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Begin,
    Inside,
}

impl Prefix {
    fn tag(self, label: Label) -> Tag {
        match self {
            Prefix::Begin => Tag::Begin(label),
            Prefix::Inside => Tag::Inside(label),
        }
    }
}

/// `B-PER` as its two parts, in any case. A name of one word begins as much as it ends (`S`, `U`).
fn split(name: &str) -> Option<(Prefix, &str)> {
    let (prefix, label) = name.split_once(['-', '_'])?;
    let prefix = match prefix {
        "B" | "S" | "U" | "b" | "s" | "u" => Prefix::Begin,
        "I" | "E" | "L" | "M" | "i" | "e" | "l" | "m" => Prefix::Inside,
        _ => return None,
    };
    Some((prefix, label))
}

/// The label of a tag.
fn entity(name: &str) -> &str {
    split(name).map_or(name, |(_, label)| label)
}

fn is_outside(name: &str) -> bool {
    ["O", "OUT", "OUTSIDE"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads labels, and shows what they stand for.
    fn check(labels: &str, mappings: &[&str], expected: &str) {
        let names: Vec<String> = labels.split(' ').map(str::to_owned).collect();
        let mappings: Vec<LabelMapping> =
            mappings.iter().map(|text| text.parse().unwrap()).collect();
        let shown = match read(&names, &mappings) {
            Ok(tags) => tags
                .tags()
                .iter()
                .map(Tag::to_string)
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.to_string(),
        };
        assert!(shown.starts_with(expected), "{shown}");
    }

    #[test]
    fn schemes_are_read() {
        check("O I-PER I-LOC I-ORG I-MISC", &[], "O I-PER I-LOC I-ORG O");
        check("O PER LOC", &[], "O I-PER I-LOC");
        check("B-PER I-PER O B-LIEU", &[], "B-PER I-PER O B-LOC");
        check(
            "O B-ORG I-ORG E-ORG S-ORG",
            &[],
            "O B-ORG I-ORG I-ORG B-ORG",
        );
        check(
            "O B-ORG I-ORG L-ORG U-ORG",
            &[],
            "O B-ORG I-ORG I-ORG B-ORG",
        );
        check("O B_person I_person", &[], "O B-PER I-PER");
        check(
            "o b-per i-per e-PER s-Lieu B-place",
            &[],
            "O B-PER I-PER I-PER B-LOC B-LOC",
        );
    }

    #[test]
    fn mappings_say_more() {
        check("O B-GPE I-GPE B-MISC", &["gpe=LOC"], "O B-LOC I-LOC O");
        check(
            "O B-GPE I-GPE PER",
            &["GPE=LOC", "B-GPE=-"],
            "O O I-LOC I-PER",
        );
        check(
            "LABEL_0 LABEL_1 LABEL_2",
            &["LABEL_0=O", "LABEL_1=B-PER", "LABEL_2=PER"],
            "O B-PER I-PER",
        );
    }

    #[test]
    fn labels_that_nobody_explained_are_told() {
        let names = ["O", "B-PER", "b-misc", "I-MISC", "B-GPE", "LABEL_7", "X"].map(str::to_owned);
        let left_out = |mappings: &[&str]| {
            let mappings: Vec<LabelMapping> =
                mappings.iter().map(|text| text.parse().unwrap()).collect();
            unexplained(&names, &mappings).join(" ")
        };
        assert_eq!(left_out(&[]), "misc GPE LABEL_7 X");
        assert_eq!(left_out(&["misc=-", "GPE=LOC", "X=O"]), "LABEL_7");
    }

    #[test]
    fn labels_that_say_nothing_are_refused() {
        check(
            "LABEL_0 LABEL_1",
            &[],
            "none of the model's labels is known",
        );
        check(
            "O B-GENE I-GENE",
            &[],
            "none of the model's labels is known",
        );
        check(
            "LABEL_0 LABEL_1",
            &["LABEL_1=PER"],
            "the model has no label for words outside",
        );
        check(
            "O PER",
            &["GPE=LOC"],
            "--label-map GPE=LOC: the model has no such label; it has O PER",
        );
        for text in ["", "GPE", "=LOC", "GPE=PLACE", "GPE=", "GPE=X-PER"] {
            assert!(text.parse::<LabelMapping>().is_err(), "{text}");
        }
        for text in ["GPE=LOC", "MISC=-", "LABEL_1=B-PER"] {
            assert_eq!(text.parse::<LabelMapping>().unwrap().to_string(), text);
        }
    }
}

//! Documents with annotations, as any format gives them, and what is wrong with them.

use std::collections::BTreeMap;
use std::fmt;

use nommer_core::offset::OffsetUnit;

/// The documents of a file or folder, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct Corpus {
    /// The documents.
    pub documents: Vec<Document>,
    /// How they were read, for people: the format, and what of it was found out.
    pub format: String,
    /// Documents that say of themselves that they do not count (Prodigy's `"answer": "reject"` and `"ignore"`).
    pub rejected: usize,
}

/// A document and its annotations, before anything is checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What gold and predictions are aligned by.
    pub id: String,
    /// Where it was read.
    pub place: Place,
    /// Its text; predictions may come without.
    pub text: Option<String>,
    /// What the positions of its spans count.
    pub unit: OffsetUnit,
    /// Its annotations, in the order they were read.
    pub spans: Vec<Annotation>,
    /// Why there are no annotations, where a tool says so.
    pub failed: Option<String>,
    /// Fields to slice by, each with its values: one, or those of a list.
    pub meta: BTreeMap<String, Vec<String>>,
}

/// One annotation, before its positions and its label are checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// First position, in the document's unit.
    pub start: usize,
    /// One past the last position.
    pub end: usize,
    /// The label as written.
    pub label: String,
    /// The text it claims to cover, where the format repeats it.
    pub text: Option<String>,
    /// How sure the tool is.
    pub score: Option<f64>,
    /// What it was linked to; `None` when nothing is said about links.
    pub link: Option<Link>,
    /// The line it was read from, where that is not the document's.
    pub line: Option<u64>,
}

/// What a mention was linked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The answer.
    pub target: Target,
    /// The tier of the gazetteer that gave it.
    pub tier: Option<String>,
}

/// The answer to "who or what is it?".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The entry of this identifier.
    Linked(String),
    /// Several entries fit and none was chosen.
    Ambiguous,
    /// No entry.
    Nil,
}

/// A file, and a line in it counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as the user named it or below the folder the user named.
    pub file: String,
    /// The line; `None` for the whole file.
    pub line: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}

/// Something wrong with the input. It was repaired as its kind says; whether that is good enough is for the
/// caller to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it is.
    pub place: Place,
    /// The document, where one is known.
    pub document: Option<String>,
    /// What sort of thing it is.
    pub kind: ProblemKind,
    /// What was found.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if let Some(document) = &self.document {
            write!(f, "document {document:?}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// The sorts of problems, each with its repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A line or file that is not in the format.
    Syntax,
    /// A second document of one identifier.
    DuplicateId,
    /// Gold and prediction do not have the same text.
    TextDiffers,
    /// A gold document without the text its spans are checked against.
    NoText,
    /// A gold document that has an error instead of annotations.
    FailedGold,
    /// A span that is empty, inverted, or outside its document's text.
    Offset,
    /// A span whose repeated text is not what stands at its place.
    SpanText,
    /// Spans that share characters.
    Overlap,
    /// A label that is none of ours, nor mapped to one.
    Label,
    /// A column that is no tag.
    Tag,
    /// A tag that cannot follow the one before it.
    Sequence,
    /// A span in several pieces.
    Discontinuous,
    /// A score that is not between 0 and 1.
    Score,
}

impl ProblemKind {
    /// What it is called where problems are counted, and what was done.
    #[must_use]
    pub const fn repair(self) -> (&'static str, &'static str) {
        match self {
            ProblemKind::Syntax => ("unreadable lines", "left out"),
            ProblemKind::DuplicateId => ("repeated ids", "the first document kept"),
            ProblemKind::TextDiffers => ("texts that differ", "the prediction counted as failed"),
            ProblemKind::NoText => ("gold documents without text", "left out"),
            ProblemKind::FailedGold => ("gold documents with an error", "left out"),
            ProblemKind::Offset => ("spans outside the text", "left out"),
            ProblemKind::SpanText => ("spans whose text differs", "kept where they stand"),
            ProblemKind::Overlap => ("overlapping spans", "the longest kept, of equals the first"),
            ProblemKind::Label => ("unknown labels", "left out"),
            ProblemKind::Tag => ("unknown tags", "read as O"),
            ProblemKind::Sequence => ("illegal tag sequences", "read as conlleval does"),
            ProblemKind::Discontinuous => ("spans in pieces", "read from first to last"),
            ProblemKind::Score => ("scores outside 0 to 1", "left out"),
        }
    }
}

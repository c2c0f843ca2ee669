//! Mentions: what the model found, where, and how sure it is.

use crate::label::Label;
use crate::span::{Source, Span};

/// A name found in the source text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mention {
    /// Where it stands.
    pub span: Span<Source>,
    /// What it names.
    pub label: Label,
    /// The probability that it is right if the model is calibrated, else how sure the model is; in 0..=1.
    pub score: f32,
}

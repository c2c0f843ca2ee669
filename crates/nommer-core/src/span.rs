//! Half-open byte ranges that know which text they index.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// The text of the document as decoded, never changed afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {}

/// The text the model reads: one sentence of the source, normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalized {}

/// A half-open, non-empty range of bytes in the text `T`.
///
/// The marker makes it a type error to slice the source with a span of the normalised text.
///
/// ```
/// use nommer_core::span::{Source, Span};
/// let span = Span::<Source>::new(3, 9).unwrap();
/// assert_eq!(span.slice("la France"), "France");
/// assert!(Span::<Source>::new(3, 3).is_none());
/// ```
pub struct Span<T> {
    // Invariant: start < end. Guarded by `Span::new`.
    start: usize,
    end: usize,
    text: PhantomData<fn() -> T>,
}

impl<T> Span<T> {
    /// The span of bytes `start..end`, or `None` when that is empty or inverted.
    pub const fn new(start: usize, end: usize) -> Option<Self> {
        if start < end {
            Some(Span {
                start,
                end,
                text: PhantomData,
            })
        } else {
            None
        }
    }

    /// First byte.
    pub const fn start(self) -> usize {
        self.start
    }

    /// One past the last byte.
    pub const fn end(self) -> usize {
        self.end
    }

    /// The bytes of `text` this span covers.
    ///
    /// # Panics
    /// When the span does not lie on character boundaries of `text`, that is, when `text` is not the text
    /// the span was made for.
    pub fn slice(self, text: &str) -> &str {
        &text[self.start..self.end]
    }

    /// Whether the two spans share a byte.
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

// Derives would ask `T: Clone` and so on, though no `T` is held.
impl<T> Clone for Span<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Span<T> {}
impl<T> PartialEq for Span<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.start, self.end) == (other.start, other.end)
    }
}
impl<T> Eq for Span<T> {}
impl<T> PartialOrd for Span<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for Span<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.start, self.end).cmp(&(other.start, other.end))
    }
}
impl<T> Hash for Span<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.start, self.end).hash(state);
    }
}
impl<T> fmt::Debug for Span<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

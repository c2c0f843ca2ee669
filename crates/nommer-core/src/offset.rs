//! Byte offsets inside, other units at the edge.

use serde::{Deserialize, Serialize};

/// The unit in which a record counts positions in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OffsetUnit {
    /// Unicode code points, as Python, spaCy, Prodigy and brat count.
    #[default]
    Codepoint,
    /// Bytes of UTF-8, as Rust and Go count.
    Byte,
    /// UTF-16 code units, as JavaScript, Java, doccano and Label Studio count.
    Utf16,
}

/// Converts byte offsets of one text into another unit, walking forward only: converting all spans of a
/// document in order costs one pass over its text.
///
/// ```
/// use nommer_core::offset::{OffsetCursor, OffsetUnit};
/// let mut cursor = OffsetCursor::new("Zoé 🚀 Paris", OffsetUnit::Utf16);
/// assert_eq!(cursor.convert(10), 7);
/// ```
#[derive(Debug)]
pub struct OffsetCursor<'a> {
    text: &'a str,
    unit: OffsetUnit,
    byte: usize,
    converted: usize,
}

impl<'a> OffsetCursor<'a> {
    /// A cursor at the start of `text`.
    pub fn new(text: &'a str, unit: OffsetUnit) -> Self {
        OffsetCursor {
            text,
            unit,
            byte: 0,
            converted: 0,
        }
    }

    /// The position of byte `byte` in the cursor's unit. Going back restarts from the beginning.
    ///
    /// # Panics
    /// When `byte` is not a character boundary of the text.
    pub fn convert(&mut self, byte: usize) -> usize {
        if byte < self.byte {
            (self.byte, self.converted) = (0, 0);
        }
        let passed = &self.text[self.byte..byte];
        self.converted += match self.unit {
            OffsetUnit::Codepoint => passed.chars().count(),
            OffsetUnit::Byte => passed.len(),
            OffsetUnit::Utf16 => passed.chars().map(char::len_utf16).sum(),
        };
        self.byte = byte;
        self.converted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_converted_span_slices_to_the_same_text(text in "(é|a|🚀|\u{301}|\n|文){0,40}", cut in any::<(u8, u8)>()) {
            let bounds: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
            let (a, b) = (bounds[cut.0 as usize % bounds.len()], bounds[cut.1 as usize % bounds.len()]);
            let (start, end) = (a.min(b), a.max(b));
            let both = |unit| {
                let mut cursor = OffsetCursor::new(&text, unit);
                (cursor.convert(start), cursor.convert(end))
            };
            let (s, e) = both(OffsetUnit::Codepoint);
            prop_assert_eq!(text.chars().skip(s).take(e - s).collect::<String>(), &text[start..end]);
            let (s, e) = both(OffsetUnit::Utf16);
            let utf16: Vec<u16> = text.encode_utf16().collect();
            prop_assert_eq!(String::from_utf16(&utf16[s..e]).unwrap(), &text[start..end]);
            prop_assert_eq!(both(OffsetUnit::Byte), (start, end));
        }
    }

    #[test]
    fn going_back_is_slow_but_right() {
        let mut cursor = OffsetCursor::new("ééé", OffsetUnit::Codepoint);
        assert_eq!((cursor.convert(6), cursor.convert(2)), (3, 1));
    }
}

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

    /// The position of byte `byte` in the cursor's unit. Takes the time of the distance from the position before.
    ///
    /// # Panics
    /// When `byte` is not a character boundary of the text.
    pub fn convert(&mut self, byte: usize) -> usize {
        let passed = &self.text[self.byte.min(byte)..self.byte.max(byte)];
        let units = match self.unit {
            OffsetUnit::Codepoint => passed.chars().count(),
            OffsetUnit::Byte => passed.len(),
            OffsetUnit::Utf16 => passed.chars().map(char::len_utf16).sum(),
        };
        if byte < self.byte {
            self.converted -= units;
        } else {
            self.converted += units;
        }
        self.byte = byte;
        self.converted
    }
}

/// Leads positions in some unit back to bytes of one text.
///
/// ```
/// use nommer_core::offset::{ByteOffsets, OffsetUnit};
/// let bytes = ByteOffsets::new("Zoé 🚀 Paris", OffsetUnit::Utf16);
/// assert_eq!(bytes.get(7), Some(10));
/// assert_eq!(bytes.get(5), None, "inside the rocket");
/// assert_eq!(bytes.get(99), None, "outside the text");
/// ```
#[derive(Debug)]
pub struct ByteOffsets<'a> {
    text: &'a str,
    /// The byte of every position, or `None` inside a character; absent where positions are bytes.
    bytes: Option<Vec<Option<usize>>>,
}

impl<'a> ByteOffsets<'a> {
    /// Reads `text` once, unless its positions are bytes.
    pub fn new(text: &'a str, unit: OffsetUnit) -> Self {
        if unit == OffsetUnit::Byte || text.is_ascii() {
            return ByteOffsets { text, bytes: None };
        }
        let mut bytes = Vec::with_capacity(text.len());
        for (byte, c) in text.char_indices() {
            bytes.push(Some(byte));
            if unit == OffsetUnit::Utf16 && c.len_utf16() == 2 {
                bytes.push(None);
            }
        }
        bytes.push(Some(text.len()));
        ByteOffsets {
            text,
            bytes: Some(bytes),
        }
    }

    /// The byte at `position`, or `None` when that is outside the text or inside a character.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<usize> {
        match &self.bytes {
            Some(bytes) => bytes.get(position).copied().flatten(),
            None => self.text.is_char_boundary(position).then_some(position),
        }
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

        #[test]
        fn positions_lead_back_to_their_bytes(text in "(é|a|🚀|\u{301}|\n|文){0,40}") {
            for unit in [OffsetUnit::Codepoint, OffsetUnit::Byte, OffsetUnit::Utf16] {
                let (mut cursor, bytes) = (OffsetCursor::new(&text, unit), ByteOffsets::new(&text, unit));
                let mut valid = 0;
                for byte in (0..=text.len()).filter(|&byte| text.is_char_boundary(byte)) {
                    prop_assert_eq!(bytes.get(cursor.convert(byte)), Some(byte));
                    valid += 1;
                }
                prop_assert_eq!((0..2 * text.len() + 9).filter_map(|position| bytes.get(position)).count(), valid);
            }
        }
    }

    #[test]
    fn going_back_is_right() {
        let mut cursor = OffsetCursor::new("ééé", OffsetUnit::Codepoint);
        assert_eq!((cursor.convert(6), cursor.convert(2)), (3, 1));
    }
}

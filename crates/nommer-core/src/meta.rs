//! What a document brought along, kept as it was written.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// The entries of a JSON object, in order, each value as its JSON text.
///
/// Nothing is parsed into a number and rounded, so values come out byte for byte. The one exception is a line
/// end, which JSON allows between tokens only: it becomes a space.
#[derive(Debug, Clone, Default)]
// Names are distinct, or other readers could take another entry of two than we do. Values have no line end, or
// a record would not stay on its line.
pub struct Meta(Vec<(String, Box<RawValue>)>);

impl Meta {
    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The length of all names and values, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.texts()
            .map(|(name, value)| name.len() + value.len())
            .sum()
    }

    /// The value of an entry: a string, or anything else as JSON writes it.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        let (_, value) = self.texts().find(|(other, _)| *other == name)?;
        Some(serde_json::from_str(value).unwrap_or_else(|_| value.to_owned()))
    }

    fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.get()))
    }
}

/// Of entries of one name the last wins, in the place of the first.
impl FromIterator<(String, Box<RawValue>)> for Meta {
    fn from_iter<I: IntoIterator<Item = (String, Box<RawValue>)>>(given: I) -> Self {
        let mut entries: Vec<(String, Box<RawValue>)> = Vec::new();
        // A map, because the input decides how many names there are to compare.
        let mut places = BTreeMap::<String, usize>::new();
        for (name, value) in given {
            let value = on_one_line(value);
            match places.entry(name.clone()) {
                Entry::Occupied(place) => entries[*place.get()].1 = value,
                Entry::Vacant(place) => {
                    place.insert(entries.len());
                    entries.push((name, value));
                }
            }
        }
        Meta(entries)
    }
}

fn on_one_line(value: Box<RawValue>) -> Box<RawValue> {
    const LINE_ENDS: [char; 2] = ['\n', '\r'];
    if !value.get().contains(LINE_ENDS) {
        return value;
    }
    // Inside a string a line end is an escape, so those found are white space, and the text stays valid.
    RawValue::from_string(value.get().replace(LINE_ENDS, " ")).unwrap_or(value)
}

impl IntoIterator for Meta {
    type Item = (String, Box<RawValue>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// By name and JSON text, in order: `1.0` is not `1`.
impl PartialEq for Meta {
    fn eq(&self, other: &Self) -> bool {
        self.texts().eq(other.texts())
    }
}

impl Eq for Meta {}

impl Serialize for Meta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Meta;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Meta, A::Error> {
                std::iter::from_fn(|| map.next_entry().transpose()).collect()
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta(json: &str) -> Meta {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn values_come_out_byte_for_byte_in_order() {
        let json = r#"{"z":12345678901234567890123,"a":[1e400, -0.0,1.10],"é":"\u00e9\ud800 \/","o":{"b" :1,"a":2,"b":3}}"#;
        assert_eq!(serde_json::to_string(&meta(json)).unwrap(), json);
    }

    #[test]
    fn of_equal_names_the_last_wins() {
        let twice = meta(r#"{"a":1,"b":2,"\u0061":3,"a":4}"#);
        assert_eq!(serde_json::to_string(&twice).unwrap(), r#"{"a":4,"b":2}"#);
        assert_eq!(twice, meta(r#"{"a":4,"b":2}"#));
    }

    #[test]
    fn equality_is_that_of_the_text() {
        assert_ne!(meta(r#"{"a":1}"#), meta(r#"{"a":1.0}"#));
        assert_ne!(meta(r#"{"a":1}"#), meta(r#"{"b":1}"#));
        assert_ne!(meta(r#"{"a":1}"#), meta(r#"{"a":1,"b":2}"#));
    }

    #[test]
    fn line_ends_do_not_break_a_record() {
        let broken = meta("{\"a\":[1,\r\n\"\\n\"]}");
        let line = serde_json::to_string(&broken).unwrap();
        assert_eq!(line, r#"{"a":[1,  "\n"]}"#);
    }

    #[test]
    fn bytes_count_names_and_values() {
        assert_eq!(meta(r#"{"é":[1, 2],"b":""}"#).bytes(), 2 + 6 + 1 + 2);
        assert!(meta("{}").is_empty());
        assert!(!meta(r#"{"":null}"#).is_empty());
    }

    #[test]
    fn only_an_object_will_do() {
        for json in ["[]", "null", "1", r#""a""#, r#"{"a":1"#, r#"{"a":x}"#] {
            assert!(serde_json::from_str::<Meta>(json).is_err(), "{json}");
        }
    }
}

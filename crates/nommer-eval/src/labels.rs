//! Which labels of other tools are ours.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use nommer_core::label::Label;

/// Names of labels, in lower case, and what they stand for here: a label, or nothing that is evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelMap(BTreeMap<String, Option<Label>>);

/// The names that need no explanation. `GPE`, `FAC`, `MISC` and the like do: what they hold differs by tool.
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

impl Default for LabelMap {
    fn default() -> Self {
        let known = KNOWN.iter();
        LabelMap(
            known
                .map(|&(name, label)| (name.to_owned(), Some(label)))
                .collect(),
        )
    }
}

/// One entry of a map: `GPE=LOC`, or `MISC=-` for a label that is not evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    name: String,
    label: Option<Label>,
}

/// An entry that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} maps no label; write NAME=PER, NAME=ORG, NAME=LOC, or NAME=- to leave it out")]
pub struct NoMapping(String);

impl FromStr for Mapping {
    type Err = NoMapping;

    fn from_str(text: &str) -> Result<Mapping, NoMapping> {
        let wrong = || NoMapping(text.to_owned());
        let (name, label) = text.rsplit_once('=').ok_or_else(wrong)?;
        let label = match label {
            "-" => None,
            label => Some(label.parse().map_err(|_| wrong())?),
        };
        if name.is_empty() {
            return Err(wrong());
        }
        let name = name.to_lowercase();
        Ok(Mapping { name, label })
    }
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = self.label.map_or("-", Label::as_str);
        write!(f, "{}={label}", self.name)
    }
}

impl LabelMap {
    /// The known names, and `mappings` over them.
    #[must_use]
    pub fn with(mappings: &[Mapping]) -> LabelMap {
        let mut map = LabelMap::default();
        for mapping in mappings {
            map.0.insert(mapping.name.clone(), mapping.label);
        }
        map
    }

    /// What `name`, in any case, stands for: `Some(None)` for nothing that is evaluated, `None` for a name
    /// nobody explained.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Option<Label>> {
        self.0.get(&name.to_lowercase()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_or_mapped_in_any_case() {
        let map =
            LabelMap::with(&["GPE=LOC", "misc=-", "PERS=-"].map(|text| text.parse().unwrap()));
        let cases = [
            ("PER", Some(Some(Label::Per))),
            ("Person", Some(Some(Label::Per))),
            ("pers", Some(None)),
            ("gpe", Some(Some(Label::Loc))),
            ("MISC", Some(None)),
            ("time", None),
        ];
        for (name, expected) in cases {
            assert_eq!(map.get(name), expected, "{name}");
        }
    }

    #[test]
    fn mappings_that_say_nothing_are_refused() {
        for text in ["", "GPE", "=LOC", "GPE=PLACE", "GPE="] {
            let error = text.parse::<Mapping>().unwrap_err().to_string();
            assert!(error.contains("NAME=PER"), "{error}");
        }
    }
}

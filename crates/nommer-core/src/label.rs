//! What kind of thing a name stands for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The three kinds of entity, after the annotation guideline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Label {
    /// A human name, without title or function.
    Per,
    /// A named organisation.
    Org,
    /// A named place.
    Loc,
}

impl Label {
    /// All labels, in the order reports list them.
    pub const ALL: [Label; 3] = [Label::Per, Label::Org, Label::Loc];

    /// `PER`, `ORG` or `LOC`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Label::Per => "PER",
            Label::Org => "ORG",
            Label::Loc => "LOC",
        }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A label name that is none of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown label {0:?}; the labels are PER, ORG and LOC")]
pub struct UnknownLabel(String);

impl FromStr for Label {
    type Err = UnknownLabel;

    /// Reads a label in any case.
    fn from_str(name: &str) -> Result<Label, UnknownLabel> {
        Label::ALL
            .into_iter()
            .find(|label| label.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownLabel(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_read_back_in_any_case() {
        for label in Label::ALL {
            assert_eq!(label.to_string().to_lowercase().parse(), Ok(label));
            assert_eq!(
                serde_json::to_string(&label).unwrap(),
                format!("{:?}", label.as_str())
            );
        }
        assert!(
            "MISC"
                .parse::<Label>()
                .unwrap_err()
                .to_string()
                .contains("PER, ORG and LOC")
        );
    }
}

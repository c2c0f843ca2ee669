//! BIO tags: what the network scores for each token.

use nommer_core::label::Label;

/// One tag of the BIO scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    /// Outside every entity.
    Outside,
    /// First token of an entity.
    Begin(Label),
    /// Further token of an entity.
    Inside(Label),
}

impl Tag {
    /// The entity kind the tag belongs to.
    pub const fn label(self) -> Option<Label> {
        match self {
            Tag::Outside => None,
            Tag::Begin(label) | Tag::Inside(label) => Some(label),
        }
    }

    /// Whether `self` may stand right after `previous` (`None`: at the start of a sentence).
    pub fn may_follow(self, previous: Option<Tag>) -> bool {
        match self {
            Tag::Inside(label) => previous.and_then(Tag::label) == Some(label),
            Tag::Outside | Tag::Begin(_) => true,
        }
    }
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Tag::Outside => f.pad("O"),
            Tag::Begin(label) => f.pad(&format!("B-{label}")),
            Tag::Inside(label) => f.pad(&format!("I-{label}")),
        }
    }
}

/// The tags of a model, in the order of its scores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagSet {
    tags: Vec<Tag>,
    // Invariant: each label has both its columns in `tags`, and `Outside` is there.
    outside: usize,
    columns: [(usize, usize); Label::ALL.len()],
}

/// A tag list that is not BIO over PER, ORG and LOC.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// A name of no known tag.
    #[error("unknown tag {0:?}; a model needs O and B- and I- of PER, ORG and LOC")]
    Unknown(String),
    /// A tag that is not there, or is there twice.
    #[error("tag {0} must be there once; a model needs O and B- and I- of PER, ORG and LOC")]
    NotOnce(Tag),
}

impl TagSet {
    /// Reads tag names such as `B-PER`.
    ///
    /// # Errors
    /// When a name is unknown, missing or repeated.
    pub fn new<S: AsRef<str>>(names: &[S]) -> Result<TagSet, TagError> {
        let tags = names
            .iter()
            .map(|name| parse(name.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;
        let column = |wanted: Tag| {
            let mut found = tags.iter().enumerate().filter(|(_, tag)| **tag == wanted);
            match (found.next(), found.next()) {
                (Some((column, _)), None) => Ok(column),
                _ => Err(TagError::NotOnce(wanted)),
            }
        };
        let outside = column(Tag::Outside)?;
        let mut columns = [(0, 0); Label::ALL.len()];
        for (columns, label) in columns.iter_mut().zip(Label::ALL) {
            *columns = (column(Tag::Begin(label))?, column(Tag::Inside(label))?);
        }
        Ok(TagSet {
            tags,
            outside,
            columns,
        })
    }

    /// Number of tags.
    #[allow(clippy::len_without_is_empty)] // A tag set is never empty.
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// The column of `O`.
    pub fn outside(&self) -> usize {
        self.outside
    }

    /// The columns of `B-` and `I-` of each of [`Label::ALL`].
    pub fn columns(&self) -> [(usize, usize); Label::ALL.len()] {
        self.columns
    }
}

fn parse(name: &str) -> Result<Tag, TagError> {
    let unknown = || TagError::Unknown(name.to_owned());
    if name == "O" {
        return Ok(Tag::Outside);
    }
    let (prefix, label) = name.split_once('-').ok_or_else(unknown)?;
    let label = label.parse().map_err(|_| unknown())?;
    match prefix {
        "B" => Ok(Tag::Begin(label)),
        "I" => Ok(Tag::Inside(label)),
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_set_needs_every_tag_once() {
        let names = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"];
        let tags = TagSet::new(&names).unwrap();
        assert_eq!(
            (tags.outside(), tags.columns()),
            (0, [(1, 2), (5, 6), (3, 4)])
        );
        assert_eq!(
            TagSet::new(&names[..6]),
            Err(TagError::NotOnce(Tag::Inside(Label::Org)))
        );
        assert_eq!(
            TagSet::new(&["O", "O"]),
            Err(TagError::NotOnce(Tag::Outside))
        );
        assert_eq!(
            TagSet::new(&["O", "B-MISC"]),
            Err(TagError::Unknown("B-MISC".to_owned()))
        );
        assert_eq!(
            TagSet::new(&["LABEL_0"]),
            Err(TagError::Unknown("LABEL_0".to_owned()))
        );
    }
}

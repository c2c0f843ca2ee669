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

/// The tags of a model, in the order of its scores. Several scores may stand for one tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagSet {
    tags: Vec<Tag>,
    opening: Opening,
}

/// How a model tells where a name begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// A name begins at `B-`, always: the model was trained on IOB2, and its doubt that a name begins is evidence
    /// that there is none.
    AlwaysMarked,
    /// A name begins where the label changes, and at `B-` where it does not. Right for IO and IOB1, and for other
    /// schemes as well, so for any model of which no more is known.
    WhereLabelChanges,
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
    /// Reads tag names such as `B-PER`, of a model trained on IOB2.
    ///
    /// # Errors
    /// When a name is unknown, missing or repeated.
    pub fn new<S: AsRef<str>>(names: &[S]) -> Result<TagSet, TagError> {
        let tags = names
            .iter()
            .map(|name| parse(name.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;
        let of_labels = Label::ALL
            .into_iter()
            .flat_map(|label| [Tag::Begin(label), Tag::Inside(label)]);
        for wanted in [Tag::Outside].into_iter().chain(of_labels) {
            if tags.iter().filter(|tag| **tag == wanted).count() != 1 {
                return Err(TagError::NotOnce(wanted));
            }
        }
        Ok(TagSet::of(tags, Opening::AlwaysMarked))
    }

    /// What each score stands for, said by someone who knows.
    pub fn of(tags: Vec<Tag>, opening: Opening) -> TagSet {
        TagSet { tags, opening }
    }

    /// Number of scores.
    #[allow(clippy::len_without_is_empty)] // A network without scores is refused before.
    pub fn len(&self) -> usize {
        self.tags.len()
    }

    /// What each score stands for.
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// How the model tells where a name begins.
    pub fn opening(&self) -> Opening {
        self.opening
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
        let shown: Vec<String> = tags.tags().iter().map(Tag::to_string).collect();
        assert_eq!(
            (shown.as_slice(), tags.opening()),
            (&names.map(str::to_owned)[..], Opening::AlwaysMarked)
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

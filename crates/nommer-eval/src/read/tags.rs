//! Tags of tokens, and the entities they spell.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// The schemes by which tags spell entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagScheme {
    /// `I-` inside, and `B-` only for an entity right after another of its label.
    Iob1,
    /// `B-` begins, `I-` goes on.
    Iob2,
    /// `B-` begins, `I-` goes on, `E-` or `L-` ends; `S-` or `U-` is an entity of one token. Also called IOBES and
    /// BILOU.
    Bioes,
}

impl fmt::Display for TagScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            TagScheme::Iob1 => "IOB1",
            TagScheme::Iob2 => "IOB2",
            TagScheme::Bioes => "BIOES",
        })
    }
}

/// A name that no tag scheme has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown tag scheme {0:?}; the schemes are iob1, iob2 and bioes")]
pub struct UnknownTagScheme(String);

impl FromStr for TagScheme {
    type Err = UnknownTagScheme;

    /// Reads a name in any case.
    fn from_str(name: &str) -> Result<TagScheme, UnknownTagScheme> {
        match name.to_ascii_lowercase().as_str() {
            "iob1" => Ok(TagScheme::Iob1),
            "iob2" => Ok(TagScheme::Iob2),
            "bioes" | "iobes" | "bilou" => Ok(TagScheme::Bioes),
            _ => Err(UnknownTagScheme(name.to_owned())),
        }
    }
}

impl TagScheme {
    /// Whether `tag` may follow `before`; a sequence of tags lies between two [`Tag::Outside`].
    pub(super) fn allows(self, before: Tag<'_>, tag: Tag<'_>) -> bool {
        match (self, tag) {
            (TagScheme::Bioes, _) if before.open().is_some() => tag.continues(before),
            (TagScheme::Bioes, _) => !matches!(tag, Tag::Inside(_) | Tag::End(_)),
            (_, Tag::End(_) | Tag::Single(_)) => false,
            (TagScheme::Iob1, Tag::Begin(label)) => before.open() == Some(label),
            (TagScheme::Iob2, Tag::Inside(_)) => tag.continues(before),
            (TagScheme::Iob1 | TagScheme::Iob2, _) => true,
        }
    }
}

/// The tag of a token, with the label of the entity it is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag<'a> {
    Outside,
    Begin(&'a str),
    Inside(&'a str),
    End(&'a str),
    Single(&'a str),
}

impl<'a> Tag<'a> {
    /// The tag written `O`, or as a letter, a hyphen and a label.
    pub(super) fn parse(tag: &'a str) -> Option<Tag<'a>> {
        if tag == "O" {
            return Some(Tag::Outside);
        }
        let (prefix, label) = tag.split_once('-')?;
        match prefix {
            _ if label.is_empty() => None,
            "B" => Some(Tag::Begin(label)),
            "I" => Some(Tag::Inside(label)),
            "E" | "L" => Some(Tag::End(label)),
            "S" | "U" => Some(Tag::Single(label)),
            _ => None,
        }
    }

    fn label(self) -> Option<&'a str> {
        match self {
            Tag::Outside => None,
            Tag::Begin(label) | Tag::Inside(label) | Tag::End(label) | Tag::Single(label) => {
                Some(label)
            }
        }
    }

    /// The label of an entity that may go on behind this tag.
    fn open(self) -> Option<&'a str> {
        match self {
            Tag::Begin(label) | Tag::Inside(label) => Some(label),
            Tag::Outside | Tag::End(_) | Tag::Single(_) => None,
        }
    }

    fn continues(self, before: Tag<'_>) -> bool {
        match self {
            Tag::Inside(label) | Tag::End(label) => before.open() == Some(label),
            Tag::Outside | Tag::Begin(_) | Tag::Single(_) => false,
        }
    }
}

/// The entities of a sequence of tags, as ranges of it with their labels.
///
/// The rule is that of conlleval and of seqeval's default mode. It gives legal sequences of every scheme their
/// meaning, and illegal ones some: what continues nothing begins an entity.
pub(super) fn entities<'a>(tags: &[Tag<'a>]) -> Vec<(Range<usize>, &'a str)> {
    let mut entities: Vec<(Range<usize>, &str)> = Vec::new();
    let mut before = Tag::Outside;
    for (at, tag) in tags.iter().enumerate() {
        match (entities.last_mut(), tag.label()) {
            (Some((range, _)), _) if tag.continues(before) => range.end = at + 1,
            (_, Some(label)) => entities.push((at..at + 1, label)),
            (_, None) => {}
        }
        before = *tag;
    }
    entities
}

/// What the tags of a corpus say about their scheme.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    ends: bool,
    inside_begins: bool,
    needless_begin: bool,
}

impl Evidence {
    /// Takes in that `tag` follows `before`.
    pub(super) fn see(&mut self, before: Tag<'_>, tag: Tag<'_>) {
        self.ends |= matches!(tag, Tag::End(_) | Tag::Single(_));
        self.inside_begins |= matches!(tag, Tag::Inside(_)) && !tag.continues(before);
        self.needless_begin |= matches!(tag, Tag::Begin(_)) && !TagScheme::Iob1.allows(before, tag);
    }

    /// The scheme: IOB2 unless the tags clearly follow another.
    pub(super) fn scheme(&self) -> TagScheme {
        if self.ends {
            TagScheme::Bioes
        } else if self.inside_begins && !self.needless_begin {
            TagScheme::Iob1
        } else {
            TagScheme::Iob2
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(tags: &str) -> Vec<Tag<'_>> {
        let parse = |tag| Tag::parse(tag).unwrap_or_else(|| panic!("{tag}"));
        tags.split_whitespace().map(parse).collect()
    }

    /// The entities of `tags`, as in `PER 0-2`.
    fn decoded(tags: &str) -> String {
        let entities = entities(&parsed(tags));
        let shown: Vec<_> = entities
            .into_iter()
            .map(|(range, label)| format!("{label} {}-{}", range.start, range.end))
            .collect();
        shown.join(", ")
    }

    #[test]
    fn tags_spell_entities_in_every_scheme() {
        for (tags, expected) in [
            ("", ""),
            ("O O", ""),
            // IOB1
            ("I-PER I-PER O I-LOC", "PER 0-2, LOC 3-4"),
            ("I-PER B-PER I-PER I-LOC", "PER 0-1, PER 1-3, LOC 3-4"),
            // IOB2
            ("B-PER I-PER B-PER O B-LOC", "PER 0-2, PER 2-3, LOC 4-5"),
            // BIOES and BILOU
            ("B-PER I-PER E-PER S-LOC S-LOC", "PER 0-3, LOC 3-4, LOC 4-5"),
            ("U-LOC B-PER L-PER O U-PER", "LOC 0-1, PER 1-3, PER 4-5"),
        ] {
            assert_eq!(decoded(tags), expected, "{tags}");
        }
    }

    /// The expectations are what conlleval.pl and seqeval's default mode find.
    #[test]
    fn illegal_sequences_are_read_as_conlleval_does() {
        for (tags, expected) in [
            ("O I-PER O", "PER 1-2"),
            ("B-PER I-LOC I-LOC", "PER 0-1, LOC 1-3"),
            ("B-PER E-LOC", "PER 0-1, LOC 1-2"),
            ("E-PER E-PER", "PER 0-1, PER 1-2"),
            ("S-PER I-PER E-PER", "PER 0-1, PER 1-3"),
            ("E-PER I-PER", "PER 0-1, PER 1-2"),
            ("B-PER O E-PER", "PER 0-1, PER 2-3"),
            ("I-PER S-PER", "PER 0-1, PER 1-2"),
        ] {
            assert_eq!(decoded(tags), expected, "{tags}");
        }
    }

    /// Where `tags` break the rules of `scheme`; one past the last for their end.
    fn broken(scheme: TagScheme, tags: &str) -> Vec<usize> {
        let mut tags = parsed(tags);
        tags.insert(0, Tag::Outside);
        tags.push(Tag::Outside);
        let allowed = |pair: &[Tag<'_>]| scheme.allows(pair[0], pair[1]);
        (0..)
            .zip(tags.windows(2))
            .filter_map(|(at, pair)| (!allowed(pair)).then_some(at))
            .collect()
    }

    #[test]
    fn schemes_say_what_may_follow() {
        for (scheme, tags, expected) in [
            (TagScheme::Iob1, "I-PER B-PER I-PER I-LOC O I-PER", &[][..]),
            (
                TagScheme::Iob1,
                "B-PER O B-PER I-LOC B-PER S-PER",
                &[0, 2, 4, 5],
            ),
            (TagScheme::Iob2, "B-PER I-PER B-PER B-LOC I-LOC O", &[]),
            (
                TagScheme::Iob2,
                "I-PER O I-PER B-LOC I-PER E-PER",
                &[0, 2, 4, 5],
            ),
            (
                TagScheme::Bioes,
                "B-PER I-PER E-PER S-LOC O B-LOC E-LOC",
                &[],
            ),
            (
                TagScheme::Bioes,
                "I-PER E-PER E-PER B-PER O B-PER B-PER",
                &[0, 2, 4, 6, 7],
            ),
            (TagScheme::Bioes, "B-PER E-LOC I-LOC S-LOC", &[1, 2, 3]),
        ] {
            assert_eq!(broken(scheme, tags), expected, "{scheme} {tags}");
        }
    }

    fn detected(tags: &str) -> TagScheme {
        let mut evidence = Evidence::default();
        let mut before = Tag::Outside;
        for tag in parsed(tags) {
            evidence.see(before, tag);
            before = tag;
        }
        evidence.scheme()
    }

    #[test]
    fn the_scheme_shows_in_the_tags() {
        for (tags, expected) in [
            ("", TagScheme::Iob2),
            ("O", TagScheme::Iob2),
            ("B-PER O", TagScheme::Iob2),
            ("I-PER O", TagScheme::Iob1),
            ("I-PER B-PER I-PER B-PER", TagScheme::Iob1),
            // Neither: one of the two is a mistake, and IOB2 is the more common scheme.
            ("I-PER O B-PER", TagScheme::Iob2),
            ("B-PER I-PER B-PER", TagScheme::Iob2),
            ("I-PER B-LOC", TagScheme::Iob2),
            ("B-PER S-LOC", TagScheme::Bioes),
            ("B-PER L-PER", TagScheme::Bioes),
            ("U-PER I-PER", TagScheme::Bioes),
        ] {
            assert_eq!(detected(tags), expected, "{tags}");
        }
    }

    #[test]
    fn what_is_no_tag_is_none() {
        for tag in [
            "", "-", "o", "0", "B", "B-", "-PER", "X-PER", "b-PER", "PER", "PER-B", "BI-PER", "_",
        ] {
            assert_eq!(Tag::parse(tag), None, "{tag}");
        }
        assert_eq!(Tag::parse("I-loc.adm-x"), Some(Tag::Inside("loc.adm-x")));
    }

    #[test]
    fn names_read_back() {
        for scheme in [TagScheme::Iob1, TagScheme::Iob2, TagScheme::Bioes] {
            assert_eq!(scheme.to_string().parse(), Ok(scheme));
            assert_eq!(scheme.to_string().to_lowercase().parse(), Ok(scheme));
        }
        assert_eq!("BILOU".parse(), Ok(TagScheme::Bioes));
        let error = "iob3".parse::<TagScheme>().unwrap_err().to_string();
        assert!(error.contains("iob1, iob2 and bioes"), "{error}");
    }

    proptest! {
        #[test]
        fn entities_are_disjoint_and_in_order(tags in prop::collection::vec("O|[BIESLU]-[XY]", 0..20)) {
            let tags = tags.join(" ");
            let tags = parsed(&tags);
            let mut end = 0;
            for (range, label) in entities(&tags) {
                prop_assert!(end <= range.start && range.start < range.end && range.end <= tags.len());
                prop_assert!(tags[range.clone()].iter().all(|tag| tag.label() == Some(label)));
                end = range.end;
            }
            let covered: usize = entities(&tags).iter().map(|(range, _)| range.len()).sum();
            prop_assert_eq!(covered, tags.iter().filter(|tag| **tag != Tag::Outside).count());
        }
    }
}

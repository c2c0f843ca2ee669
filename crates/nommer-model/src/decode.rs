//! Scores of pieces to tags of words, which `names.rs` turns into names.
//!
//! The network tags pieces, a reader sees words. The probability of a kind (PER, ORG, LOC or none) for a word is
//! the mean over its pieces; whether it begins an entity is told by its first piece. The best sequence of tags
//! is then found among those BIO allows (Viterbi), so a mention is always whole words with one label. No name
//! ends in an article or a preposition ("République du"): such a word is inside a name only if the next is. None
//! begins with a preposition or a conjunction, and none is cut at a hyphen inside a word ("Ille-et-Vilaine").

use std::ops::Range;

use ndarray::ArrayView1;
use nommer_core::label::Label;
use nommer_core::text::french;

use crate::backend::bert::exp;
use crate::names::{FoundName, Words, names};
use crate::tags::{Opening, Tag, TagSet};

/// A word and the tag it was given.
#[derive(Debug, Clone, PartialEq)]
pub struct TaggedWord {
    /// Its bytes in the sentence.
    pub range: Range<usize>,
    /// Its tag in the best legal sequence.
    pub tag: Tag,
    /// The probability of the tag's kind: the mean over the word's pieces.
    pub probability: f32,
}

/// Kinds a word can have: each label, and none.
const KINDS: usize = Label::ALL.len() + 1;
const NONE: usize = Label::ALL.len();
const LABELS: usize = Label::ALL.len();

/// Tags in the lattice: `B` and `I` of each label, then `O`.
const TAGS: usize = 2 * Label::ALL.len() + 1;
const OUTSIDE: usize = TAGS - 1;

/// What the pieces of a word say together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WordScores {
    kinds: [f32; KINDS],
    /// For each label, how likely the word begins an entity rather than goes on with one.
    begins: [f32; LABELS],
    /// The same where the word before is of another kind, so that nothing goes on.
    opens: [f32; LABELS],
    /// Whether a name can end here.
    may_end: bool,
}

impl WordScores {
    /// The probability that the word goes on with an entity of this label.
    pub(crate) fn continues(&self, label: Label) -> f32 {
        self.kinds[label as usize] * (1.0 - self.begins[label as usize])
    }
}

/// Decodes one sentence.
///
/// `ranges` are the bytes of its pieces in `sentence`, in order; `scores` gives the logits of each piece in the
/// columns of `tags`.
pub fn decode<'a>(
    sentence: &str,
    ranges: &[Range<usize>],
    scores: impl Iterator<Item = ArrayView1<'a, f32>>,
    tags: &TagSet,
) -> (Vec<TaggedWord>, Vec<FoundName>) {
    let pieces: Vec<WordScores> = scores.map(|logits| piece_scores(logits, tags)).collect();
    let (mut ranges_of_words, mut evidence) = (Vec::new(), Vec::new());
    let mut first = 0;
    for range in french::words(sentence) {
        while first < ranges.len() && ranges[first].end <= range.start {
            first += 1;
        }
        let touching = (first..ranges.len()).take_while(|&piece| ranges[piece].start < range.end);
        evidence.push(word_scores(touching.map(|piece| &pieces[piece])));
        ranges_of_words.push(range);
    }
    let words = Words {
        sentence,
        ranges: &ranges_of_words,
    };
    bind(words, &mut evidence);
    let best = viterbi(&evidence);
    let tagged: Vec<TaggedWord> = words
        .ranges
        .iter()
        .cloned()
        .zip(best)
        .zip(&evidence)
        .map(|((range, tag), scores)| TaggedWord {
            range,
            tag,
            probability: scores.kinds[kind(tag)],
        })
        .collect();
    let names = names(words, &tagged, &evidence);
    (tagged, names)
}

fn kind(tag: Tag) -> usize {
    tag.label().map_or(NONE, |label| label as usize)
}

/// Softmax over the tags of one piece, folded into kinds.
fn piece_scores(logits: ArrayView1<'_, f32>, tags: &TagSet) -> WordScores {
    let (mut begin, mut inside, mut none) = ([0.0; LABELS], [0.0; LABELS], 0.0);
    for (probability, tag) in softmax(logits.iter().copied()).iter().zip(tags.tags()) {
        match tag {
            Tag::Begin(label) => begin[*label as usize] += probability,
            Tag::Inside(label) => inside[*label as usize] += probability,
            Tag::Outside => none += probability,
        }
    }
    let mut scores = WordScores {
        kinds: [0.0; KINDS],
        begins: [0.0; LABELS],
        opens: [1.0; LABELS],
        may_end: true,
    };
    scores.kinds[NONE] = none;
    for (label, (begin, inside)) in begin.into_iter().zip(inside).enumerate() {
        scores.kinds[label] = begin + inside;
        scores.begins[label] = begin / (begin + inside).max(f32::MIN_POSITIVE);
    }
    if tags.opening() == Opening::AlwaysMarked {
        scores.opens = scores.begins;
    }
    scores
}

/// The probabilities of logits.
pub fn softmax(logits: impl Iterator<Item = f32> + Clone) -> Vec<f32> {
    let highest = logits.clone().fold(f32::MIN, f32::max);
    let mut probabilities: Vec<f32> = logits.map(|logit| exp(logit - highest)).collect();
    let total: f32 = probabilities.iter().sum();
    for probability in &mut probabilities {
        *probability /= total;
    }
    probabilities
}

/// Mean of the kinds over the pieces, beginnings from the first piece. A word that no piece stands for (a
/// character the tokenizer drops) says nothing: all kinds are equal.
fn word_scores<'a>(pieces: impl Iterator<Item = &'a WordScores>) -> WordScores {
    let mut scores = WordScores {
        kinds: [0.0; KINDS],
        begins: [0.5; LABELS],
        opens: [0.5; LABELS],
        may_end: true,
    };
    let mut count = 0u16;
    for piece in pieces {
        if count == 0 {
            scores.begins = piece.begins;
            scores.opens = piece.opens;
        }
        for (sum, kind) in scores.kinds.iter_mut().zip(piece.kinds) {
            *sum += kind;
        }
        count = count.saturating_add(1);
    }
    for kind in &mut scores.kinds {
        *kind = if count == 0 {
            1.0 / KINDS as f32
        } else {
            *kind / f32::from(count)
        };
    }
    scores
}

/// Writes into the scores where names cannot begin or end. Inside a word, what says that a name begins says that
/// it goes on.
fn bind(words: Words<'_>, evidence: &mut [WordScores]) {
    for (word, scores) in evidence.iter_mut().enumerate() {
        let joint = words.is_joint(word);
        scores.may_end = !(joint || words.is_joint(word + 1) || words.needs_more(word));
        let bound = joint || word > 0 && words.is_joint(word - 1);
        for label in Label::ALL {
            if bound || words.only_links(word, label) {
                if !bound {
                    scores.kinds[label as usize] = scores.continues(label);
                }
                scores.begins[label as usize] = 0.0;
                scores.opens[label as usize] = 0.0;
            }
        }
    }
}

/// The most probable legal sequence of tags (Viterbi 1967); on a tie the earlier tag of the lattice wins.
fn viterbi(words: &[WordScores]) -> Vec<Tag> {
    let tags: [Tag; TAGS] = std::array::from_fn(|index| match (index / 2, index % 2) {
        (label, 0) if label < Label::ALL.len() => Tag::Begin(Label::ALL[label]),
        (label, 1) => Tag::Inside(Label::ALL[label]),
        _ => Tag::Outside,
    });
    // A beginning keeps its small probability after a tag of another kind too, where nothing else is legal: the
    // network's doubt that a name begins here is evidence against the name (0.7 F1 on winer-dev).
    let emission = |scores: &WordScores, tag: Tag, previous: Option<Tag>| {
        let probability = match tag {
            Tag::Outside => scores.kinds[NONE],
            Tag::Inside(label) => scores.continues(label),
            Tag::Begin(label) => {
                let goes_on = previous.and_then(Tag::label) == Some(label);
                let beginnings = if goes_on {
                    &scores.begins
                } else {
                    &scores.opens
                };
                scores.kinds[label as usize] * beginnings[label as usize]
            }
        };
        // An impossible tag costs much, but a sequence of them is still comparable.
        f64::from(probability.max(1e-12))
    };
    // Products rather than sums of logarithms, which differ between systems' libraries. A negative product marks
    // a tag that no legal sequence reaches.
    const UNREACHABLE: f64 = -1.0;
    let mut backs: Vec<[usize; TAGS]> = Vec::with_capacity(words.len());
    let mut best = [UNREACHABLE; TAGS];
    for (position, word) in words.iter().enumerate() {
        let mut next = [UNREACHABLE; TAGS];
        let mut back = [0; TAGS];
        for (to, &tag) in tags.iter().enumerate() {
            if position == 0 {
                if tag.may_follow(None) {
                    next[to] = emission(word, tag, None);
                }
                continue;
            }
            for (from, &previous) in tags.iter().enumerate() {
                let ends = previous != Tag::Outside && !matches!(tag, Tag::Inside(_));
                let legal = best[from] >= 0.0
                    && tag.may_follow(Some(previous))
                    && (words[position - 1].may_end || !ends);
                let score = best[from] * emission(word, tag, Some(previous));
                if legal && score > next[to] {
                    next[to] = score;
                    back[to] = from;
                }
            }
        }
        // Only ratios matter: keep the best at one, however long the sentence.
        let highest = next.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        best = next.map(|score| score / highest);
        backs.push(back);
    }
    let ends_well =
        |state: usize| tags[state] == Tag::Outside || words.last().is_none_or(|last| last.may_end);
    let mut state = OUTSIDE;
    for candidate in 0..TAGS {
        if ends_well(candidate) && best[candidate] > best[state] {
            state = candidate;
        }
    }
    let mut path = vec![Tag::Outside; words.len()];
    for (position, back) in backs.iter().enumerate().rev() {
        path[position] = tags[state];
        state = back[state];
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;
    use proptest::prelude::*;

    fn tag_set() -> TagSet {
        TagSet::new(&["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]).unwrap()
    }

    /// Decodes a sentence whose pieces are written with `¦` between them, each with the column it prefers.
    fn check(pieces: &[(&str, usize)], expected: &[(&str, Label)]) {
        check_with(&tag_set(), pieces, expected);
    }

    fn check_with(tags: &TagSet, pieces: &[(&str, usize)], expected: &[(&str, Label)]) {
        let sentence: String = pieces.iter().map(|(piece, _)| *piece).collect();
        let mut ranges = Vec::new();
        let mut logits = Array2::zeros((pieces.len(), tags.len()));
        for (row, (piece, column)) in pieces.iter().enumerate() {
            let start = ranges.last().map_or(0, |range: &Range<usize>| range.end);
            ranges.push(start..start + piece.len());
            logits[(row, *column)] = 5.0;
        }
        let (_, names) = decode(&sentence, &ranges, logits.rows().into_iter(), tags);
        let got: Vec<(&str, Label)> = names
            .iter()
            .map(|name| (&sentence[name.range.clone()], name.label))
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn words_are_whole_and_have_one_label() {
        check(
            &[
                ("Nico", 1),
                ("las", 2),
                (" Sar", 2),
                ("ko", 0),
                ("zy", 2),
                (" dort", 0),
            ],
            &[("Nicolas Sarkozy", Label::Per)],
        );
        check(
            &[("K", 1), ("a", 4), ("zakh", 4), ("stan", 4), (" va", 0)],
            &[("Kazakhstan", Label::Loc)],
        );
    }

    #[test]
    fn an_inside_never_stands_alone() {
        check(&[("la", 0), (" Fra", 4), ("nce", 3)], &[]);
        check(
            &[("la", 0), (" Fra", 3), ("nce", 4)],
            &[("France", Label::Loc)],
        );
    }

    #[test]
    fn models_that_mark_no_beginnings_are_read() {
        // IO, and IOB1, where `B-` only parts names of one label. Column 0 is outside.
        let tags = TagSet::of(
            vec![
                Tag::Outside,
                Tag::Inside(Label::Per),
                Tag::Inside(Label::Loc),
                Tag::Begin(Label::Loc),
                Tag::Outside,
            ],
            Opening::WhereLabelChanges,
        );
        check_with(
            &tags,
            &[("Nico", 1), ("las", 1), (" Sarkozy", 1), (" dort", 0)],
            &[("Nicolas Sarkozy", Label::Per)],
        );
        check_with(
            &tags,
            &[("Zoé", 1), (" Paris", 2), (" Lyon", 3), (" Metz", 2)],
            &[
                ("Zoé", Label::Per),
                ("Paris", Label::Loc),
                ("Lyon Metz", Label::Loc),
            ],
        );
        // What stands for nothing we look for is outside, with all its probability.
        check_with(&tags, &[("La", 4), (" Joconde", 4), (" sourit", 0)], &[]);
        check_with(
            &tags,
            &[("Ille", 2), ("-", 2), ("et", 2), ("-", 2), ("Vilaine", 2)],
            &[("Ille-et-Vilaine", Label::Loc)],
        );
    }

    #[test]
    fn two_names_side_by_side_stay_two() {
        check(
            &[("Paris", 3), (" Lyon", 3), (" Metz", 3)],
            &[
                ("Paris", Label::Loc),
                ("Lyon", Label::Loc),
                ("Metz", Label::Loc),
            ],
        );
    }

    #[test]
    fn elided_articles_are_trimmed() {
        check(&[("l'", 5), ("OCI", 6), (",", 6)], &[("OCI", Label::Org)]);
    }

    #[test]
    fn no_name_ends_in_an_article_or_a_preposition() {
        check(
            &[("République", 3), (" du", 4), (" Kazakhstan", 4)],
            &[("République du Kazakhstan", Label::Loc)],
        );
        check(
            &[("Astana", 3), (" du", 4), (" Conseil", 5)],
            &[("Astana", Label::Loc), ("Conseil", Label::Org)],
        );
        check(&[("Thalès", 5), (" pour", 6)], &[("Thalès", Label::Org)]);
        check(
            &[("Kim", 1), (" Jong", 2), ("-", 2), ("un", 2)],
            &[("Kim Jong-un", Label::Per)],
        );
    }

    #[test]
    fn no_name_is_cut_at_a_hyphen_inside_a_word() {
        check(
            &[
                ("Ille", 3),
                ("-", 6),
                ("et", 3),
                ("-", 4),
                ("Vilaine", 4),
                (" et", 0),
            ],
            &[("Ille-et-Vilaine", Label::Loc)],
        );
        check(
            &[("Nîmes", 3), ("-", 0), ("Metz", 3)],
            &[("Nîmes", Label::Loc), ("Metz", Label::Loc)],
        );
        check(
            &[("pro", 0), ("-", 0), ("Macron", 1)],
            &[("Macron", Label::Per)],
        );
    }

    #[test]
    fn no_name_is_an_article_or_begins_with_a_preposition() {
        check(
            &[("La", 1), (" Roche", 3), ("-", 4), ("Derrien", 4)],
            &[("Roche-Derrien", Label::Loc)],
        );
        check(
            &[("Économie", 5), (" et", 6), (" des", 5), (" Finances", 6)],
            &[("Économie et des Finances", Label::Org)],
        );
        check(
            &[("sous", 0), (" de", 1), (" Gaulle", 2)],
            &[("de Gaulle", Label::Per)],
        );
    }

    #[test]
    fn civilities_are_no_names() {
        check(
            &[
                ("Me", 1),
                (" Dantec", 1),
                (" et", 0),
                (" Mgr", 1),
                (" dort", 0),
            ],
            &[("Dantec", Label::Per)],
        );
        check(&[("M", 1), (".", 2), (" Roux", 2)], &[("Roux", Label::Per)]);
        check(
            &[("Saint", 3), ("-", 4), ("Denis", 4)],
            &[("Saint-Denis", Label::Loc)],
        );
    }

    #[test]
    fn whom_a_civility_introduces_is_a_person() {
        check(&[("Mme", 0), (" Roux", 3)], &[("Roux", Label::Per)]);
        check(
            &[("M", 0), (".", 0), (" de", 0), (" la", 0), (" Tour", 3)],
            &[("de la Tour", Label::Per)],
        );
        check(
            &[("Mme", 0), (" d'", 0), ("Hervilly", 3)],
            &[("d'Hervilly", Label::Per)],
        );
    }

    #[test]
    fn initials_belong_to_the_person() {
        check(
            &[("MM", 0), (".", 0), (" B", 1), (".", 2), (" Nicolle", 1)],
            &[("B. Nicolle", Label::Per)],
        );
        check(
            &[
                ("à", 0),
                (" M", 0),
                (".", 0),
                ("-", 0),
                ("F", 0),
                (".", 0),
                (" Roux", 1),
            ],
            &[("M.-F. Roux", Label::Per)],
        );
        check(
            &[("M", 0), (".", 0), (" M", 0), (".", 0), (" Roux", 1)],
            &[("M. Roux", Label::Per)],
        );
        check(
            &[
                ("M", 0),
                (".", 0),
                (" A", 0),
                (".", 0),
                (" T", 0),
                (".", 0),
                (" Roux", 1),
            ],
            &[("A. T. Roux", Label::Per)],
        );
        check(
            &[
                ("S", 0),
                (".", 0),
                ("E", 0),
                (".", 0),
                ("M", 0),
                (".", 0),
                (" Roux", 1),
            ],
            &[("Roux", Label::Per)],
        );
        check(
            &[("Philippe", 1), (" V", 2), (".", 0), (" Roux", 1)],
            &[("Philippe V", Label::Per), ("Roux", Label::Per)],
        );
    }

    #[test]
    fn final_periods_of_acronyms_belong_to_the_name() {
        check(
            &[
                ("l'", 0),
                ("O", 5),
                (".", 6),
                ("N", 6),
                (".", 6),
                ("U", 6),
                (".", 0),
                (" va", 0),
            ],
            &[("O.N.U.", Label::Org)],
        );
        check(&[("Metz", 3), (".", 0)], &[("Metz", Label::Loc)]);
    }

    #[test]
    fn a_lower_case_word_is_no_name() {
        check(
            &[("l'", 0), ("association", 5), (" Thalès", 5)],
            &[("Thalès", Label::Org)],
        );
    }

    proptest! {
        #[test]
        fn any_scores_decode_to_legal_tags_and_disjoint_names(
            sentence in "([A-Zal'é. -]|M\\. |de ){0,10}",
            seeds in prop::collection::vec(-30f32..30.0, 30 * 7),
        ) {
            let ranges: Vec<Range<usize>> = sentence.char_indices().map(|(at, c)| at..at + c.len_utf8()).collect();
            let logits = Array2::from_shape_vec((30, 7), seeds).unwrap();
            let (words, names) = decode(&sentence, &ranges, logits.rows().into_iter(), &tag_set());
            let mut previous = None;
            for word in &words {
                prop_assert!(word.tag.may_follow(previous), "{words:?}");
                previous = Some(word.tag);
            }
            let mut end = 0;
            for name in &names {
                prop_assert!(name.range.start >= end && name.range.start < name.range.end);
                prop_assert!((0.0..=1.0001).contains(&name.score));
                prop_assert!(!sentence[name.range.clone()].trim().is_empty());
                end = name.range.end;
            }
        }
    }
}

//! Tags of words to names: where a name begins and ends in French.
//!
//! What the network reads less well than French spelling says it is set right here: civilities, initials,
//! particles and final periods.
//!
//! A name's score is the least probability of its label among its words, times the probability that the word
//! after it does not go on with it; where the model's manifest has a calibration, `calibration.rs` makes a probability
//! of that. Among nine candidates none ranked right names above wrong ones better by more than chance (area under the
//! curve 0.85 on 2,687 names of winer-dev, sequoia-dev and written-dev; the product over words: 0.85; the mean: 0.84; the
//! marginal of the span under the constraints of decoding: 0.81).

use std::ops::Range;

use nommer_core::label::Label;
use nommer_core::text::french::{self, FunctionWord};

use crate::decode::{TaggedWord, WordScores};
use crate::tags::Tag;

/// A name found in one sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundName {
    /// Its bytes in the sentence.
    pub range: Range<usize>,
    /// What it names.
    pub label: Label,
    /// How sure the model is, in 0..=1; the [module](self) says how it is computed. A probability if the model's
    /// manifest has a calibration.
    pub score: f32,
}

/// Runs of tags to names, trimmed of what cannot belong to one and given what must.
pub(crate) fn names(
    words: Words<'_>,
    tagged: &[TaggedWord],
    evidence: &[WordScores],
) -> Vec<FoundName> {
    let Words { sentence, ranges } = words;
    let mut names: Vec<FoundName> = Vec::new();
    let mut next = 0;
    while next < tagged.len() {
        let mut first = next;
        next += 1;
        let Tag::Begin(mut label) = tagged[first].tag else {
            continue;
        };
        next += tagged[next..]
            .iter()
            .take_while(|word| word.tag == Tag::Inside(label))
            .count();
        while label == Label::Per && first < next && french::is_form_of_address(words.get(first)) {
            first += 1 + usize::from(words.is_attached(first + 1, "."));
        }
        if first >= next {
            continue;
        }
        // A period that the network left out; trimming keeps it where it belongs to the name (`S.A.`).
        let end = ranges[next - 1].end;
        let period = usize::from(sentence[end..].starts_with('.'));
        let mut range = french::trim_span(sentence, ranges[first].start..end + period);
        let kept = |word: usize| ranges[word].start < range.end && range.start < ranges[word].end;
        let (Some(first), Some(last)) = (
            (first..next).find(|&word| kept(word)),
            (first..next).rev().find(|&word| kept(word)),
        ) else {
            continue;
        };
        // A single lower-case word is a common noun (`association`): 34 wrong names of winer-train less, 6 right
        // ones; longer names without capitals are as often right as wrong.
        if is_lower(&sentence[range.clone()]) {
            continue;
        }
        let weakest = (first..=last)
            .filter(|&word| kept(word))
            .map(|word| tagged[word].probability)
            .fold(1.0, f32::min);
        let goes_on = evidence
            .get(last + 1)
            .map_or(0.0, |after| after.continues(label));

        // Whom a civility introduces is a person, with initials and particle: `M. d'Hervilly`.
        let initials = words.initials_before(first);
        let particle = words.particle_before(initials);
        let mut start = first;
        if words.follows_civility(particle) {
            (label, start) = (Label::Per, particle);
        } else if label == Label::Per {
            start = initials;
        }
        if start < first {
            // Initials that were a name of their own are none now.
            while names
                .last()
                .is_some_and(|name| name.range.start >= ranges[start].start)
            {
                names.pop();
            }
            if names
                .last()
                .is_none_or(|name| name.range.end <= ranges[start].start)
            {
                range.start = ranges[start].start;
            }
        }
        names.push(FoundName {
            range,
            label,
            score: weakest * (1.0 - goes_on),
        });
    }
    names
}

/// The words of a sentence.
#[derive(Clone, Copy)]
pub(crate) struct Words<'a> {
    pub(crate) sentence: &'a str,
    pub(crate) ranges: &'a [Range<usize>],
}

impl<'a> Words<'a> {
    /// A word; empty past the last.
    fn get(&self, word: usize) -> &'a str {
        let range = self.ranges.get(word).cloned().unwrap_or(0..0);
        &self.sentence[range]
    }

    fn is_capital(&self, word: usize) -> bool {
        self.get(word).starts_with(char::is_uppercase)
    }

    /// Whether the word is `mark`, with no space before it.
    fn is_attached(&self, word: usize, mark: &str) -> bool {
        self.get(word) == mark && self.touch(word)
    }

    /// Whether no space stands between the word and the one before it.
    fn touch(&self, word: usize) -> bool {
        word > 0 && word < self.ranges.len() && self.ranges[word - 1].end == self.ranges[word].start
    }

    /// Whether the word is a hyphen that no name is cut at: `Ille-et-Vilaine`, `Jong-un`. One between capitals
    /// may join two names: `Nîmes-Montpellier`, `Canada-UE` (5 right names of winer-train lost otherwise).
    pub(crate) fn is_joint(&self, word: usize) -> bool {
        let in_word = |word: usize| {
            self.is_attached(word, "-")
                && self.touch(word + 1)
                && self.get(word + 1).starts_with(char::is_alphabetic)
        };
        let goes_on = |word: usize| word >= 2 && in_word(word - 2);
        let (left, right) = (
            self.is_capital(word.saturating_sub(1)),
            self.is_capital(word + 1),
        );
        in_word(word) && (left && !right || is_lower(self.get(word - 1)) && goes_on(word))
    }

    /// Whether no name ends in the word: an elided clitic, an article or a preposition in lower case, or a
    /// capital article before a capital (`La Rochelle`). Behind a hyphen it is part of a word (`Kim Jong-un`).
    pub(crate) fn needs_more(&self, word: usize) -> bool {
        let text = self.get(word);
        if let Some(clitic) = text.strip_suffix('\'')
            && french::is_elided(clitic)
        {
            return true;
        }
        // Capitals of other function words are names: `Est`, `Or`.
        let joins = match french::function_word(text) {
            Some(FunctionWord::Link) => is_lower(text),
            Some(FunctionWord::Lead) => {
                is_lower(text) || matches!(text, "La" | "Le" | "Les") && self.is_capital(word + 1)
            }
            _ => false,
        };
        joins && !(self.touch(word) && self.get(word - 1) == "-")
    }

    /// Whether names of this label cannot begin with the word: a preposition or conjunction in lower case, but
    /// for the particles of persons (`de Gaulle`) and compounds (`outre-mer`).
    pub(crate) fn only_links(&self, word: usize, label: Label) -> bool {
        let text = self.get(word);
        is_lower(text)
            && french::function_word(text) == Some(FunctionWord::Link)
            && !self.is_attached(word + 1, "-")
            && !(label == Label::Per && matches!(text, "de" | "des" | "du"))
    }

    /// The first of the initials directly before a word, or that word: `J.-M. Dupont`. `M.` is a civility,
    /// unless another precedes it or a hyphen follows; the end of an acronym (`S.E.M.`) is no initial.
    fn initials_before(&self, word: usize) -> usize {
        let (mut start, mut first) = (word, word);
        while first >= 2
            && self.is_attached(first - 1, ".")
            && self.is_capital(first - 2)
            && self.get(first - 2).chars().nth(1).is_none()
        {
            let civility = self.get(first - 2) == "M"
                && self.get(first) != "-"
                && !self.follows_civility(first - 2);
            first -= 2;
            if !self.touch(first) && !civility {
                start = first;
            } else if self.touch(first) && self.is_attached(first - 1, "-") {
                first -= 1;
            } else {
                break;
            }
        }
        start
    }

    /// The first word of a particle directly before a word, or that word: `de La Morandière`, `d'Angeli`.
    fn particle_before(&self, word: usize) -> usize {
        let before = |back: usize| word.checked_sub(back).map_or("", |word| self.get(word));
        match (before(2), before(1)) {
            (_, "de" | "d'" | "des" | "du") => word - 1,
            ("de", "la" | "l'") => word - 2,
            _ => word,
        }
    }

    /// Whether a civility stands directly before a word.
    fn follows_civility(&self, word: usize) -> bool {
        let period = word > 0 && self.is_attached(word - 1, ".");
        word.checked_sub(1 + usize::from(period))
            .is_some_and(|civility| french::is_form_of_address(self.get(civility)))
    }
}

fn is_lower(text: &str) -> bool {
    text.chars().all(char::is_lowercase)
}

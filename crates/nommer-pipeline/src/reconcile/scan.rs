//! Names of the gazetteer that stand in a text in full.

use nommer_core::label::Label;
use nommer_core::span::{Source, Span};
use nommer_core::text::fold::is_common;
use nommer_core::text::normalize::NormalizedText;
use nommer_gazetteer::compile::Family;
use nommer_gazetteer::entry::Kind;
use nommer_gazetteer::key::{self, Word};
use nommer_gazetteer::layers::{Gazetteers, Named};

/// A name of the gazetteer in a document.
#[derive(Debug, Clone, PartialEq)]
pub struct FullName {
    /// Where it stands.
    pub span: Span<Source>,
    /// The label of all entries it may mean.
    pub label: Label,
    /// The type of the most prominent of them.
    pub kind: Kind,
    /// Its prominence.
    pub prominence: u8,
    /// The words of the name.
    pub words: usize,
    /// How the text writes it.
    pub written: Written,
    /// Whether it is in the user's own table.
    pub user: bool,
    /// The probability that the model leaves for a name here where it found none: the least over the words. 0 of what no model has
    /// read.
    pub doubt: f32,
}

/// How a text writes a name of the gazetteer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// As an acronym.
    Acronym,
    /// With every capital of the name.
    Capitals,
    /// With a common noun in front, in lower case: `mer Caspienne`.
    Headed,
    /// With some of its capitals: `Nations unies`.
    Loosely,
}

/// What names do not go across. No key has it.
const BREAK: char = '\n';

/// The full names in a sentence: from left to right the longest, so that none overlap.
#[must_use]
pub fn full_names(gazetteers: &Gazetteers, sentence: &NormalizedText) -> Vec<FullName> {
    let text = sentence.text();
    let words = key::words(text);
    // The folded words in one string, and where each begins.
    let mut folded = String::with_capacity(text.len());
    let mut starts = Vec::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        starts.push(folded.len());
        folded.push_str(&word.folded);
        let next = words.get(at + 1);
        let joined = next.is_some_and(|next| joins(text, word, next));
        folded.push(if joined { ' ' } else { BREAK });
    }
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match longest(gazetteers, text, &words, &folded, &starts, at) {
            Some((name, end)) => {
                let range = Span::new(words[at].range.start, words[end - 1].range.end);
                let span = range.and_then(|range| sentence.to_source(range));
                // Words that were composed together share their place, and the first name has it.
                let last = found.last().map(|last: &FullName| last.span);
                if let Some(span) =
                    span.filter(|span| last.is_none_or(|last| !last.overlaps(*span)))
                {
                    found.push(FullName { span, ..name });
                }
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

/// Whether a name may have both words: nothing but spaces, hyphens, apostrophes and dots of abbreviations is between.
/// Sentences are apart already.
fn joins(text: &str, word: &Word, next: &Word) -> bool {
    let between = &text[word.range.end..next.range.start];
    let joint = |c| matches!(c, ' ' | '\u{a0}' | '-' | '\u{2010}' | '\'' | '’' | '.');
    between.chars().all(joint)
}

/// The longest name that begins at a word, and the word after it. Its span is made by the caller.
fn longest(
    gazetteers: &Gazetteers,
    text: &str,
    words: &[Word],
    folded: &str,
    starts: &[usize],
    at: usize,
) -> Option<(FullName, usize)> {
    let start = starts[at];
    for (length, named) in gazetteers.beginnings(Family::Exact, &folded[start..]) {
        let end = starts.partition_point(|&word| word < start + length);
        let spelled = &text[words[at].range.start..words[end - 1].range.end];
        if let Some(name) = accept(spelled, &words[at..end], text, at == 0, &named) {
            return Some((name, end));
        }
    }
    let word = &text[words[at].range.clone()];
    let (named, written, count) = match key::acronym(word) {
        Some(acronym) => {
            let named: Vec<Named<'_>> = gazetteers.get(Family::Acronym, &acronym).collect();
            (named, Written::Acronym, 1)
        }
        // `AirAstana` is Air Astana.
        None => {
            let apart = key::fold(&key::uncompressed(word)?);
            let named: Vec<Named<'_>> = gazetteers.get(Family::Exact, &apart).collect();
            (named, Written::Capitals, apart.split(' ').count())
        }
    };
    Some((one_label(&named, count, written)?, at + 1))
}

/// The name, if the text writes it like one and it can mean one kind of thing only. A capital tells a
/// name of the user's from a common word, but not where it `begins` the sentence.
fn accept(
    spelled: &str,
    words: &[Word],
    text: &str,
    begins: bool,
    named: &[Named<'_>],
) -> Option<FullName> {
    if let [word] = words {
        let tells = !begins && named.iter().any(|named| named.user);
        if !capital(spelled) || (is_common(&word.folded) && !tells) {
            return None;
        }
    }
    let capitals: Vec<bool> = words
        .iter()
        .map(|word| capital(&text[word.range.clone()]))
        .collect();
    let written = named
        .iter()
        .filter_map(|named| written(named.hit.alias, &capitals))
        .min_by_key(|written| *written as u8)?;
    one_label(named, words.len(), written)
}

/// How a text writes an alias, given the words of it that begin with a capital there; `None` if not as a name.
fn written(alias: &str, capitals: &[bool]) -> Option<Written> {
    let words = key::words(alias);
    let own: Vec<bool> = words
        .iter()
        .map(|word| capital(&alias[word.range.clone()]))
        .collect();
    if own.len() != capitals.len() {
        return None;
    }
    // The first capital tells a name from words; what follows varies.
    let first = own.iter().position(|capital| *capital)?;
    if !capitals[first] {
        return None;
    }
    let all = own
        .iter()
        .zip(capitals)
        .all(|(own, capital)| !own || *capital);
    Some(match (first, all) {
        (1.., _) if !capitals[0] => Written::Headed,
        (_, true) => Written::Capitals,
        (_, false) => Written::Loosely,
    })
}

fn capital(word: &str) -> bool {
    word.starts_with(char::is_uppercase)
}

/// A name all entries of which have one label. The span is not known here.
fn one_label(named: &[Named<'_>], words: usize, written: Written) -> Option<FullName> {
    // The user's own word is final.
    let user = named.iter().any(|named| named.user);
    let named = || named.iter().filter(|named| named.user == user);
    let first = named().max_by_key(|named| named.entity.prominence)?;
    let label = first.entity.kind.label();
    let one = named().all(|named| named.entity.kind.label() == label);
    one.then_some(FullName {
        span: Span::new(0, 1)?,
        label,
        kind: first.entity.kind,
        prominence: first.entity.prominence,
        words,
        written,
        user,
        doubt: 0.0,
    })
}

#[cfg(test)]
mod tests {
    use nommer_core::text::normalize::normalize;
    use nommer_gazetteer::compile::{About, compile, merge};
    use nommer_gazetteer::index::Gazetteer;
    use nommer_gazetteer::table::{Row, TableFormat, read};

    use super::*;

    fn rows(table: &str) -> Vec<Row> {
        let mut problems = Vec::new();
        let rows = read("t.tsv", table.as_bytes(), TableFormat::Tsv, &mut problems);
        assert_eq!(problems, []);
        rows
    }

    /// The full names in a sentence, each with how it is written.
    fn check(sentence: &str, expected: &[&str]) {
        let table = "id\ttype\tname\taliases\tprominence
my:onu\tinternational\tOrganisation des Nations unies\tONU|Nations unies\t100
my:air\tcompany\tAir Astana\t\t60
my:caspienne\twater\tmer Caspienne\t\t80
my:total\tcompany\tTotal\t\t80
my:orange\tcompany\tOrange\t\t80
my:orange-ville\tcommune\tOrange\t\t40
my:kz\tcountry\tKazakhstan\t\t90
";
        let bytes = compile(&merge(vec![rows(table)]), About::new("t", "1")).unwrap();
        let gazetteers = Gazetteers::new(vec![Gazetteer::from_bytes(bytes, "t").unwrap()]);
        let user = "id\ttype\tname\nu:chouette\tcompany\tChouette\n";
        let gazetteers = gazetteers.with_user("u.tsv", rows(user)).unwrap();
        let normalized = normalize(sentence, Span::new(0, sentence.len()).unwrap());
        let shown: Vec<String> = full_names(&gazetteers, &normalized)
            .iter()
            .map(|name| format!("{:?} {}", name.written, name.span.slice(sentence)))
            .collect();
        assert_eq!(shown, expected, "{sentence}");
    }

    #[test]
    fn the_longest_names_are_found_as_texts_write_them() {
        check(
            "l'Organisation des Nations\n   unies, les Nations Unies et l'ONU au Kazakhstan",
            &[
                "Capitals Organisation des Nations\n   unies",
                "Capitals Nations Unies",
                "Acronym ONU",
                "Capitals Kazakhstan",
            ],
        );
        check(
            "la mer Caspienne et AirAstana",
            &["Headed mer Caspienne", "Capitals AirAstana"],
        );
    }

    #[test]
    fn words_and_names_of_two_labels_are_not() {
        check(
            "le total des oranges, les nations unies ; Total, Orange",
            &[],
        );
        check("Organisation, des Nations ; Kazakhstanais", &[]);
    }

    #[test]
    fn a_users_name_that_is_a_word_needs_a_capital_inside_the_sentence() {
        check(
            "Selon Chouette, une chouette suffit",
            &["Capitals Chouette"],
        );
        check("« Chouette ! »", &[]);
    }
}

//! What the rules know of French: abbreviations, function words, titles, elision, and the words of a text.
//!
//! Every table is a sorted slice of lower-case entries; lookups ignore case and allocate nothing.

use std::cmp::Ordering;
use std::iter;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::normalize::{is_invisible, is_line_break};

/// What a word with an abbreviation's period says about the word after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abbreviation {
    /// Belongs to what follows and never ends a sentence: `M.`, `St.`, `bd.`, `Ph.`.
    Leading,
    /// May end a sentence, which only a capitalised function word after it shows: `art.`, `Cie.`, `p.`, `op. cit.`.
    Free,
}

/// What a function word needs after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionWord {
    /// A preposition or a conjunction, which joins what stands before it to what follows: `de`, `et`, `sur`.
    Link,
    /// Calls for a following word without joining it to what stands before: articles, determiners, subject
    /// pronouns, auxiliaries.
    Lead,
    /// Can begin and end a phrase: `ainsi`, `lui`, `cependant`.
    Stand,
}

/// Looks up `word`, given without its final period, in any case.
///
/// Words that are abbreviations only when capitalised (`Me.`, `Col.`, `Ch.`) are told from their lower-case
/// homographs. Single capitals are initials, not abbreviations, apart from `M.`. `etc.` is not listed, since a
/// capital after it does begin a sentence.
///
/// ```
/// use nommer_core::text::french::{Abbreviation, abbreviation};
/// assert_eq!(abbreviation("Mme"), Some(Abbreviation::Leading));
/// assert_eq!(abbreviation("art"), Some(Abbreviation::Free));
/// assert_eq!(abbreviation("Paris"), None);
/// ```
pub fn abbreviation(word: &str) -> Option<Abbreviation> {
    let capitalised = word.starts_with(char::is_uppercase);
    if contains(LEADING, word) || capitalised && contains(LEADING_CAPITALISED, word) {
        return Some(Abbreviation::Leading);
    }
    // `D.` and `V.` are a reporter and a verb in the table's lower case, but a first name in capitals.
    let initial = capitalised && word.chars().nth(1).is_none();
    (!initial && (contains(FREE, word) || is_clipped(word))).then_some(Abbreviation::Free)
}

/// Looks up a function word, without an apostrophe, in any case.
///
/// ```
/// use nommer_core::text::french::{FunctionWord, function_word};
/// assert_eq!(function_word("des"), Some(FunctionWord::Link));
/// assert_eq!(function_word("LA"), Some(FunctionWord::Lead));
/// assert_eq!(function_word("Nations"), None);
/// ```
pub fn function_word(word: &str) -> Option<FunctionWord> {
    [
        (LINKS, FunctionWord::Link),
        (LEADS, FunctionWord::Lead),
        (STANDS, FunctionWord::Stand),
    ]
    .into_iter()
    .find_map(|(table, kind)| contains(table, word).then_some(kind))
}

/// Whether `word`, given without a final period and in any case, is a civility, a rank or a function that
/// commonly stands before a person's name: `M`, `Mme`, `Monsieur`, `président`, `général`.
pub fn is_title(word: &str) -> bool {
    contains(TITLES, word)
}

/// Whether `word`, in any case, is a civility or `saint`, which a name follows at once.
pub(crate) fn is_civility(word: &str) -> bool {
    contains(CIVILITIES, word) || contains(SAINTS, word)
}

/// Whether `word`, given without a final period, addresses the person whose name follows and is no part of it:
/// `M`, `Mme`, `Me`, `Monsieur`. In lower case, or capitals, such words are often others: `me`, `MR`.
///
/// ```
/// use nommer_core::text::french::is_form_of_address;
/// assert!(is_form_of_address("Mgr") && is_form_of_address("MM"));
/// assert!(!is_form_of_address("me") && !is_form_of_address("Saint"));
/// ```
pub fn is_form_of_address(word: &str) -> bool {
    matches!(word, "M" | "MM")
        || word.starts_with(char::is_uppercase)
            && !is_in_capitals(word)
            && contains(CIVILITIES, word)
}

/// Whether `word`, given without its apostrophe and in any case, is a clitic that loses its vowel before the
/// next word: `l`, `d`, `qu`, `jusqu`, …
///
/// ```
/// use nommer_core::text::french::is_elided;
/// assert!(is_elided("l") && is_elided("Qu"));
/// assert!(!is_elided("aujourd") && !is_elided("O"));
/// ```
pub fn is_elided(word: &str) -> bool {
    contains(ELIDED, word)
}

/// The words of `text` in order, as byte ranges: disjoint, and every character that is not white space lies
/// in exactly one of them.
///
/// A word is a maximal run of letters, digits and combining marks. An elided clitic with its apostrophe is a
/// word; any other apostrophe between letters stays inside its word; every other character is a word alone, with
/// the combining marks on it.
///
/// ```
/// use nommer_core::text::french::words;
/// let text = "l'O'Brien d'aujourd'hui, J.-C.";
/// let words: Vec<&str> = words(text).map(|range| &text[range]).collect();
/// assert_eq!(words, ["l'", "O'Brien", "d'", "aujourd'hui", ",", "J", ".", "-", "C", "."]);
/// ```
pub fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    iter::from_fn(move || {
        let rest = &text[at..];
        let start = at + rest.len() - rest.trim_start().len();
        let first = text[start..].chars().next()?;
        at = if is_word_char(first) {
            word_end(text, start)
        } else {
            start + first.len_utf8()
        };
        at += marks_len(&text[at..]);
        Some(start..at)
    })
}

/// Shrinks a candidate entity to what can belong to a name; the result may be empty.
///
/// Dropped at the edges: white space and invisible characters; commas, colons, dashes, exclamation marks and
/// the like; brackets and quotation marks that have no partner inside or that wrap the whole; a final period,
/// unless it follows an initial, a dotted acronym or an abbreviation that ends names (`J.-C.`, `S.A.`,
/// `Cie.`); an elided clitic in front (`d'Astana`). A capital clitic before a capital is ambiguous (`L'Oréal`,
/// `L'Assemblée`): it stays inside a sentence and goes at its start or in text in capitals, a few well-known
/// names apart. A range outside the text, or off its character boundaries, is first drawn in.
///
/// ```
/// use nommer_core::text::french::trim_span;
/// let text = "celle de l'« Organisation (OSCE) », dit-il";
/// assert_eq!(&text[trim_span(text, 9..text.find(" dit").unwrap())], "Organisation (OSCE)");
/// ```
pub fn trim_span(text: &str, range: Range<usize>) -> Range<usize> {
    let mut end = floor_boundary(text, range.end);
    let mut start = floor_boundary(text, range.start).min(end);
    // Pairs are looked for once, and only when an edge asks, so that a long run of brackets stays linear.
    let mut pairs: Option<Vec<(usize, usize)>> = None;
    loop {
        let candidate = &text[start..end];
        let (Some(first), Some(last)) = (candidate.chars().next(), candidate.chars().next_back())
        else {
            return start..start;
        };
        let last_at = end - last.len_utf8();
        if is_edge_noise(first) || first == '.' {
            start += first.len_utf8();
            continue;
        }
        if is_edge_noise(last) || last == '.' && !keeps_period(text, start..last_at) {
            if is_apostrophe(last) && is_elided(&text[start..last_at]) {
                return start..start;
            }
            end = last_at;
            continue;
        }
        if is_paired(first) || is_paired(last) {
            let pairs = pairs.get_or_insert_with(|| bracket_pairs(text, start..end));
            let opened = partner(pairs, start).filter(|at| (start..end).contains(at));
            if is_paired(first) && opened.is_none_or(|at| at == last_at) {
                start += first.len_utf8();
                continue;
            }
            let closed = partner(pairs, last_at).filter(|at| (start..end).contains(at));
            if is_paired(last) && closed.is_none() {
                end = last_at;
                continue;
            }
        }
        match droppable_clitic(text, start..end) {
            Some(length) => start += length,
            None => return start..end,
        }
    }
}

/// Letters, digits and combining marks; the modifier letter apostrophe counts as punctuation, which it is in
/// French.
pub(crate) fn is_word_char(c: char) -> bool {
    (c.is_alphanumeric() && c != '\u{2BC}') || (!c.is_ascii() && is_combining_mark(c))
}

/// The apostrophes of elision, typewriter's or printer's.
pub(crate) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2BC}' | '\u{FF07}')
}

/// End of the word that begins at `start`, which must hold a word character.
fn word_end(text: &str, start: usize) -> usize {
    let mut end = start + run_len(&text[start..]);
    if let Some(mark) = text[end..].chars().next().filter(|&c| is_apostrophe(c))
        && is_elided(&text[start..end])
    {
        return end + mark.len_utf8();
    }
    loop {
        let mut rest = text[end..].chars();
        match (rest.next(), rest.next()) {
            (Some(mark), Some(next)) if is_apostrophe(mark) && is_word_char(next) => {
                end += mark.len_utf8();
                end += run_len(&text[end..]);
            }
            _ => return end,
        }
    }
}

/// Bytes of the run of word characters at the beginning of `text`.
fn run_len(text: &str) -> usize {
    text.find(|c| !is_word_char(c)).unwrap_or(text.len())
}

/// Bytes of the combining marks at the beginning of `text`.
fn marks_len(text: &str) -> usize {
    let is_mark = |c: char| !c.is_ascii() && is_combining_mark(c);
    text.find(|c| !is_mark(c)).unwrap_or(text.len())
}

/// The largest character boundary not after `at`.
fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or(0)
}

/// Characters no name begins or ends with, whatever stands around them.
fn is_edge_noise(c: char) -> bool {
    c.is_whitespace()
        || is_invisible(c)
        || is_apostrophe(c)
        || matches!(
            c,
            '¹' | '²' | '³' | '⁰' | '⁴'..='⁹' | ',' | ';' | ':' | '!' | '?' | '…' | '‘' | '‚' | '`' | '´' | '-' | '\u{2010}'
                ..='\u{2015}'
                    | '−'
                    | '¬'
                    | '/'
                    | '\\'
                    | '|'
                    | '¦'
                    | '│'
                    | '*'
                    | '•'
                    | '·'
                    | '_'
                    | '='
                    | '~'
                    | '#'
                    | '<'
                    | '>'
                    | '&'
        )
}

/// Brackets and double quotation marks, which may belong to a name as long as their partner does.
fn is_paired(c: char) -> bool {
    matches!(c, '"') || closing(c).is_some() || matches!(c, ')' | ']' | '}' | '»' | '”' | '›')
}

/// The mark that closes `c`.
fn closing(c: char) -> Option<char> {
    Some(match c {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '«' => '»',
        '“' | '„' => '”',
        '‹' => '›',
        _ => return None,
    })
}

/// The offsets of every bracket in `range` that has a partner there, with that partner, sorted.
fn bracket_pairs(text: &str, range: Range<usize>) -> Vec<(usize, usize)> {
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut pairs = Vec::new();
    for (at, c) in text[range.clone()].char_indices() {
        let at = range.start + at;
        let closes = open.last().is_some_and(|&(_, expected)| expected == c);
        if closes {
            if let Some((partner, _)) = open.pop() {
                pairs.push((partner, at));
                pairs.push((at, partner));
            }
        } else if c == '"' {
            open.push((at, '"'));
        } else if let Some(close) = closing(c) {
            open.push((at, close));
        }
    }
    pairs.sort_unstable();
    pairs
}

fn partner(pairs: &[(usize, usize)], at: usize) -> Option<usize> {
    pairs
        .binary_search_by_key(&at, |pair| pair.0)
        .ok()
        .map(|i| pairs[i].1)
}

/// Whether the period right after `name` belongs to it.
fn keeps_period(text: &str, name: Range<usize>) -> bool {
    if text[name.end + 1..].starts_with('.') {
        return false;
    }
    let name = &text[name];
    let start = name
        .char_indices()
        .rev()
        .take_while(|&(_, c)| is_word_char(c))
        .last()
        .map_or(name.len(), |(at, _)| at);
    let (before, word) = name.split_at(start);
    let mut letters = word.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_uppercase() => {
            // After a plain word a single I, V or X is more often a king's number than an initial.
            let numeral = matches!(letter, 'I' | 'V' | 'X');
            let after_word = before.ends_with(char::is_whitespace)
                && before
                    .trim_end()
                    .chars()
                    .rev()
                    .take_while(|&c| is_word_char(c))
                    .nth(1)
                    .is_some();
            !(numeral && after_word)
        }
        (Some(_), Some(_)) => contains(NAME_ENDINGS, word),
        _ => false,
    }
}

/// Bytes of the elided clitic in front of `candidate`, if it does not belong to the name.
fn droppable_clitic(text: &str, candidate: Range<usize>) -> Option<usize> {
    let name = &text[candidate.clone()];
    let letters = run_len(name);
    let mark = name[letters..]
        .chars()
        .next()
        .filter(|&c| is_apostrophe(c))?;
    let clitic = &name[..letters];
    if !is_elided(clitic) {
        return None;
    }
    let length = letters + mark.len_utf8();
    let rest = &name[length..];
    let ambiguous = letters == 1
        && clitic.starts_with(char::is_uppercase)
        && rest.starts_with(char::is_uppercase);
    if !ambiguous {
        return Some(length);
    }
    let before = Context::before(text, candidate.start);
    let second_is_capital = rest.chars().nth(1).is_some_and(char::is_uppercase);
    let belongs = match clitic {
        _ if before == Context::Capitals && second_is_capital => false,
        // No French sentence has a capital after the clitics `N'` and `M'`: N'Djamena, M'Bappé.
        "N" | "M" if !second_is_capital => true,
        "L" if contains(NAMES_WITH_ARTICLE, &rest[..run_len(rest)]) => true,
        _ => before != Context::SentenceStart,
    };
    (!belongs).then_some(length)
}

/// What stands before a candidate.
#[derive(PartialEq, Eq)]
enum Context {
    SentenceStart,
    /// A word in capitals, so that a capital says nothing here.
    Capitals,
    Inside,
}

impl Context {
    /// How far back a gap is followed; a wider one separates whatever it is made of.
    const REACH: usize = 256;

    fn before(text: &str, at: usize) -> Context {
        let mut breaks = 0;
        let gap_end = text[..at]
            .char_indices()
            .rev()
            .take(Context::REACH)
            .find(|&(_, c)| {
                breaks += usize::from(is_line_break(c) && c != '\r');
                !(c.is_whitespace()
                    || is_invisible(c)
                    || matches!(c, '«' | '“' | '"' | '(' | '[' | '—' | '–' | '-'))
            });
        let Some((last_at, last)) = gap_end.filter(|_| breaks < 2) else {
            return Context::SentenceStart;
        };
        let head = &text[..last_at];
        let word_end = if last == '.' {
            head
        } else {
            &text[..last_at + last.len_utf8()]
        };
        let start = word_end
            .char_indices()
            .rev()
            .take(32)
            .take_while(|&(_, c)| is_word_char(c))
            .last();
        let word = start.map_or("", |(at, _)| &word_end[at..]);
        match last {
            '!' | '?' | '…' => Context::SentenceStart,
            '.' => {
                let initial = word.starts_with(char::is_uppercase) && word.chars().nth(1).is_none();
                if initial || abbreviation(word).is_some() {
                    Context::Inside
                } else {
                    Context::SentenceStart
                }
            }
            _ if is_in_capitals(word) => Context::Capitals,
            _ => Context::Inside,
        }
    }
}

/// Whether `word` has at least two letters and none of them is lower-case.
fn is_in_capitals(word: &str) -> bool {
    !word.chars().any(char::is_lowercase)
        && word.chars().filter(|c| c.is_uppercase()).nth(1).is_some()
}

/// Whether `word` is short, in lower or mixed case, and has no vowel: such a word before a period was cut
/// short (`Sgt`, `bld`, `km`), while one in capitals is an acronym (`SNCF`).
fn is_clipped(word: &str) -> bool {
    let mut letters = 0;
    let mut lower = false;
    for c in word.chars().take(6) {
        letters += 1;
        lower |= c.is_lowercase();
        let consonant = c.is_ascii_alphabetic()
            && !matches!(c.to_ascii_lowercase(), 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
        if !consonant {
            return false;
        }
    }
    lower && (1..=5).contains(&letters)
}

/// Whether the sorted, lower-case `table` holds `word`, ignoring case and Unicode form.
fn contains(table: &[&str], word: &str) -> bool {
    // Far more than any entry has, decomposed too.
    const LONGEST: usize = 64;
    word.len() <= LONGEST
        && table
            .binary_search_by(|entry| compare_folded(entry, word))
            .is_ok()
}

/// Orders a lower-case entry against the composed lower-case form of `word`; characters sort as their UTF-8
/// does.
fn compare_folded(entry: &str, word: &str) -> Ordering {
    if word.is_ascii() {
        return entry
            .bytes()
            .cmp(word.bytes().map(|byte| byte.to_ascii_lowercase()));
    }
    entry.chars().cmp(word.nfc().flat_map(char::to_lowercase))
}

/// Whether the hyphen at a line's end belongs between `before` and `after`, although `after` goes on in
/// lower-case: `peut-⏎être`, `Boulogne-⏎sur-Mer`, `dit-⏎il`.
pub(crate) fn keeps_hyphen(before: &str, after: &str, follows: AfterHyphen) -> bool {
    contains(BEFORE_HYPHEN, before)
        || contains(AFTER_HYPHEN, after)
        || follows == AfterHyphen::Bound && contains(PLACE_LINKS, after)
}

/// What directly follows the first word after a hyphen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterHyphen {
    /// A hyphen or an apostrophe.
    Bound,
    /// Anything else.
    Loose,
}

/// Abbreviations that belong to what follows, in any case.
const LEADING: &[&str] = &[
    "bd", "bld", "blvd", "boul", "bvd", "cdt", "chev", "cne", "dr", "drs", "fg", "gal", "gén",
    "lt", "mgr", "mlle", "mlles", "mm", "mme", "mmes", "mr", "mrs", "ms", "msgr", "pdt", "pr",
    "prof", "rte", "révd", "sgt", "st", "ste", "stes", "sts", "vve",
];

/// Abbreviations that belong to what follows when they are capitalised; in lower-case they are other words.
const LEADING_CAPITALISED: &[&str] = &[
    "abr", "adj", "al", "alph", "amb", "ant", "aug", "av", "benj", "bern", "cap", "capt", "ch",
    "chr", "cl", "col", "ed", "emm", "et", "eug", "fr", "frs", "fréd", "geo", "gr", "guill", "jh",
    "jn", "jos", "m", "me", "mes", "ph", "pl", "rév", "seb", "sr", "sén", "th", "éd", "ét",
];

/// Abbreviations that may end a sentence.
const FREE: &[&str] = &[
    "adm", "al", "ann", "app", "approx", "appt", "apr", "arr", "art", "ass", "assoc", "av", "avr",
    "bibl", "biblio", "bros", "bull", "bât", "c", "cant", "cap", "cass", "cf", "ch", "chap",
    "chron", "cie", "circ", "cit", "civ", "co", "col", "coll", "com", "comm", "comp", "concl",
    "conf", "cons", "const", "corp", "corr", "coul", "crim", "d", "dept", "dir", "déc", "dép",
    "dépt", "e", "ed", "edit", "env", "esc", "ets", "ex", "fasc", "fig", "fév", "févr", "gde",
    "hab", "ibid", "id", "ill", "illustr", "imp", "inc", "inf", "inst", "inéd", "janv", "jr",
    "juil", "juill", "jur", "jurispr", "l", "lett", "litt", "liv", "loc", "ltd", "ltée", "min",
    "ms", "mss", "mun", "n", "nat", "no", "nos", "not", "nouv", "nov", "nᵒ", "obs", "oct", "op",
    "ord", "ouvr", "p", "pag", "paragr", "pl", "plur", "pp", "préc", "préf", "r", "rapp", "rec",
    "ref", "req", "rev", "réf", "régl", "résol", "rééd", "s", "sc", "sect", "sept", "soc", "somm",
    "sq", "sqq", "sr", "ss", "sté", "suiv", "sup", "supp", "suppl", "t", "tab", "tel", "tit",
    "tom", "trad", "trib", "trim", "tél", "univ", "v", "vol", "vs", "éd", "édit", "éts",
];

/// Words after which the final period belongs to a name.
const NAME_ENDINGS: &[&str] = &[
    "bros", "cie", "co", "corp", "ets", "inc", "jr", "ltd", "ltée", "sr", "sté", "éts",
];

/// Prepositions and conjunctions.
#[rustfmt::skip]
const LINKS: &[&str] = &[
    "afin", "après", "au", "aux", "avant", "avec", "car", "chez", "comme", "concernant", "contre", "dans",
    "de", "depuis", "derrière", "des", "devant", "donc", "dont", "du", "durant", "dès", "en", "entre",
    "envers", "et", "hors", "jusque", "lez", "lorsque", "lès", "mais", "malgré", "ni", "or", "ou",
    "outre", "où", "par", "parmi", "pendant", "pour", "puisque", "quand", "que", "qui", "quoique", "sans",
    "sauf", "selon", "si", "sous", "suivant", "sur", "vers", "via", "à",
];

/// Articles, determiners, clitic pronouns, auxiliaries.
#[rustfmt::skip]
const LEADS: &[&str] = &[
    "a", "ai", "aucun", "aucune", "ce", "certaines", "certains", "ces", "cet", "cette", "chaque", "elle",
    "elles", "est", "il", "ils", "je", "la", "le", "les", "leur", "leurs", "ma", "me", "mes", "mon", "ne",
    "nos", "notre", "on", "ont", "plusieurs", "quel", "quelle", "quelles", "quelques", "quels", "sa",
    "se", "ses", "son", "sont", "ta", "te", "tes", "ton", "tu", "un", "une", "vos", "votre", "y",
];

/// Words that do not end a line without the name they announce.
#[rustfmt::skip]
const CIVILITIES: &[&str] = &[
    "dr", "madame", "mademoiselle", "maître", "me", "mesdames", "messeigneurs", "messieurs", "mgr",
    "mlle", "mlles", "mm", "mme", "mmes", "monsieur", "mr", "mrs", "pr", "vve",
];

/// Words that begin names, and do not end a line without the rest.
const SAINTS: &[&str] = &["saint", "sainte", "saintes", "saints", "st", "ste"];

/// Function words that can end a phrase.
#[rustfmt::skip]
const STANDS: &[&str] = &[
    "ailleurs", "ainsi", "alors", "aujourd", "auparavant", "aussi", "aussitôt", "autrefois", "autrement",
    "ayant", "bien", "bref", "ceci", "cela", "celle", "celles", "celui", "cependant", "certes", "ceux",
    "comment", "demain", "désormais", "encore", "enfin", "ensuite", "eux", "finalement", "hier", "ici",
    "jamais", "lors", "lui", "là", "malheureusement", "moi", "même", "non", "notamment", "nous", "nul",
    "nulle", "néanmoins", "oui", "parfois", "plus", "pourquoi", "pourtant", "puis", "quant", "quoi",
    "rien", "seul", "seule", "seulement", "seuls", "soit", "surtout", "tandis", "tel", "telle", "telles",
    "tels", "toujours", "tous", "tout", "toute", "toutefois", "toutes", "trop", "très", "voici", "voilà",
    "vous", "ça", "également", "étant",
];

/// Civilities, ranks and functions before a person's name.
#[rustfmt::skip]
const TITLES: &[&str] = &[
    "abbé", "adjudant", "adjudante", "ambassadeur", "ambassadrice", "amiral", "amirale", "archevêque",
    "baron", "baronne", "brigadier", "capitaine", "cardinal", "chancelier", "chancelière", "chef",
    "chevalier", "colonel", "colonelle", "commandant", "commandante", "commissaire", "comte", "comtesse",
    "conseiller", "conseillère", "directeur", "directrice", "docteur", "docteure", "dom", "don", "dr",
    "duc", "duchesse", "député", "députée", "empereur", "frère", "gouverneur", "gouverneure", "gén",
    "général", "générale", "impératrice", "inspecteur", "inspectrice", "juge", "lady", "lieutenant",
    "lieutenante", "lord", "lt", "m", "madame", "mademoiselle", "maire", "major", "marquis", "marquise",
    "maréchal", "maître", "me", "mesdames", "mesdemoiselles", "messieurs", "mgr", "ministre", "mlle",
    "mlles", "mm", "mme", "mmes", "monseigneur", "monsieur", "mr", "mrs", "ms", "mère", "pape", "pasteur",
    "pr", "premier", "premier-ministre", "prince", "princesse", "procureur", "procureure", "prof",
    "professeur", "professeure", "président", "présidente", "père", "rabbin", "reine", "roi", "révérend",
    "saint", "sainte", "sergent", "sergente", "sir", "sultan", "sénateur", "sénatrice", "sœur", "tsar",
    "vicomte", "vicomtesse", "vve", "évêque",
];

/// Clitics that elide; scans often have `1'` for `l'`.
const ELIDED: &[&str] = &[
    "1", "c", "d", "j", "jusqu", "l", "lorsqu", "m", "n", "puisqu", "qu", "quoiqu", "s", "t",
];

/// First words after the article of names that carry it even at a sentence's start.
const NAMES_WITH_ARTICLE: &[&str] = &[
    "aquila",
    "express",
    "haÿ",
    "humanité",
    "obs",
    "oréal",
    "équipe",
];

/// Fragments whose hyphen stays, whatever follows.
const BEFORE_HYPHEN: &[&str] = &[
    "anglo", "demi", "franco", "germano", "hispano", "italo", "peut", "russo", "semi", "sino", "t",
    "vice", "à",
];

/// Fragments that begin with a vowel, or are too short for a syllable, and so were not cut off a word.
const AFTER_HYPHEN: &[&str] = &[
    "elle", "elles", "il", "ils", "là", "même", "mêmes", "on", "être",
];

/// The small words inside French place names.
const PLACE_LINKS: &[&str] = &[
    "au", "aux", "d", "de", "des", "devant", "du", "en", "et", "l", "la", "le", "les", "lez",
    "lès", "près", "sous", "sur", "à",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tables_are_sorted_lower_case_and_without_repeats() {
        for table in [
            LEADING,
            LEADING_CAPITALISED,
            FREE,
            NAME_ENDINGS,
            LINKS,
            LEADS,
            CIVILITIES,
            SAINTS,
            STANDS,
            TITLES,
            ELIDED,
            NAMES_WITH_ARTICLE,
            BEFORE_HYPHEN,
            AFTER_HYPHEN,
            PLACE_LINKS,
        ] {
            for pair in table.windows(2) {
                assert!(pair[0] < pair[1], "{pair:?}");
            }
            for entry in table {
                assert_eq!(*entry, entry.to_lowercase());
                assert!(
                    contains(table, entry) && contains(table, &entry.to_uppercase()),
                    "{entry}"
                );
            }
        }
        for (i, table) in [LINKS, LEADS, STANDS].into_iter().enumerate() {
            for other in &[LINKS, LEADS, STANDS][i + 1..] {
                assert!(!table.iter().any(|word| contains(other, word)));
            }
        }
    }

    #[test]
    fn abbreviations() {
        for word in ["M", "MM", "Mme", "MME", "Me", "Dr", "St", "bd", "Ph", "Col"] {
            assert_eq!(abbreviation(word), Some(Abbreviation::Leading), "{word}");
        }
        for word in [
            "art", "ART", "p", "Cie", "km", "préc", "Cass", "m", "col", "cdts",
        ] {
            assert_eq!(abbreviation(word), Some(Abbreviation::Free), "{word}");
        }
        for word in [
            "", "me", "J", "D", "V", "SNCF", "Paris", "a", "y", "3", "3e", "etc",
        ] {
            assert_eq!(abbreviation(word), None, "{word}");
        }
    }

    #[test]
    fn titles_and_function_words() {
        assert!(is_title("Président") && is_title("M") && !is_title("Sarkozy"));
        assert_eq!(function_word("À"), Some(FunctionWord::Link));
        assert_eq!(function_word("Cependant"), Some(FunctionWord::Stand));
        assert_eq!(function_word("apre\u{300}s"), Some(FunctionWord::Link));
        assert_eq!(function_word(""), None);
    }

    /// Checks the words of `text`, which `expected` has between vertical bars.
    #[track_caller]
    fn check_words(text: &str, expected: &str) {
        assert_eq!(
            words(text)
                .map(|range| &text[range])
                .collect::<Vec<_>>()
                .join("|"),
            expected
        );
    }

    #[test]
    fn words_of_french() {
        check_words("", "");
        check_words(" \u{A0}\n", "");
        check_words("la France,", "la|France|,");
        check_words(
            "l'Élysée, L’OCI, qu'Areva",
            "l'|Élysée|,|L’|OCI|,|qu'|Areva",
        );
        check_words(
            "JUSQU'À lorsqu’il dʼAstana",
            "JUSQU'|À|lorsqu’|il|dʼ|Astana",
        );
        check_words(
            "aujourd'hui O'Brien prud’hommes Aujourd'hui's",
            "aujourd'hui|O'Brien|prud’hommes|Aujourd'hui's",
        );
        check_words(
            "J.-C. Suez-Degremont/Total",
            "J|.|-|C|.|Suez|-|Degremont|/|Total",
        );
        check_words(
            "Côte-d'Or d'« Aurore » l' Inde",
            "Côte|-|d'|Or|d'|«|Aurore|»|l'|Inde",
        );
        check_words("G20 1.000,5 XXIe", "G20|1|.|000|,|5|XXIe");
        check_words("E\u{301}lyse\u{301}e '' c'", "E\u{301}lyse\u{301}e|'|'|c'");
    }

    /// Checks what is left of the candidate between `⟦` and `⟧`.
    #[track_caller]
    fn check_trim(marked: &str, expected: &str) {
        let start = marked.find('⟦').expect("a candidate");
        let end = marked.find('⟧').expect("a candidate") - '⟦'.len_utf8();
        let text = marked.replace(['⟦', '⟧'], "");
        assert_eq!(&text[trim_span(&text, start..end)], expected, "in {marked}");
    }

    #[test]
    fn edges_that_belong_to_no_name() {
        check_trim("dans ⟦ Paris, ⟧", "Paris");
        check_trim("⟦« Le Monde »⟧", "Le Monde");
        check_trim("⟦(OCI)⟧ et ", "OCI");
        check_trim("⟦Thalès)⟧ et ", "Thalès");
        check_trim("⟦(Total⟧", "Total");
        check_trim("⟦- Total -⟧", "Total");
        check_trim("⟦Suez (Égypte)⟧", "Suez (Égypte)");
        check_trim("⟦Les \"Gilets jaunes\"⟧", "Les \"Gilets jaunes\"");
        check_trim("⟦Les Gilets jaunes\"⟧", "Les Gilets jaunes");
        check_trim("⟦l'association « Les Amis »⟧", "association « Les Amis »");
        check_trim("⟦France !⟧", "France");
        check_trim("⟦Canal+⟧", "Canal+");
        check_trim("⟦Idriss Ouattara²⟧", "Idriss Ouattara");
        check_trim("⟦ ,;« ⟧", "");
        check_trim("⟦⟧", "");
        check_trim("⟦d'⟧", "");
    }

    #[test]
    fn final_periods() {
        check_trim("à ⟦Paris.⟧", "Paris");
        check_trim("avec ⟦Trichet J.-C.⟧", "Trichet J.-C.");
        check_trim("la ⟦Dupont S.A.⟧", "Dupont S.A.");
        check_trim("l'⟦O.N.U.⟧", "O.N.U.");
        check_trim("⟦Dupont et Cie.⟧", "Dupont et Cie.");
        check_trim("⟦Martin Luther King Jr.⟧", "Martin Luther King Jr.");
        check_trim("le roi ⟦Philippe V.⟧", "Philippe V");
        check_trim("⟦Marlène L.⟧, de l'IFRI", "Marlène L.");
        check_trim("M. ⟦X...⟧", "X");
        check_trim("⟦J. Dupont.⟧", "J. Dupont");
    }

    #[test]
    fn leading_clitics() {
        check_trim("à ⟦l'OCI⟧", "OCI");
        check_trim("vers ⟦d’Astana⟧", "Astana");
        check_trim("et ⟦qu'Areva⟧", "Areva");
        check_trim("⟦Qu'Areva⟧", "Areva");
        check_trim("et ⟦l' Inde⟧", "Inde");
        check_trim("de ⟦1'Indre⟧", "Indre");
        check_trim("et ⟦l'« Aurore »⟧", "Aurore");
        check_trim("chez ⟦L'Oréal⟧", "L'Oréal");
        check_trim("de Jean ⟦D'Alembert⟧", "D'Alembert");
        check_trim("M. ⟦L'Hermite⟧ et J. L'Heureux", "L'Hermite");
        check_trim("⟦L'Assemblée nationale⟧ vote", "Assemblée nationale");
        check_trim("Il part. ⟦L'Assemblée⟧ vote", "Assemblée");
        check_trim("Titre\n\n⟦L'Assemblée⟧ vote", "Assemblée");
        check_trim("Il part. « ⟦L’Oréal⟧ gagne", "L’Oréal");
        check_trim("⟦N'Djamena⟧ et Kylian M'Bappé", "N'Djamena");
        check_trim("LE PALAIS DE ⟦L'ÉLYSÉE⟧", "ÉLYSÉE");
        check_trim("Palais de ⟦L'Élysée⟧", "L'Élysée");
        check_trim("à ⟦L'association⟧", "association");
        check_trim("⟦O'Brien⟧", "O'Brien");
    }

    #[test]
    fn foreign_ranges_are_drawn_in() {
        assert_eq!(trim_span("é", 1..9), 0..2);
        assert_eq!(trim_span("été", 9..12), 5..5);
        assert_eq!(trim_span("été", Range { start: 3, end: 1 }), 0..0);
    }

    #[test]
    fn hostile_texts_take_linear_time() {
        // Enough for a quadratic rule to hang, also where the build is slow.
        let many = if cfg!(debug_assertions) {
            1 << 17
        } else {
            1 << 20
        };
        for text in [
            "a", "a'", "l'", "L'A", "'", "(", ")", "()", "\"", ".", "a.", "«", " ", "L'A,,,,",
        ] {
            let text = text.repeat(many);
            assert!(words(&text).all(|range| !range.is_empty()));
            let trimmed = trim_span(&text, 0..text.len());
            assert!(text.get(trimmed).is_some());
        }
    }

    /// Text made of the pieces the rules look at, so that they meet in every order.
    fn text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            prop::sample::select(vec![
                " ", "\n\n", "l'", "L'", "d’", "aujourd", "'", "’", "ʼ", "(", ")", "«", "»", "\"",
                ".", "-", "J", "S.A.", "Paris", "e\u{301}", "É", "M. ", "N'", ", ",
            ])
            .prop_map(String::from),
            any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..25).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn words_cover_the_text(text in text()) {
            let mut end = 0;
            for range in words(&text) {
                prop_assert!(range.start >= end && !range.is_empty());
                prop_assert!(text[end..range.start].chars().all(char::is_whitespace));
                prop_assert!(!text[range.clone()].contains(char::is_whitespace));
                end = range.end;
            }
            prop_assert!(text[end..].chars().all(char::is_whitespace));
        }

        #[test]
        fn trimming_shrinks_and_is_done_at_once(text in text(), start in 0usize..80, end in 0usize..80) {
            let trimmed = trim_span(&text, start..end);
            let inside = text.get(trimmed.clone()).expect("on character boundaries");
            prop_assert!(trimmed.is_empty() || trimmed.end <= end.min(text.len()));
            prop_assert!(inside.trim() == inside);
            prop_assert_eq!(trim_span(&text, trimmed.clone()), trimmed);
        }
    }
}

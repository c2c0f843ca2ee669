//! One sentence as the model reads it, with the way back to the source.
//!
//! Normalisation serves the model's eyes only. It evens out what typesetting, extraction and encodings vary
//! (line breaks, end-of-line hyphens, Unicode forms, apostrophes, words in capitals) and leaves everything a
//! reader would call text: accents, punctuation, dashes and guillemets.

use std::ops::Range;

use unicode_normalization::char::{
    canonical_combining_class, decompose_canonical, is_combining_mark,
};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::case;
use super::french::{AfterHyphen, is_apostrophe, is_elided, is_word_char, keeps_hyphen};
use crate::span::{Normalized, Source, Span};

/// One sentence, normalised, and its alignment with the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalizedText {
    text: String,
    /// Where the sentence starts in the source, in bytes.
    start: usize,
    /// What differs from the source, in order. Invariant: both ranges of an edit begin where those of the edit
    /// before it end or later, no source range is empty, and the text between two edits is the same, byte for
    /// byte but for the case of letters, on both sides. So the alignment is total and monotone by construction.
    edits: Vec<Edit>,
}

/// A piece of the source and what it became; it maps as a whole. Nothing is ever inserted from nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edit {
    normalized: Range<usize>,
    source: Range<usize>,
}

/// Normalises the sentence at `span` of `source`.
///
/// * A run of Unicode white space and line breaks becomes one space, and so does a table bar that stands
///   alone; at the edges of the sentence both vanish.
/// * Soft hyphens, zero-width and directional characters, byte-order marks and control characters vanish.
/// * Decomposed sequences are composed (NFC), and align as a unit.
/// * Typographic apostrophes between letters, or after an elided clitic, become `'`.
/// * A word hyphenated at a line's end is joined: without the hyphen when it goes on in lower-case, with it
///   before a capital (`Saint-⏎Denis`), a digit, or where French keeps it (`peut-⏎être`,
///   `Boulogne-⏎sur-Mer`). A soft hyphen or `¬` at a line's end counts as a hyphen.
///
/// * Words in capitals become title case, where they are typography rather than acronyms
///   (`RÉPUBLIQUE DU KAZAKHSTAN`, `M. DUPONT`).
///
/// Text that needs none of this is unchanged. Takes time linear in the sentence, up to the sorting of an
/// absurd run of combining marks.
///
/// ```
/// use nommer_core::span::Span;
/// use nommer_core::text::normalize::normalize;
/// let source = "les  Nations\n  Unies et le gouver-\nnement";
/// let sentence = normalize(source, Span::new(0, source.len()).unwrap());
/// assert_eq!(sentence.text(), "les Nations Unies et le gouvernement");
/// let found = sentence.to_source(Span::new(4, 17).unwrap()).unwrap();
/// assert_eq!(found.slice(source), "Nations\n  Unies");
/// ```
///
/// # Panics
/// When `span` does not lie on character boundaries of `source`, as [`Span::slice`].
pub fn normalize(source: &str, span: Span<Source>) -> NormalizedText {
    let sentence = span.slice(source);
    let mut builder = Builder {
        source: sentence,
        at: 0,
        text: String::with_capacity(sentence.len()),
        edits: Vec::new(),
        // Almost every sentence is composed already, and one quick check spares it the character-wise ones.
        composed: is_nfc_quick(sentence.chars()) == IsNormalized::Yes,
    };
    while let Some(c) = sentence[builder.at..].chars().next() {
        builder.step(c);
    }
    let Builder {
        mut text, edits, ..
    } = builder;
    case::soften_capitals(&mut text);
    NormalizedText {
        text,
        start: span.start(),
        edits,
    }
}

impl NormalizedText {
    /// What the model reads: may be empty, has no white space at its edges and only single spaces inside.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The piece of the source that became `span`: from the first byte of the first character's origin to the
    /// last byte of the last one's, with everything removed in between. Takes logarithmic time.
    ///
    /// `None` when `span` was not made for this text: it reaches beyond it or cuts a character.
    pub fn to_source(&self, span: Span<Normalized>) -> Option<Span<Source>> {
        let fits =
            self.text.is_char_boundary(span.start()) && self.text.is_char_boundary(span.end());
        if !fits {
            return None;
        }
        let first = self.origin(span.start());
        let last = self.origin(span.end() - 1);
        Span::new(self.start + first.start, self.start + last.end)
    }

    /// The origin of one byte of the text, relative to the sentence.
    fn origin(&self, byte: usize) -> Range<usize> {
        let before = self
            .edits
            .partition_point(|edit| edit.normalized.start <= byte);
        match before.checked_sub(1).map(|i| &self.edits[i]) {
            None => byte..byte + 1,
            Some(edit) if byte < edit.normalized.end => edit.source.clone(),
            Some(edit) => {
                let origin = edit.source.end + (byte - edit.normalized.end);
                origin..origin + 1
            }
        }
    }
}

/// Characters that print nothing and separate nothing: soft hyphen, zero-width and directional characters,
/// stray byte-order marks, and the controls that are not white space.
pub(crate) fn is_invisible(c: char) -> bool {
    match c {
        ' '..='~' => false,
        '\u{AD}'
        | '\u{61C}'
        | '\u{180E}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206F}'
        | '\u{FEFF}' => true,
        _ => c.is_control() && !c.is_whitespace(),
    }
}

/// White space or nothing at all.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

/// The characters that tables draw their columns with.
pub(crate) fn is_bar(c: char) -> bool {
    matches!(c, '|' | '¦' | '│' | '┃')
}

/// Characters that end a line. Form feeds and vertical tabs stand beside line breaks, not for them.
pub(crate) fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What a run of characters that print nothing amounts to.
struct Gap {
    /// Bytes from the beginning of the run to the first character that prints.
    len: usize,
    separates: bool,
    breaks_line: bool,
}

/// The run at the beginning of `text` of white space, invisible characters and bars that stand alone. A bar
/// stands alone when white space or the edge of the sentence is on either side.
fn gap(text: &str, at_edge: Edge) -> Gap {
    let mut gap = Gap {
        len: 0,
        separates: at_edge == Edge::Yes,
        breaks_line: false,
    };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c.is_whitespace() {
            gap.separates = true;
            gap.breaks_line |= is_line_break(c);
            rest = &rest[c.len_utf8()..];
        } else if is_invisible(c) {
            rest = &rest[c.len_utf8()..];
        } else if is_bar(c) && gap.separates {
            let after = rest.trim_start_matches(|c| is_bar(c) || is_invisible(c));
            if !after.is_empty() && !after.starts_with(char::is_whitespace) {
                break;
            }
            rest = after;
        } else {
            break;
        }
        gap.len = text.len() - rest.len();
    }
    gap
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    Yes,
    No,
}

struct Builder<'a> {
    source: &'a str,
    /// Bytes of `source` that are done.
    at: usize,
    text: String,
    edits: Vec<Edit>,
    composed: bool,
}

impl Builder<'_> {
    /// Takes the character `c`, which is the next one, and what belongs to it.
    fn step(&mut self, c: char) {
        let rest = &self.source[self.at..];
        if let Some(joined) = self.hyphenation(c) {
            match joined {
                Joined::WithHyphen(len) if c == '-' => {
                    self.copy(1);
                    self.replace(len - 1, "");
                }
                Joined::WithHyphen(len) => self.replace(len, "-"),
                Joined::Without(len) => self.replace(len, ""),
            }
        } else if is_blank(c) || is_bar(c) {
            let at_edge = if self.text.is_empty() {
                Edge::Yes
            } else {
                Edge::No
            };
            let gap = gap(rest, at_edge);
            if gap.len == 0 {
                // Bars that touch text; taken together, so that a long run of them is looked through once.
                self.copy(rest.len() - rest.trim_start_matches(is_bar).len());
            } else if self.text.is_empty() || gap.len == rest.len() || !gap.separates {
                self.replace(gap.len, "");
            } else if &rest[..gap.len] == " " {
                self.copy(1);
            } else {
                self.replace(gap.len, " ");
            }
        } else if c != '\'' && is_apostrophe_like(c) && self.elides(c) {
            self.replace(c.len_utf8(), "'");
        } else if self.composed {
            self.copy(c.len_utf8());
        } else {
            self.compose(c);
        }
    }

    /// Copies the next `len` bytes of the source.
    fn copy(&mut self, len: usize) {
        self.text.push_str(&self.source[self.at..self.at + len]);
        self.at += len;
    }

    /// Puts `text` for the next `len` bytes of the source.
    fn replace(&mut self, len: usize, text: &str) {
        let normalized = self.text.len()..self.text.len() + text.len();
        let source = self.at..self.at + len;
        self.text.push_str(text);
        self.at += len;
        match self.edits.last_mut() {
            // Two neighbouring removals are one.
            Some(last)
                if text.is_empty()
                    && last.normalized == normalized
                    && last.source.end == source.start =>
            {
                last.source.end = source.end;
            }
            _ => self.edits.push(Edit { normalized, source }),
        }
    }

    /// Takes `c` and the characters that may compose with it, which need not be visible neighbours.
    fn compose(&mut self, c: char) {
        let rest = &self.source[self.at..];
        let mut len = c.len_utf8();
        for (at, next) in rest.char_indices().skip(1) {
            if is_invisible(next) {
                continue;
            }
            if next.is_whitespace() || begins_composition(next) {
                break;
            }
            len = at + next.len_utf8();
        }
        if len == c.len_utf8() && is_nfc_quick(std::iter::once(c)) == IsNormalized::Yes {
            return self.copy(len);
        }
        let unit = &rest[..len];
        let visible = || unit.chars().filter(|&c| !is_invisible(c));
        let composed: String = visible().nfc().collect();
        if composed.chars().eq(visible()) {
            self.copy_visible(unit);
        } else {
            self.replace(len, &composed);
        }
    }

    /// Copies the characters of `unit`, which is next, and removes the invisible ones: each keeps its own place.
    fn copy_visible(&mut self, unit: &str) {
        for c in unit.chars() {
            if is_invisible(c) {
                self.replace(c.len_utf8(), "");
            } else {
                self.copy(c.len_utf8());
            }
        }
    }

    /// Whether the apostrophe-like `mark`, which is the next character, stands for a lost letter.
    fn elides(&self, mark: char) -> bool {
        let Some(before) = self.text.chars().next_back().filter(|&c| is_letter(c)) else {
            return false;
        };
        let rest = &self.source[self.at + mark.len_utf8()..];
        let after = rest.chars().find(|&c| !is_invisible(c));
        if after.is_some_and(is_letter) {
            return true;
        }
        // `l’⏎Assemblée`, `d’« Aurore »`; the last word is looked at no further than a clitic reaches.
        let clitic = self
            .text
            .char_indices()
            .rev()
            .take(8)
            .take_while(|&(_, c)| is_letter(c))
            .last();
        before.is_ascii()
            && is_apostrophe(mark)
            && clitic.is_some_and(|(at, _)| is_elided(&self.text[at..]))
    }

    /// How the hyphen `mark`, if it is one, joins the end of a line to the next.
    fn hyphenation(&self, mark: char) -> Option<Joined> {
        if !matches!(mark, '-' | '\u{2010}' | '\u{AD}' | '¬') {
            return None;
        }
        let before = self.text.chars().next_back().filter(|&c| is_word_char(c))?;
        let rest = &self.source[self.at + mark.len_utf8()..];
        let gap = gap(rest, Edge::No);
        let after = &rest[gap.len..];
        let first = after
            .chars()
            .next()
            .filter(|&c| is_word_char(c) && begins_composition(c))?;
        if !gap.breaks_line {
            return None;
        }
        let len = mark.len_utf8() + gap.len;
        let keeps = if first.is_lowercase() {
            before.is_numeric() || self.keeps_hyphen(after)
        } else if matches!(mark, '\u{AD}' | '¬') {
            // Put in by a typesetter, who cuts no word before a capital unless it is all in capitals.
            before.is_lowercase() || before.is_numeric()
        } else {
            true
        };
        Some(if keeps {
            Joined::WithHyphen(len)
        } else {
            Joined::Without(len)
        })
    }

    /// Whether French writes a hyphen between the last word so far and the one `after` begins with.
    fn keeps_hyphen(&self, after: &str) -> bool {
        // No entry of the tables is longer, so a word cut here is found in none of them.
        const REACH: usize = 12;
        let word = self
            .text
            .char_indices()
            .rev()
            .take(REACH)
            .take_while(|&(_, c)| is_word_char(c))
            .last();
        let before = word.map_or("", |(at, _)| &self.text[at..]);
        let end = after
            .char_indices()
            .take(REACH)
            .find(|&(_, c)| !is_word_char(c));
        let (next, tail) = after.split_at(end.map_or(after.len(), |(at, _)| at));
        let bound = tail.starts_with(|c| c == '-' || is_apostrophe(c));
        keeps_hyphen(
            before,
            next,
            if bound {
                AfterHyphen::Bound
            } else {
                AfterHyphen::Loose
            },
        )
    }
}

/// Bytes from a hyphen at the end of a line to the first letter of the next, and what becomes of it.
enum Joined {
    WithHyphen(usize),
    Without(usize),
}

/// What is typed or scanned for an apostrophe. The last two are canonical equivalents of `` ` `` and `´`.
fn is_apostrophe_like(c: char) -> bool {
    is_apostrophe(c) || matches!(c, '‘' | '′' | '`' | '´' | '\u{1FEF}' | '\u{1FFD}')
}

fn is_letter(c: char) -> bool {
    is_word_char(c) && !c.is_numeric()
}

/// Whether nothing before `c` can compose with it, in the sense of the Unicode normalisation forms (UAX #15).
fn begins_composition(c: char) -> bool {
    if c.is_ascii() {
        return true;
    }
    let mut first = None;
    decompose_canonical(c, |part| first = first.or(Some(part)));
    let first = first.unwrap_or(c);
    canonical_combining_class(first) == 0
        && !is_combining_mark(first)
        && is_nfc_quick(std::iter::once(first)) != IsNormalized::Maybe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(source: &str) -> NormalizedText {
        normalize(
            source,
            Span::new(0, source.len()).expect("a sentence is not empty"),
        )
    }

    #[track_caller]
    fn check(source: &str, expected: &str) {
        assert_eq!(whole(source).text(), expected, "from {source:?}");
    }

    /// Checks that `found`, as the model reads it, stands in the source as `expected`.
    #[track_caller]
    fn check_origin(source: &str, found: &str, expected: &str) {
        let sentence = whole(source);
        let start = sentence
            .text()
            .find(found)
            .unwrap_or_else(|| panic!("no {found:?} in {:?}", sentence.text()));
        let span = Span::new(start, start + found.len()).expect("not empty");
        assert_eq!(
            sentence.to_source(span).map(|span| span.slice(source)),
            Some(expected)
        );
    }

    #[test]
    fn white_space() {
        check(
            "la  France\n\t et\u{A0}l'Italie\u{202F}!",
            "la France et l'Italie !",
        );
        check(" \u{FEFF}la France\r\n", "la France");
        check("\n \u{200B}", "");
        check_origin(
            "les Nations\n   Unies",
            "Nations Unies",
            "Nations\n   Unies",
        );
        check_origin(
            "les Nations\u{A0}Unies et",
            "Nations Unies",
            "Nations\u{A0}Unies",
        );
        check_origin("les  Nations", " ", "  ");
    }

    #[test]
    fn table_bars() {
        check("les Nations |\n| Unies | ", "les Nations Unies");
        check("| a || b|c", "a b|c");
        check("|", "");
        check("|a| b||", "|a| b||");
        check_origin(
            "les Nations |\n| Unies",
            "Nations Unies",
            "Nations |\n| Unies",
        );
    }

    #[test]
    fn invisible_characters() {
        check(
            "Kazakh\u{AD}stan\u{200B} \0et\u{200E} Al\u{200D}stom\u{85}x\u{9D}",
            "Kazakhstan et Alstom x",
        );
        check_origin(
            "le \u{200E}Kazakh\u{AD}stan\u{200E} et",
            "Kazakhstan",
            "Kazakh\u{AD}stan",
        );
        check_origin("Kazakh\u{AD}\u{200B}stan", "stan", "stan");
    }

    #[test]
    fn composition() {
        check("l'E\u{301}lyse\u{301}e", "l'Élysée");
        check("e\u{200B}\u{301}", "é");
        check("A\u{30A} et \u{212B}", "Å et Å");
        check("x\u{302}\u{323}", "x\u{323}\u{302}");
        check_origin("l'E\u{301}lyse\u{301}e,", "Élysée", "E\u{301}lyse\u{301}e");
        check_origin("l'Elyse\u{301}e,", "s", "s");
        check_origin("l'Elyse\u{301}e,", "é", "e\u{301}");
        check_origin("e\u{301}a\u{300}", "à", "a\u{300}");
        check_origin("x\u{302}\u{323}y", "\u{302}", "x\u{302}\u{323}");
        check_origin("x\u{1B}\u{302}y", "x", "x");
        check_origin("x\u{1B}\u{302}y", "\u{302}", "\u{302}");
        check_origin(
            "\u{1F3FD}\u{1B}\u{301}",
            "\u{1F3FD}\u{301}",
            "\u{1F3FD}\u{1B}\u{301}",
        );
    }

    #[test]
    fn apostrophes() {
        check(
            "l’Élysée, aujourd’hui, dʼAstana, l´Inde",
            "l'Élysée, aujourd'hui, d'Astana, l'Inde",
        );
        check("l`Iran, l′Irak, l‘Oise", "l'Iran, l'Irak, l'Oise");
        check(
            "d’« Aurore », l’ Assemblée, d’1 euro",
            "d'« Aurore », l' Assemblée, d'1 euro",
        );
        check("‘Le Monde’, 5′ et 3’, ’tit", "‘Le Monde’, 5′ et 3’, ’tit");
        check_origin("de l’Élysée", "l'Élysée", "l’Élysée");
        check_origin("de l’Élysée", "'", "’");
    }

    #[test]
    fn hyphenation() {
        check("le gouver-\nnement", "le gouvernement");
        check("le gouver-  \r\n   nement", "le gouvernement");
        check(
            "le gouver\u{AD}\nnement, le minis¬\ntre",
            "le gouvernement, le ministre",
        );
        check("l'inaugu\u{2010}\nration", "l'inauguration");
        check(
            "à Saint-\nDenis, Saint¬\nDenis, Saint\u{AD}\nDenis",
            "à Saint-Denis, Saint-Denis, Saint-Denis",
        );
        check("GOUVER¬\nNEMENT", "Gouvernement");
        check("le CFM-\n56, en 2010-\n2011", "le CFM-56, en 2010-2011");
        check(
            "peut-\nêtre, Boulogne-\nsur-Mer",
            "peut-être, Boulogne-sur-Mer",
        );
        check("Villeneuve-\nd'Ascq, dit-\nil", "Villeneuve-d'Ascq, dit-il");
        check("le gouver- |\n| nement", "le gouvernement");
        check(
            "Paris -\nlà, a --\nb, a-\n, b- c",
            "Paris - là, a -- b, a- , b- c",
        );
        check_origin("le gouver-\nnement a", "gouvernement", "gouver-\nnement");
        check_origin("le gouver-\nnement a", "gouver", "gouver");
        check_origin("le gouver-\nnement a", "nement", "nement");
        check_origin("à Saint-\n  Denis,", "Saint-Denis", "Saint-\n  Denis");
        check_origin("à Saint¬\nDenis,", "Saint-Denis", "Saint¬\nDenis");
        check_origin("à Saint-\nDenis,", "Saint-", "Saint-");
    }

    #[test]
    fn normal_text_is_unchanged() {
        let source = "M. d'Ormesson (« l'Élysée ») – dit-il — a lu “Le Monde”, 3 % : œuvre…";
        let sentence = whole(source);
        assert_eq!(sentence.text(), source);
        assert!(sentence.edits.is_empty());
    }

    #[test]
    fn spans_are_of_the_document() {
        let source = "Avant. Les Nations\nUnies";
        let sentence = normalize(source, Span::new(7, source.len()).expect("not empty"));
        assert_eq!(sentence.text(), "Les Nations Unies");
        let span = Span::new(4, 17).expect("not empty");
        assert_eq!(
            sentence.to_source(span).map(|span| span.slice(source)),
            Some("Nations\nUnies")
        );
    }

    #[test]
    fn foreign_spans_have_no_origin() {
        let sentence = whole("été");
        for (start, end) in [(1, 2), (0, 1), (4, 9), (9, 10), (0, usize::MAX)] {
            assert_eq!(
                sentence.to_source(Span::new(start, end).expect("not empty")),
                None
            );
        }
    }

    #[test]
    fn hostile_sentences_take_linear_time() {
        // Enough for a quadratic rule to hang, also where the build is slow.
        let many = if cfg!(debug_assertions) {
            1 << 17
        } else {
            1 << 20
        };
        for source in [
            "a".repeat(8 * many),
            " ".repeat(8 * many),
            "|".repeat(many),
            format!(" {}a", "|\u{200B}".repeat(many)),
            "\u{AD}".repeat(many),
            format!("a{}b", "\u{AD}\n".repeat(many)),
            "a-".repeat(many),
            "a’".repeat(many),
            format!("e{}", "\u{301}".repeat(many)),
            format!("e{}", "\u{301}\u{200B}".repeat(many)),
            "e\u{200B}".repeat(many),
            ".".repeat(8 * many),
        ] {
            let sentence = whole(&source);
            if let Some(span) = Span::new(0, sentence.text().len()) {
                assert!(sentence.to_source(span).is_some());
            }
        }
    }

    /// Text made of the pieces the rules look at, so that they meet in every order.
    fn source() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            prop::sample::select(vec![
                " ", "  ", "\n", "\r\n", "\u{A0}", "|", " | ", "\u{AD}", "\u{200B}", "\u{FEFF}",
                "\0", "-", "-\n", "¬\n", "\u{AD}\n", "’", "ʼ", "`", "\u{1FEF}", "'", "l", "d",
                "gouver", "nement", "Saint", "Denis", "e\u{301}", "\u{301}", "\u{323}", "\u{345}",
                "É", "œ", "1", "ᄀ", "ᅡ", "ᆨ", "\u{212B}", "\u{958}", "\u{344}", "<", "\u{338}",
            ])
            .prop_map(String::from),
            any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 1..30).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn every_character_leads_back(source in source()) {
            let sentence = whole(&source);
            let mut last: Option<Span<Source>> = None;
            for (at, c) in sentence.text().char_indices() {
                let span = Span::new(at, at + c.len_utf8()).expect("not empty");
                let origin = sentence.to_source(span).expect("the alignment is total");
                prop_assert!(source.get(origin.start()..origin.end()).is_some());
                // Characters of one unit share its origin; others follow one another.
                prop_assert!(last.is_none_or(|last| last == origin || last.end() <= origin.start()));
                last = Some(origin);
            }
        }

        #[test]
        fn the_whole_lies_within_the_trimmed_source(source in source()) {
            let sentence = whole(&source);
            if let Some(span) = Span::new(0, sentence.text().len()) {
                let origin = sentence.to_source(span).expect("the alignment is total");
                let start = source.len() - source.trim_start().len();
                prop_assert!(start <= origin.start() && origin.end() <= start + source.trim().len());
            }
        }

        #[test]
        fn normalising_again_changes_nothing(source in source()) {
            let once = whole(&source);
            if !once.text().is_empty() {
                let again = whole(once.text());
                prop_assert_eq!(again.text(), once.text());
            }
        }

        #[test]
        fn normalised_text_is_clean(source in source()) {
            let sentence = whole(&source);
            let text = sentence.text();
            prop_assert!(!text.contains("  ") && text.trim() == text);
            prop_assert!(!text.contains(|c: char| is_invisible(c) || (c.is_whitespace() && c != ' ')));
            prop_assert!(unicode_normalization::is_nfc(text), "{:?}", text);
        }
    }
}

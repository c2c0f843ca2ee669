//! Text to blocks and sentences.
//!
//! Sentences say where model windows may be cut and where no entity runs across. A boundary that is missed
//! costs a longer window; one inside a name (`M.⏎Dupont`, `Nations⏎Unies`, `J.-C. Trichet`) costs the name.
//! So every rule here needs evidence for a boundary and takes doubt for none.
//!
//! Two layers: lines are gathered to blocks (paragraphs, headings, list items, table cells), and blocks are cut
//! into sentences. Both take time linear in the text.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use super::french::{
    Abbreviation, FunctionWord, abbreviation, function_word, is_apostrophe, is_civility, is_elided,
    is_word_char,
};
use super::normalize::{is_bar, is_blank, is_invisible, is_line_break};
use crate::span::{Source, Span};

/// A sentence, or the part of a block that passes for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sentence {
    /// Where it stands, without white space, invisible characters and table bars at its edges.
    pub span: Span<Source>,
    /// Whether it begins a paragraph, heading, list item or table cell, rather than following the sentence
    /// before it inside one.
    pub starts_block: bool,
}

/// Cuts `text` into sentences: in order, disjoint, and together covering every character but white space,
/// invisible ones (zero-width, control) and table bars that stand alone.
///
/// Blocks are separated by blank lines and begun by list items, numbered articles, Markdown headings and table
/// rows, whose cells are blocks of their own. A single line break separates blocks too, unless the paragraph
/// wraps there: the line ends in a comma, a hyphen or a word that calls for another; the next goes on in
/// lower-case; or the lines around are as full as wrapped lines are and the next word had no room.
///
/// Inside a block a sentence ends with `.`, `!`, `?` or `…` before white space and a capital, a digit or an
/// opening mark, but not after an abbreviation, an initial or a dotted acronym, unless a capitalised function
/// word shows that a sentence begins.
///
/// ```
/// use nommer_core::text::segment::sentences;
/// let text = "M. J.-C. Trichet préside la B.C.E. Il parle des Nations\nUnies. Fin";
/// let found: Vec<&str> = sentences(text).iter().map(|sentence| sentence.span.slice(text)).collect();
/// assert_eq!(found, ["M. J.-C. Trichet préside la B.C.E.", "Il parle des Nations\nUnies.", "Fin"]);
/// ```
pub fn sentences(text: &str) -> Vec<Sentence> {
    let mut blocks = Blocks {
        text,
        open: None,
        sentences: Vec::new(),
    };
    // Lines without a blank one between them. A page of them is judged at a time, so that memory does not grow
    // with the text; half of it stays as the context of what comes next.
    let mut page: Vec<Line> = Vec::new();
    let mut taken = 0;
    for range in lines(text) {
        match Line::read(text, range) {
            None => {
                blocks.take(&page, taken);
                blocks.close();
                page.clear();
                taken = 0;
            }
            Some(line) => {
                page.push(line);
                if page.len() == PAGE_LINES {
                    blocks.take(&page, taken);
                    page.drain(..PAGE_LINES / 2);
                    taken = page.len();
                }
            }
        }
    }
    blocks.take(&page, taken);
    blocks.close();
    blocks.sentences
}

/// Lines judged together.
const PAGE_LINES: usize = 512;

/// Narrower lines than this are never taken for wrapped, in characters.
const NARROWEST_COLUMN: usize = 20;

/// From this width on, in characters, lines are too long for an address or a list of names.
const PROSE_WIDTH: usize = 60;

/// The lines of `text` without their line breaks.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = Some(0);
    std::iter::from_fn(move || {
        let start = at?;
        let rest = &text[start..];
        let Some(len) = rest.find(is_line_break) else {
            at = None;
            return Some(start..text.len());
        };
        let tail = &rest[len..];
        let skip = if tail.starts_with("\r\n") {
            2
        } else {
            tail.chars().next().map_or(1, char::len_utf8)
        };
        at = Some(start + len + skip);
        Some(start..start + len)
    })
}

/// What a line shows of its part in a block.
#[derive(Debug, Clone)]
struct Line {
    /// Without blanks and stray bars at the edges; never empty.
    content: Range<usize>,
    kind: Kind,
    begins: Begins,
    ends: Ends,
    /// All letters are capitals, and there are at least two.
    in_capitals: bool,
    /// Column after the last character, counted from the line's beginning in characters.
    edge: usize,
    /// Characters of the first word, with its punctuation.
    first_word: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// Begins with a bullet or a dash.
    Bullet,
    /// Begins with what may be a number of a list or article, or else of a date or a page.
    Numbered,
    /// A Markdown heading.
    Heading,
    /// Several table cells.
    Row,
    /// A rule, or a bullet without its item: no letter and no digit.
    Rule,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begins {
    /// In lower-case, or with a mark that closes or continues.
    Continuing,
    /// With a preposition or conjunction in capitals, which continues a heading in capitals.
    CapitalLink,
    Fresh,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// With a mark or word that calls for another: a comma, a hyphen, `de`, `M.`
    Dangling,
    /// With a mark that ends sentences, a colon or a semicolon.
    Finished,
    Open,
}

impl Line {
    /// Reads the line at `range`, or `None` when it is blank.
    fn read(text: &str, range: Range<usize>) -> Option<Line> {
        let content = trim(text, range.clone());
        let line = &text[content.clone()];
        if line.is_empty() {
            return None;
        }
        let (mut width, mut capitals, mut lower) = (0, 0, false);
        for c in line.chars() {
            width += 1;
            capitals += usize::from(c.is_uppercase());
            lower |= c.is_lowercase();
        }
        let in_capitals = !lower && capitals >= 2;
        let discretionary_hyphen = text[content.end..range.end].contains('\u{AD}');
        Some(Line {
            kind: Kind::of(&text[range.clone()], line),
            begins: Begins::of(line, in_capitals),
            ends: if discretionary_hyphen {
                Ends::Dangling
            } else {
                Ends::of(line)
            },
            in_capitals,
            edge: text[range.start..content.start].chars().count() + width,
            first_word: line.chars().take_while(|c| !c.is_whitespace()).count(),
            content,
        })
    }
}

impl Kind {
    /// The kind of the line with this `content`; `line` is the whole of it, with its edges.
    fn of(line: &str, content: &str) -> Kind {
        if !content.contains(char::is_alphanumeric) {
            let drawn = |c| is_bullet(c) || matches!(c, '_' | '=' | '#' | '~' | '+');
            let rule = content.contains(drawn)
                && !content.contains(|c| !(drawn(c) || is_blank(c) || is_bar(c) || c == ':'));
            // Closing marks that a narrow column pushed down are no rule.
            return if rule { Kind::Rule } else { Kind::Plain };
        }
        if is_row(line, content) {
            return Kind::Row;
        }
        let hashes = content.len() - content.trim_start_matches('#').len();
        if (1..=6).contains(&hashes) && content[hashes..].starts_with(char::is_whitespace) {
            return Kind::Heading;
        }
        if begins_with_bullet(content) {
            Kind::Bullet
        } else {
            number_kind(content)
        }
    }
}

/// Whether the line has several cells: a bar that stands alone inside and another one, or a bar at each end
/// and one inside. A single bar inside is taken for a scanner's noise.
fn is_row(line: &str, content: &str) -> bool {
    if !content.contains(is_bar) {
        return false;
    }
    let alone = |line: &str| {
        let mut bars = 0;
        let mut before = None;
        let mut rest = line.chars().peekable();
        while let Some(c) = rest.next() {
            let open = before.is_none_or(char::is_whitespace);
            let close = rest.peek().is_none_or(|c| c.is_whitespace());
            bars += usize::from(is_bar(c) && open && close);
            before = Some(c);
        }
        bars
    };
    let framed = content.starts_with(is_bar)
        && content.ends_with(is_bar)
        && content.matches(is_bar).count() >= 3;
    framed || (alone(content) >= 1 && alone(line) >= 2)
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '−')
}

fn is_bullet(c: char) -> bool {
    is_dash(c)
        || matches!(
            c,
            '*' | '•' | '·' | '‣' | '◦' | '▪' | '■' | '●' | '○' | '➢' | '\u{F0B7}'
        )
}

fn begins_with_bullet(line: &str) -> bool {
    let mut chars = line.chars();
    let Some(first) = chars.next().filter(|&c| is_bullet(c)) else {
        return false;
    };
    // A hyphen or star may touch its word for other reasons.
    !matches!(first, '-' | '*') || chars.next().is_some_and(char::is_whitespace)
}

/// Tells `a)`, `(2)`, `12°`, `1.2.`, `IV.`, `Article 3` at the beginning of a line.
fn number_kind(line: &str) -> Kind {
    let open = usize::from(line.starts_with('('));
    let label = &line[open..];
    let len = label
        .char_indices()
        .take(12)
        .find(|&(_, c)| !(c.is_ascii_alphanumeric() || c == '.'))
        .map_or(0, |(at, _)| at);
    let (label, rest) = label.split_at(len);
    let digits =
        |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let number = label.trim_end_matches('.');
    let is_number = number.split('.').all(digits);
    let is_letter = label.len() == 1 && label.bytes().all(|b| b.is_ascii_alphabetic());
    let is_roman = is_roman(number);
    let spaced = |rest: &str| rest.starts_with(char::is_whitespace);
    if let Some(rest) = rest.strip_prefix(')') {
        return if spaced(rest) && (is_number || is_letter || is_roman) {
            Kind::Bullet
        } else {
            Kind::Plain
        };
    }
    let ordinal = rest
        .strip_prefix('°')
        .or(rest.strip_prefix('º'))
        .map(|rest| rest.strip_prefix(')').unwrap_or(rest));
    let numbered = if open > 0 {
        false
    } else if let Some(rest) = ordinal {
        is_number && spaced(rest)
    } else if is_number {
        number.len() < label.len() && spaced(rest) || number.contains('.') && spaced(rest)
    } else if is_roman {
        number.len() < label.len() && spaced(rest)
    } else {
        is_division(line)
    };
    if numbered {
        Kind::Numbered
    } else {
        Kind::Plain
    }
}

fn is_roman(word: &str) -> bool {
    (1..=6).contains(&word.len())
        && word
            .bytes()
            .all(|b| matches!(b, b'I' | b'V' | b'X' | b'L' | b'C'))
}

/// Whether the line begins like `Article 2`, `CHAPITRE IV`, `Art. L. 121-1`.
fn is_division(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let (Some(head), Some(number)) = (words.next(), words.next()) else {
        return false;
    };
    let head = matches!(
        head,
        "Article"
            | "ARTICLE"
            | "Art."
            | "ART."
            | "Chapitre"
            | "CHAPITRE"
            | "Titre"
            | "TITRE"
            | "Section"
            | "SECTION"
            | "Annexe"
            | "ANNEXE"
    );
    let number = number.trim_end_matches(['.', ':', ',', '°']);
    head && (number.starts_with(|c: char| c.is_ascii_digit())
        || is_roman(number)
        || matches!(
            number,
            "L" | "R" | "D" | "A" | "premier" | "PREMIER" | "unique" | "UNIQUE"
        ))
}

impl Begins {
    fn of(line: &str, in_capitals: bool) -> Begins {
        if line.starts_with([',', ';', ':', '.', '!', '?', '…', ')', ']', '»', '”', '%']) {
            return Begins::Continuing;
        }
        let first = line
            .char_indices()
            .take(4)
            .find(|&(_, c)| !(is_opening(c) || is_blank(c)));
        let Some((at, first)) = first else {
            return Begins::Fresh;
        };
        if first.is_lowercase() {
            Begins::Continuing
        } else if in_capitals
            && matches!(function_word(word_at(line, at)), Some(FunctionWord::Link))
        {
            Begins::CapitalLink
        } else {
            Begins::Fresh
        }
    }
}

impl Ends {
    fn of(line: &str) -> Ends {
        let Some(last) = line.chars().next_back() else {
            return Ends::Open;
        };
        if is_dash(last) || matches!(last, ',' | '¬' | '(' | '[' | '«' | '“' | '&' | '/' | '°')
        {
            return Ends::Dangling;
        }
        let head = &line[..line.len() - last.len_utf8()];
        if is_apostrophe(last) {
            return if is_elided(word_before(head)) {
                Ends::Dangling
            } else {
                Ends::Open
            };
        }
        if last == '.' {
            return match Token::before(head) {
                Token::Abbreviation(_) | Token::Initial | Token::Acronym { letters: 2 } => {
                    Ends::Dangling
                }
                _ => Ends::Finished,
            };
        }
        if is_word_char(last) {
            let word = word_before(line);
            let dangling = matches!(
                function_word(word),
                Some(FunctionWord::Link | FunctionWord::Lead)
            ) || is_civility(word);
            return if dangling { Ends::Dangling } else { Ends::Open };
        }
        match line
            .trim_end_matches(|c| is_closing(c) || is_blank(c))
            .chars()
            .next_back()
        {
            Some('.' | '!' | '?' | '…' | ':' | ';') => Ends::Finished,
            _ => Ends::Open,
        }
    }
}

/// How the lines of a page are set.
struct Layout {
    /// Where lines reach to when they are full, in characters.
    width: usize,
    /// Whether the line breaks are a typesetter's rather than the author's.
    wrapped: bool,
}

impl Layout {
    fn of(page: &[Line]) -> Layout {
        let text = |line: &&Line| matches!(line.kind, Kind::Plain | Kind::Bullet | Kind::Numbered);
        let mut edges: Vec<usize> = page.iter().filter(text).map(|line| line.edge).collect();
        // A line that was not wrapped, or two columns read as one, must not make all others look short.
        let outliers = if edges.len() < 8 {
            0
        } else {
            1 + edges.len() / 20
        };
        let rank = edges.len().saturating_sub(1 + outliers);
        let width = if edges.is_empty() {
            0
        } else {
            *edges.select_nth_unstable(rank).1
        };
        let mut layout = Layout {
            width,
            wrapped: false,
        };
        let (mut breaks, mut full, mut evident) = (0, 0, 0);
        let mut shrinks = true;
        for pair in page.windows(2) {
            let [prev, next] = pair else { continue };
            if text(&prev) && next.kind == Kind::Plain {
                breaks += 1;
                full += usize::from(layout.is_full(prev, next));
                evident +=
                    usize::from(prev.ends == Ends::Dangling || next.begins == Begins::Continuing);
                shrinks &= prev.edge >= next.edge;
            }
        }
        // Of wrapped French prose, most lines show that they go on, and nearly all are full. In addresses and
        // lists few do either, but where lines are short, chance makes many look full.
        layout.wrapped = match breaks {
            0 => false,
            1 => width >= NARROWEST_COLUMN && shrinks,
            _ if width >= PROSE_WIDTH && 4 * full >= 3 * breaks => true,
            _ => width >= NARROWEST_COLUMN && 3 * evident >= breaks && 2 * full >= breaks,
        };
        layout
    }

    /// Whether the first word of `next` had no room on `prev`, give or take a ragged or proportional edge.
    fn is_full(&self, prev: &Line, next: &Line) -> bool {
        prev.edge + 1 + next.first_word > self.width - self.width / 12
    }

    /// Whether the block that `prev` ends goes on with `next`.
    fn joins(&self, block: &Block, prev: &Line, next: &Line) -> bool {
        if matches!(
            next.kind,
            Kind::Bullet | Kind::Heading | Kind::Row | Kind::Rule
        ) || matches!(prev.kind, Kind::Heading | Kind::Row | Kind::Rule)
        {
            return false;
        }
        if prev.ends == Ends::Dangling || next.begins == Begins::Continuing {
            return true;
        }
        if next.kind == Kind::Numbered && prev.ends == Ends::Finished {
            return false;
        }
        if block.in_capitals && next.begins == Begins::CapitalLink {
            return true;
        }
        if block.in_capitals && !next.in_capitals {
            return false;
        }
        // A line of prose that stops short of its sentence's end, and at the margin, was not ended on purpose.
        let stopped = self.width >= PROSE_WIDTH && prev.ends == Ends::Open;
        (self.wrapped || stopped) && self.is_full(prev, next)
    }
}

/// A block that may go on.
struct Block {
    range: Range<usize>,
    in_capitals: bool,
}

/// Gathers lines to blocks and cuts them when they close.
struct Blocks<'a> {
    text: &'a str,
    open: Option<Block>,
    sentences: Vec<Sentence>,
}

impl Blocks<'_> {
    /// Takes the lines of `page` but the first `taken`, which an earlier call took.
    fn take(&mut self, page: &[Line], taken: usize) {
        if page.len() <= taken {
            return;
        }
        let layout = Layout::of(page);
        for i in taken..page.len() {
            let line = &page[i];
            match (&mut self.open, i.checked_sub(1).map(|prev| &page[prev])) {
                (Some(block), Some(prev)) if layout.joins(block, prev, line) => {
                    block.range.end = line.content.end;
                    block.in_capitals &= line.in_capitals;
                }
                _ => {
                    self.close();
                    if line.kind == Kind::Row {
                        self.take_cells(line.content.clone());
                    } else {
                        self.open = Some(Block {
                            range: line.content.clone(),
                            in_capitals: line.in_capitals,
                        });
                    }
                }
            }
        }
    }

    fn take_cells(&mut self, row: Range<usize>) {
        let mut start = row.start;
        for (at, bar) in self.text[row.clone()].match_indices(is_bar) {
            self.cut(start..row.start + at);
            start = row.start + at + bar.len();
        }
        self.cut(start..row.end);
    }

    fn close(&mut self) {
        if let Some(block) = self.open.take() {
            self.cut(block.range);
        }
    }

    /// Cuts a block into sentences.
    fn cut(&mut self, block: Range<usize>) {
        let text = &self.text[..block.end];
        let mut starts_block = true;
        let mut start = block.start;
        let mut at = block.start;
        while let Some(found) = text[at..].find(is_mark) {
            let mark_start = at + found;
            let mark =
                mark_start..text.len() - text[mark_start..].trim_start_matches(is_mark).len();
            at = mark.end;
            if let Some(gap) = boundary(text, start, mark) {
                self.push(start..gap.start, &mut starts_block);
                start = gap.end;
                at = gap.end;
            }
        }
        self.push(start..block.end, &mut starts_block);
    }

    fn push(&mut self, range: Range<usize>, starts_block: &mut bool) {
        let range = trim(self.text, range);
        if let Some(span) = Span::new(range.start, range.end) {
            self.sentences.push(Sentence {
                span,
                starts_block: *starts_block,
            });
            *starts_block = false;
        }
    }
}

/// The gap between two sentences, if the run of marks at `mark` ends the one that began at `start`. `text`
/// ends where the block does.
///
/// What is looked at beyond the marks lies before the next run of marks, or is bounded, so all calls together
/// take linear time.
fn boundary(text: &str, start: usize, mark: Range<usize>) -> Option<Range<usize>> {
    let end = skip_closing(text, mark.end);
    let rest = &text[end..];
    let gap = rest.len() - rest.trim_start_matches(|c| is_blank(c) || is_bar(c)).len();
    if !rest[..gap].contains(char::is_whitespace) {
        return None;
    }
    let gap = end..end + gap;
    let next = Next::at(text, gap.end)?;
    let head = &text[start..mark.start];
    if head.ends_with(['(', '[']) || is_interruption(head, &text[mark.end..]) {
        return None;
    }
    let marks = &text[mark];
    let ends = if marks == "!" && word_before(head).starts_with(char::is_uppercase) {
        // French sets a space before the mark, and `Yahoo! News` does not.
        next.opens_sentence()
    } else if marks.contains(['!', '?']) {
        true
    } else if marks == "." {
        match Token::before(head) {
            // `1. Le …`, `A. Les …`, `IV. Des …`: a label at the beginning of a sentence is part of it.
            Token::Number | Token::Initial | Token::Word if is_label(head) => false,
            Token::Abbreviation(Abbreviation::Leading) => false,
            Token::Abbreviation(Abbreviation::Free) => next.opens_sentence(),
            // Before or after Christ, which is no first name: `en 52 av. J.-C. Les …`
            Token::Initial if ends_with_era(head) => next.opens_sentence(),
            Token::Initial | Token::Acronym { letters: 2 } => {
                next.opens_sentence() && !next.goes_on_in_capitals()
            }
            Token::Acronym { .. } => next.opens_sentence(),
            Token::Number => !next.is_digit(),
            // A scanner may set a space before the period: `M . Dupont`.
            Token::None => match Token::before(head.strip_suffix(' ').unwrap_or_default()) {
                Token::Abbreviation(Abbreviation::Leading) => false,
                Token::Initial => next.opens_sentence() && !next.goes_on_in_capitals(),
                _ => true,
            },
            Token::Word => true,
        }
    } else {
        // `M. X... Durand`, where names were blotted out.
        match Token::before(head) {
            Token::Initial | Token::Abbreviation(Abbreviation::Leading) => {
                next.opens_sentence() && !next.goes_on_in_capitals()
            }
            _ => true,
        }
    };
    ends.then_some(gap)
}

/// Whether `rest` closes a bracket that interrupts the sentence `head`: `(?)`, `(sic !)`, `[...]`.
fn is_interruption(head: &str, rest: &str) -> bool {
    /// Further back, whatever the bracket holds is no interruption.
    const REACH: usize = 256;
    if !rest.starts_with([')', ']']) {
        return false;
    }
    let opening = head
        .char_indices()
        .rev()
        .take(REACH)
        .find(|&(_, c)| matches!(c, '(' | '['));
    opening.is_some_and(|(at, _)| head[..at].contains(|c| !is_blank(c)))
}

fn is_mark(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…')
}

fn is_closing(c: char) -> bool {
    matches!(c, ')' | ']' | '}' | '"' | '\'' | '»' | '”' | '’' | '›')
}

fn is_opening(c: char) -> bool {
    matches!(
        c,
        '(' | '[' | '{' | '"' | '\'' | '«' | '“' | '„' | '‘' | '‹' | '¿' | '¡'
    )
}

/// Skips what may close a sentence after its marks: brackets, quotation marks (French ones after a space),
/// references to notes.
fn skip_closing(text: &str, at: usize) -> usize {
    let mut end = at;
    loop {
        let rest = &text[end..];
        let Some(c) = rest.chars().next() else {
            return end;
        };
        if is_closing(c) || matches!(c, '¹' | '²' | '³' | '⁰' | '⁴'..='⁹') {
            end += c.len_utf8();
        } else if c == '[' {
            let digits = rest[1..]
                .bytes()
                .take(4)
                .take_while(u8::is_ascii_digit)
                .count();
            if digits == 0 || !rest[1 + digits..].starts_with(']') {
                return end;
            }
            end += digits + 2;
        } else {
            let after = rest.trim_start_matches(|c| is_blank(c) && !is_line_break(c));
            if !after.starts_with(['»', '›']) {
                return end;
            }
            end += rest.len() - after.len();
        }
    }
}

/// The text up to its first word character, if that is one a sentence can begin with.
struct Next<'a> {
    /// From the first word character to the end of the block.
    rest: &'a str,
}

impl<'a> Next<'a> {
    /// Looks at what follows the gap that ends at `at`, past opening marks and dashes.
    fn at(text: &'a str, at: usize) -> Option<Next<'a>> {
        let mut rest = &text[at..];
        for omission in ["[...]", "[…]", "(...)", "(…)"] {
            rest = rest.strip_prefix(omission).unwrap_or(rest);
        }
        let skipped = |c| is_opening(c) || is_bullet(c) || is_blank(c) || c == '_';
        let (first_at, first) = rest.char_indices().take(8).find(|&(_, c)| !skipped(c))?;
        let begins = first.is_numeric() || (first.is_alphabetic() && !first.is_lowercase());
        begins.then_some(Next {
            rest: &rest[first_at..],
        })
    }

    fn is_digit(&self) -> bool {
        self.rest.starts_with(char::is_numeric)
    }

    /// Whether a capitalised function word stands here: `Le`, `Dans`, `L’`, but not the label `A`.
    fn opens_sentence(&self) -> bool {
        let word = word_at(self.rest, 0);
        let bound = self.rest[word.len()..].chars().next();
        if bound.is_some_and(is_apostrophe) && is_elided(word) {
            return true;
        }
        // `Le-Duc` and `Son-` begin names.
        word.len() > 1 && bound != Some('-') && function_word(word).is_some()
    }

    /// Whether the second word has a capital, as in `J. Le Goff` but not in `vitamine C. Le patient`.
    fn goes_on_in_capitals(&self) -> bool {
        let word = word_at(self.rest, 0);
        let skipped =
            |c: char| c.is_whitespace() || is_apostrophe(c) || is_opening(c) || is_invisible(c);
        self.rest[word.len()..]
            .chars()
            .take(8)
            .find(|&c| !skipped(c))
            .is_some_and(char::is_uppercase)
    }
}

/// What stands right before a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// No word at all: a bracket, a quotation mark, white space.
    None,
    Abbreviation(Abbreviation),
    /// The last letter of `J`, `J.-C`, `Jean-M`.
    Initial,
    /// Single capitals with periods between them.
    Acronym {
        letters: usize,
    },
    Number,
    Word,
}

impl Token {
    /// Reads the token at the end of `head`.
    fn before(head: &str) -> Token {
        let word = word_before(head);
        let before = &head[..head.len() - word.len()];
        let mut chars = word.chars();
        let Some(first) = chars.next() else {
            return if head.ends_with('°') {
                Token::Abbreviation(Abbreviation::Free)
            } else {
                Token::None
            };
        };
        let single = chars.all(is_combining_mark);
        if single && first.is_uppercase() {
            // Two letters are enough to tell; counting stops where a name's initials would.
            let mut letters = 1;
            let mut rest = before;
            while let Some(head) = rest.strip_suffix('.')
                && let Some(letter) = head.chars().next_back().filter(|c| c.is_uppercase())
                && letters < 4
            {
                rest = &head[..head.len() - letter.len_utf8()];
                letters += 1;
            }
            let whole = !rest.ends_with(|c| is_word_char(c) || is_dash(c));
            return match abbreviation(word) {
                Some(known) if letters == 1 && whole => Token::Abbreviation(known),
                _ if letters > 1 && whole => Token::Acronym { letters },
                _ => Token::Initial,
            };
        }
        if word.chars().all(char::is_numeric) {
            return Token::Number;
        }
        abbreviation(word).map_or(Token::Word, Token::Abbreviation)
    }
}

/// Whether `head`, from the beginning of a sentence to a period, is nothing but a short label: `1`, `A`, `XIV`.
fn is_label(head: &str) -> bool {
    if head.len() > 24 {
        return false;
    }
    let label = head.trim_start_matches(|c| is_opening(c) || is_bullet(c) || is_blank(c));
    let short = |part: &str| (1..=3).contains(&part.len());
    let digits = label
        .split('.')
        .all(|part| short(part) && part.bytes().all(|b| b.is_ascii_digit()));
    digits || is_roman(label) || label.chars().nth(1).is_none()
}

fn ends_with_era(head: &str) -> bool {
    let Some(before) = head
        .strip_suffix("J.-C")
        .or_else(|| head.strip_suffix("J.C"))
    else {
        return false;
    };
    // A line break or two may stand here, a page may not.
    let gap = before
        .chars()
        .rev()
        .take(4)
        .take_while(|&c| is_blank(c))
        .map(char::len_utf8)
        .sum::<usize>();
    matches!(
        word_before(before[..before.len() - gap].trim_end_matches('.')),
        "av" | "apr" | "avant" | "après"
    )
}

/// The word that begins at `at`, cut at a length no table reaches.
fn word_at(text: &str, at: usize) -> &str {
    let rest = &text[at..];
    let end = rest
        .char_indices()
        .take(WORD_REACH)
        .find(|&(_, c)| !is_word_char(c));
    &rest[..end.map_or_else(|| reach(rest), |(end, _)| end)]
}

/// The word that ends `text`, cut at a length no table reaches.
fn word_before(text: &str) -> &str {
    let start = text
        .char_indices()
        .rev()
        .take(WORD_REACH)
        .take_while(|&(_, c)| is_word_char(c))
        .last();
    start.map_or("", |(at, _)| &text[at..])
}

/// Longer than any word of the tables, in characters.
const WORD_REACH: usize = 24;

fn reach(text: &str) -> usize {
    text.char_indices()
        .nth(WORD_REACH)
        .map_or(text.len(), |(at, _)| at)
}

/// Shrinks `range` to what is neither blank at its edges nor a bar that stands alone there.
fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let mut rest = text[range.clone()].trim_matches(is_blank);
    loop {
        let inner = rest.trim_start_matches(is_bar);
        let leading = inner.is_empty() || inner.starts_with(is_blank);
        let inner = if leading {
            inner.trim_start_matches(is_blank)
        } else {
            rest
        };
        let core = inner.trim_end_matches(is_bar);
        let trailing = core.is_empty() || core.ends_with(is_blank);
        let shrunk = if trailing {
            core.trim_end_matches(is_blank)
        } else {
            inner
        };
        if shrunk.len() == rest.len() {
            break;
        }
        rest = shrunk;
    }
    let start = rest.as_ptr() as usize - text.as_ptr() as usize;
    // An empty rest may point anywhere in the range, which is as good an empty range as any.
    start..start + rest.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Checks where `text` is cut: `⏐` between sentences of a block, `¶` between blocks, line breaks as `⏎`.
    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut shown = String::new();
        for (i, sentence) in sentences(text).iter().enumerate() {
            match (i, sentence.starts_block) {
                (0, true) => {}
                (0, false) => shown.push('?'),
                (_, true) => shown.push('¶'),
                (_, false) => shown.push('⏐'),
            }
            shown.push_str(&sentence.span.slice(text).replace('\n', "⏎"));
        }
        assert_eq!(shown, expected);
    }

    /// Checks text without a cut inside.
    #[track_caller]
    fn check_whole(text: &str) {
        check(text, &text.replace('\n', "⏎"));
    }

    #[test]
    fn nothing_to_cut() {
        check("", "");
        check(" \n\t\u{A0}\r\n\u{2028} | \n || \u{FEFF}\u{200B}\0", "");
        check("  amical \n", "amical");
    }

    #[test]
    fn marks_end_sentences() {
        check("Il part. Elle reste.", "Il part.⏐Elle reste.");
        check(
            "Il part ! Où ? À Paris… Hier... Bien.",
            "Il part !⏐Où ?⏐À Paris…⏐Hier...⏐Bien.",
        );
        check("Quoi ?! Rien.", "Quoi ?!⏐Rien.");
        check("Ils vinrent. 3 personnes.", "Ils vinrent.⏐3 personnes.");
        check(
            "Il part.\u{A0}Elle reste.\u{202F}Fin.",
            "Il part.⏐Elle reste.⏐Fin.",
        );
        check("la France . Ce matin", "la France .⏐Ce matin");
        check("à la B.C.E. Élu en mai.", "à la B.C.E. Élu en mai.");
        check("fini.Le reste", "fini.Le reste");
        check(
            "Il dit… puis partit. etc. puis rien",
            "Il dit… puis partit. etc. puis rien",
        );
        check(
            "des pommes, etc. Paris aussi.",
            "des pommes, etc.⏐Paris aussi.",
        );
        check("version 3.5 et 1.000 francs", "version 3.5 et 1.000 francs");
        check("3. 5 millions", "3. 5 millions");
    }

    #[test]
    fn closing_marks_stay_with_their_sentence() {
        check("« Il part. » Elle reste.", "« Il part. »⏐Elle reste.");
        check("« Quoi ? » demanda Jean.", "« Quoi ? » demanda Jean.");
        check(
            "(Il part.) « Reste ! » dit-il.",
            "(Il part.)⏐« Reste ! » dit-il.",
        );
        check(
            "Il part.” Elle \"reste.\" Fin.",
            "Il part.”⏐Elle \"reste.\"⏐Fin.",
        );
        check(
            "Il part.[12] Elle reste.³ Fin.",
            "Il part.[12]⏐Elle reste.³⏐Fin.",
        );
        check("Il part. [...] Elle reste.", "Il part.⏐[...] Elle reste.");
        check(
            "Dupont (?) Jean, né (sic !) Durand",
            "Dupont (?) Jean, né (sic !) Durand",
        );
        check(
            "Il part. – Elle reste. — Bien.",
            "Il part.⏐– Elle reste.⏐— Bien.",
        );
        check("M. Jean DUPONT. – Je viens.", "M. Jean DUPONT.⏐– Je viens.");
        check(
            "M. le président.\n– La parole est à M. X.",
            "M. le président.¶– La parole est à M. X.",
        );
    }

    #[test]
    fn abbreviations_end_no_sentence() {
        for text in [
            "M. Dupont, MM. Durand, Mme. Martin et Mlle. Petit",
            "Me. Badinter, Mgr. Lustiger, le Dr. House, le Pr. Debré",
            "St. Petersburg, Ste. Anne",
            "la Sté. Générale et la Cie. Maritime",
            "cf. Dupont, art. 3, al. 2, p. 12, pp. 3 et 4, vol. II, t. IV, chap. XII, fig. A, n°. 3, no. 4",
            "av. Foch, bd. Voltaire, bld. Raspail",
            "Cass. civ. 1re, Cass. crim. 3 mai, Bull. 1985, D. 1990, art. L. 121-1, JCP 1990, préc. Dupont",
            "le 3 juill. 2009, tél. 01 02 03, env. 300 hab. Paris compris",
            "le Sgt. Pepper et le Lt. Colombo",
            "au 12 bd. Le Corbusier",
        ] {
            check_whole(text);
        }
        check("Voir art. 3. Le juge", "Voir art. 3.⏐Le juge");
        check("la Cie. Elle reste", "la Cie.⏐Elle reste");
        check(
            "ouvert 24 h, tél. Les bureaux",
            "ouvert 24 h, tél.⏐Les bureaux",
        );
        check("une œuvre d'art. Le musée", "une œuvre d'art.⏐Le musée");
        check("Aidez-me. Jean", "Aidez-me.⏐Jean");
        check("de la SNCF. Jean", "de la SNCF.⏐Jean");
        check("M . Dupont", "M . Dupont");
        check(
            "chez Yahoo! News, Paris ! Jean",
            "chez Yahoo! News, Paris !⏐Jean",
        );
    }

    #[test]
    fn initials_and_acronyms_end_no_sentence() {
        for text in [
            "J. Dupont, J.-C. Trichet, G. W. Bush, J.R.R. Tolkien, J.-P. Le Goff",
            "J. Le Goff, G. Du Bois, A. La Fontaine, P.-J. L'Heureux, R. Des Forêts",
            "l'U.R.S.S. Brejnev et l'O.N.U. Annan",
            "M. X... Durand et Mme Y... Martin",
            "la S.A. Saint-Gobain, les S.A.R.L. Dupont",
            "J. Saint-Just et L. Le-Duc",
            "J.\u{A0}Dupont, J.\u{202F}-C. Trichet, E\u{301}. Zola",
        ] {
            check_whole(text);
        }
        check("l'U.R.S.S. Le président", "l'U.R.S.S.⏐Le président");
        check("l'O.N.U. Dans ce cadre", "l'O.N.U.⏐Dans ce cadre");
        check("la vitamine C. Le patient", "la vitamine C.⏐Le patient");
        check("Philippe V. Il régna", "Philippe V.⏐Il régna");
        check("en 52 av. J.-C. Les Gaulois", "en 52 av. J.-C.⏐Les Gaulois");
        check("en 52 av. J.-C. La Gaule", "en 52 av. J.-C.⏐La Gaule");
        check(
            "en 52 av. J.-C. Vercingétorix",
            "en 52 av. J.-C. Vercingétorix",
        );
    }

    #[test]
    fn labels_stay_with_their_sentence() {
        check(
            "Il décide. 1. Les uns. 2. Les autres.",
            "Il décide.⏐1. Les uns.⏐2. Les autres.",
        );
        check("IV. Le reste. A. Les uns", "IV. Le reste.⏐A. Les uns");
        check("Article 2. – Le maire", "Article 2.⏐– Le maire");
    }

    #[test]
    fn blank_lines_separate_blocks() {
        check("Titre\n\nTexte\r\n \t\r\nFin", "Titre¶Texte¶Fin");
        check("des Nations\n  |  \nUnies", "des Nations¶Unies");
        check("des\n\nUnies", "des¶Unies");
    }

    #[test]
    fn list_items_begin_blocks() {
        check(
            "- à Paris ;\n- à Lyon ;\n – à Nice",
            "- à Paris ;¶- à Lyon ;¶– à Nice",
        );
        check(
            "• Paris\n• Lyon\n* Nice\n—Oui",
            "• Paris¶• Lyon¶* Nice¶—Oui",
        );
        check("1. Paris\n2. Lyon\n10) Nice", "1. Paris¶2. Lyon¶10) Nice");
        check("a) Paris\nb) Lyon\n(c) Nice", "a) Paris¶b) Lyon¶(c) Nice");
        check("1° Paris ;\n2° Lyon ;", "1° Paris ;¶2° Lyon ;");
        check(
            "Le maire.\nArticle 2. Le préfet",
            "Le maire.¶Article 2.⏐Le préfet",
        );
        check(
            "en vertu de l'\nArticle 2 du code",
            "en vertu de l'⏎Article 2 du code",
        );
        check("-\n- au projet", "-¶- au projet");
        check("Le texte :\n***\nFin", "Le texte :¶***¶Fin");
        check(
            "# Titre\nLe texte\n## Autre titre\nde plus",
            "# Titre¶Le texte¶## Autre titre¶de plus",
        );
    }

    #[test]
    fn table_cells_are_blocks() {
        check(
            "| Nom | Ville |\n|---|---|\n| Dupont | Paris |",
            "Nom¶Ville¶|---|---|¶Dupont¶Paris",
        );
        check("|Nom|Ville|\nFin", "Nom¶Ville¶Fin");
        // One bar alone is a scanner's noise, and bars around a column are its frame.
        check("les Nations | Unies", "les Nations | Unies");
        check(
            "| le conseil des Nations |\n| Unies a voté          |",
            "le conseil des Nations |⏎| Unies a voté",
        );
    }

    #[test]
    fn wrapped_lines_go_on() {
        check_whole("le président de la\nRépublique");
        check_whole("avec M.\nDupont");
        check_whole("avec J.-C.\nTrichet et Mme\nDurand et Monsieur\nMartin");
        check_whole("à Paris,\nLyon et Saint-\nDenis, d'\nAstana");
        check_whole("le gouver\u{AD}\nNement");
        check_whole("le conseil de sécurité des Nations\nUnies");
        check_whole("LE CONSEIL DE SÉCURITÉ DES NATIONS\nUNIES");
        check_whole("un entretien\nau palais");
        check_whole("Il part\n» et elle reste");
        check("Il part.\nelle reste", "Il part.⏎elle reste");
    }

    #[test]
    fn narrow_columns_are_paragraphs() {
        check(
            "Le secrétaire général des Nations\nUnies a reçu le président de la Banque\nmondiale et le ministre Pierre\n\
             Moscovici, venu avec le directeur du\nTrésor. Ils ont parlé de la Banque de\nFrance et du Crédit lyonnais.",
            "Le secrétaire général des Nations⏎Unies a reçu le président de la Banque⏎mondiale et le ministre Pierre⏎\
             Moscovici, venu avec le directeur du⏎Trésor.⏐Ils ont parlé de la Banque de⏎France et du Crédit lyonnais.",
        );
    }

    #[test]
    fn hard_wrapped_paragraphs_without_blank_lines() {
        check(
            "    Le Conseil de sécurité a tenu hier à New York une réunion sur la\nsituation en Libye, à la demande du \
             secrétaire général de l'Organisation\nInternationale de la Francophonie, et en présence du ministre Alain\n\
             Juppé. La séance fut brève.\n    Le lendemain, le président Nicolas Sarkozy a reçu à l'Élysée M. Moustapha\n\
             Abdeljalil, président du Conseil national de transition.",
            "Le Conseil de sécurité a tenu hier à New York une réunion sur la⏎situation en Libye, à la demande du \
             secrétaire général de l'Organisation⏎Internationale de la Francophonie, et en présence du ministre Alain⏎\
             Juppé.⏐La séance fut brève.¶Le lendemain, le président Nicolas Sarkozy a reçu à l'Élysée M. Moustapha⏎\
             Abdeljalil, président du Conseil national de transition.",
        );
    }

    #[test]
    fn short_lines_are_blocks() {
        check(
            "Son Excellence\nMonsieur Noursoultan NAZARBAÏEV\nPrésident de la République du Kazakhstan",
            "Son Excellence¶Monsieur Noursoultan NAZARBAÏEV¶Président de la République du Kazakhstan",
        );
        check(
            "Jean Dupont\nSociété Machin\n12 rue Voltaire\n75011 Paris",
            "Jean Dupont¶Société Machin¶12 rue Voltaire¶75011 Paris",
        );
        check(
            "Nicolas Sarkozy\nAngela Merkel\nDavid Cameron",
            "Nicolas Sarkozy¶Angela Merkel¶David Cameron",
        );
    }

    #[test]
    fn headings_are_blocks() {
        check(
            "INTRODUCTION\nLe président parle.",
            "INTRODUCTION¶Le président parle.",
        );
        check(
            "Introduction\nLe président parle à Astana.",
            "Introduction¶Le président parle à Astana.",
        );
        check(
            "DÉCLARATION CONJOINTE\nDE M. LE PRÉSIDENT\nLe texte est adopté.",
            "DÉCLARATION CONJOINTE⏎DE M. LE PRÉSIDENT¶Le texte est adopté.",
        );
        check(
            "RÉPUBLIQUE FRANÇAISE\nMINISTÈRE DE L'INTÉRIEUR",
            "RÉPUBLIQUE FRANÇAISE¶MINISTÈRE DE L'INTÉRIEUR",
        );
    }

    #[test]
    fn one_paragraph_a_line() {
        check(
            "Le président a reçu le ministre à Paris. Il est reparti.\nLe lendemain fut calme.\n\
             Les négociations avec la Banque mondiale ont repris mardi à Washington, où les ministres se sont vus.\nFin.",
            "Le président a reçu le ministre à Paris.⏐Il est reparti.¶Le lendemain fut calme.¶\
             Les négociations avec la Banque mondiale ont repris mardi à Washington, où les ministres se sont vus.¶Fin.",
        );
    }

    #[test]
    fn a_long_page_is_one_paragraph() {
        let line = "le conseil de sécurité des Nations\nUnies a reçu hier le ministre Pierre\n";
        let text = line.repeat(2 * PAGE_LINES);
        assert_eq!(sentences(&text).len(), 1);
    }

    #[test]
    fn sample_letter() {
        check(
            "\n\nParis, le 03 JUIL. 2009\n\nMonsieur le Président,\n\nJe tiens à vous remercier. Je me félicite.\n\n \n\
             Son Excellence\nMonsieur Noursoultan NAZARBAÏEV\nPrésident de la République du Kazakhstan\n\n-\n\
             - au projet proposé par Suez-Degremont ;\n - à l'octroi d'un permis (Total-KGM).\n - au partenariat\n\n\
             amical\n\nNicolas SARKOZY",
            "Paris, le 03 JUIL. 2009¶Monsieur le Président,¶Je tiens à vous remercier.⏐Je me félicite.¶\
             Son Excellence¶Monsieur Noursoultan NAZARBAÏEV¶Président de la République du Kazakhstan¶-¶\
             - au projet proposé par Suez-Degremont ;¶- à l'octroi d'un permis (Total-KGM).¶- au partenariat¶\
             amical¶Nicolas SARKOZY",
        );
    }

    #[test]
    fn sample_declaration() {
        let indent = "\n                        ";
        let text = [
            "\n                       | \n                       \n                         DÉCLARATION CONJOINTE\n\n",
            "DE M. LE PRÉSIDENT DE LA RÉPUBLIQUE \n                      \n",
            "\n\n\nPalais de L'Élysée -- Lundi 19 Septembre 2011 \n\n\n",
            "Les deux chefs d'Etat sont convenus de la nécessité d'améliorer la gouvernance mondiale et d'articuler \
             celle-ci autour de l'Organisation des Nations Unies. Les Nations",
            "Unies, qui demeurent irremplaçables du fait de leur universalité et de la légitimité qui en découle, \
             constituent un forum incontournable pour apporter des réponses",
            "collectives aux défis du XXIème siècle. Ils ont appelé à la réforme des Nations Unies.\n \n",
            "- ont souligné le caractère stratégique du partenariat entre Kazatomprom et Areva, se sont félicités",
            "dans l'avenir ;\n",
            "\n | \n",
        ]
        .join(indent);
        let indented = |text: &str| text.replace('⏎', &indent.replace('\n', "⏎"));
        check(
            &text,
            &indented(
                "DÉCLARATION CONJOINTE¶DE M. LE PRÉSIDENT DE LA RÉPUBLIQUE¶Palais de L'Élysée -- Lundi 19 Septembre \
                 2011¶Les deux chefs d'Etat sont convenus de la nécessité d'améliorer la gouvernance mondiale et \
                 d'articuler celle-ci autour de l'Organisation des Nations Unies.⏐Les Nations⏎Unies, qui demeurent \
                 irremplaçables du fait de leur universalité et de la légitimité qui en découle, constituent un forum \
                 incontournable pour apporter des réponses⏎collectives aux défis du XXIème siècle.⏐Ils ont appelé à la \
                 réforme des Nations Unies.¶- ont souligné le caractère stratégique du partenariat entre Kazatomprom \
                 et Areva, se sont félicités⏎dans l'avenir ;",
            ),
        );
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
            "a".repeat(8 * many),
            "\n".repeat(many),
            "a\n".repeat(many),
            "A. ".repeat(many),
            ".".repeat(10 * many),
            ". ".repeat(many),
            ".)".repeat(many),
            ". «".repeat(many),
            ". (".repeat(many),
            format!("{}A", ". ».[12]\u{A0}".repeat(many / 4)),
            "|".repeat(many),
            "| ".repeat(many),
            "|a ".repeat(many),
            "| a |\n".repeat(many / 4),
            " ".repeat(8 * many),
            format!("a.{}", " ".repeat(8 * many)),
            "1.".repeat(many),
            "\u{200B}".repeat(many),
        ] {
            let found = sentences(&text);
            assert!(
                found
                    .windows(2)
                    .all(|pair| pair[0].span.end() <= pair[1].span.start())
            );
        }
    }

    /// Text made of the pieces the rules look at, so that they meet in every order.
    fn text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            prop::sample::select(vec![
                " ", "\n", "\r\n", "\n\n", "\u{A0}", "\t", ".", "...", "…", "!", "?", "»", "« ",
                "(", ")", "[1]", "\"", "|", " | ", "- ", "– ", "• ", "1. ", "a) ", "# ", "M. ",
                "J.-C. ", "av. ", "art. ", "O.N.U. ", "Le ", "La ", "l'", "de ", "Nations ",
                "Unies", "PARIS ", "Saint-", "\u{AD}", "¬", "\u{FEFF}", "\0", "é", "E\u{301}",
                "12",
            ])
            .prop_map(String::from),
            any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn sentences_cover_the_text(text in text()) {
            let mut end = 0;
            let mut left_out = String::new();
            for (i, sentence) in sentences(&text).into_iter().enumerate() {
                prop_assert!(sentence.span.start() >= end);
                prop_assert!(i > 0 || sentence.starts_block);
                left_out.push_str(&text[end..sentence.span.start()]);
                end = sentence.span.end();
                let inside = sentence.span.slice(&text);
                prop_assert!(!inside.starts_with(is_blank) && !inside.ends_with(is_blank), "{inside:?}");
            }
            left_out.push_str(&text[end..]);
            prop_assert!(left_out.chars().all(|c| is_blank(c) || is_bar(c)), "left out {left_out:?}");
        }
    }
}

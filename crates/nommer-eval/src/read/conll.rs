//! CoNLL columns: a token on each line, its tag in one of the columns, a blank line behind each sentence.

use std::collections::BTreeMap;

use super::tags::{Evidence, Tag, TagScheme};
use super::tokens::{Token, TokenDocument};
use super::{Input, ReadError, ReadOptions, shown};
use crate::document::{Corpus, Document, Problem, ProblemKind};

/// Reads the documents of all files, whose tags follow one scheme.
pub(super) fn read(
    inputs: &[Input],
    options: &ReadOptions,
    problems: &mut Vec<Problem>,
) -> Result<Corpus, ReadError> {
    let layouts = inputs
        .iter()
        .map(|input| Layout::of(input, options.column.as_deref()))
        .collect::<Result<Vec<_>, _>>()?;
    let detected = || {
        let mut evidence = Evidence::default();
        for (input, layout) in inputs.iter().zip(&layouts) {
            layout.gather(input, &mut evidence);
        }
        evidence.scheme()
    };
    let scheme = options.tags.unwrap_or_else(detected);
    let mut documents = Vec::new();
    let mut all_marked = true;
    for (input, layout) in inputs.iter().zip(&layouts) {
        let mut reader = Reader {
            input,
            scheme,
            marked: input
                .lines()
                .filter(|(_, line)| line.starts_with(['#', '-']))
                .any(|(_, line)| matches!(layout.parse(line), Line::Document(_))),
            started: 0,
            open: None,
            documents: &mut documents,
            problems,
        };
        for (number, line) in input.lines() {
            reader.line(number, layout.parse(line));
        }
        reader.end_document();
        all_marked &= reader.marked;
    }
    let found_out = if options.tags.is_none() {
        " (detected)"
    } else {
        ""
    };
    let sentences = if all_marked {
        ""
    } else {
        ", each sentence a document where none is marked"
    };
    Ok(Corpus {
        documents,
        format: format!("CoNLL columns, {scheme}{found_out}{sentences}"),
        rejected: 0,
    })
}

/// Whether a file of any name looks like columns with tags in the last.
pub(super) fn recognises(text: &str) -> bool {
    let mut lines = text
        .lines()
        .filter(|line| !is_blank(line) && comment(line).is_none());
    lines.next().is_some_and(|line| {
        let mut columns = columns(line);
        let first = columns.next();
        first == Some(DOCUMENT_START) || columns.last().and_then(Tag::parse).is_some()
    })
}

const DOCUMENT_START: &str = "-DOCSTART-";

/// The columns of a file.
#[derive(Debug)]
struct Layout {
    /// How many there are.
    count: usize,
    /// The one with the tags, from 0.
    tag: usize,
}

/// What a line is.
enum Line<'a> {
    /// The end of a sentence.
    Blank,
    Comment,
    /// The start of a document, with its identifier if it is given.
    Document(Option<&'a str>),
    Token {
        text: &'a str,
        tag: &'a str,
    },
    /// Not in the format.
    Other(String),
}

impl Layout {
    /// A stray line may have any number of columns, so most lines decide.
    fn of(input: &Input, column: Option<&str>) -> Result<Layout, ReadError> {
        let mut counts = BTreeMap::<usize, usize>::new();
        for (_, line) in input.lines() {
            if !is_blank(line) && !line.starts_with('#') && !line.starts_with(DOCUMENT_START) {
                *counts.entry(columns(line).count()).or_default() += 1;
            }
        }
        let most = counts.into_iter().max_by_key(|(_, lines)| *lines);
        let count = most.map_or(2, |(count, _)| count).max(2);
        let tag = match column {
            None => count - 1,
            Some(column) => match column.parse() {
                Ok(number) if (2..=count).contains(&number) => number - 1,
                _ => {
                    return Err(ReadError::Column {
                        file: input.names.file.clone(),
                        column: column.to_owned(),
                        choices: format!("a number from 2 to {count}"),
                    });
                }
            },
        };
        Ok(Layout { count, tag })
    }

    fn parse<'a>(&self, line: &'a str) -> Line<'a> {
        if is_blank(line) {
            return Line::Blank;
        }
        let (mut count, mut text, mut tag) = (0, "", "");
        for (at, column) in columns(line).enumerate() {
            count = at + 1;
            if at == 0 {
                text = column;
            } else if at == self.tag {
                tag = column;
            }
        }
        if text == DOCUMENT_START {
            let rest = line.trim_start()[DOCUMENT_START.len()..].trim();
            let id = rest.strip_prefix('(').and_then(|id| id.strip_suffix(')'));
            return Line::Document(id);
        }
        let fits = count == self.count;
        // `#` is a token too, so a comment is what cannot be one.
        if let Some(comment) = comment(line)
            && !(fits && Tag::parse(tag).is_some())
        {
            return document_mark(comment).map_or(Line::Comment, Line::Document);
        }
        if !fits {
            return Line::Other(format!(
                "expected {} columns as in other lines, found {count}: `{}`",
                self.count,
                shown(line)
            ));
        }
        if text.is_empty() {
            return Line::Other(format!("no token in the first column: `{}`", shown(line)));
        }
        Line::Token { text, tag }
    }

    fn gather(&self, input: &Input, evidence: &mut Evidence) {
        let mut before = Tag::Outside;
        for (_, line) in input.lines() {
            before = match self.parse(line) {
                Line::Comment | Line::Other(_) => continue,
                Line::Blank | Line::Document(_) => Tag::Outside,
                Line::Token { tag, .. } => {
                    let tag = Tag::parse(tag).unwrap_or(Tag::Outside);
                    evidence.see(before, tag);
                    tag
                }
            };
        }
    }
}

fn is_blank(line: &str) -> bool {
    line.bytes().all(|byte| byte.is_ascii_whitespace())
}

/// The columns of a line: between tabs, where a token may hold spaces, or else between runs of spaces.
fn columns(line: &str) -> impl Iterator<Item = &str> {
    let line = line.trim_end_matches([' ', '\t']);
    let separator = if line.contains('\t') { '\t' } else { ' ' };
    line.split(separator)
        .filter(move |column| separator == '\t' || !column.is_empty())
}

/// What follows the `#` of a line that is a comment, if it is not a token.
fn comment(line: &str) -> Option<&str> {
    let comment = line.strip_prefix('#')?;
    (comment.is_empty() || comment.starts_with(' ')).then_some(comment)
}

/// Whether a comment starts a document, and with which identifier.
fn document_mark(comment: &str) -> Option<Option<&str>> {
    let comment = comment.trim();
    if comment == "newdoc" {
        return Some(None);
    }
    let (key, id) = comment.split_once('=')?;
    let id = id.trim();
    matches!(key.trim(), "newdoc id" | "document_id" | "doc_id")
        .then_some((!id.is_empty()).then_some(id))
}

/// Reads one file.
struct Reader<'a, 'out> {
    input: &'a Input,
    scheme: TagScheme,
    /// Whether the file says where documents start; if not, each sentence is one.
    marked: bool,
    started: usize,
    open: Option<TokenDocument<'a>>,
    documents: &'out mut Vec<Document>,
    problems: &'out mut Vec<Problem>,
}

impl<'a> Reader<'a, '_> {
    fn line(&mut self, number: u64, line: Line<'a>) {
        match line {
            Line::Blank if self.marked => {
                if let Some(document) = &mut self.open {
                    document.end_sequence(self.input, self.scheme, self.problems);
                }
            }
            Line::Blank => self.end_document(),
            Line::Comment => {}
            Line::Document(id) => {
                self.end_document();
                self.start_document(number, id);
            }
            Line::Token { text, tag } => {
                if self.open.is_none() {
                    self.start_document(number, None);
                }
                if let Some(document) = &mut self.open {
                    let gap = if document.in_sequence() { " " } else { "\n" };
                    let token = Token {
                        line: number,
                        text,
                        tag,
                        link: None,
                    };
                    document.push(gap, token);
                }
            }
            Line::Other(message) => {
                let syntax = ProblemKind::Syntax;
                self.problems
                    .push(self.input.problem(Some(number), None, syntax, message));
            }
        }
    }

    fn start_document(&mut self, line: u64, id: Option<&str>) {
        self.started += 1;
        let id = id.map_or_else(
            || format!("{}#{}", self.input.names.id, self.started),
            str::to_owned,
        );
        self.open = Some(TokenDocument::new(id, line));
    }

    fn end_document(&mut self) {
        let finished = self
            .open
            .take()
            .map(|document| document.finish(self.input, self.scheme, self.problems));
        self.documents.extend(finished);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{input, listed, spelled};
    use super::*;

    fn read_texts(texts: &[&str], options: &ReadOptions) -> (Corpus, Vec<String>) {
        let inputs: Vec<_> = texts.iter().map(|text| input("f.conll", text)).collect();
        let mut problems = Vec::new();
        let corpus = read(&inputs, options, &mut problems).unwrap();
        (corpus, listed(&problems))
    }

    fn check(text: &str, expected: &[&str]) {
        check_problems(text, None, &[], expected);
    }

    fn check_problems(text: &str, tags: Option<TagScheme>, expected: &[&str], documents: &[&str]) {
        let options = ReadOptions {
            tags,
            ..ReadOptions::default()
        };
        let (corpus, problems) = read_texts(&[text], &options);
        assert_eq!(problems, expected, "{text}");
        let read: Vec<_> = corpus.documents.iter().map(spelled).collect();
        assert_eq!(read, documents, "{text}");
    }

    #[test]
    fn each_sentence_is_a_document_where_none_is_marked() {
        let text = "\nZoé B-PER\n🚀 O\nà O\nSaint-Étienne B-LOC\n\n \nNîmes B-LOC\n. O";
        let expected = [
            r#"f.conll#1 "Zoé 🚀 à Saint-Étienne" [Zoé=PER :2, Saint-Étienne=LOC :5]"#,
            r#"f.conll#2 "Nîmes ." [Nîmes=LOC :8]"#,
        ];
        check(text, &expected);
        check(&text.replace('\n', "\r\n"), &expected);
        check(&format!("{text}\r"), &expected);
        check(&text.replace(' ', "\t"), &expected);
        let (corpus, _) = read_texts(&[text], &ReadOptions::default());
        assert_eq!(
            corpus.format,
            "CoNLL columns, IOB2 (detected), each sentence a document where none is marked"
        );
        assert_eq!(corpus.documents[1].place.to_string(), "f.conll:8");
    }

    #[test]
    fn marks_start_documents() {
        check(
            "a O\n-DOCSTART- -X- O O\n\nZoé B-PER\nva O\n\nNîmes B-LOC\n\n-DOCSTART- (été 1)\nb O\n\n\n-DOCSTART-\n",
            &[
                r#"f.conll#1 "a" []"#,
                r#"f.conll#2 "Zoé va\nNîmes" [Zoé=PER :4, Nîmes=LOC :7]"#,
                r#"été 1 "b" []"#,
                r#"f.conll#4 "" []"#,
            ],
        );
        check(
            "# newdoc id = a 1\n# text = à Nîmes\nà O\nNîmes I-LOC\n# sent_id = 2\n# doc_id=b\nNîmes I-LOC\n\n\
             # document_id = c\nb O\n# newdoc\nc O\n-DOCSTART-\t(é)\nd O",
            &[
                r#"a 1 "à Nîmes" [Nîmes=LOC :4]"#,
                r#"b "Nîmes" [Nîmes=LOC :7]"#,
                r#"c "b" []"#,
                r#"f.conll#4 "c" []"#,
                r#"é "d" []"#,
            ],
        );
        let (corpus, _) = read_texts(&["# newdoc\na O"], &ReadOptions::default());
        assert_eq!(corpus.format, "CoNLL columns, IOB2 (detected)");
    }

    #[test]
    fn a_hash_may_be_a_token_or_a_comment() {
        check(
            "# O\n# B-X\n#metoo O\n# un commentaire\n#\tB-X\n\n#\n",
            &[r##"f.conll#1 "# # #metoo #" [#=X :2, #=X :5]"##],
        );
    }

    #[test]
    fn columns_are_between_tabs_or_runs_of_spaces() {
        check(
            "10 000\tNUM\tB-X\nNew York\tNOUN\tI-X\t\n\u{a0}\tX\tO\n",
            &[&format!(
                "f.conll#1 {:?} [10 000 New York=X :1]",
                "10 000 New York \u{a0}"
            )],
        );
        check(
            "Zoé  PRON   I-X \nva\tV\tO\n",
            &[r#"f.conll#1 "Zoé va" [Zoé=X :1]"#],
        );
        let read_column = |column: &str| {
            let options = ReadOptions {
                column: Some(column.to_owned()),
                ..ReadOptions::default()
            };
            let inputs = [input("f.conll", "a B-X O\nb O B-Y\n")];
            read(&inputs, &options, &mut Vec::new()).map(|corpus| spelled(&corpus.documents[0]))
        };
        assert_eq!(read_column("2").unwrap(), r#"f.conll#1 "a b" [a=X :1]"#);
        assert_eq!(read_column("3").unwrap(), r#"f.conll#1 "a b" [b=Y :2]"#);
        for column in ["0", "1", "4", "NER", ""] {
            assert_eq!(
                read_column(column).unwrap_err().to_string(),
                format!("f.conll has no column of tags {column:?}; choose a number from 2 to 3")
            );
        }
    }

    #[test]
    fn the_scheme_is_that_of_all_files() {
        let format = |texts: &[&str], tags| {
            let options = ReadOptions {
                tags,
                ..ReadOptions::default()
            };
            let (corpus, problems) = read_texts(texts, &options);
            (
                corpus.format.split(", ").nth(1).unwrap().to_owned(),
                problems.len(),
            )
        };
        let (iob1, bioes) = ("a I-X\nb B-X\n", "a B-X\nb E-X\n\nc S-Y\n");
        assert_eq!(format(&[iob1], None), ("IOB1 (detected)".to_owned(), 0));
        assert_eq!(format(&[bioes], None), ("BIOES (detected)".to_owned(), 0));
        assert_eq!(
            format(&[iob1, "a B-X\n"], None),
            ("IOB2 (detected)".to_owned(), 1)
        );
        assert_eq!(
            format(&[iob1, bioes], None),
            ("BIOES (detected)".to_owned(), 3)
        );
        assert_eq!(
            format(&[iob1], Some(TagScheme::Iob2)),
            ("IOB2".to_owned(), 1)
        );
        // A sentence's end separates tags.
        assert_eq!(
            format(&["a I-X\n\nb B-X\n"], None),
            ("IOB2 (detected)".to_owned(), 1)
        );
    }

    #[test]
    fn every_bad_line_and_tag_is_named() {
        check_problems(
            "Jean B-PER\nMoulin PER\nva\n\tO\nà O O O\nNîmes o\0\n\nest I-LOC\nLyon I-PER\n",
            Some(TagScheme::Iob2),
            &[
                "Syntax f.conll:3: expected 2 columns as in other lines, found 1: `va`",
                "Syntax f.conll:4: no token in the first column: `\\tO`",
                "Syntax f.conll:5: expected 2 columns as in other lines, found 4: `à O O O`",
                "Tag f.conll:2: document \"f.conll#1\": token `Moulin`: `PER` is no tag; write O, or one like B-LOC",
                "Tag f.conll:6: document \"f.conll#1\": token `Nîmes`: `o\\0` is no tag; write O, or one like B-LOC",
                "Sequence f.conll:8: document \"f.conll#2\": token `est`: I-LOC after the start, which IOB2 does not allow; correct the tags, or choose their scheme",
                "Sequence f.conll:9: document \"f.conll#2\": token `Lyon`: I-PER after I-LOC, which IOB2 does not allow; correct the tags, or choose their scheme",
            ],
            &[
                r#"f.conll#1 "Jean Moulin Nîmes" [Jean=PER :1]"#,
                r#"f.conll#2 "est Lyon" [est=LOC :8, Lyon=PER :9]"#,
            ],
        );
        check_problems(
            "a B-X\nb O\nc I-X\n\nd B-X\n",
            Some(TagScheme::Bioes),
            &[
                "Sequence f.conll:2: document \"f.conll#1\": token `b`: O after B-X, which BIOES does not allow; correct the tags, or choose their scheme",
                "Sequence f.conll:3: document \"f.conll#1\": token `c`: I-X after O, which BIOES does not allow; correct the tags, or choose their scheme",
                "Sequence f.conll:3: document \"f.conll#1\": token `c`: the end after I-X, which BIOES does not allow; correct the tags, or choose their scheme",
                "Sequence f.conll:5: document \"f.conll#2\": token `d`: the end after B-X, which BIOES does not allow; correct the tags, or choose their scheme",
            ],
            &[
                r#"f.conll#1 "a b c" [a=X :1, c=X :3]"#,
                r#"f.conll#2 "d" [d=X :5]"#,
            ],
        );
    }

    #[test]
    fn long_lines_are_shortened_in_messages() {
        let long = "é".repeat(3_000_000);
        let text = format!("{long} X\n{long}\na {long}\n{long} I-X\nb B-X\n");
        let tags = Some(TagScheme::Iob2);
        let options = ReadOptions {
            tags,
            ..ReadOptions::default()
        };
        let (corpus, problems) = read_texts(&[&text], &options);
        assert_eq!(problems.len(), 4);
        assert!(
            problems.iter().all(|problem| problem.chars().count() < 400),
            "{problems:?}"
        );
        assert_eq!(corpus.documents[0].spans[0].end, long.len() * 2 + 3);
    }

    /// Entities of two labels with tokens outside between them, as (label, outside tokens before, tokens).
    fn sentences() -> impl Strategy<Value = Vec<Vec<(char, usize, usize)>>> {
        let entity = (prop_oneof![Just('X'), Just('Y')], 0..3_usize, 1..4_usize);
        prop::collection::vec(prop::collection::vec(entity, 1..5), 1..4)
    }

    proptest! {
        #[test]
        fn written_entities_are_read_back(sentences in sentences(), scheme in 0..4) {
            let (tags, letters) = match scheme {
                0 => (TagScheme::Iob1, "BIII"),
                1 => (TagScheme::Iob2, "BIIB"),
                2 => (TagScheme::Bioes, "BIES"),
                _ => (TagScheme::Bioes, "BILU"),
            };
            let letters: Vec<char> = letters.chars().collect();
            let (mut text, mut expected, mut token) = (String::new(), Vec::new(), 0);
            let mut next_token = || {
                token += 1;
                ["é🚀", "#", "l'", "-"][token % 4].to_owned() + &token.to_string()
            };
            for sentence in &sentences {
                let (mut names, mut last) = (Vec::new(), None);
                for &(label, outside, length) in sentence {
                    for _ in 0..outside {
                        text += &format!("{} O\n", next_token());
                        last = None;
                    }
                    let mut name = Vec::new();
                    for at in 0..length {
                        let letter = match at {
                            0 if tags == TagScheme::Iob1 && last != Some(label) => 'I',
                            0 if tags != TagScheme::Iob1 && length == 1 => letters[3],
                            0 => letters[0],
                            _ if at + 1 == length => letters[2],
                            _ => letters[1],
                        };
                        name.push(next_token());
                        text += &format!("{} {letter}-{label}\n", name[at]);
                    }
                    names.push(format!("{}={label}", name.join(" ")));
                    last = Some(label);
                }
                text.push('\n');
                expected.push(names);
            }
            let options = ReadOptions { tags: Some(tags), ..ReadOptions::default() };
            let (corpus, problems) = read_texts(&[&text], &options);
            prop_assert_eq!(problems, [""; 0]);
            let read: Vec<Vec<String>> = corpus
                .documents
                .iter()
                .map(|document| {
                    let text = document.text.as_ref().unwrap();
                    let covered = |span: &crate::document::Annotation| text[span.start..span.end].to_owned();
                    document.spans.iter().map(|span| format!("{}={}", covered(span), span.label)).collect()
                })
                .collect();
            prop_assert_eq!(read, expected);
        }
    }
}

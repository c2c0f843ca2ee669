//! brat's standoff format: texts in `.txt` files, and beside each its annotations in an `.ann` file.
//!
//! See <https://brat.nlplab.org/standoff.html>. Text-bound annotations (`T`) and normalisations (`N`) are read;
//! events, relations, attributes and notes are passed over.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use nommer_core::offset::OffsetUnit;

use super::{Input, link_to, shown};
use crate::document::{Annotation, Corpus, Document, Link, Problem, ProblemKind};

/// Reads all pairs of files.
pub(super) fn read(inputs: &[Input], problems: &mut Vec<Problem>) -> Corpus {
    let of = |extension: &'static str| {
        inputs
            .iter()
            .filter(move |input| input.names.extension == extension)
    };
    let texts: BTreeSet<&str> = of("txt").map(|text| text.names.stem.as_str()).collect();
    let annotations: BTreeMap<&str, &Input> = of("ann")
        .map(|annotations| (annotations.names.stem.as_str(), annotations))
        .collect();
    let mut documents = Vec::new();
    for input in inputs {
        let stem = input.names.stem.as_str();
        let missing = match (input.names.extension.as_str(), annotations.get(stem)) {
            ("txt", Some(annotations)) => {
                documents.push(document(input, annotations, problems));
                continue;
            }
            ("txt", None) => {
                "no .ann file beside it; make an empty one if there is nothing to annotate"
            }
            ("ann", _) if !texts.contains(stem) => {
                "no .txt file beside it; copy the text it annotates there"
            }
            _ => continue,
        };
        problems.push(input.problem(None, None, ProblemKind::Syntax, missing.to_owned()));
    }
    Corpus {
        documents,
        format: "brat".to_owned(),
        rejected: 0,
    }
}

fn document(text: &Input, annotations: &Input, problems: &mut Vec<Problem>) -> Document {
    let id = &text.names.id;
    let mut report = |line, kind, message| {
        problems.push(annotations.problem(Some(line), Some(id), kind, message));
    };
    let characters = Characters::of(&text.text);
    let mut spans: Vec<Annotation> = Vec::new();
    let mut places = HashMap::<&str, usize>::new();
    let mut links = Vec::new();
    for (number, line) in annotations.lines() {
        let expected = match line.bytes().next() {
            None | Some(b'E' | b'R' | b'A' | b'M' | b'#' | b'*') => continue,
            Some(b'T') => match text_bound(line) {
                Some(bound) => {
                    let pieces = bound.pieces.len();
                    if !bound.is_whole(&characters) {
                        let message = format!(
                            "`{}` is in {pieces} pieces; annotate what lies between them too",
                            shown(line)
                        );
                        report(number, ProblemKind::Discontinuous, message);
                    }
                    places.entry(bound.name).or_insert(spans.len());
                    spans.push(bound.annotation(number, &characters));
                    continue;
                }
                None => "is not like `T1⇥LABEL 0 5⇥text`, with tabs for ⇥",
            },
            Some(b'N') => match normalisation(line) {
                Some((name, link)) => {
                    links.push((number, name, link));
                    continue;
                }
                None => "is not like `N1⇥Reference T1 Wikidata:Q90⇥name`, with tabs for ⇥",
            },
            Some(_) => "is none of brat's annotations",
        };
        report(
            number,
            ProblemKind::Syntax,
            format!("`{}` {expected}", shown(line)),
        );
    }
    // A normalisation may come before what it is about.
    for (number, name, link) in links {
        match places.get(name) {
            // Of several, the first counts.
            Some(&place) => {
                spans[place].link.get_or_insert(link);
            }
            // Events are not read, so they are not known to be missing.
            None if name.starts_with('E') => {}
            None => {
                let message = format!("the file has no text-bound annotation `{}`", shown(name));
                report(number, ProblemKind::Syntax, message);
            }
        }
    }
    let folder = id
        .rsplit_once('/')
        .map(|(folder, _)| ("folder".to_owned(), vec![folder.to_owned()]));
    Document {
        id: id.clone(),
        // Lines of annotations are those of this file.
        place: annotations.place(None),
        text: Some(text.text.clone()),
        unit: OffsetUnit::Codepoint,
        spans,
        failed: None,
        meta: folder.into_iter().collect(),
    }
}

/// The line of a text-bound annotation.
struct TextBound<'a> {
    name: &'a str,
    label: &'a str,
    /// Starts and ends, in code points; at least one.
    pieces: Vec<(usize, usize)>,
    text: Option<&'a str>,
}

fn text_bound(line: &str) -> Option<TextBound<'_>> {
    let mut columns = line.splitn(3, '\t');
    let name = columns.next()?;
    let (label, pieces) = columns.next()?.split_once(' ')?;
    let pieces = pieces
        .split(';')
        .map(|piece| {
            let (start, end) = piece.split_once(' ')?;
            Some((start.parse().ok()?, end.parse().ok()?))
        })
        .collect::<Option<_>>()?;
    Some(TextBound {
        name,
        label,
        pieces,
        text: columns.next(),
    })
}

impl TextBound<'_> {
    /// Whether only white space is between the pieces: brat splits what goes on in another line.
    fn is_whole(&self, characters: &Characters<'_>) -> bool {
        self.pieces.windows(2).all(|pair| {
            let between = characters.slice(pair[0].1, pair[1].0);
            between.is_some_and(|between| between.trim().is_empty())
        })
    }

    /// The annotation of all from the first piece to the last.
    fn annotation(&self, line: u64, characters: &Characters<'_>) -> Annotation {
        let start = self.pieces.iter().map(|(start, _)| *start).min();
        let end = self.pieces.iter().map(|(_, end)| *end).max();
        let (start, end) = (start.unwrap_or_default(), end.unwrap_or_default());
        // What brat repeats of several pieces is not what they cover.
        let repeated = self.text.filter(|_| self.pieces.len() == 1);
        let text = repeated.map(|repeated| match characters.slice(start, end) {
            // In one piece, older versions write line ends as spaces.
            Some(slice) if slice.replace('\n', " ") == repeated => slice.to_owned(),
            _ => repeated.to_owned(),
        });
        Annotation {
            start,
            end,
            label: self.label.to_owned(),
            text,
            score: None,
            link: None,
            line: Some(line),
        }
    }
}

/// The name of what a normalisation is about, and its link.
fn normalisation(line: &str) -> Option<(&str, Link)> {
    let mut words = line.split('\t').nth(1)?.split(' ');
    let (_, name, entry) = (words.next()?, words.next()?, words.next()?);
    let link = match entry.split_once(':') {
        Some((_, nil)) if nil.eq_ignore_ascii_case("NIL") => link_to(nil),
        Some((database, id)) => link_to(&format!("{}:{id}", database.to_lowercase())),
        None if entry.eq_ignore_ascii_case("NIL") => link_to(entry),
        None => return None,
    };
    Some((name, link))
}

/// A text by its code points.
struct Characters<'a> {
    text: &'a str,
    /// Where each starts, and the end.
    bytes: Vec<usize>,
}

impl<'a> Characters<'a> {
    fn of(text: &'a str) -> Self {
        let starts = text.char_indices().map(|(byte, _)| byte);
        Characters {
            text,
            bytes: starts.chain([text.len()]).collect(),
        }
    }

    fn slice(&self, start: usize, end: usize) -> Option<&'a str> {
        self.text
            .get(*self.bytes.get(start)?..*self.bytes.get(end)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{input, listed, spelled};
    use super::*;

    fn check(text: &str, annotations: &str, expected: &str, problems: &[&str]) {
        let mut found = Vec::new();
        let inputs = [input("a.ann", annotations), input("a.txt", text)];
        let corpus = read(&inputs, &mut found);
        assert_eq!(listed(&found), problems, "{annotations}");
        let documents: Vec<_> = corpus.documents.iter().map(spelled).collect();
        assert_eq!(
            documents,
            [format!("a.txt {text:?} {expected}")],
            "{annotations}"
        );
        assert_eq!(corpus.documents[0].place.to_string(), "a.ann");
    }

    #[test]
    fn annotations_and_links_are_read() {
        let text = "🚀 Zoé à Nîmes,\r\nà l'Élysée";
        let annotations = "N1\tReference T2 Wikidata:Q42807\tNîmes\nT1\tPER 2 5\tZoé\nT2\tLOC 8 13\tNîmes\n\
             T3\tLOC 20 26\nN2\tReference T1 Wikidata:NIL\nN3\tReference T3 nil\tx\nN4\tReference T3 GeoNames:3\tx\n\
             A1\tConfident T1\n\nR1\tIn Arg1:T1 Arg2:T2\nE1\tMeet:T1\nN5\tReference E1 X:1\tx\n#1\tNote T1\tx\n*\tEquiv T1 T2\nM1\tNo T1\n";
        let expected = "[Zoé=PER → Nil :2, Nîmes=LOC → wikidata:Q42807 :3, Élysée=LOC → Nil :4]";
        check(text, annotations, expected, &[]);
        check(text, &annotations.replace('\n', "\r\n"), expected, &[]);
        check("", "", "[]", &[]);
    }

    #[test]
    fn repeated_text_is_compared_as_brat_writes_it() {
        let text = "Jean\nMoulin\tva";
        check(
            text,
            "T1\tPER 0 11\tJean Moulin\n",
            "[Jean\nMoulin=PER :1]",
            &[],
        );
        // In pieces where lines end.
        check(
            text,
            "T1\tPER 0 4;5 11\tJean Moulin\n",
            "[Jean\nMoulin=PER :1]",
            &[],
        );
        check(text, "T1\tX 5 14\tMoulin\tva\n", "[Moulin\tva=X :1]", &[]);
        check(
            text,
            "T1\tX 0 4\tJeanne\n",
            r#"[Jean=X not "Jeanne" :1]"#,
            &[],
        );
        // What is outside the text is for a later check.
        check(
            text,
            "T1\tX 0 99\tJean\n",
            r#"[Jean
Moulin	va=X not "Jean" :1]"#,
            &[],
        );
    }

    #[test]
    fn every_problem_is_named() {
        check(
            "Zoé et Luc Né",
            "T1\tPER 0 3;11 13\tZoé Né\nT2\tPER 0 x\tZoé\nT3 PER 0 3\nT4\tPER\tZoé\nX\nN1\tReference T2 W:1\tx\n\
             N2\tReference T1\nN3\tReference T1 Q1\tx\nT5\tPER 7 10;0 3\tLuc Zoé\nT6\tPER -1 3\n\0",
            "[Zoé et Luc Né=PER :1, Zoé et Luc=PER :9]",
            &[
                r#"Discontinuous a.ann:1: document "a.txt": `T1\tPER 0 3;11 13\tZoé Né` is in 2 pieces; annotate what lies between them too"#,
                r#"Syntax a.ann:2: document "a.txt": `T2\tPER 0 x\tZoé` is not like `T1⇥LABEL 0 5⇥text`, with tabs for ⇥"#,
                r#"Syntax a.ann:3: document "a.txt": `T3 PER 0 3` is not like `T1⇥LABEL 0 5⇥text`, with tabs for ⇥"#,
                r#"Syntax a.ann:4: document "a.txt": `T4\tPER\tZoé` is not like `T1⇥LABEL 0 5⇥text`, with tabs for ⇥"#,
                r#"Syntax a.ann:5: document "a.txt": `X` is none of brat's annotations"#,
                r#"Syntax a.ann:7: document "a.txt": `N2\tReference T1` is not like `N1⇥Reference T1 Wikidata:Q90⇥name`, with tabs for ⇥"#,
                r#"Syntax a.ann:8: document "a.txt": `N3\tReference T1 Q1\tx` is not like `N1⇥Reference T1 Wikidata:Q90⇥name`, with tabs for ⇥"#,
                r#"Discontinuous a.ann:9: document "a.txt": `T5\tPER 7 10;0 3\tLuc Zoé` is in 2 pieces; annotate what lies between them too"#,
                r#"Syntax a.ann:10: document "a.txt": `T6\tPER -1 3` is not like `T1⇥LABEL 0 5⇥text`, with tabs for ⇥"#,
                r#"Syntax a.ann:11: document "a.txt": `\0` is none of brat's annotations"#,
                r#"Syntax a.ann:6: document "a.txt": the file has no text-bound annotation `T2`"#,
            ],
        );
    }

    #[test]
    fn files_come_in_pairs_below_their_folders() {
        let inputs = [
            input("a/b/c.ann", ""),
            input("a/b/c.txt", "é"),
            input("a/d.ann", ""),
            input("e.txt", ""),
            input("f.TXT", "f"),
            input("f.ann", ""),
        ];
        let mut problems = Vec::new();
        let corpus = read(&inputs, &mut problems);
        let documents: Vec<_> = corpus
            .documents
            .iter()
            .map(|document| (document.id.as_str(), document.meta.get("folder").cloned()))
            .collect();
        assert_eq!(
            documents,
            [("a/b/c.txt", Some(vec!["a/b".to_owned()])), ("f.TXT", None)]
        );
        assert_eq!(
            listed(&problems),
            [
                "Syntax a/d.ann: no .txt file beside it; copy the text it annotates there",
                "Syntax e.txt: no .ann file beside it; make an empty one if there is nothing to annotate",
            ]
        );
    }
}

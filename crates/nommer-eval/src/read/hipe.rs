//! HIPE TSV, the format of the CLEF-HIPE campaigns of 2020 and 2022: a header with the names of the columns, a token
//! on each line, comments that start documents and describe them.
//!
//! See <https://doi.org/10.5281/zenodo.6045662>. Flags other than those of spaces and line ends are passed over, so a
//! mention that covers a part of a token (`Partial-3:9`) covers all of it.

use std::collections::BTreeMap;

use super::tags::TagScheme;
use super::tokens::{Token, TokenDocument};
use super::{Input, ReadError, ReadOptions, link_to, shown};
use crate::document::{Corpus, Document, Link, Problem, ProblemKind};

/// Reads the documents of all files.
pub(super) fn read(
    inputs: &[Input],
    options: &ReadOptions,
    problems: &mut Vec<Problem>,
) -> Result<Corpus, ReadError> {
    let column = options.column.as_deref().unwrap_or("NE-COARSE-LIT");
    let scheme = options.tags.unwrap_or(TagScheme::Iob2);
    let mut documents = Vec::new();
    for input in inputs {
        read_file(input, column, scheme, &mut documents, problems)?;
    }
    let tags = options
        .tags
        .map(|tags| format!(", {tags}"))
        .unwrap_or_default();
    Ok(Corpus {
        documents,
        format: format!("HIPE TSV, {column}{tags}"),
        rejected: 0,
    })
}

/// Whether a line names columns as HIPE does.
pub(super) fn is_header(line: &str) -> bool {
    line.split('\t').any(|column| column == TOKEN)
}

const TOKEN: &str = "TOKEN";

/// Which column is what, from 0.
struct Columns {
    count: usize,
    token: usize,
    tag: usize,
    link: Option<usize>,
    flags: Option<usize>,
}

impl Columns {
    fn of(input: &Input, header: &str, column: &str) -> Result<Columns, ReadError> {
        let at = |name: &str| header.split('\t').position(|column| column == name);
        // Each sense of a mention has its own link. Components and nested mentions have none.
        let link = match column.rsplit_once('-') {
            Some((_, "LIT")) => at("NEL-LIT"),
            Some((_, "METO")) => at("NEL-METO"),
            _ => None,
        };
        let (Some(token), Some(tag)) = (at(TOKEN), at(column)) else {
            return Err(ReadError::Column {
                file: input.names.file.clone(),
                column: column.to_owned(),
                choices: format!("one that its header names, which is `{}`", shown(header)),
            });
        };
        Ok(Columns {
            count: header.split('\t').count(),
            token,
            tag,
            link,
            flags: at("MISC"),
        })
    }
}

fn read_file(
    input: &Input,
    column: &str,
    scheme: TagScheme,
    documents: &mut Vec<Document>,
    problems: &mut Vec<Problem>,
) -> Result<(), ReadError> {
    let mut lines = input.lines().filter(|(_, line)| !line.trim().is_empty());
    let Some((_, header)) = lines.next() else {
        return Ok(());
    };
    let columns = Columns::of(input, header, column)?;
    let mut open: Option<TokenDocument<'_>> = None;
    let mut started = 0;
    let mut gap = "";
    // What comes before a document's identifier may describe it or the segment of the one before: what comes next
    // decides.
    let mut described = BTreeMap::<String, Vec<String>>::new();
    for (number, line) in lines {
        let values: Vec<&str> = line.split('\t').collect();
        if let Some(comment) = line.strip_prefix("# ")
            && values.len() != columns.count
        {
            let Some((key, value)) = comment.split_once('=') else {
                continue;
            };
            let (key, value) = (without_namespace(key.trim()), value.trim());
            if key == "document_id" {
                if let Some(document) = open.take() {
                    documents.push(document.finish(input, scheme, problems));
                }
                started += 1;
                open = Some(TokenDocument::new(value.to_owned(), number));
            } else {
                described
                    .entry(key.to_owned())
                    .or_default()
                    .push(value.to_owned());
            }
            continue;
        }
        if values.len() != columns.count || values[columns.token].is_empty() {
            let message = format!(
                "expected {} columns as in the header, found {}, or no token: `{}`",
                columns.count,
                values.len(),
                shown(line)
            );
            problems.push(input.problem(Some(number), None, ProblemKind::Syntax, message));
            continue;
        }
        let document = open.get_or_insert_with(|| {
            started += 1;
            TokenDocument::new(format!("{}#{started}", input.names.id), number)
        });
        describe(document, &mut described);
        let token = Token {
            line: number,
            text: values[columns.token],
            tag: match values[columns.tag] {
                "" | "_" | "-" => "O",
                tag => tag,
            },
            link: columns.link.and_then(|column| link(values[column])),
        };
        document.push(gap, token);
        let flags = columns.flags.map_or("", |column| values[column]);
        let has = |flag: &str| flags.split('|').any(|given| given == flag);
        gap = match () {
            () if has("EndOfLine") => "\n",
            () if has("NoSpaceAfter") => "",
            () => " ",
        };
    }
    if let Some(mut document) = open {
        describe(&mut document, &mut described);
        documents.push(document.finish(input, scheme, problems));
    }
    Ok(())
}

/// Moves what was said into the document; what comments repeat for each segment is kept once.
fn describe(document: &mut TokenDocument<'_>, described: &mut BTreeMap<String, Vec<String>>) {
    for (key, values) in std::mem::take(described) {
        let known = document.meta.entry(key).or_default();
        known.extend(values);
        known.dedup();
    }
}

/// `document_id` of `hipe2022:document_id`.
fn without_namespace(key: &str) -> &str {
    key.split_once(':').map_or(key, |(_, key)| key)
}

/// The link in a column, of alternatives the first; `None` when it says nothing.
fn link(value: &str) -> Option<Link> {
    let identifier = value.split('|').next().unwrap_or_default();
    match identifier.strip_prefix('Q') {
        _ if matches!(identifier, "" | "_" | "-") => None,
        Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(link_to(&format!("wikidata:{identifier}")))
        }
        _ => Some(link_to(identifier)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{input, listed, spelled};
    use super::*;

    const HEADER: &str =
        "TOKEN\tNE-COARSE-LIT\tNE-COARSE-METO\tNE-NESTED\tNEL-LIT\tNEL-METO\tMISC\n";

    /// The documents and their fields, and the problems.
    fn read_text(text: &str, column: Option<&str>) -> (Vec<String>, Vec<String>) {
        let options = ReadOptions {
            column: column.map(str::to_owned),
            ..ReadOptions::default()
        };
        let mut problems = Vec::new();
        let corpus = read(&[input("f.tsv", text)], &options, &mut problems).unwrap();
        let shown = |document: &Document| {
            let fields = document.meta.iter();
            let fields: Vec<_> = fields
                .map(|(key, values)| format!("{key}={}", values.join("|")))
                .collect();
            format!("{} {}", spelled(document), fields.join(" "))
                .trim_end()
                .to_owned()
        };
        (
            corpus.documents.iter().map(shown).collect(),
            listed(&problems),
        )
    }

    fn check(rows: &str, expected: &[&str]) {
        for text in [
            format!("{HEADER}{rows}"),
            format!("{HEADER}{rows}").replace('\n', "\r\n"),
        ] {
            let (documents, problems) = read_text(&text, None);
            assert_eq!(problems, [""; 0], "{text}");
            assert_eq!(documents, expected, "{text}");
        }
    }

    #[test]
    fn text_links_and_fields_are_read() {
        check(
            "# hipe2022:document_id = EXP-1898\n# hipe2022:date = 1898-05-31\n# hipe2022:language = fr\n\
             À\tO\t_\tO\t_\t_\t_\n\
             l'\tO\t_\tO\t_\t_\tNoSpaceAfter\n\
             Éc\tB-pers\tO\tO\tQ1\t_\tNoSpaceAfter|EndOfLine\n\
             \n\
             le\tI-pers\tO\tO\tQ2\t_\tEndOfSentence\n\
             🚀\tB-loc\t-\tO\tNIL\t_\tPartial-0:1|NoSpaceAfter\n\
             #\tB-loc\t\tO\tQ90|Q1|NIL\t_\t\n\
             Q\tB-loc\t\tO\thttp://a\t_\t\n\
             R\tB-loc\tO\tO\t-\t_\t_\n\n\
             # hipe2022:document_id = b = c\n#\tO\tO\tO\t_\t_\t_\n",
            &[
                "EXP-1898 \"À l'Éc\\nle 🚀# Q R\" [Éc\nle=pers → wikidata:Q1 :7, 🚀=loc → Nil :10, \
                 #=loc → wikidata:Q90 :11, Q=loc → http://a :12, R=loc :13] date=1898-05-31 language=fr",
                "b = c \"#\" []",
            ],
        );
    }

    /// In the files of 2020, a document's identifier comes last, and segments are described in between.
    #[test]
    fn what_describes_a_document_may_come_before_its_identifier() {
        check(
            "# language = fr\n# newspaper = EXP\n# document_id = a\n# segment = 1\nà\tO\tO\tO\t_\t_\t_\n\
             # segment = 2\n# language = fr\nb\tB-x\tO\tO\t_\t_\t_\n\n# language = de\n# document_id = b\n\
             c\tO\tO\tO\t_\t_\t_\n# note\n# last = 1\n",
            &[
                r#"a "à b" [b=x :9] language=fr newspaper=EXP segment=1|2"#,
                r#"b "c" [] language=de last=1"#,
            ],
        );
    }

    #[test]
    fn each_sense_has_its_column_and_its_links() {
        let rows = "a\tB-x\tB-y\tB-z\tQ1\tQ2\t_\n";
        let text = format!("{HEADER}{rows}");
        for (column, expected) in [
            (None, "a=x → wikidata:Q1"),
            (Some("NE-COARSE-METO"), "a=y → wikidata:Q2"),
            (Some("NE-NESTED"), "a=z"),
        ] {
            let (documents, _) = read_text(&text, column);
            assert_eq!(documents, [format!("f.tsv#1 \"a\" [{expected} :2]")]);
        }
        let (documents, _) = read_text("TOKEN\tNE-COARSE-LIT\né\tB-x\nb\tI-x\n", None);
        assert_eq!(documents, [r#"f.tsv#1 "é b" [é b=x :2]"#]);
        let options = ReadOptions {
            column: Some("NER".to_owned()),
            ..ReadOptions::default()
        };
        let error = read(&[input("f.tsv", "TOKEN\tX\n")], &options, &mut Vec::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"f.tsv has no column of tags "NER"; choose one that its header names, which is `TOKEN\tX`"#
        );
    }

    #[test]
    fn every_bad_line_and_tag_is_named() {
        let rows = "# document_id = a\nà\tO\n\tO\tO\tO\t_\t_\t_\n#x\nb\tpers\tO\tO\t_\t_\t_\nc\tI-loc\tO\tO\t_\t_\t_\n\
                    # document_id = b\nd\tI-loc\tO\tO\t_\t_\t_\n";
        let (documents, problems) = read_text(&format!("{HEADER}{rows}"), None);
        assert_eq!(
            problems,
            [
                r"Syntax f.tsv:3: expected 7 columns as in the header, found 2, or no token: `à\tO`",
                r"Syntax f.tsv:4: expected 7 columns as in the header, found 7, or no token: `\tO\tO\tO\t_\t_\t_`",
                "Syntax f.tsv:5: expected 7 columns as in the header, found 1, or no token: `#x`",
                r#"Tag f.tsv:6: document "a": token `b`: `pers` is no tag; write O, or one like B-LOC"#,
                r#"Sequence f.tsv:7: document "a": token `c`: I-loc after pers, which IOB2 does not allow; correct the tags, or choose their scheme"#,
                r#"Sequence f.tsv:9: document "b": token `d`: I-loc after the start, which IOB2 does not allow; correct the tags, or choose their scheme"#,
            ]
        );
        assert_eq!(documents, [r#"a "b c" [c=loc :7]"#, r#"b "d" [d=loc :9]"#]);
    }
}

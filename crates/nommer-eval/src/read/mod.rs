//! Readers of gold and predictions: what they hold, in one shape, with everything that is wrong.
//!
//! A reader names every problem with its place and goes on; only what leaves nothing to evaluate is a [`ReadError`].
//! It takes a file as it comes: whether positions, labels and scores make sense is checked later, in one place for
//! all formats.

mod brat;
mod conll;
mod hipe;
mod jsonl;
mod tags;
mod tokens;

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{MAIN_SEPARATOR_STR, Path, PathBuf};
use std::str::FromStr;

use flate2::read::MultiGzDecoder;
use walkdir::{DirEntry, WalkDir};

use crate::document::{Corpus, Link, Place, Problem, ProblemKind, Target};

pub use tags::{TagScheme, UnknownTagScheme};

/// The formats of annotated documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JSON object on each line, as nommer, Prodigy, spaCy and doccano write them.
    Jsonl,
    /// A token on each line, its tag in a column.
    Conll,
    /// A folder of texts, `.txt`, each with its annotations, `.ann`.
    Brat,
    /// The columns of the CLEF-HIPE campaigns of 2020 and 2022, under a header.
    Hipe,
}

impl Format {
    /// All formats, in the order messages list them.
    pub const ALL: [Format; 4] = [Format::Jsonl, Format::Conll, Format::Brat, Format::Hipe];

    /// The name an option takes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Jsonl => "jsonl",
            Format::Conll => "conll",
            Format::Brat => "brat",
            Format::Hipe => "hipe",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A name that no format has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format {0:?}; the formats are jsonl, conll, brat and hipe")]
pub struct UnknownFormat(String);

impl FromStr for Format {
    type Err = UnknownFormat;

    /// Reads a name in any case.
    fn from_str(name: &str) -> Result<Format, UnknownFormat> {
        Format::ALL
            .into_iter()
            .find(|format| format.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

/// How to read; what is `None` is found out.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The format.
    pub format: Option<Format>,
    /// The scheme of tags in columns.
    pub tags: Option<TagScheme>,
    /// The column with the tags. HIPE: its name, by default `NE-COARSE-LIT`. CoNLL: its number from 1, by default the
    /// last.
    pub column: Option<String>,
}

/// Why there is nothing to evaluate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The path or something below it cannot be opened.
    #[error("cannot open {file}: {cause}; check the path and its permissions")]
    Open {
        /// The file or folder.
        file: String,
        /// What the system said.
        cause: io::Error,
    },
    /// Reading or unpacking a file broke off.
    #[error("cannot read {file}: {cause}; check that it is whole and packed as its name says")]
    Read {
        /// The file.
        file: String,
        /// What the system or the decompressor said.
        cause: io::Error,
    },
    /// A file is not UTF-8.
    #[error("{file}:{line}: not UTF-8 at byte {byte} of the file; convert it to UTF-8")]
    NotUtf8 {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// How many bytes come before.
        byte: usize,
    },
    /// Neither a file's name nor its first lines tell the format.
    #[error(
        "cannot tell the format of {file}; choose jsonl, conll, brat or hipe with --gold-format or --pred-format"
    )]
    UnknownFormat {
        /// The file.
        file: String,
    },
    /// The files of a folder have several formats.
    #[error(
        "{} looks like {} and {} like {}; keep one format to a folder, or choose with --gold-format or --pred-format",
        first.0, first.1, second.0, second.1
    )]
    Mixed {
        /// A file and its format.
        first: (String, Format),
        /// A file of another format.
        second: (String, Format),
    },
    /// A single file was to be read as brat.
    #[error("{file} is no folder, and brat needs .txt and .ann files; name the folder they are in")]
    NoFolder {
        /// What was named instead.
        file: String,
    },
    /// The column asked for does not exist.
    #[error("{file} has no column of tags {column:?}; choose {choices}")]
    Column {
        /// The file.
        file: String,
        /// What was asked for.
        column: String,
        /// What there is.
        choices: String,
    },
    /// No document is left.
    #[error("no documents in {path}{}", problem.as_ref().map(|problem| format!("; the first problem is {problem}")).unwrap_or_default())]
    NoDocuments {
        /// What was to be read.
        path: String,
        /// The first problem met, which may be why.
        problem: Option<Box<Problem>>,
    },
}

/// Reads the documents of a file, of a folder and all below it, or of standard input when `path` is `-`.
///
/// Files whose names end in `.gz` or `.zst` are unpacked, and a byte-order mark is dropped. Files of a folder come in
/// the byte order of their path's components; hidden ones are skipped and links not followed. A folder may hold files
/// of other names beside those of its format; [`Corpus::format`] counts them.
///
/// # Errors
/// Only what leaves nothing to evaluate. Everything else is added to `problems`, and repaired as
/// [`ProblemKind::repair`] says.
pub fn read(
    path: &Path,
    options: &ReadOptions,
    problems: &mut Vec<Problem>,
) -> Result<Corpus, ReadError> {
    let sources = list(path)?;
    let found = sources.len();
    let sources = of_one_format(sources, options.format)?;
    let passed_over = found - sources.len();
    let inputs = sources
        .into_iter()
        .map(Source::load)
        .collect::<Result<Vec<_>, _>>()?;
    let no_documents = |problem: Option<&Problem>| ReadError::NoDocuments {
        path: shown_path(path),
        problem: problem.cloned().map(Box::new),
    };
    let format = match options.format {
        Some(format) => format,
        None => detect(&inputs)?.ok_or_else(|| no_documents(None))?,
    };
    let before = problems.len();
    let mut corpus = match format {
        Format::Jsonl => jsonl::read(inputs, problems),
        Format::Conll => conll::read(&inputs, options, problems)?,
        Format::Brat if !path.is_dir() => {
            let file = shown_path(path);
            return Err(ReadError::NoFolder { file });
        }
        Format::Brat => brat::read(&inputs, problems),
        Format::Hipe => hipe::read(&inputs, options, problems)?,
    };
    if corpus.documents.is_empty() {
        return Err(no_documents(problems.get(before)));
    }
    if passed_over > 0 {
        corpus.format += &format!(", other files passed over: {passed_over}");
    }
    Ok(corpus)
}

/// A file to read.
struct Source {
    /// `None` is standard input.
    path: Option<PathBuf>,
    packing: Packing,
    names: Names,
}

/// What a file is called.
#[derive(Debug, Clone, Default)]
struct Names {
    /// As the user named it.
    file: String,
    /// As documents are called after it: below the folder named.
    id: String,
    /// `id` without its extensions.
    stem: String,
    /// The extension in lower case, before that of a packed file.
    extension: String,
}

#[derive(Debug, Clone, Copy)]
enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// A file, read.
#[derive(Debug)]
struct Input {
    names: Names,
    text: String,
}

fn list(path: &Path) -> Result<Vec<Source>, ReadError> {
    if path == Path::new("-") {
        let names = Names {
            file: "stdin".to_owned(),
            id: "stdin".to_owned(),
            ..Names::default()
        };
        return Ok(vec![Source {
            path: None,
            packing: Packing::Plain,
            names,
        }]);
    }
    let metadata = fs::metadata(path).map_err(|cause| ReadError::Open {
        file: shown_path(path),
        cause,
    })?;
    if !metadata.is_dir() {
        let name = path.file_name().map_or(path, Path::new);
        return Ok(vec![Source::new(path.to_owned(), name)]);
    }
    let is_visible = |entry: &DirEntry| {
        entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
    };
    let mut sources = Vec::new();
    for entry in WalkDir::new(path)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(is_visible)
    {
        let entry = entry.map_err(|error| ReadError::Open {
            file: shown_path(error.path().unwrap_or(path)),
            cause: error.into(),
        })?;
        if entry.file_type().is_file() {
            let below = entry.path().strip_prefix(path).unwrap_or(entry.path());
            sources.push(Source::new(entry.path().to_owned(), below));
        }
    }
    Ok(sources)
}

/// A path with `/` between its parts, always Unicode: bytes that are not are written `%XX`, and then each `%` is
/// written `%25`. So does `nommer annotate`, and identifiers must agree.
fn shown_path(path: &Path) -> String {
    let path: PathBuf = path.components().collect();
    let shown = match path.to_str() {
        Some(path) => path.to_owned(),
        None => {
            let chunks = path.as_os_str().as_encoded_bytes().utf8_chunks();
            chunks.fold(String::new(), |shown, chunk| {
                let invalid = chunk.invalid().iter().map(|byte| format!("%{byte:02X}"));
                shown + &chunk.valid().replace('%', "%25") + &invalid.collect::<String>()
            })
        }
    };
    shown.replace(MAIN_SEPARATOR_STR, "/")
}

impl Source {
    /// The file at `path`, which is called `name` where documents are called after it.
    fn new(path: PathBuf, name: &Path) -> Source {
        let extension = |path: &Path| path.extension().map(OsStr::to_ascii_lowercase);
        let packing = match extension(name).as_deref().and_then(OsStr::to_str) {
            Some("gz") => Packing::Gzip,
            Some("zst") => Packing::Zstd,
            _ => Packing::Plain,
        };
        let unpacked = match packing {
            Packing::Plain => name.to_owned(),
            Packing::Gzip | Packing::Zstd => name.with_extension(""),
        };
        let names = Names {
            file: shown_path(&path),
            id: shown_path(name),
            stem: shown_path(&unpacked.with_extension("")),
            extension: extension(&unpacked)
                .and_then(|extension| extension.into_string().ok())
                .unwrap_or_default(),
        };
        Source {
            path: Some(path),
            packing,
            names,
        }
    }

    fn load(self) -> Result<Input, ReadError> {
        /// A file of more is no annotation, or a bomb.
        const MOST: u64 = 4 << 30;
        let mut bytes = Vec::new();
        let file = || self.names.file.clone();
        let stream: Box<dyn Read> = match &self.path {
            None => Box::new(io::stdin().lock()),
            Some(path) => Box::new(File::open(path).map_err(|cause| ReadError::Open {
                file: file(),
                cause,
            })?),
        };
        match self.packing {
            Packing::Plain => stream.take(MOST).read_to_end(&mut bytes),
            Packing::Gzip => MultiGzDecoder::new(stream)
                .take(MOST)
                .read_to_end(&mut bytes),
            Packing::Zstd => zstd::Decoder::new(stream)
                .and_then(|stream| stream.take(MOST).read_to_end(&mut bytes)),
        }
        .and_then(|length| match length as u64 {
            MOST => Err(io::Error::other("more than 4 GiB; split it")),
            _ => Ok(()),
        })
        .map_err(|cause| ReadError::Read {
            file: file(),
            cause,
        })?;
        let mut text = String::from_utf8(bytes).map_err(|error| {
            let byte = error.utf8_error().valid_up_to();
            let line_ends = error.as_bytes()[..byte]
                .iter()
                .filter(|byte| **byte == b'\n');
            ReadError::NotUtf8 {
                file: file(),
                line: line_ends.count() as u64 + 1,
                byte,
            }
        })?;
        if text.starts_with('\u{FEFF}') {
            text.drain(..'\u{FEFF}'.len_utf8());
        }
        Ok(Input {
            names: self.names,
            text,
        })
    }
}

impl Names {
    /// The formats a file of this name may have; none for a name that says nothing.
    fn formats(&self) -> &'static [Format] {
        match self.extension.as_str() {
            "jsonl" | "ndjson" => &[Format::Jsonl],
            "conll" | "iob" | "iob2" | "bio" => &[Format::Conll],
            "tsv" => &[Format::Hipe, Format::Conll],
            "ann" => &[Format::Brat],
            _ => &[],
        }
    }
}

/// The files that their names give to `format`, or to any format when none is given; all if there are none.
fn of_one_format(sources: Vec<Source>, format: Option<Format>) -> Result<Vec<Source>, ReadError> {
    let named = |wanted: fn(&[Format]) -> bool| {
        sources
            .iter()
            .find(|source| wanted(source.names.formats()))
            .map(|source| (source.names.file.clone(), source.names.formats()[0]))
    };
    let brat = named(|formats| formats == [Format::Brat]);
    let other = named(|formats| !formats.is_empty() && formats != [Format::Brat]);
    let is_brat = match (format, brat, other) {
        (None, Some(first), Some(second)) => return Err(ReadError::Mixed { first, second }),
        (None, brat, _) => brat.is_some(),
        (Some(format), ..) => format == Format::Brat,
    };
    let belongs = |source: &Source| match format {
        _ if is_brat => ["ann", "txt"].contains(&source.names.extension.as_str()),
        Some(format) => source.names.formats().contains(&format),
        None => !source.names.formats().is_empty(),
    };
    if !sources.iter().any(belongs) {
        return Ok(sources);
    }
    Ok(sources
        .into_iter()
        .filter(|source| belongs(source))
        .collect())
}

/// The one format of all files, by their names and first lines; `None` if they are blank.
fn detect(inputs: &[Input]) -> Result<Option<Format>, ReadError> {
    // Their texts say nothing.
    if inputs
        .iter()
        .any(|input| input.names.formats() == [Format::Brat])
    {
        return Ok(Some(Format::Brat));
    }
    let mut detected: Option<(String, Format)> = None;
    for input in inputs {
        let file = || input.names.file.clone();
        let header = || input.text.lines().find(|line| !line.trim().is_empty());
        let format = match input.names.formats() {
            [format] => *format,
            _ if header().is_none() => continue,
            _ if header().is_some_and(hipe::is_header) => Format::Hipe,
            [Format::Hipe, Format::Conll] => Format::Conll,
            _ if input.text.trim_start().starts_with('{') => Format::Jsonl,
            _ if conll::recognises(&input.text) => Format::Conll,
            _ => return Err(ReadError::UnknownFormat { file: file() }),
        };
        match &detected {
            None => detected = Some((file(), format)),
            Some((_, first)) if *first == format => {}
            Some(first) => {
                return Err(ReadError::Mixed {
                    first: first.clone(),
                    second: (file(), format),
                });
            }
        }
    }
    Ok(detected.map(|(_, format)| format))
}

impl Input {
    /// The lines without their ends, numbered from 1.
    fn lines(&self) -> impl Iterator<Item = (u64, &str)> {
        // A file cut off within its last line end is no worse for it.
        let without_end = |line| str::strip_suffix(line, '\r').unwrap_or(line);
        (1..).zip(self.text.lines().map(without_end))
    }

    /// The place of a line, or of the whole file.
    fn place(&self, line: Option<u64>) -> Place {
        Place {
            file: self.names.file.clone(),
            line,
        }
    }

    fn problem(
        &self,
        line: Option<u64>,
        document: Option<&str>,
        kind: ProblemKind,
        message: String,
    ) -> Problem {
        Problem {
            place: self.place(line),
            document: document.map(str::to_owned),
            kind,
            message,
        }
    }
}

/// A piece of the input, fit for a message: short, and without the control characters that would garble a terminal.
fn shown(text: &str) -> String {
    const MOST_CHARS: usize = 100;
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == MOST_CHARS {
            shown.push('…');
            break;
        }
        if c.is_control() {
            shown.extend(c.escape_debug());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// The link to an identifier, or to nothing where that is `NIL`.
fn link_to(identifier: &str) -> Link {
    Link {
        target: if identifier.eq_ignore_ascii_case("NIL") {
            Target::Nil
        } else {
            Target::Linked(identifier.to_owned())
        },
        tier: None,
    }
}

#[cfg(test)]
mod testing {
    use super::*;
    use crate::document::{Annotation, Document};
    use nommer_core::offset::OffsetUnit;

    /// A file of this name and content.
    pub(super) fn input(name: &str, text: &str) -> Input {
        Input {
            names: Source::new(name.into(), Path::new(name)).names,
            text: text.to_owned(),
        }
    }

    /// A document on one line: its identifier, its text, and its spans, each as the text it covers, its label and
    /// what else is known.
    pub(super) fn spelled(document: &Document) -> String {
        let text = document.text.as_deref().unwrap_or("no text");
        let spans: Vec<_> = document
            .spans
            .iter()
            .map(|span| spelled_span(text, document.unit, span))
            .collect();
        let failed = document.failed.iter().map(|why| format!(" ! {why}"));
        let failed: String = failed.collect();
        format!("{} {text:?} [{}]{failed}", document.id, spans.join(", "))
    }

    fn spelled_span(text: &str, unit: OffsetUnit, span: &Annotation) -> String {
        let (start, length) = (span.start, span.end - span.start);
        let covered = match unit {
            OffsetUnit::Byte => text.get(start..span.end).unwrap_or("?").to_owned(),
            OffsetUnit::Codepoint => text.chars().skip(start).take(length).collect(),
            OffsetUnit::Utf16 => {
                let units: Vec<u16> = text.encode_utf16().skip(start).take(length).collect();
                String::from_utf16(&units).unwrap()
            }
        };
        let mut spelled = format!("{covered}={}", span.label);
        match &span.text {
            Some(text) if *text != covered => spelled += &format!(" not {text:?}"),
            _ => {}
        }
        if let Some(score) = span.score {
            spelled += &format!(" {score}");
        }
        if let Some(link) = &span.link {
            spelled += &match &link.target {
                Target::Linked(id) => format!(" → {id}"),
                other => format!(" → {other:?}"),
            };
            spelled += &link
                .tier
                .iter()
                .map(|tier| format!(" ({tier})"))
                .collect::<String>();
        }
        if let Some(line) = span.line {
            spelled += &format!(" :{line}");
        }
        spelled
    }

    /// Each problem's kind and how it is shown.
    pub(super) fn listed(problems: &[Problem]) -> Vec<String> {
        problems
            .iter()
            .map(|problem| format!("{:?} {problem}", problem.kind))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::testing::{listed, spelled};
    use super::*;

    const JSONL: &str =
        r#"{"id":"a","text":"à Nîmes","spans":[{"start":2,"end":7,"label":"LOC"}]}"#;
    const CONLL: &str = "à O\nNîmes B-LOC\n";
    const TSV: &str = "à\tO\nNîmes\tI-LOC\n";
    const HIPE: &str = "TOKEN\tNE-COARSE-LIT\nà\tO\nNîmes\tB-loc\n";
    const TEXT: &str = "à Nîmes";
    const ANN: &str = "T1\tLOC 2 7\tNîmes\n";

    fn tree(files: &[(&str, &[u8])]) -> TempDir {
        let folder = TempDir::new().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    /// What is read from `files`, or from the one of them: the format, then each document.
    fn read_files(files: &[(&str, &[u8])], format: Option<Format>) -> Result<Vec<String>, String> {
        let folder = tree(files);
        let path = match files {
            [(name, _)] if !name.contains('/') => folder.path().join(name),
            _ => folder.path().to_owned(),
        };
        let options = ReadOptions {
            format,
            ..ReadOptions::default()
        };
        let mut problems = Vec::new();
        let base = folder.path().to_str().unwrap();
        let corpus = read(&path, &options, &mut problems)
            .map_err(|error| error.to_string().replace(base, "BASE"))?;
        assert_eq!(listed(&problems), [""; 0]);
        let documents = corpus.documents.iter().map(spelled);
        Ok([corpus.format].into_iter().chain(documents).collect())
    }

    fn check_detected(name: &str, content: &str, expected: &str) {
        let read = read_files(&[(name, content.as_bytes())], None).unwrap();
        assert_eq!(read[0], expected, "{name}");
        let place = ["[Nîmes=LOC", "[Nîmes=loc"];
        assert!(
            place.iter().any(|place| read[1].contains(place)),
            "{}",
            read[1]
        );
    }

    #[test]
    fn names_and_first_lines_tell_the_format() {
        const SENTENCES: &str = ", each sentence a document where none is marked";
        let iob1 = format!("CoNLL columns, IOB1 (detected){SENTENCES}");
        let iob2 = format!("CoNLL columns, IOB2 (detected){SENTENCES}");
        let prodigy = "Prodigy/spaCy JSONL";
        let hipe = "HIPE TSV, NE-COARSE-LIT";
        check_detected("a.jsonl", JSONL, prodigy);
        check_detected("a.NDJSON", JSONL, prodigy);
        check_detected("a", &format!("\n  {JSONL}"), prodigy);
        for name in ["a.conll", "a.iob", "a.iob2", "a.bio", "a.tsv", "a.txt", "a"] {
            check_detected(name, CONLL, &iob2);
        }
        check_detected("a.tsv", TSV, &iob1);
        check_detected("a.TSV", HIPE, hipe);
        check_detected("a.tsv", &format!("\n{HIPE}"), hipe);
        check_detected("a.txt", HIPE, hipe);
        check_detected(
            "a",
            &format!("-DOCSTART- -X- -X-\n\n{CONLL}"),
            "CoNLL columns, IOB2 (detected)",
        );
        check_detected(
            "a",
            &format!("# newdoc id = d\n{CONLL}"),
            "CoNLL columns, IOB2 (detected)",
        );
    }

    #[test]
    fn a_folder_with_annotations_beside_texts_is_brat() {
        let files: &[(&str, &[u8])] = &[
            ("0.txt", TEXT.as_bytes()),
            ("0.ann", b""),
            ("a.d/a.txt", TEXT.as_bytes()),
            ("a.d/a.ann", ANN.as_bytes()),
            ("annotation.conf", b"[entities]"),
        ];
        let expected = [
            "brat, other files passed over: 1",
            r#"0.txt "à Nîmes" []"#,
            r#"a.d/a.txt "à Nîmes" [Nîmes=LOC :1]"#,
        ];
        for format in [None, Some(Format::Brat)] {
            assert_eq!(read_files(files, format).unwrap(), expected);
        }
        let packed: &[(&str, &[u8])] = &[("a.txt.gz", &gzip(TEXT)), ("a.ann.zst", &zstd(ANN))];
        let expected = ["brat", r#"a.txt.gz "à Nîmes" [Nîmes=LOC :1]"#];
        assert_eq!(read_files(packed, None).unwrap(), expected);
    }

    #[test]
    fn files_of_a_folder_come_in_order_and_others_are_counted() {
        let named = |id: &str| JSONL.replacen("\"a\"", &format!("{id:?}"), 1).into_bytes();
        let unnamed = JSONL.replacen(r#""id":"a","#, "", 1);
        let two = format!("{JSONL}\n\n{unnamed}");
        let files: &[(&str, &[u8])] = &[
            ("b/c.jsonl", &named("4")),
            ("b.jsonl", &named("5")),
            ("a é/b.ndjson", two.as_bytes()),
            ("B.jsonl.gz", &gzip(&unnamed)),
            (".hidden.jsonl", &named("no")),
            (".hidden/a.jsonl", &named("no")),
            ("README.md", b"\xFF"),
        ];
        let read = read_files(files, None).unwrap();
        let (format, documents) = read.split_first().unwrap();
        assert_eq!(format, "Prodigy/spaCy JSONL, other files passed over: 1");
        let ids: Vec<_> = documents
            .iter()
            .map(|document| document.split(" \"").next().unwrap())
            .collect();
        assert_eq!(ids, ["B.jsonl.gz#1", "a", "a é/b.ndjson#3", "4", "5"]);
        assert_eq!(read_files(files, Some(Format::Jsonl)).unwrap(), read);
    }

    #[test]
    fn places_are_as_the_user_named_them() {
        let folder = tree(&[("d/a.jsonl", JSONL.as_bytes())]);
        let mut problems = Vec::new();
        for (named, below) in [("", "d/a.jsonl"), ("d/", "a.jsonl"), ("d/a.jsonl", "")] {
            let path = folder.path().join(named);
            let corpus = read(&path, &ReadOptions::default(), &mut problems).unwrap();
            let expected = path
                .join(below)
                .to_str()
                .unwrap()
                .trim_end_matches('/')
                .to_owned();
            assert_eq!(corpus.documents[0].place.file, expected);
            assert_eq!(corpus.documents[0].place.line, Some(1));
        }
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_unicode_are_escaped_as_nommer_annotate_does() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(OsStr::from_bytes(b"d//\xE9t\xE9 5%"));
        assert_eq!(shown_path(path), "d/%E9t%E9 5%25");
        assert_eq!(shown_path(Path::new("d/été 5%/")), "d/été 5%");
    }

    #[test]
    fn packed_files_and_byte_order_marks_are_fine() {
        let marked = format!("\u{FEFF}{JSONL}");
        let expected = ["Prodigy/spaCy JSONL", r#"a "à Nîmes" [Nîmes=LOC]"#];
        for (name, bytes) in [
            ("a.jsonl", marked.clone().into_bytes()),
            ("a.jsonl.gz", gzip(&marked)),
            ("a.jsonl.zst", zstd(&marked)),
            ("a.GZ", [gzip("\n"), gzip(JSONL)].concat()),
            ("a.zst", [zstd("\n"), zstd(JSONL)].concat()),
        ] {
            assert_eq!(
                read_files(&[(name, &bytes)], None).unwrap(),
                expected,
                "{name}"
            );
        }
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &str) -> Vec<u8> {
        ::zstd::encode_all(text.as_bytes(), 0).unwrap()
    }

    #[test]
    fn a_format_that_is_chosen_is_not_doubted() {
        let files = [("a.conll", CONLL.as_bytes()), ("b.jsonl", JSONL.as_bytes())];
        let read = read_files(&files, Some(Format::Jsonl)).unwrap();
        assert_eq!(read[0], "Prodigy/spaCy JSONL, other files passed over: 1");
        assert_eq!(read.len(), 2);
        let read = read_files(&[("x/a.dat", CONLL.as_bytes())], Some(Format::Conll)).unwrap();
        assert_eq!(read[1], r#"x/a.dat#1 "à Nîmes" [Nîmes=LOC :2]"#);
    }

    #[test]
    fn what_leaves_nothing_to_evaluate_is_an_error() {
        const CHOOSE: &str =
            "choose jsonl, conll, brat or hipe with --gold-format or --pred-format";
        const KEEP: &str =
            "keep one format to a folder, or choose with --gold-format or --pred-format";
        let unknown = format!("cannot tell the format of BASE/a.txt; {CHOOSE}");
        let check = |files: &[(&str, &[u8])], format, expected: &str| {
            assert_eq!(read_files(files, format).unwrap_err(), expected);
        };
        check(&[("a.txt", b"Il est \xC3\xA0 l'O")], None, &unknown);
        check(&[("a.txt", b"[1]")], None, &unknown);
        check(&[("a.txt", b"B-LOC")], None, &unknown);
        check(&[("a.txt", b" \n")], None, "no documents in BASE/a.txt");
        check(&[("a.jsonl", b"")], None, "no documents in BASE/a.jsonl");
        check(&[("d/.a.jsonl", b"")], None, "no documents in BASE");
        for format in [Format::Conll, Format::Hipe, Format::Jsonl] {
            check(&[("a", b"\r\n")], Some(format), "no documents in BASE/a");
        }
        check(&[("a.gz", &gzip(""))], None, "no documents in BASE/a.gz");
        check(
            &[("a.jsonl", b"{\n}")],
            None,
            "no documents in BASE/a.jsonl; the first problem is BASE/a.jsonl:1: not JSON, \
             EOF while parsing an object at byte 1; write one JSON object per line",
        );
        check(
            &[("a.jsonl", b"{}\n\xC3\xA9\xE9")],
            None,
            "BASE/a.jsonl:2: not UTF-8 at byte 5 of the file; convert it to UTF-8",
        );
        check(
            &[("a.jsonl", b""), ("b.tsv", TSV.as_bytes())],
            None,
            &format!("BASE/a.jsonl looks like jsonl and BASE/b.tsv like conll; {KEEP}"),
        );
        check(
            &[("a.ann", b""), ("b.jsonl", b"")],
            None,
            &format!("BASE/a.ann looks like brat and BASE/b.jsonl like jsonl; {KEEP}"),
        );
        check(
            &[("a.ann", b"")],
            None,
            "BASE/a.ann is no folder, and brat needs .txt and .ann files; name the folder they are in",
        );
        let broken = read_files(&[("a.jsonl.zst", b"{}")], None).unwrap_err();
        assert!(
            broken.starts_with("cannot read BASE/a.jsonl.zst: "),
            "{broken}"
        );
        let broken = read_files(&[("a.jsonl.gz", &gzip(JSONL)[..20])], None).unwrap_err();
        assert!(
            broken.starts_with("cannot read BASE/a.jsonl.gz: "),
            "{broken}"
        );
        let gone = read(
            Path::new("no/such"),
            &ReadOptions::default(),
            &mut Vec::new(),
        );
        let gone = gone.unwrap_err().to_string();
        assert!(gone.starts_with("cannot open no/such: "), "{gone}");
        let column = ReadOptions {
            column: Some("NE-FINE-LIT".to_owned()),
            ..ReadOptions::default()
        };
        let folder = tree(&[("a.tsv", HIPE.as_bytes())]);
        let error = read(folder.path(), &column, &mut Vec::new()).unwrap_err();
        assert!(matches!(error, ReadError::Column { .. }), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let folder = tree(&[("a.jsonl", JSONL.as_bytes())]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("d")).unwrap();
        std::os::unix::fs::symlink("a.jsonl", folder.path().join("b.jsonl")).unwrap();
        let corpus = read(folder.path(), &ReadOptions::default(), &mut Vec::new()).unwrap();
        assert_eq!(corpus.documents.len(), 1);
        let link = folder.path().join("b.jsonl");
        let corpus = read(&link, &ReadOptions::default(), &mut Vec::new()).unwrap();
        assert_eq!(corpus.documents.len(), 1);
    }

    #[test]
    fn names_of_formats_read_back() {
        for format in Format::ALL {
            assert_eq!(format.to_string().to_uppercase().parse(), Ok(format));
        }
        let error = "xml".parse::<Format>().unwrap_err().to_string();
        assert!(error.contains("jsonl, conll, brat and hipe"), "{error}");
    }

    #[test]
    fn pieces_of_the_input_are_short_and_harmless() {
        assert_eq!(shown("a\0é\u{1b}[\u{9b}"), r"a\0é\u{1b}[\u{9b}");
        assert_eq!(shown(&"é".repeat(100)), "é".repeat(100));
        assert_eq!(shown(&"é".repeat(101)), "é".repeat(100) + "…");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// Pieces of every format and bytes of none.
        #[test]
        fn no_bytes_make_a_reader_panic(
            pieces in prop::collection::vec(
                prop_oneof![
                    any::<Vec<u8>>(),
                    r#"TOKEN|NE-COARSE-LIT|MISC|NEL-LIT|T[12]|N1|Reference|LOC|[0-9]{1,20}|é|🚀|#|# newdoc id =|-DOCSTART-|NoSpaceAfter|[BIES]-X|O"#
                        .prop_map(String::into_bytes),
                    "[\\t\\n\\r ;:=|_]|\r\n".prop_map(String::into_bytes),
                    r#"[\{\}\[\],:]|"(text|spans|start|end|label|meta|kb|id)":|null|-1|1e9|\{"text":"é","spans":\["#
                        .prop_map(String::into_bytes),
                ],
                0..30,
            )
        ) {
            let bytes = pieces.concat();
            let folder = tree(&[("a.txt", &bytes), ("a.ann", &bytes), ("b", &bytes)]);
            for format in Format::ALL {
                for tags in [None, Some(TagScheme::Bioes)] {
                    let options = ReadOptions { format: Some(format), tags, column: None };
                    let mut problems = Vec::new();
                    let read = read(folder.path(), &options, &mut problems);
                    let shown = problems.iter().map(Problem::to_string);
                    let shown = shown.chain(read.err().map(|error| error.to_string()));
                    for message in shown {
                        prop_assert!(message.len() < 2000, "{}", message);
                    }
                }
            }
            let _ = super::read(&folder.path().join("b"), &ReadOptions::default(), &mut Vec::new());
        }
    }
}

//! Tables of entries as people keep them: TSV, CSV or JSON Lines, with everything that is wrong in them.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use nommer_core::text::fold::is_common;
use serde::Deserialize;

use crate::entry::{Alias, Coordinates, Entry, Kind, Office, Years};
use crate::key;

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// Columns by tabs, under a header.
    Tsv,
    /// Columns by commas, or by semicolons as French spreadsheets write them, quoted where needed, under a header.
    Csv,
    /// An object on each line; lists may be JSON lists.
    Jsonl,
}

impl TableFormat {
    /// By the extension of a file, without its dot.
    #[must_use]
    pub fn of_extension(extension: &str) -> Option<TableFormat> {
        match extension {
            "tsv" => Some(TableFormat::Tsv),
            "csv" => Some(TableFormat::Csv),
            "jsonl" | "ndjson" => Some(TableFormat::Jsonl),
            _ => None,
        }
    }
}

/// What a row says.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its line, from 1.
    pub line: u64,
    /// What to do with its entry.
    pub action: Action,
    /// The entry.
    pub entry: Entry,
}

/// What a row does to the layers below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Action {
    /// Adds an entry, or names to the entry of the same id.
    #[default]
    Add,
    /// Takes the place of the entry of the same id.
    Override,
    /// Takes the names of the row from every entry, or, without names, the entry of the id away.
    Block,
}

/// Something wrong in a table. The row, or what of it is wrong, is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableProblem {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// The column's name, where it is one column's fault.
    pub column: Option<&'static str>,
    /// What is wrong, and what to try.
    pub message: String,
}

impl fmt::Display for TableProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if let Some(column) = self.column {
            write!(f, "{column}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// The columns a table may have, in any order.
const COLUMNS: [&str; 12] = [
    "id",
    "type",
    "name",
    "aliases",
    "country",
    "prominence",
    "valid",
    "titles",
    "source",
    "lat",
    "lon",
    "action",
];

/// The columns a table must have.
const REQUIRED: [&str; 3] = ["id", "type", "name"];

/// The prominence of an entry whose table says none.
const PROMINENCE: u8 = 30;

/// The longest line of a table, in bytes. What is longer is no table, and takes several times its size to read.
const LONGEST_LINE: usize = 16 << 20;

/// What separates the columns of a CSV table, by its header.
fn separator(bytes: &[u8]) -> u8 {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let header = lines.find(|line| !line.starts_with(b"#") && !line.trim_ascii().is_empty());
    match header {
        Some(header) if header.contains(&b';') && !header.contains(&b',') => b';',
        _ => b',',
    }
}

/// The beginning of a value, for messages: a table may hold anything.
pub(crate) fn short(value: &str) -> &str {
    const LONGEST: usize = 60;
    &value[..value.floor_char_boundary(LONGEST)]
}

/// Reads the rows of a table. Everything that is wrong is reported, not only the first.
pub fn read(
    file: &str,
    bytes: &[u8],
    format: TableFormat,
    problems: &mut Vec<TableProblem>,
) -> Vec<Row> {
    let mut reader = Reader {
        file,
        problems,
        rows: Vec::new(),
    };
    let mut lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
    if let Some((number, line)) = lines.find(|(_, line)| line.len() > LONGEST_LINE) {
        let message = format!(
            "a line of {} MiB, where rows have {} MiB at most; nothing of the table was read",
            line.len() >> 20,
            LONGEST_LINE >> 20
        );
        reader.problem(number, None, message);
        return Vec::new();
    }
    match format {
        TableFormat::Tsv => reader.columns(bytes, b'\t', false),
        TableFormat::Csv => reader.columns(bytes, separator(bytes), true),
        TableFormat::Jsonl => reader.objects(bytes),
    }
    reader.rows
}

/// What is suspicious in rows that can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lint {
    /// What should be corrected: ids that stand twice, names written like common words, names of one entry that are the
    /// same, entries of one type that have all in common.
    pub problems: Vec<TableProblem>,
    /// What should be known: names that are common words as well.
    pub notes: Vec<TableProblem>,
}

/// Looks for what is suspicious in rows that can be read.
#[must_use]
pub fn lint(file: &str, rows: &[Row]) -> Lint {
    let mut lint = Lint::default();
    let found = |line, column, message| TableProblem {
        file: file.to_owned(),
        line,
        column: Some(column),
        message,
    };
    let mut report = |line, column, message| lint.problems.push(found(line, column, message));
    let mut ids: BTreeMap<&str, u64> = BTreeMap::new();
    let mut names = BTreeMap::new();
    for row in rows {
        let entry = &row.entry;
        if let Some(first) = ids.insert(&entry.id, row.line) {
            report(
                row.line,
                "id",
                format!("{} stands in line {first} already", entry.id),
            );
        }
        let key = (key::fold(&entry.name), entry.kind, entry.country);
        let place: (&str, u64) = (&entry.id, row.line);
        if let Some((other, line)) = names.insert(key, place)
            && other != entry.id
            && entry.kind != Kind::Commune
        {
            let message = format!(
                "{:?} is also the name of {other} in line {line}, of the same type and country",
                entry.name
            );
            report(row.line, "name", message);
        }
        let mut seen: BTreeMap<String, Vec<Years>> = BTreeMap::new();
        seen.insert(key::fold(&entry.name), vec![Years::ALWAYS]);
        for alias in &entry.aliases {
            let lower = alias.name.chars().any(char::is_alphabetic)
                && !alias.name.chars().any(char::is_uppercase);
            if lower && !alias.name.contains(' ') {
                let message = format!(
                    "{:?} is written like a common word; it will be found wherever the word is a mention",
                    alias.name
                );
                report(row.line, "aliases", message);
            }
            let years = seen.entry(key::fold(&alias.name)).or_default();
            if key::acronym(&alias.name).is_none()
                && years.iter().any(|other| overlap(*other, alias.years))
            {
                report(
                    row.line,
                    "aliases",
                    format!(
                        "{:?} is looked up like another name of the entry of the same years",
                        alias.name
                    ),
                );
            }
            years.push(alias.years);
        }
        let names =
            std::iter::once(&entry.name).chain(entry.aliases.iter().map(|alias| &alias.name));
        for name in names {
            if key::acronym(name).is_none() && is_common(&key::fold(name)) {
                let message = format!(
                    "{name:?} is a common word as well: it is taken for the entry where the model finds a name, and with --user-gazetteer wherever it has a capital inside a sentence"
                );
                lint.notes.push(found(row.line, "name", message));
            }
        }
    }
    lint
}

fn overlap(a: Years, b: Years) -> bool {
    let before = |end: Option<i16>, start: Option<i16>| {
        end.zip(start).is_some_and(|(end, start)| end < start)
    };
    !before(a.to, b.from) && !before(b.to, a.from)
}

struct Reader<'a> {
    file: &'a str,
    problems: &'a mut Vec<TableProblem>,
    rows: Vec<Row>,
}

/// The values of a row by column.
type Values = BTreeMap<&'static str, String>;

impl Reader<'_> {
    fn problem(&mut self, line: u64, column: Option<&'static str>, message: impl Into<String>) {
        self.problems.push(TableProblem {
            file: self.file.to_owned(),
            line,
            column,
            message: message.into(),
        });
    }

    fn columns(&mut self, bytes: &[u8], delimiter: u8, quoting: bool) {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .quoting(quoting)
            .has_headers(false)
            .flexible(true)
            .from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
        let mut header: Option<Vec<Option<&'static str>>> = None;
        let mut record = csv::ByteRecord::new();
        loop {
            let line = reader.position().line();
            match reader.read_byte_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    self.problem(line, None, error.to_string());
                    return;
                }
            }
            let line = record.position().map_or(line, csv::Position::line);
            if record.get(0).is_some_and(|first| first.starts_with(b"#")) {
                continue;
            }
            let Some(header) = &header else {
                match self.header(line, &record) {
                    Some(names) => header = Some(names),
                    None => return,
                }
                continue;
            };
            if record.len() != header.len() {
                self.problem(
                    line,
                    None,
                    format!(
                        "{} columns, but the header has {}",
                        record.len(),
                        header.len()
                    ),
                );
                continue;
            }
            let mut values = Values::new();
            let mut valid = true;
            for (name, value) in header.clone().into_iter().zip(&record) {
                let Some(name) = name else { continue };
                match std::str::from_utf8(value) {
                    Ok(value) => {
                        values.insert(name, value.trim().to_owned());
                    }
                    Err(error) => {
                        let message = format!(
                            "not UTF-8 from byte {} on; convert the table",
                            error.valid_up_to()
                        );
                        self.problem(line, Some(name), message);
                        valid = false;
                    }
                }
            }
            if valid {
                self.row(line, values);
            }
        }
        if header.is_none() {
            self.problem(1, None, "no header; the first line names the columns");
        }
    }

    fn header(&mut self, line: u64, record: &csv::ByteRecord) -> Option<Vec<Option<&'static str>>> {
        let names: Vec<Option<&'static str>> = record
            .iter()
            .map(|name| {
                COLUMNS
                    .into_iter()
                    .find(|column| column.as_bytes() == name.trim_ascii())
            })
            .collect();
        for (name, raw) in names.iter().zip(record) {
            if name.is_none() {
                let message = format!(
                    "unknown column {:?}; the columns are {}",
                    short(&String::from_utf8_lossy(raw)),
                    COLUMNS.join(", ")
                );
                self.problem(line, None, message);
            }
        }
        let missing: Vec<&str> = REQUIRED
            .into_iter()
            .filter(|column| !names.contains(&Some(column)))
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "the header lacks {}; the first line names the columns",
                missing.join(", ")
            );
            self.problem(line, None, message);
            return None;
        }
        Some(names)
    }

    fn objects(&mut self, bytes: &[u8]) {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Field {
            Text(String),
            Number(f64),
            List(Vec<String>),
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            let fields: BTreeMap<String, Option<Field>> = match serde_json::from_slice(line) {
                Ok(fields) => fields,
                Err(error) => {
                    // A line of its own to the parser, and the table's to its owner.
                    let error = error.to_string().replace(" at line 1 column", " at column");
                    self.problem(
                        number,
                        None,
                        format!("not an object of strings, numbers and lists of strings: {error}"),
                    );
                    continue;
                }
            };
            let mut values = Values::new();
            for (name, field) in fields {
                let Some(column) = COLUMNS.into_iter().find(|column| *column == name) else {
                    let message = format!(
                        "unknown field {:?}; the fields are {}",
                        short(&name),
                        COLUMNS.join(", ")
                    );
                    self.problem(number, None, message);
                    continue;
                };
                let value = match field {
                    None => continue,
                    Some(Field::Text(text)) => text,
                    Some(Field::Number(value)) => value.to_string(),
                    Some(Field::List(items)) => {
                        items.join(if column == "titles" { ";" } else { "|" })
                    }
                };
                values.insert(column, value);
            }
            self.row(number, values);
        }
    }

    /// Adds a row, or says all that is wrong with it.
    fn row(&mut self, line: u64, mut values: Values) {
        let before = self.problems.len();
        let mut take = |column| values.remove(column).filter(|value| !value.is_empty());
        let action = match take("action").as_deref() {
            None | Some("add") => Action::Add,
            Some("override") => Action::Override,
            Some("block") => Action::Block,
            Some(other) => {
                self.problem(
                    line,
                    Some("action"),
                    format!("{:?} is none of add, override, block", short(other)),
                );
                return;
            }
        };
        let id = take("id").unwrap_or_default();
        if !is_id(&id) {
            self.problem(
                line,
                Some("id"),
                format!(
                    "{:?} is no id; write AUTHORITY:NAME, nommer:NAME for your own",
                    short(&id)
                ),
            );
        }
        let name = take("name").unwrap_or_default();
        let nameless = action == Action::Block;
        if name.is_empty() && !nameless {
            self.problem(line, Some("name"), "an entry needs a name");
        }
        self.check_name(line, "name", &name);
        let kind = match take("type").map(|kind| kind.parse::<Kind>()) {
            Some(Ok(kind)) => kind,
            Some(Err(error)) => {
                self.problem(line, Some("type"), error.to_string());
                Kind::Institution
            }
            None if nameless => Kind::Institution,
            None => {
                self.problem(line, Some("type"), "an entry needs a type");
                Kind::Institution
            }
        };
        let aliases = self.aliases(line, &take("aliases").unwrap_or_default());
        let country = take("country").and_then(|code| match code.as_bytes() {
            [a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Some([*a, *b]),
            _ => {
                self.problem(
                    line,
                    Some("country"),
                    format!(
                        "{:?} is no country code of ISO 3166-1, such as FR",
                        short(&code)
                    ),
                );
                None
            }
        });
        let prominence = match take("prominence").map(|text| (text.parse::<u8>(), text)) {
            None => PROMINENCE,
            Some((Ok(prominence @ 0..=100), _)) => prominence,
            Some((_, text)) => {
                self.problem(
                    line,
                    Some("prominence"),
                    format!("{:?} is no whole number from 0 to 100", short(&text)),
                );
                PROMINENCE
            }
        };
        let years = take("valid").map_or(Years::ALWAYS, |text| self.years(line, "valid", &text));
        let offices = self.offices(line, &take("titles").unwrap_or_default());
        let mut degrees = |column: &'static str, most: f32| {
            let text = take(column)?;
            let value = text.parse::<f32>().ok().filter(|value| value.abs() <= most);
            if value.is_none() {
                self.problem(
                    line,
                    Some(column),
                    format!(
                        "{:?} is no number of degrees from -{most} to {most}",
                        short(&text)
                    ),
                );
            }
            value
        };
        let coordinates =
            degrees("lat", 90.0)
                .zip(degrees("lon", 180.0))
                .map(|(latitude, longitude)| Coordinates {
                    latitude,
                    longitude,
                });
        let source = values.remove("source").unwrap_or_default();
        if self.problems.len() > before {
            return;
        }
        self.rows.push(Row {
            line,
            action,
            entry: Entry {
                id,
                kind,
                name,
                aliases,
                country,
                prominence,
                years,
                offices,
                coordinates,
                source,
            },
        });
    }

    fn check_name(&mut self, line: u64, column: &'static str, name: &str) {
        if name.chars().count() > key::LONGEST {
            let message = format!(
                "a name of {} characters ({:?} …); at most {} are looked up",
                name.chars().count(),
                short(name),
                key::LONGEST
            );
            self.problem(line, Some(column), message);
        } else if !name.is_empty() && key::fold(name).is_empty() {
            self.problem(
                line,
                Some(column),
                format!("{name:?} has no letter or digit to look up"),
            );
        }
    }

    fn aliases(&mut self, line: u64, text: &str) -> Vec<Alias> {
        let mut aliases: Vec<Alias> = Vec::new();
        let mut seen = HashSet::new();
        for alias in text
            .split('|')
            .map(str::trim)
            .filter(|alias| !alias.is_empty())
        {
            let (name, years) = match alias.rsplit_once('@') {
                Some((name, years)) if years.contains("..") => {
                    (name.trim(), self.years(line, "aliases", years))
                }
                _ => (alias, Years::ALWAYS),
            };
            self.check_name(line, "aliases", name);
            if !seen.insert(name) {
                self.problem(
                    line,
                    Some("aliases"),
                    format!("{:?} stands twice", short(name)),
                );
            }
            aliases.push(Alias {
                name: name.to_owned(),
                years,
            });
        }
        aliases
    }

    fn offices(&mut self, line: u64, text: &str) -> Vec<Office> {
        let offices = text
            .split(';')
            .map(str::trim)
            .filter(|office| !office.is_empty());
        offices
            .map(|office| {
                let (title, years) = match office.rsplit_once(' ') {
                    Some((title, years)) if years.contains("..") => {
                        (title.trim(), self.years(line, "titles", years))
                    }
                    _ => (office, Years::ALWAYS),
                };
                Office {
                    title: title.to_owned(),
                    years,
                }
            })
            .collect()
    }

    fn years(&mut self, line: u64, column: &'static str, text: &str) -> Years {
        text.parse().unwrap_or_else(|error: crate::entry::NoYears| {
            self.problem(line, Some(column), error.to_string());
            Years::ALWAYS
        })
    }
}

/// Whether it is an authority, a colon, and a name without spaces.
fn is_id(id: &str) -> bool {
    id.split_once(':').is_some_and(|(authority, name)| {
        !authority.is_empty()
            && !name.is_empty()
            && id.len() <= 200
            && authority
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !name.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8], format: TableFormat) -> (Vec<Row>, Vec<String>) {
        let mut problems = Vec::new();
        let rows = read("t", text, format, &mut problems);
        (rows, problems.iter().map(TableProblem::to_string).collect())
    }

    const KAZAKHSTAN: &str = "id\ttype\tname\taliases\tcountry\tprominence\tvalid\ttitles\tsource\tlat\tlon
# a comment
iso3166-1:KZ\tcountry\tKazakhstan\tRépublique du Kazakhstan@1991..|Kazakstan\tKZ\t90\t1991..\t\tCLDR 48\t48.5\t67
nommer:noursoultan-nazarbaiev\tperson\tNoursoultan Nazarbaïev\t\tKZ\t85\t1940..\tprésident du Kazakhstan 1991..2019; premier ministre\tnommer\t\t
";

    #[test]
    fn semicolons_separate_columns_as_well() {
        let table = "# mine\nid;type;name;titles\na:b;person;\"B; C\";\"maire; député\"\n";
        let (rows, problems) = check(table.as_bytes(), TableFormat::Csv);
        assert!(problems.is_empty(), "{problems:?}");
        let entry = &rows[0].entry;
        assert_eq!((entry.name.as_str(), entry.offices.len()), ("B; C", 2));
    }

    #[test]
    fn a_table_without_a_header_is_refused() {
        for format in [TableFormat::Tsv, TableFormat::Csv] {
            for empty in [&b""[..], b"\xef\xbb\xbf", b"\n\n", b"# nothing\n"] {
                let (_, problems) = check(empty, format);
                assert_eq!(
                    problems,
                    ["t:1: no header; the first line names the columns"]
                );
            }
        }
    }

    #[test]
    fn a_table_is_read_in_every_format() {
        let (rows, problems) = check(KAZAKHSTAN.as_bytes(), TableFormat::Tsv);
        assert!(problems.is_empty(), "{problems:?}");
        let [country, person] = &rows[..] else {
            panic!("{rows:?}")
        };
        assert_eq!(
            (country.line, country.entry.kind, country.entry.prominence),
            (3, Kind::Country, 90)
        );
        assert_eq!(country.entry.aliases[0].years, "1991..".parse().unwrap());
        assert_eq!(country.entry.aliases[1].name, "Kazakstan");
        assert_eq!(
            country.entry.coordinates.map(|place| place.longitude),
            Some(67.0)
        );
        assert_eq!(person.entry.offices[0].title, "président du Kazakhstan");
        assert_eq!(person.entry.offices[1].years, Years::ALWAYS);
        let csv = KAZAKHSTAN.replace('\t', ",");
        assert_eq!(check(csv.as_bytes(), TableFormat::Csv).0, rows);
        let json = r#"{"id":"iso3166-1:KZ","type":"country","name":"Kazakhstan","aliases":["République du Kazakhstan@1991..","Kazakstan"],"country":"KZ","prominence":90,"valid":"1991..","source":"CLDR 48","lat":48.5,"lon":67,"titles":null}"#;
        let (objects, problems) = check(json.as_bytes(), TableFormat::Jsonl);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!(objects[0].entry, country.entry);
    }

    #[test]
    fn everything_wrong_is_said_with_line_and_column() {
        let long = "x".repeat(1 << 20);
        let text = format!(
            "id\ttype\tname\taliases\tprominence\tcountry\tvalid\n\
             KZ\tplanet\t\ta|a|…@2000..1990\t101\tKAZ\tjadis\n\
             nommer:a\tcity\tA\n\
             nommer:b\tcity\tB\t{long}\t\t\t\n\
             nommer:c\tcity\tC\t\t\t\t\n"
        );
        let (rows, problems) = check(text.as_bytes(), TableFormat::Tsv);
        assert_eq!(
            rows.iter()
                .map(|row| row.entry.id.as_str())
                .collect::<Vec<_>>(),
            ["nommer:c"]
        );
        let expected = [
            "t:2: id: \"KZ\" is no id",
            "t:2: name: an entry needs a name",
            "t:2: type: unknown type \"planet\"",
            "t:2: aliases: \"a\" stands twice",
            "t:2: aliases: \"2000..1990\" is no range of years",
            "t:2: aliases: \"…\" has no letter or digit",
            "t:2: country: \"KAZ\" is no country code",
            "t:2: prominence: \"101\" is no whole number",
            "t:2: valid: \"jadis\" is no range of years",
            "t:3: 3 columns, but the header has 7",
            "t:4: aliases: a name of 1048576 characters (\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\" …)",
        ];
        assert_eq!(problems.len(), expected.len(), "{problems:#?}");
        for (problem, start) in problems.iter().zip(expected) {
            assert!(problem.starts_with(start), "{problem}");
        }
    }

    #[test]
    fn a_bad_header_bytes_that_are_no_text_and_strange_fields_are_named() {
        let (rows, problems) = check(b"id\tname\n", TableFormat::Tsv);
        assert_eq!(
            (rows.len(), problems[0].as_str()),
            (
                0,
                "t:1: the header lacks type; the first line names the columns"
            )
        );
        let (_, problems) = check(b"id\ttype\tname\tcolour\n", TableFormat::Tsv);
        assert!(
            problems[0].starts_with("t:1: unknown column \"colour\""),
            "{problems:?}"
        );
        let (rows, problems) = check(
            b"id\ttype\tname\nnommer:a\tcity\tA\xff\nnommer:b\tcity\tB\n",
            TableFormat::Tsv,
        );
        assert_eq!(
            (rows.len(), problems[0].as_str()),
            (1, "t:2: name: not UTF-8 from byte 1 on; convert the table")
        );
        let (_, problems) = check(b"{\"id\":{}}\n{\"x\":1}\nnull\n", TableFormat::Jsonl);
        assert!(
            problems
                .iter()
                .any(|problem| problem.contains("t:2: unknown field \"x\"")),
            "{problems:?}"
        );
        assert!(
            problems
                .iter()
                .any(|problem| problem.starts_with("t:3: not an object")),
            "{problems:?}"
        );
    }
}

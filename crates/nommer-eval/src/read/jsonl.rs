//! JSON Lines: an object on each line with a text and its spans, as nommer, Prodigy, spaCy and doccano write them.

use std::collections::BTreeMap;

use nommer_core::offset::OffsetUnit;
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Input, link_to, shown};
use crate::document::{Annotation, Corpus, Document, Link, Problem, ProblemKind, Target};

/// Reads the documents of all files.
pub(super) fn read(inputs: Vec<Input>, problems: &mut Vec<Problem>) -> Corpus {
    let mut corpus = Corpus {
        documents: Vec::new(),
        format: String::new(),
        rejected: 0,
    };
    for input in inputs {
        let lines: Vec<_> = input
            .lines()
            .filter(|(_, line)| !line.trim_ascii().is_empty())
            .collect();
        let records: Vec<_> = lines
            .into_par_iter()
            .map(|(number, line)| {
                let mut problems = Vec::new();
                (record(&input, number, line, &mut problems), problems)
            })
            .collect();
        for (record, found) in records {
            problems.extend(found);
            match record {
                Ok(Record::Rejected) => corpus.rejected += 1,
                Ok(Record::Document(document, dialect)) => {
                    corpus.documents.push(document);
                    if let (true, Some(dialect)) = (corpus.format.is_empty(), dialect) {
                        corpus.format = format!("{dialect} JSONL");
                    }
                }
                Err(problem) => problems.push(problem),
            }
        }
    }
    if corpus.format.is_empty() {
        corpus.format = "JSONL".to_owned();
    }
    corpus
}

/// What a line says.
enum Record {
    /// That it does not count.
    Rejected,
    /// A document, and whose way to write it this is.
    Document(Document, Option<&'static str>),
}

/// The fields that spans may be in; of several lists the first counts.
const SPANS: [&str; 5] = ["spans", "entities", "ents", "labels", "label"];

/// The fields of an object. Values stay JSON until they are needed, which most of a foreign tool's are not.
type Fields<'a> = BTreeMap<String, &'a RawValue>;

fn record(
    input: &Input,
    line: u64,
    json: &str,
    problems: &mut Vec<Problem>,
) -> Result<Record, Problem> {
    let syntax = |message| input.problem(Some(line), None, ProblemKind::Syntax, message);
    let mut fields: Fields<'_> = serde_json::from_str(json)
        .map_err(|error| syntax(format!("{}; write one JSON object per line", said(&error))))?;
    fields.retain(|_, value| value.get() != "null");

    if let Some(answer) = fields.remove("answer")
        && matches!(answer.get(), r#""reject""# | r#""ignore""#)
    {
        return Ok(Record::Rejected);
    }
    let id = match fields.remove("id") {
        Some(id) => given_id(id).map_err(syntax)?,
        None => format!("{}#{line}", input.names.id),
    };
    let syntax = |message| input.problem(Some(line), Some(&id), ProblemKind::Syntax, message);
    let text = field(&mut fields, "text").map_err(syntax)?;
    let unit: Option<OffsetUnit> = field(&mut fields, "offset_unit").map_err(syntax)?;

    let list = SPANS.into_iter().find(|name| {
        fields
            .get(*name)
            .is_some_and(|spans| spans.get().starts_with('['))
    });
    let given = list.and_then(|name| fields.remove(name));
    let error = fields.remove("error");
    let failed = match (given, error) {
        (None, Some(error)) => Some(message(error)),
        (None, None) => {
            return Err(syntax(
                "neither a list of spans nor an error; give the annotations in `spans`".to_owned(),
            ));
        }
        (Some(_), _) => None,
    };
    let spans = given
        .map(|given| spans(given, |message| problems.push(syntax(message))))
        .unwrap_or_default();

    let is_nommer = fields
        .get("schema")
        .is_some_and(|schema| schema.get().starts_with(r#""nommer/"#));
    let dialect = match list {
        _ if is_nommer => Some("nommer"),
        Some("labels" | "label") => Some("doccano"),
        Some(_) => Some("Prodigy/spaCy"),
        None => None,
    };
    let document = Document {
        place: input.place(Some(line)),
        text,
        unit: unit.unwrap_or_default(),
        spans,
        failed,
        meta: meta(fields),
        id,
    };
    Ok(Record::Document(document, dialect))
}

/// What is wrong with some JSON. A line number is cut off: it would always be 1.
fn said(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(message, _)| message);
    match error.classify() {
        serde_json::error::Category::Data => shown(message),
        _ => format!("not JSON, {} at byte {}", shown(message), error.column()),
    }
}

/// A record's own identifier; `nommer annotate` takes the same.
fn given_id(id: &RawValue) -> Result<String, String> {
    /// From here on, neighbouring integers are one and the same float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match serde_json::from_str(id.get()) {
        Ok(Value::String(id)) => Ok(id),
        Ok(Value::Number(id))
            if id.is_u64() || id.is_i64() || id.as_f64().is_some_and(|id| id.abs() < EXACT) =>
        {
            Ok(id.to_string())
        }
        _ => Err(format!(
            "field `id`: `{}`; give a string or a number below 2^53",
            shown(id.get())
        )),
    }
}

fn field<'a, T: Deserialize<'a>>(fields: &mut Fields<'a>, name: &str) -> Result<Option<T>, String> {
    fields
        .remove(name)
        .map(|value| serde_json::from_str(value.get()))
        .transpose()
        .map_err(|error| format!("field `{name}`: {}", said(&error)))
}

/// What an error says: its message, itself if it is a string, or all of it.
fn message(error: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Failure {
        message: String,
    }
    let json = error.get();
    serde_json::from_str(json)
        .or_else(|_| serde_json::from_str(json).map(|failure: Failure| failure.message))
        .unwrap_or_else(|_| json.to_owned())
}

/// A span as written: an object, or (which serde takes for a struct too) a list of its first fields in this order.
#[derive(Deserialize)]
#[serde(expecting = "a span like {\"start\": 0, \"end\": 5, \"label\": \"LOC\"}")]
struct Span {
    #[serde(alias = "start_offset")]
    start: usize,
    #[serde(alias = "end_offset")]
    end: usize,
    label: String,
    #[serde(default)]
    score: Option<f64>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    kb: Option<Kb>,
    #[serde(default)]
    kb_id: Option<String>,
}

/// What a span was linked to.
#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
enum Kb {
    Linked { id: String, tier: Option<String> },
    Ambiguous { tier: Option<String> },
    Nil { tier: Option<String> },
}

/// The spans of a list; those that are none are reported.
fn spans(list: &RawValue, mut report: impl FnMut(String)) -> Vec<Annotation> {
    if let Ok(spans) = serde_json::from_str::<Vec<Span>>(list.get()) {
        return spans.into_iter().map(Span::annotation).collect();
    }
    let items: Vec<&RawValue> = serde_json::from_str(list.get()).unwrap_or_default();
    (1..)
        .zip(items)
        .filter_map(|(number, item)| {
            serde_json::from_str(item.get())
                .map(Span::annotation)
                .map_err(|error| report(format!("span {number}: {}", said(&error))))
                .ok()
        })
        .collect()
}

impl Span {
    fn annotation(self) -> Annotation {
        let link = match self.kb {
            Some(kb) => Some(kb.link()),
            // spaCy writes an empty one for every span.
            None => self
                .kb_id
                .filter(|id| !id.is_empty())
                .map(|id| link_to(&id)),
        };
        Annotation {
            start: self.start,
            end: self.end,
            label: self.label,
            text: self.text,
            score: self.score,
            link,
            line: None,
        }
    }
}

impl Kb {
    fn link(self) -> Link {
        let (target, tier) = match self {
            Kb::Linked { id, tier } => (Target::Linked(id), tier),
            Kb::Ambiguous { tier } => (Target::Ambiguous, tier),
            Kb::Nil { tier } => (Target::Nil, tier),
        };
        Link { target, tier }
    }
}

/// The values of the fields that nothing else was read from; they go before those of a field `meta`.
fn meta(mut fields: Fields<'_>) -> BTreeMap<String, Vec<String>> {
    let described = fields
        .get("meta")
        .and_then(|meta| serde_json::from_str::<Fields<'_>>(meta.get()).ok());
    if let Some(described) = described {
        fields.remove("meta");
        for (name, value) in described {
            fields.entry(name).or_insert(value);
        }
    }
    fields
        .into_iter()
        .filter_map(|(name, value)| Some((name, values(value.get())?)))
        .collect()
}

/// A string, number or boolean, or a list of them; numbers as they are written. `None` for anything else.
fn values(json: &str) -> Option<Vec<String>> {
    if !json.starts_with('[') {
        return Some(vec![value(json)?]);
    }
    let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    let values: Vec<String> = items
        .into_iter()
        .map(|item| value(item.get()))
        .collect::<Option<_>>()?;
    (!values.is_empty()).then_some(values)
}

fn value(json: &str) -> Option<String> {
    match json.bytes().next()? {
        b'"' => serde_json::from_str(json).ok(),
        b'[' | b'{' | b'n' => None,
        _ => Some(json.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{input, listed, spelled};
    use super::*;

    fn read_text(text: &str) -> (Corpus, Vec<String>) {
        let mut problems = Vec::new();
        let corpus = read(vec![input("d/f.jsonl", text)], &mut problems);
        (corpus, listed(&problems))
    }

    fn check(text: &str, expected: &[&str]) {
        let (corpus, problems) = read_text(text);
        assert_eq!(problems, [""; 0], "{text}");
        let documents: Vec<_> = corpus.documents.iter().map(spelled).collect();
        assert_eq!(documents, expected, "{text}");
    }

    fn check_problems(text: &str, expected: &[&str], documents: &[&str]) {
        let (corpus, problems) = read_text(text);
        assert_eq!(problems, expected, "{text}");
        let read: Vec<_> = corpus.documents.iter().map(spelled).collect();
        assert_eq!(read, documents, "{text}");
    }

    #[test]
    fn records_of_nommer_are_read() {
        let fields = r#""schema":"nommer/1","source":{"path":"a"},"model":{"name":"m"}"#;
        let text = format!(
            r#"{{"id":"a","text":"🚀 à Nîmes","offset_unit":"codepoint","spans":[{{"start":4,"end":9,"label":"LOC","text":"Nîmes","score":0.9877,"kb":{{"outcome":"linked","id":"wikidata:Q42807","tier":"1"}}}}],"coverage":{{"tokens":3,"seen":3}},{fields}}}
{{"id":"b","offset_unit":"byte","spans":[],{fields}}}
{{"id":"c","error":{{"stage":"read","kind":"open","message":"gone"}},{fields}}}
"#
        );
        check(
            &text,
            &[
                r#"a "🚀 à Nîmes" [Nîmes=LOC 0.9877 → wikidata:Q42807 (1)]"#,
                r#"b "no text" []"#,
                r#"c "no text" [] ! gone"#,
            ],
        );
        let (corpus, _) = read_text(&text);
        assert_eq!(corpus.format, "nommer JSONL");
        assert_eq!(corpus.documents[1].text, None);
        assert_eq!(corpus.documents[2].place.to_string(), "d/f.jsonl:3");
    }

    #[test]
    fn units_are_passed_on() {
        for (unit, start) in [("codepoint", 4), ("byte", 8), ("utf16", 5)] {
            let end = start + if unit == "byte" { 6 } else { 5 };
            let record = format!(
                r#"{{"id":1,"text":"🚀 à Nîmes","offset_unit":"{unit}","spans":[[{start},{end},"LOC"]]}}"#
            );
            check(&record, &[r#"1 "🚀 à Nîmes" [Nîmes=LOC]"#]);
        }
    }

    #[test]
    fn spans_are_in_the_first_list_of_a_known_name() {
        for (fields, expected, format) in [
            (
                r#""spans":[{"start":0,"end":5,"label":"LOC","token_start":0}]"#,
                "[Nîmes=LOC]",
                "Prodigy/spaCy JSONL",
            ),
            (
                r#""entities":[[0,5,"LOC"]]"#,
                "[Nîmes=LOC]",
                "Prodigy/spaCy JSONL",
            ),
            (
                r#""ents":[{"end":5,"label":"LOC","start":0}],"spans":{"sc":[]}"#,
                "[Nîmes=LOC]",
                "Prodigy/spaCy JSONL",
            ),
            (
                r#""labels":[[0,5,"LOC"],[0,1,"É"]]"#,
                "[Nîmes=LOC, N=É]",
                "doccano JSONL",
            ),
            (r#""label":[[0,5,"LOC"]]"#, "[Nîmes=LOC]", "doccano JSONL"),
            (
                r#""entities":[{"id":7,"label":"LOC","start_offset":0,"end_offset":5}],"relations":[]"#,
                "[Nîmes=LOC]",
                "Prodigy/spaCy JSONL",
            ),
            (
                r#""label":"SPORT","spans":[],"entities":[[0,5,"LOC"]]"#,
                "[]",
                "Prodigy/spaCy JSONL",
            ),
            (
                r#""spans":null,"entities":[[0,5,"LOC", 0.5]]"#,
                "[Nîmes=LOC 0.5]",
                "Prodigy/spaCy JSONL",
            ),
            // An error beside annotations is not why there are none.
            (
                r#""spans":[[0,5,"LOC"]],"error":"odd""#,
                "[Nîmes=LOC]",
                "Prodigy/spaCy JSONL",
            ),
            (r#""error":"odd""#, "[] ! odd", "JSONL"),
            (
                r#""error":{"code":3},"spans":null"#,
                r#"[] ! {"code":3}"#,
                "JSONL",
            ),
        ] {
            let record = format!(r#"{{"text":"Nîmes",{fields}}}"#);
            check(&record, &[&format!(r#"d/f.jsonl#1 "Nîmes" {expected}"#)]);
            assert_eq!(read_text(&record).0.format, format, "{fields}");
        }
    }

    #[test]
    fn links_take_every_form() {
        for (fields, expected) in [
            (
                r#""kb":{"outcome":"linked","id":"wikidata:Q1"}"#,
                " → wikidata:Q1",
            ),
            (
                r#""kb":{"outcome":"ambiguous","tier":"2","candidates":[1]}"#,
                " → Ambiguous (2)",
            ),
            (r#""kb":{"outcome":"nil"}"#, " → Nil"),
            (
                r#""kb":{"tier":null,"outcome":"nil"},"kb_id":"Q1""#,
                " → Nil",
            ),
            (r#""kb":null,"kb_id":"Q1""#, " → Q1"),
            (r#""kb_id":"nil""#, " → Nil"),
            (r#""kb_id":"""#, ""),
            (r#""kb_id":null"#, ""),
            (r#""other":1"#, ""),
        ] {
            let record = format!(
                r#"{{"id":"a","text":"Nîmes","spans":[{{"start":0,"end":5,"label":"LOC",{fields}}}]}}"#
            );
            check(&record, &[&format!(r#"a "Nîmes" [Nîmes=LOC{expected}]"#)]);
        }
    }

    #[test]
    fn answers_of_prodigy_count() {
        let text = r#"{"id":"a","text":"","spans":[],"answer":"accept"}
{"id":"b","text":"","spans":[],"answer":"reject"}
{"id":"c","text":"","answer":"ignore"}
{"id":"d","text":"","spans":[],"answer":null}"#;
        check(text, &[r#"a "" []"#, r#"d "" []"#]);
        assert_eq!(read_text(text).0.rejected, 2);
    }

    #[test]
    fn identifiers_are_those_of_nommer_annotate() {
        check(
            "\r\n{\"id\":\"é#1\",\"spans\":[]}\r\n\n \t\n{\"id\":-7,\"spans\":[]}\n{\"id\":1.5,\"spans\":[]}\n\
             {\"id\":null,\"spans\":[]}\n{\"spans\":[]}\r\n",
            &[
                r#"é#1 "no text" []"#,
                r#"-7 "no text" []"#,
                r#"1.5 "no text" []"#,
                r#"d/f.jsonl#7 "no text" []"#,
                r#"d/f.jsonl#8 "no text" []"#,
            ],
        );
    }

    #[test]
    fn simple_fields_become_meta() {
        let record = r#"{"text":"","spans":[],"source":"l'\u00e9cho","year":1.50,"front":true,"none":null,
            "tags":["a",1,false],"deep":[[1]],"tokens":[{"id":0}],"empty":[],"path":{"a":1},
            "meta":{"source":"meta","genre":["presse","lettre"],"n":12345678901234567890123,"no":{}}}"#;
        let (corpus, problems) = read_text(&record.replace('\n', ""));
        assert_eq!(problems, [""; 0]);
        let meta: Vec<_> = corpus.documents[0]
            .meta
            .iter()
            .map(|(name, values)| format!("{name}={}", values.join("|")))
            .collect();
        assert_eq!(
            meta,
            [
                "front=true",
                "genre=presse|lettre",
                "n=12345678901234567890123",
                "source=l'écho",
                "tags=a|1|false",
                "year=1.50",
            ]
        );
        let (corpus, _) = read_text(r#"{"spans":[],"meta":"presse"}"#);
        assert_eq!(corpus.documents[0].meta["meta"], ["presse"]);
    }

    #[test]
    fn every_bad_line_and_span_is_named() {
        let text = r#"{"text": nul}
[1]
{"id":"a","text":3,"spans":[]}
{"id":"b","text":"Nîmes"}
{"id":"c","text":"Nîmes","spans":[[0,5,"LOC"],[0,5],{"start":-1,"end":5,"label":"LOC"},{"start":0,"end":5,"label":null},7,[0,1,"N"]]}
{"id":[],"spans":[]}
{"id":123456789012345678901234567890,"spans":[]}
{"id":"d","spans":[],"offset_unit":"char"}
{"id":"e","spans":[{"start":0,"end":5,"label":"LOC","kb":{"outcome":"linked"}}]}
{"id":"f","label":"SPORT","spans":{}}
{"id":"g","spans":[]} {}"#;
        check_problems(
            text,
            &[
                "Syntax d/f.jsonl:1: not JSON, expected ident at byte 13; write one JSON object per line",
                "Syntax d/f.jsonl:2: invalid type: sequence, expected a map; write one JSON object per line",
                "Syntax d/f.jsonl:3: document \"a\": field `text`: invalid type: integer `3`, expected a string",
                "Syntax d/f.jsonl:4: document \"b\": neither a list of spans nor an error; give the annotations in `spans`",
                "Syntax d/f.jsonl:5: document \"c\": span 2: invalid length 2, expected a span like {\"start\": 0, \"end\": 5, \"label\": \"LOC\"}",
                "Syntax d/f.jsonl:5: document \"c\": span 3: invalid value: integer `-1`, expected usize",
                "Syntax d/f.jsonl:5: document \"c\": span 4: invalid type: null, expected a string",
                "Syntax d/f.jsonl:5: document \"c\": span 5: invalid type: integer `7`, expected a span like {\"start\": 0, \"end\": 5, \"label\": \"LOC\"}",
                "Syntax d/f.jsonl:6: field `id`: `[]`; give a string or a number below 2^53",
                "Syntax d/f.jsonl:7: field `id`: `123456789012345678901234567890`; give a string or a number below 2^53",
                "Syntax d/f.jsonl:8: document \"d\": field `offset_unit`: unknown variant `char`, expected one of `codepoint`, `byte`, `utf16`",
                "Syntax d/f.jsonl:9: document \"e\": span 1: missing field `id`",
                "Syntax d/f.jsonl:10: document \"f\": neither a list of spans nor an error; give the annotations in `spans`",
                "Syntax d/f.jsonl:11: not JSON, trailing characters at byte 23; write one JSON object per line",
            ],
            &[r#"c "Nîmes" [Nîmes=LOC, N=N]"#, r#"e "no text" []"#],
        );
    }

    #[test]
    fn odd_characters_and_long_lines_are_fine() {
        check(
            r#"{"id":"a","text":"\u0000\ud83d\ude80","spans":[[1,2,"X"]]}"#,
            &[r#"a "\0🚀" [🚀=X]"#],
        );
        check_problems(
            "{\"id\":\"a\0\",\"spans\":[]}\n\0\n{\"id\":\"\\ud800\",\"spans\":[]}",
            &[
                "Syntax d/f.jsonl:1: not JSON, control character (\\u0000-\\u001F) found while parsing a string at byte 8; write one JSON object per line",
                "Syntax d/f.jsonl:2: not JSON, expected value at byte 1; write one JSON object per line",
                "Syntax d/f.jsonl:3: field `id`: `\"\\ud800\"`; give a string or a number below 2^53",
            ],
            &[],
        );
        let long = "é".repeat(2_000_000);
        let (corpus, problems) = read_text(&format!(
            "{{\"text\":\"{long}\",\"spans\":[[1999999,2000000,\"X\"]]}}\n{{\"spans\":\"{long}\"}}\n{{\"{long}\n\
             {{\"text\":3,\"id\":\"b\",\"spans\":[{}",
            "[".repeat(1_000_000)
        ));
        assert_eq!(corpus.documents[0].text.as_ref().unwrap().len(), long.len());
        assert_eq!(problems.len(), 3);
        assert!(
            problems.iter().all(|problem| problem.len() < 300),
            "{problems:?}"
        );
    }
}

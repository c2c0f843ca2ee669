//! The records of the fixtures, compared byte for byte with the golden ones.
//!
//! `NOMMER_BLESS=1 cargo test --release -p nommer --test integration` rewrites `tests/golden/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use nommer_model::manifest::sha256;
use serde_json::Value;

use crate::support::{
    Running, check_spans, gunzip, ids, json_lines, nommer, records, tests_folder,
};

const BLESS: &str = "NOMMER_BLESS=1 cargo test --release -p nommer --test integration";

#[test]
fn the_example_documents_give_the_golden_records() {
    check_golden("documents.jsonl", documents(2));
}

#[test]
fn the_long_document_gives_the_golden_record() {
    check_golden("long.jsonl", long(2));
}

#[test]
fn any_number_of_jobs_writes_the_same_bytes() {
    for jobs in [1, 8] {
        assert!(documents(jobs) == documents(2), "--jobs {jobs}");
        assert!(long(jobs) == long(2), "--jobs {jobs}, long");
    }
}

#[test]
fn one_record_per_document_in_input_order() {
    let documents = records(&golden("documents.jsonl", documents(2)));
    let expected = documents_in_order();
    let expected_ids: Vec<&str> = expected.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids(&documents), expected_ids);
    for (record, (id, bytes)) in documents.iter().zip(&expected) {
        assert_eq!(record["source"]["sha256"], sha256(bytes), "{id}");
        assert_eq!(record["source"]["bytes"], bytes.len(), "{id}");
        let text = record["text"].as_str().unwrap();
        match record["source"]["encoding"].as_str().unwrap() {
            "UTF-8" => assert_eq!(text.as_bytes(), bytes, "{id}"),
            "UTF-16LE" => {
                let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                assert_eq!([&[0xFF, 0xFE], units.as_slice()].concat(), *bytes, "{id}");
            }
            _ => assert_eq!(text.chars().count(), bytes.len(), "{id}"),
        }
    }

    let long = records(&golden("long.jsonl", long(2)));
    let packed = fs::read(tests_folder().join("long/seance.txt.gz")).unwrap();
    let text = String::from_utf8(gunzip(&packed)).unwrap();
    assert_eq!(ids(&long), ["seance.txt.gz"]);
    assert_eq!(long[0]["source"]["sha256"], sha256(text.as_bytes()));
    assert_eq!(long[0].get("text"), None);
    check_spans(&long[0], &text);
}

#[test]
fn every_span_slices_to_its_text_in_every_unit() {
    let codepoints = records(documents(2));
    for unit in ["byte", "utf16"] {
        let args = ["annotate", "documents", "--offsets", unit, "-o", "-"];
        let ran = Running::start(&mut nommer(&tests_folder(), &args))
            .finish()
            .clean();
        // Reading the records slices them.
        let records = ran.records();
        assert_eq!(ids(&records), ids(&codepoints));
        for (record, codepoint) in records.iter().zip(&codepoints) {
            assert_eq!(record["offset_unit"], unit);
            assert_eq!(without_positions(record), without_positions(codepoint));
        }
    }
    assert!(
        codepoints
            .iter()
            .all(|record| record["offset_unit"] == "codepoint")
    );
}

#[test]
fn the_example_documents_are_of_many_kinds() {
    let documents = records(documents(2));
    assert!(documents.len() >= 12);
    let has = |what: &str, found: &dyn Fn(&Value, &str) -> bool| {
        let any = documents
            .iter()
            .any(|record| found(record, record["text"].as_str().unwrap()));
        assert!(any, "no document is {what}");
    };
    for encoding in ["UTF-8", "UTF-16LE", "windows-1252"] {
        has(encoding, &|record, _| {
            record["source"]["encoding"] == encoding
        });
    }
    has("with CR LF", &|_, text| text.contains("\r\n"));
    has("decomposed", &|_, text| text.contains("e\u{301}"));
    has("empty", &|_, text| text.is_empty());
    has("with an emoji", &|_, text| {
        text.chars().any(|c| c >= '\u{1F300}')
    });
    has("with meta", &|record, _| record.get("meta").is_some());
    has("compressed", &|record, _| {
        record["source"]["path"].as_str().unwrap().ends_with(".gz")
    });
    let packed = fs::read(tests_folder().join("long/seance.txt.gz")).unwrap();
    let text = String::from_utf8(gunzip(&packed)).unwrap();
    assert!(text.split_whitespace().count() >= 30_000);
}

#[test]
fn a_difference_from_golden_is_told_by_document() {
    let record = |id: &str, spans: &str| {
        format!(
            "{{\"id\":\"{id}\",\"spans\":[{spans}],\"model\":{{\"version\":\"1\"}},\"coverage\":{{\"tokens\":7}}}}\n"
        )
    };
    let zoe = r#"{"start":0,"end":3,"label":"PER","text":"Zoé","score":0.9}"#;
    let lyon = r#"{"start":9,"end":13,"label":"LOC","text":"Lyon","score":0.8}"#;
    let paris = r#"{"start":20,"end":25,"label":"LOC","text":"Paris","score":0.6}"#;
    let golden = record("same", zoe)
        + &record("changed", &format!("{zoe},{lyon}"))
        + &record("gone", "")
        + &record("scored", zoe);
    let surer = zoe.replace("0.9", "0.95");
    let organisation = lyon.replace("LOC", "ORG");
    let produced = record("same", zoe)
        + &record("changed", &format!("{organisation},{paris}")).replace('7', "8")
        + &record("scored", &surer)
        + &record("new", "");
    let told = differences(golden.as_bytes(), produced.as_bytes());
    let expected = "\
changed
  coverage: {\"tokens\":7} became {\"tokens\":8}
  - 0..3 PER \"Zoé\" 0.9
  - 9..13 LOC \"Lyon\" 0.8
  + 9..13 ORG \"Lyon\" 0.8
  + 20..25 LOC \"Paris\" 0.6
gone
  - the whole document
scored
  ~ 0..3 PER \"Zoé\" 0.9 became 0.95
new
  + the whole document";
    assert_eq!(told, expected);
}

/// What the program writes for `tests/documents`.
fn documents(jobs: usize) -> &'static [u8] {
    static RUNS: [OnceLock<Vec<u8>>; 9] = [const { OnceLock::new() }; 9];
    RUNS[jobs].get_or_init(|| annotate("documents", jobs, &[]))
}

/// What the program writes for `tests/long`, once for each number of jobs, because it takes a while.
fn long(jobs: usize) -> &'static [u8] {
    static RUNS: [OnceLock<Vec<u8>>; 9] = [const { OnceLock::new() }; 9];
    RUNS[jobs].get_or_init(|| annotate("long", jobs, &["--no-text"]))
}

fn annotate(input: &str, jobs: usize, options: &[&str]) -> Vec<u8> {
    let jobs = jobs.to_string();
    let mut args = vec!["annotate", input, "--jobs", &jobs, "-o", "-"];
    args.extend(options);
    Running::start(&mut nommer(&tests_folder(), &args))
        .finish()
        .clean()
        .stdout
}

/// A golden file; what the program writes now if that is to be accepted.
fn golden(name: &str, produced: &[u8]) -> Vec<u8> {
    let path = tests_folder().join("golden").join(name);
    if std::env::var_os("NOMMER_BLESS").is_some_and(|value| !value.is_empty()) {
        replace(&path, produced);
    }
    fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "cannot read {}: {error}; make it with\n  {BLESS}",
            path.display()
        )
    })
}

/// Writes at once, because another test may be reading.
fn replace(path: &Path, content: &[u8]) {
    let folder = path.parent().unwrap();
    fs::create_dir_all(folder).unwrap();
    let mut file = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .tempfile_in(folder)
        .unwrap();
    std::io::Write::write_all(&mut file, content).unwrap();
    file.persist(path).unwrap();
}

#[track_caller]
fn check_golden(name: &str, produced: &[u8]) {
    let golden = golden(name, produced);
    assert!(
        golden == produced,
        "the records differ from tests/golden/{name} (- golden, + now):\n\n{}\n\naccept them with\n  {BLESS}\n",
        differences(&golden, produced)
    );
}

/// What differs between two runs, document by document.
fn differences(golden: &[u8], produced: &[u8]) -> String {
    let (golden, produced) = (json_lines(golden), json_lines(produced));
    let by_id = |records: &[Value]| -> BTreeMap<String, Value> {
        records
            .iter()
            .map(|record| (record["id"].to_string(), record.clone()))
            .collect()
    };
    let (golden_by_id, produced_by_id) = (by_id(&golden), by_id(&produced));
    let mut told = String::new();
    let mut models = Vec::new();
    for before in &golden {
        let id = before["id"].as_str().unwrap();
        let Some(after) = produced_by_id.get(&before["id"].to_string()) else {
            told += &format!("{id}\n  - the whole document\n");
            continue;
        };
        let mut lines = field_differences(before, after);
        // The model is the same for all documents: told once is enough.
        let model = (before["model"].clone(), after["model"].clone());
        if model.0 != model.1 && !models.contains(&model) {
            lines += &format!("  model: {} became {}\n", model.0, model.1);
            models.push(model);
        }
        lines += &span_differences(before, after);
        if !lines.is_empty() {
            told += &format!("{id}\n{lines}");
        }
    }
    for after in &produced {
        if !golden_by_id.contains_key(&after["id"].to_string()) {
            let id = after["id"].as_str().unwrap();
            told += &format!("{id}\n  + the whole document\n");
        }
    }
    if told.is_empty() {
        told += "the same content, in other bytes: the order of documents or fields, or how JSON is written";
    }
    told.trim_end().to_owned()
}

/// Every field but the spans and the model.
fn field_differences(before: &Value, after: &Value) -> String {
    let mut lines = String::new();
    let (old, new) = (before.as_object().unwrap(), after.as_object().unwrap());
    let added = new.keys().filter(|name| !old.contains_key(*name));
    for name in old.keys().chain(added) {
        let (was, is) = (&before[name], &after[name]);
        match name.as_str() {
            "spans" | "model" => {}
            "text" if was != is => lines += "  text changed\n",
            _ if was != is => writeln!(lines, "  {name}: {was} became {is}").unwrap(),
            _ => {}
        }
    }
    lines
}

fn span_differences(before: &Value, after: &Value) -> String {
    let spans = |record: &Value| -> BTreeMap<(u64, u64, String, String), Value> {
        let spans = record["spans"].as_array().cloned().unwrap_or_default();
        spans
            .into_iter()
            .map(|span| {
                let text = |name: &str| span[name].as_str().unwrap().to_owned();
                let number = |name: &str| span[name].as_u64().unwrap();
                let key = (number("start"), number("end"), text("label"), text("text"));
                (key, span["score"].clone())
            })
            .collect()
    };
    let (before, after) = (spans(before), spans(after));
    let mut lines = BTreeMap::new();
    for (key, score) in &before {
        let (start, end, label, text) = key;
        let line = format!("{start}..{end} {label} {text:?} {score}");
        match after.get(key) {
            None => lines.insert((key, '-'), format!("  - {line}\n")),
            Some(now) if now != score => {
                lines.insert((key, '~'), format!("  ~ {line} became {now}\n"))
            }
            Some(_) => None,
        };
    }
    for (key, score) in &after {
        if !before.contains_key(key) {
            let (start, end, label, text) = key;
            let line = format!("  + {start}..{end} {label} {text:?} {score}\n");
            lines.insert((key, '+'), line);
        }
    }
    lines.into_values().collect()
}

/// A record with nothing that depends on the unit of positions.
fn without_positions(record: &Value) -> Value {
    let mut record = record.clone();
    record.as_object_mut().unwrap().remove("offset_unit");
    for span in record["spans"].as_array_mut().unwrap() {
        let span = span.as_object_mut().unwrap();
        span.remove("start");
        span.remove("end");
        for was in span
            .get_mut("change")
            .into_iter()
            .flat_map(|change| change["was"].as_array_mut().unwrap())
        {
            was.as_object_mut()
                .unwrap()
                .retain(|field, _| field == "label");
        }
    }
    record
}

/// The identifier and the bytes of every example document, found without the code under test.
fn documents_in_order() -> Vec<(String, Vec<u8>)> {
    fn visit(folder: &Path, below: &str, found: &mut Vec<(String, Vec<u8>)>) {
        let mut entries: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let id = format!("{below}{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                visit(&entry.path(), &format!("{id}/"), found);
                continue;
            }
            let bytes = fs::read(entry.path()).unwrap();
            if id.ends_with(".jsonl") {
                for line in json_lines(&bytes) {
                    let text = line["text"].as_str().unwrap().to_owned();
                    found.push((line["id"].as_str().unwrap().to_owned(), text.into_bytes()));
                }
            } else if id.ends_with(".gz") {
                found.push((id, gunzip(&bytes)));
            } else {
                found.push((id, bytes));
            }
        }
    }
    let mut found = Vec::new();
    visit(&tests_folder().join("documents"), "", &mut found);
    found
}

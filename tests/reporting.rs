//! Messages, the summary and the log.

use serde_json::Value;

use crate::support::{Folder, json_lines, records};

fn folder() -> Folder {
    let folder = Folder::with([
        ("in/a.txt", "Zoé habite à Lyon."),
        ("in/b.jsonl", "{\"text\": \"Brest.\"}\nno\n{}\n"),
        ("in/c.png", "x"),
        ("in/.d.txt", "Oslo."),
    ]);
    folder.write(
        "in/e.txt",
        b"Il pleut sur Dakar \xC3 Paris \xC3\xA9, \xC3\xA8, \xC3\xA0, \xC3\xAA.",
    );
    folder
}

#[test]
fn a_clean_run_says_nothing_on_a_pipe() {
    let folder = Folder::with([("in/a.txt", "Zoé habite à Lyon.")]);
    let ran = folder.run(&["annotate", "in", "-o", "out.jsonl"]).clean();
    assert!(ran.stdout.is_empty());
}

#[test]
fn each_failure_is_one_line_and_quiet_keeps_it() {
    let folder = folder();
    for options in [&[][..], &["--quiet"]] {
        let args = ["annotate", "in", "-o", "out.jsonl"];
        let ran = folder.run(&[&args[..], options].concat()).incomplete(&[]);
        let lines: Vec<&str> = ran.stderr.lines().collect();
        assert_eq!(lines.len(), 2, "{}", ran.stderr);
        assert!(lines[0].starts_with("nommer: in/b.jsonl:2: read: column 2: not JSON"));
        assert!(lines[1].starts_with("nommer: in/b.jsonl:3: read: field `text`"));
    }
}

#[test]
fn a_message_stays_one_line_whatever_the_name_of_the_file() {
    let folder = Folder::new();
    folder.write("in/a\nnommer: \u{1b}[31mb.txt", b"\xFF\xFE\0\0Z\0\0\0");
    let ran = folder.run(&["annotate", "in", "-o", "-"]).incomplete(&[]);
    assert_eq!(ran.stderr.lines().count(), 1, "{:?}", ran.stderr);
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
}

#[test]
fn the_summary_counts_everything() {
    let folder = folder();
    let args = ["annotate", "in", "-o", "out.jsonl", "--summary"];
    let ran = folder.run(&args).incomplete(&[
        "annotated  3 documents, ",
        " words/s",
        "entities   PER ",
        "failed     2 documents (read: json 1, read: no_text 1)",
        "skipped    extension 1, hidden 1",
        "replaced   1 invalid byte sequences",
        "written    out.jsonl",
    ]);
    let entities = ran.stderr.lines().find(|line| line.starts_with("entities"));
    let count = |label: &str| {
        let records = records(&folder.read("out.jsonl"));
        let spans = records
            .iter()
            .filter_map(|record| record["spans"].as_array());
        spans
            .flatten()
            .filter(|span| span["label"] == label)
            .count()
    };
    let expected = format!(
        "entities   PER {}, ORG {}, LOC {}",
        count("PER"),
        count("ORG"),
        count("LOC")
    );
    assert_eq!(entities, Some(expected.as_str()));
}

#[test]
fn the_log_tells_the_fate_of_every_file_and_document() {
    let folder = folder();
    let args = ["annotate", "in", "-o", "out.jsonl", "--log", "log.jsonl"];
    folder.run(&args).incomplete(&[]);
    let log = json_lines(&folder.read("log.jsonl"));
    let told: Vec<String> = log
        .iter()
        .map(|event| {
            let what = event.get("id").or(event.get("path"));
            let what = what.and_then(Value::as_str).unwrap_or_default();
            format!("{} {what}", event["event"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        told,
        [
            "skipped in/.d.txt",
            "annotated a.txt",
            "annotated b.jsonl#1",
            "failed b.jsonl#2",
            "failed b.jsonl#3",
            "skipped in/c.png",
            "annotated e.txt",
            "summary ",
        ]
    );
    let records = records(&folder.read("out.jsonl"));
    let spans = |record: &Value| record["spans"].as_array().map_or(0, Vec::len);
    assert_eq!(log[1]["entities"], spans(&records[0]));
    assert_eq!(log[1]["words"], 4);
    for (field, value) in [("stage", "read"), ("kind", "json"), ("path", "in/b.jsonl")] {
        assert_eq!(log[3][field], value);
    }
    assert_eq!(log[3]["line"], 2);
    assert_eq!(log[3]["message"], records[2]["error"]["message"]);

    let summary = &log[7];
    assert_eq!(summary["annotated"], 3);
    assert_eq!(
        summary["failed"],
        serde_json::json!({"read: json": 1, "read: no_text": 1})
    );
    assert_eq!(
        summary["skipped"],
        serde_json::json!({"extension": 1, "hidden": 1})
    );
    assert_eq!(summary["replaced"], 1);
    let sum = |field: &dyn Fn(&Value) -> u64| records.iter().map(field).sum::<u64>();
    let tokens = sum(&|record| record["coverage"]["tokens"].as_u64().unwrap_or(0));
    assert_eq!(summary["tokens"], tokens);
    let entities = summary["entities"].as_object().unwrap();
    let entities: u64 = entities.values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(entities, sum(&|record| spans(record) as u64));
    assert_eq!(summary["words"], 4 + 1 + 10);
}

//! `nommer explain`.

use crate::support::{Folder, gzip};

#[test]
fn explain_shows_every_stage_of_a_text() {
    let folder = Folder::new();
    folder.write("a.txt", b"Zo\xE9 habite \xE0 Lyon. Il pleut.\n");
    let shown = folder.run(&["explain", "a.txt"]).clean();
    let shown = shown.text();
    for part in [
        "document   a.txt",
        "encoding   windows-1252",
        "sentences  2",
        "sentence 2",
        "windows",
        "tokens",
        "words",
        "entities",
        "\"Zoé habite à Lyon",
        "B-PER",
        "PER 0.",
        "LOC 0.",
        "\"Lyon\"",
    ] {
        assert!(shown.contains(part), "{part:?} is not in\n{shown}");
    }

    // What the gazetteer could add, and what the model thought of it.
    folder.write(
        "b.txt",
        "Avant la guerre du Vietnam, il vivait à Lyon.".as_bytes(),
    );
    let shown = folder.run(&["explain", "b.txt"]).clean();
    let names = shown.text().split("names of the gazetteer").nth(1);
    let names = names
        .and_then(|rest| rest.split("entities").next())
        .unwrap()
        .to_owned();
    assert!(
        names.contains("\"Vietnam\", a name to the model with probability 0."),
        "{names}"
    );
    assert!(names.contains("\"Lyon\"\n"), "{names}");

    let found = folder.run(&["explain", "a.txt", "--find", "pleut"]).clean();
    assert!(found.text().contains("sentence 2"));
    assert!(!found.text().contains("sentence 1\n"));
    folder
        .run(&["explain", "a.txt", "--find", "neige"])
        .refused(&["no sentence of a.txt contains \"neige\""]);
    let fewer = folder.run(&["explain", "a.txt", "-l", "PER"]).clean();
    assert!(fewer.text().contains("left out by --labels"));
}

/// Two words of one unit of the source: a control character goes before the combining mark.
#[test]
fn explain_reads_marks_behind_control_characters() {
    let bert = crate::support::tests_folder().join("fixtures/checkpoints/bert");
    let folder = Folder::with([("a.txt", "\u{1F3FD}\u{1B}\u{301}")]);
    folder
        .run(&["explain", "a.txt", "-m", bert.to_str().unwrap()])
        .clean();
}

#[test]
fn explain_shows_one_document_of_json_lines() {
    let folder = Folder::with([(
        "a.jsonl",
        "{\"id\": \"un\", \"text\": \"Zoé parle.\"}\nno\n{\"id\": 2, \"text\": \"Lyon dort.\"}\n",
    )]);
    let first = folder.run(&["explain", "a.jsonl"]).clean();
    assert!(first.text().contains("document   un (a.jsonl)"));
    let second = folder.run(&["explain", "a.jsonl", "--id", "2"]).clean();
    assert!(second.text().contains("Lyon dort."));
    assert!(!second.text().contains("Zoé"));
    folder
        .run(&["explain", "a.jsonl", "--id", "trois"])
        .refused(&["a.jsonl holds no document of id \"trois\""]);
    let packed = gzip(&folder.read("a.jsonl"));
    folder.write("b.jsonl.gz", packed);
    let packed = folder.run(&["explain", "b.jsonl.gz", "--id", "2"]).clean();
    assert!(packed.text().contains("Lyon dort."));
}

#[test]
fn explain_reads_standard_input_and_nothing_at_all() {
    let folder = Folder::with([("empty.txt", "")]);
    let shown = folder.run_on("À Brest.".as_bytes(), &["explain", "-"]);
    assert!(shown.clean().text().contains("\"Brest\""));
    let shown = folder.run(&["explain", "empty.txt"]).clean();
    assert!(shown.text().contains("sentences  0"));
}

#[test]
fn explain_refuses_what_is_not_one_document() {
    let folder = Folder::with([
        ("sub/a.txt", "Zoé."),
        ("empty.jsonl", ""),
        ("no.jsonl", "no\n"),
    ]);
    folder.write("x.txt", b"%PDF-1.7\n");
    folder
        .run(&["explain", "nowhere.txt"])
        .refused(&["`nowhere.txt` does not exist"]);
    folder
        .run(&["explain", "empty.jsonl"])
        .refused(&["empty.jsonl holds no document"]);
    folder
        .run(&["explain", "no.jsonl"])
        .refused(&["no.jsonl:1: column "]);
    folder
        .run(&["explain", "x.txt"])
        .refused(&["x.txt", "a PDF document"]);
}

#[test]
fn explain_refuses_a_folder() {
    let folder = Folder::with([("sub/a.txt", "Zoé.")]);
    folder
        .run(&["explain", "sub"])
        .refused(&["sub is a folder"]);
    folder.run(&["explain", "."]).refused(&[". is a folder"]);
}

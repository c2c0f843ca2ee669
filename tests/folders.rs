//! What is taken from folders, and that everything else is counted.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{Folder, ids, json_lines, outcomes};

/// Annotates `in` with `options`, and gives the records and the reasons of what was skipped.
fn annotate(folder: &Folder, options: &[&str]) -> (Vec<Value>, BTreeMap<String, Vec<String>>) {
    let args = ["annotate", "in", "-o", "-", "--log", "log.jsonl"];
    let ran = folder.run(&[&args[..], options].concat());
    let mut skipped: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in json_lines(&folder.read("log.jsonl")) {
        if event["event"] == "skipped" {
            let text = |name: &str| event[name].as_str().unwrap().to_owned();
            let path = text("path").trim_start_matches("in/").to_owned();
            skipped.entry(text("reason")).or_default().push(path);
        }
    }
    (ran.records(), skipped)
}

fn skipped<const N: usize>(of: [(&str, &[&str]); N]) -> BTreeMap<String, Vec<String>> {
    of.into_iter()
        .map(|(reason, paths)| {
            let paths = paths.iter().map(|path| (*path).to_owned());
            (reason.to_owned(), paths.collect())
        })
        .collect()
}

#[test]
fn skips_are_counted_by_reason() {
    let folder = Folder::with([
        ("in/b.txt", "Zoé."),
        ("in/a/z.md", "Lyon."),
        ("in/a.txt", "Brest."),
        ("in/B.TXT", "Dakar."),
        ("in/.hidden.txt", "Rome."),
        ("in/.git/x.txt", "Oslo."),
        ("in/image.png", "x"),
        ("in/binary.txt", "%PDF-1.7\n"),
        ("in/é.txt", "Nice."),
    ]);
    let (records, left_out) = annotate(&folder, &[]);
    assert_eq!(
        ids(&records),
        ["B.TXT", "a/z.md", "a.txt", "b.txt", "é.txt"]
    );
    assert_eq!(records[1]["source"]["path"], "in/a/z.md");
    assert_eq!(
        left_out,
        skipped([
            ("hidden", &[".git", ".hidden.txt"]),
            ("extension", &["image.png"]),
            ("binary", &["binary.txt"]),
        ])
    );
    let (records, left_out) = annotate(&folder, &["--hidden"]);
    assert_eq!(ids(&records)[..2], [".git/x.txt", ".hidden.txt"]);
    assert!(!left_out.contains_key("hidden"));
}

#[test]
fn globs_choose_among_the_files_of_folders() {
    let folder = Folder::with([
        ("in/2023/a.txt", "Zoé."),
        ("in/2023/notes/b.txt", "Lyon."),
        ("in/2024/a.txt", "Brest."),
        ("in/2024/c.md", "Oslo."),
        ("in/brouillons/d.txt", "Rome."),
    ]);
    let taken = |options: &[&str]| {
        let (records, left_out) = annotate(&folder, options);
        let ids: Vec<String> = ids(&records).into_iter().map(str::to_owned).collect();
        (ids, left_out)
    };
    let (ids, left_out) = taken(&["--include", "a.txt"]);
    assert_eq!(ids, ["2023/a.txt", "2024/a.txt"]);
    let rest: &[&str] = &["2023/notes/b.txt", "2024/c.md", "brouillons/d.txt"];
    assert_eq!(left_out, skipped([("not_included", rest)]));

    let (ids, left_out) = taken(&["--exclude", "brouillons/", "--exclude", "/2023/*"]);
    assert_eq!(ids, ["2024/a.txt", "2024/c.md"]);
    let rest: &[&str] = &["2023/a.txt", "2023/notes", "brouillons"];
    assert_eq!(left_out, skipped([("excluded", rest)]));

    let (ids, _) = taken(&[
        "--include",
        "*.txt",
        "--include",
        "*.md",
        "--exclude",
        "202?",
    ]);
    assert_eq!(ids, ["brouillons/d.txt"]);
    let (ids, left_out) = taken(&["--include", "rien"]);
    assert!(ids.is_empty() && left_out["not_included"].len() == 5);

    // A file that is named is taken whatever the rules say.
    let named = folder.run(&["annotate", "in/2024/c.md", "--exclude", "*", "-o", "-"]);
    assert_eq!(named.clean().records().len(), 1);
}

#[test]
fn several_inputs_keep_their_order_and_their_names() {
    let folder = Folder::with([
        ("z/a.txt", "Zoé."),
        ("b.txt", "Lyon."),
        ("a/c.txt", "Oslo."),
    ]);
    let ran = folder
        .run(&["annotate", "z", "./b.txt", "a/", "-o", "-"])
        .clean();
    assert_eq!(ids(&ran.records()), ["z/a.txt", "b.txt", "a/c.txt"]);
}

#[test]
fn an_empty_folder_gives_an_empty_output() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path("in")).unwrap();
    folder.run(&["annotate", "in", "-o", "out.jsonl"]).clean();
    assert!(folder.read("out.jsonl").is_empty());
}

#[test]
fn an_output_in_the_folder_is_not_read() {
    let folder = Folder::with([("in/a.txt", "Zoé.")]);
    let args = [
        "annotate",
        "in",
        "-o",
        "in/out.jsonl",
        "--log",
        "in/log.jsonl",
    ];
    folder.run(&args).clean();
    let first = folder.read("in/out.jsonl");
    folder.run(&args).clean();
    assert!(first == folder.read("in/out.jsonl"));
    folder
        .run(&["annotate", "in/a.txt", "-o", "in/a.txt"])
        .refused(&["`in/a.txt` is also an output"]);
    assert_eq!(folder.read("in/a.txt"), "Zoé.".as_bytes());
}

#[cfg(unix)]
#[test]
fn links_pipes_and_odd_names_do_not_stop_a_walk() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    let folder = Folder::with([
        ("in/a.txt", "Zoé."),
        ("in/sub/b.txt", "Lyon."),
        ("c.txt", "Oslo."),
    ]);
    symlink(".", folder.path("in/loop")).unwrap();
    symlink("../a.txt", folder.path("in/sub/link.txt")).unwrap();
    symlink("../../c.txt", folder.path("in/sub/outside.txt")).unwrap();
    symlink("nowhere", folder.path("in/dangling.txt")).unwrap();
    symlink("self.txt", folder.path("in/self.txt")).unwrap();
    let pipe = Command::new("mkfifo")
        .arg(folder.path("in/pipe.txt"))
        .status();
    assert!(pipe.unwrap().success());
    let _socket = UnixListener::bind(folder.path("in/socket.txt")).unwrap();
    let odd = folder.path("in").join(OsStr::from_bytes(b"\xE9 50%.txt"));
    std::fs::write(odd, "Rome.").unwrap();
    folder.write("in/z\n\u{1b}[31m.txt", "Nice.");

    let (records, left_out) = annotate(&folder, &[]);
    assert_eq!(
        ids(&records),
        ["a.txt", "sub/b.txt", "z\n\u{1b}[31m.txt", "%E9 50%25.txt"]
    );
    assert_eq!(
        left_out,
        skipped([
            (
                "symlink",
                &[
                    "dangling.txt",
                    "loop",
                    "self.txt",
                    "sub/link.txt",
                    "sub/outside.txt"
                ]
            ),
            ("special", &["pipe.txt", "socket.txt"]),
        ])
    );

    let (records, left_out) = annotate(&folder, &["--follow"]);
    let outcomes = outcomes(&records);
    for (id, outcome) in [
        ("a.txt", "ok"),
        ("dangling.txt", "read: dangling_link"),
        ("loop", "read: link_loop"),
        ("sub/link.txt", "ok"),
        ("sub/outside.txt", "ok"),
    ] {
        assert!(
            outcomes.contains(&(id, outcome.to_owned())),
            "{id} in {outcomes:#?}"
        );
    }
    assert!(
        outcomes
            .iter()
            .any(|(id, outcome)| *id == "self.txt" && outcome.starts_with("read: "))
    );
    assert_eq!(
        left_out,
        skipped([("special", &["pipe.txt", "socket.txt"])])
    );
}

#[cfg(unix)]
#[test]
fn a_document_that_vanishes_fails_alone() {
    use crate::support::Running;
    use std::process::Command;

    // A pipe holds the run back until the files behind it are gone.
    let folder = Folder::with([("a.txt", "Zoé."), ("b.txt", "Lyon."), ("c.txt", "Oslo.")]);
    let pipe = Command::new("mkfifo").arg(folder.path("pipe")).status();
    assert!(pipe.unwrap().success());
    let args = [
        "annotate",
        "pipe",
        "a.txt",
        "b.txt",
        "c.txt",
        "-o",
        "out.jsonl",
    ];
    let mut running = Running::start(&mut folder.command(&args));
    folder.wait_for_start(&mut running, "out.jsonl");
    std::fs::remove_file(folder.path("a.txt")).unwrap();
    std::fs::remove_file(folder.path("b.txt")).unwrap();
    std::fs::create_dir(folder.path("b.txt")).unwrap();
    folder.write("pipe", "À Brest.");
    running.finish().incomplete(&[
        "nommer: a.txt: read: vanished",
        "nommer: b.txt: read: vanished",
    ]);
    let records = crate::support::records(&folder.read("out.jsonl"));
    assert_eq!(
        outcomes(&records),
        [
            ("pipe", "ok".to_owned()),
            ("a.txt", "read: vanished".to_owned()),
            ("b.txt", "read: vanished".to_owned()),
            ("c.txt", "ok".to_owned()),
        ]
    );
}

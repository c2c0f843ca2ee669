//! Inputs in all their forms, exit codes, help.

use crate::support::{Folder, gzip, ids, names, zstd};

const TEXTS: [(&str, &str); 3] = [
    (
        "a.txt",
        "Zoé Ménard-Le Goff a quitté Saint-Étienne pour Lyon.\n",
    ),
    (
        "b.txt",
        "Le ministre Kévin Diallo 🚀 s'est rendu à Dakar.\r\n\r\nL’Unesco l’attendait.\r\n",
    ),
    ("c.txt", "« Rien à Brest », dit-il.\n"),
];

/// The three texts as JSON Lines.
fn jsonl() -> String {
    TEXTS
        .iter()
        .map(|(id, text)| {
            serde_json::json!({"auteur": {"n": 1}, "text": text, "id": id}).to_string() + "\n"
        })
        .collect()
}

#[test]
fn a_text_gives_the_same_spans_from_a_file_from_stdin_and_from_json_lines() {
    let folder = Folder::with(TEXTS);
    folder.write("texts.jsonl", jsonl());
    let from_files = folder
        .run(&["annotate", "a.txt", "b.txt", "c.txt", "-o", "-"])
        .clean()
        .records();
    assert_eq!(ids(&from_files), ["a.txt", "b.txt", "c.txt"]);
    assert!(names(&from_files[0]).contains(&("LOC", "Lyon")));

    for (record, (_, text)) in from_files.iter().zip(TEXTS) {
        let from_stdin = folder
            .run_on(text.as_bytes(), &["annotate", "-", "-o", "-"])
            .clean()
            .records();
        assert_eq!(ids(&from_stdin), ["stdin"]);
        for field in ["text", "spans", "coverage"] {
            assert_eq!(from_stdin[0][field], record[field]);
        }
        assert_eq!(from_stdin[0]["source"]["path"], "stdin");
        assert_eq!(
            from_stdin[0]["source"]["sha256"],
            record["source"]["sha256"]
        );
    }

    let file = folder.run(&["annotate", "texts.jsonl", "-o", "-"]).clean();
    let stdin = folder
        .run_on(
            jsonl().as_bytes(),
            &["annotate", "-", "--format", "jsonl", "-o", "-"],
        )
        .clean();
    for (records, path) in [(file.records(), "texts.jsonl"), (stdin.records(), "stdin")] {
        assert_eq!(ids(&records), ids(&from_files));
        for (line, (record, from_file)) in records.iter().zip(&from_files).enumerate() {
            for field in ["text", "spans", "coverage"] {
                assert_eq!(record[field], from_file[field]);
            }
            assert_eq!(record["meta"], serde_json::json!({"auteur": {"n": 1}}));
            assert_eq!(record["source"]["path"], path);
            assert_eq!(record["source"]["line"], line + 1);
            assert_eq!(record["source"]["sha256"], from_file["source"]["sha256"]);
        }
    }
}

#[test]
fn compressed_inputs_read_like_plain_ones() {
    let folder = Folder::new();
    let (_, text) = TEXTS[0];
    folder.write("plain/a.txt", text);
    folder.write("plain/b.jsonl", jsonl());
    folder.write("packed/a.txt.gz", gzip(text.as_bytes()));
    // Two gzip members and two zstd frames in a row are one file.
    let (head, tail) = text.split_at(20);
    let two = [gzip(head.as_bytes()), gzip(tail.as_bytes())].concat();
    folder.write("packed/a2.txt.gz", two);
    let two = [zstd(head.as_bytes()), zstd(tail.as_bytes())].concat();
    folder.write("packed/a3.txt.zst", two);
    folder.write("packed/b.jsonl.gz", gzip(jsonl().as_bytes()));
    folder.write("packed/c.ndjson.zst", zstd(jsonl().as_bytes()));

    let plain = folder.run(&["annotate", "plain", "-o", "-"]).clean();
    let packed = folder.run(&["annotate", "packed", "-o", "-"]).clean();
    let (plain, packed) = (plain.records(), packed.records());
    assert_eq!(packed.len(), 3 + 2 * TEXTS.len());
    let expected = [0, 0, 0, 1, 2, 3, 1, 2, 3].map(|index| &plain[index]);
    for (record, expected) in packed.iter().zip(expected) {
        for field in ["text", "spans", "coverage"] {
            assert_eq!(record[field], expected[field]);
        }
        for field in ["sha256", "bytes", "encoding"] {
            assert_eq!(record["source"][field], expected["source"][field]);
        }
    }
}

#[test]
fn labels_and_scores_choose_among_the_same_entities() {
    let folder = Folder::with(TEXTS);
    let spans = |options: &[&str]| {
        let args = ["annotate", "a.txt", "b.txt", "c.txt", "-o", "-"];
        let ran = folder.run(&[&args, options].concat()).clean();
        let spans = ran.records().into_iter();
        spans
            .flat_map(|record| record["spans"].as_array().unwrap().clone())
            .collect::<Vec<_>>()
    };
    let all = spans(&[]);
    assert!(all.len() >= 5, "{all:#?}");
    let some = |keep: &dyn Fn(&serde_json::Value) -> bool| -> Vec<_> {
        all.iter().filter(|span| keep(span)).cloned().collect()
    };
    assert_eq!(
        spans(&["--labels", "per"]),
        some(&|span| span["label"] == "PER")
    );
    assert_eq!(
        spans(&["-l", "LOC,ORG"]),
        some(&|span| span["label"] != "PER")
    );
    let mut scores: Vec<f64> = all
        .iter()
        .map(|span| span["score"].as_f64().unwrap())
        .collect();
    scores.sort_by(f64::total_cmp);
    // Between two scores, because scores in records are rounded.
    let middle = (scores[0] + scores[scores.len() - 1]) / 2.0;
    assert_eq!(
        spans(&["--min-score", &middle.to_string()]),
        some(&|span| span["score"].as_f64().unwrap() > middle)
    );
    assert_eq!(spans(&["--min-score", "1"]), some(&|_| false));
}

#[test]
fn no_text_leaves_out_the_text_and_nothing_else() {
    let folder = Folder::with(TEXTS);
    let with = folder.run(&["annotate", "a.txt", "-o", "-"]).records();
    let without = folder
        .run(&["annotate", "a.txt", "--no-text", "-o", "-"])
        .records();
    let mut expected = with[0].clone();
    expected.as_object_mut().unwrap().remove("text");
    assert_eq!(without, [expected]);
}

#[test]
fn a_run_ends_with_0_when_all_went_well_1_when_documents_failed_and_2_when_it_could_not_run() {
    let folder = Folder::with([("a.txt", "Zoé."), ("b.jsonl", "{}\n{\"text\": \"Lyon\"}\n")]);
    folder.run(&["annotate", "a.txt", "-o", "-"]).clean();
    let some = folder
        .run(&["annotate", "b.jsonl", "-o", "-"])
        .incomplete(&["nommer: b.jsonl:1: read: field `text`: found no such field"]);
    assert_eq!(some.records().len(), 2);
    folder
        .run(&["annotate", "nowhere", "-o", "-"])
        .refused(&["nommer: input `nowhere` does not exist"]);
}

#[test]
fn a_senseless_command_line_is_refused() {
    let folder = Folder::with([("a.txt", "Zoé."), ("sub/b.txt", "Lyon.")]);
    let annotate = |args: &[&str]| folder.run(&[&["annotate"], args].concat());
    folder.run(&[]).refused(&["Usage: nommer"]);
    folder.run(&["annotat"]).refused(&["annotat", "annotate"]);
    annotate(&[]).refused(&["--output", "INPUT"]);
    annotate(&["a.txt"]).refused(&["--output"]);
    annotate(&["-o", "x.jsonl"]).refused(&["INPUT"]);
    let with = |args: &[&str]| annotate(&[&["a.txt", "-o", "x.jsonl"], args].concat());
    with(&["--labels", "PER,MISC"]).refused(&["\"MISC\"", "PER, ORG and LOC"]);
    with(&["--labels", ""]).refused(&["--labels"]);
    with(&["--min-score", "1.5"]).refused(&["min-score is 1.5", "between 0 and 1"]);
    with(&["--min-score", "NaN"]).refused(&["min-score", "between 0 and 1"]);
    with(&["--min-score", "much"]).refused(&["--min-score", "much"]);
    with(&["--offsets", "lines"]).refused(&["codepoint", "byte", "utf16"]);
    with(&["--jobs", "0"]).refused(&["--jobs"]);
    with(&["--jobs", "-1"]).refused(&["-1"]);
    with(&["--jobs", "2000"]).refused(&["jobs is 2000", "1 to "]);
    with(&["--no-text=perhaps"]).refused(&["--no-text", "true", "false"]);
    with(&["--max-mib", "0"]).refused(&["max-mib is 0", "1 to "]);
    with(&["--max-mib", "99999999999999"]).refused(&["max-mib is 99999999999999"]);
    with(&["--format", "xml"]).refused(&["text", "jsonl"]);
    with(&["--quiet", "--summary"]).refused(&["--quiet", "--summary"]);
    with(&["--include", "[a"]).refused(&["include pattern `[a`"]);
    with(&["--exclude", "{a"]).refused(&["exclude pattern `{a`"]);
    with(&["--exclude", ""]).refused(&["exclude pattern ``"]);
    with(&["a.txt"]).refused(&["`a.txt`", "the same"]);
    with(&["."]).refused(&["lies inside"]);
    with(&["-", "-"]).refused(&["standard input"]);
    assert_eq!(folder.names(), ["a.txt", "sub"]);
}

#[test]
fn the_help_names_every_option_of_the_configuration() {
    let folder = Folder::new();
    let help = folder.run(&["annotate", "--help"]).clean();
    let shown = folder.run(&["annotate", "--show-config"]).clean();
    let keys: Vec<&str> = shown
        .text()
        .lines()
        .filter_map(|line| Some(line.split_once(" = ")?.0))
        .collect();
    assert!(keys.len() >= 10, "{keys:?}");
    for key in keys.into_iter().chain(["model", "config", "log"]) {
        assert!(help.text().contains(&format!("--{key}")), "{key}");
    }
    folder.run(&["--version"]).clean();
    assert!(folder.run(&["--help"]).clean().text().contains("annotate"));
}

/// Every long option of every command, as the help shows them.
fn long_options(folder: &Folder) -> Vec<String> {
    let commands: [&[&str]; 5] = [
        &["annotate"],
        &["explain"],
        &["model", "info"],
        &["completions"],
        &["man"],
    ];
    let mut options = Vec::new();
    for command in commands {
        let help = folder.run(&[command, &["--help"]].concat()).clean();
        let found = help
            .text()
            .lines()
            .map(str::trim_start)
            .filter(|line| line.starts_with('-'))
            .filter_map(|line| line.split_once("--"))
            .filter_map(|(_, option)| option.split([' ', ',', '=', '[']).next())
            .map(|name| format!("--{name}"));
        options.extend(found);
    }
    options.sort();
    options.dedup();
    options
}

#[test]
fn completions_know_every_option() {
    let folder = Folder::new();
    let options = long_options(&folder);
    assert!(options.len() >= 20, "{options:?}");
    for shell in ["bash", "zsh", "fish"] {
        let script = folder.run(&["completions", shell]).clean();
        for option in &options {
            let name = if shell == "fish" {
                option.replace("--", "-l ")
            } else {
                option.clone()
            };
            assert!(script.text().contains(&name), "{shell}: {option}");
        }
    }
    folder
        .run(&["completions", "cmd"])
        .refused(&["bash", "fish", "zsh"]);
}

#[test]
fn the_manual_page_describes_every_option() {
    let folder = Folder::new();
    let page = folder.run(&["man"]).clean().text().replace('\\', "");
    assert!(page.contains(".TH nommer"), "{page}");
    for command in ["ANNOTATE", "EXPLAIN", "MODEL", "COMPLETIONS", "MAN"] {
        assert!(page.contains(&format!("NOMMER {command}")), "{command}");
    }
    for option in long_options(&folder) {
        assert!(page.contains(&option), "{option}");
    }
}

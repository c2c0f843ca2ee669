//! `nommer evaluate`: formats, figures, alignment, bad input, reports.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Folder, Ran, gzip, nommer, tests_folder};

/// Two documents; the predictions have one name right, one with a wrong label, one with a wrong end, one missed and
/// one invented.
const GOLD: &str = r#"{"id":"a","text":"Zoé dirige Total au Mans.","spans":[{"start":0,"end":3,"label":"PER"},{"start":11,"end":16,"label":"ORG"},{"start":20,"end":24,"label":"LOC"}],"meta":{"genre":"presse"}}
{"id":"b","text":"Elle va à Évry jeudi.","spans":[{"start":10,"end":14,"label":"LOC"}],"meta":{"genre":"lettre"}}
"#;
const PREDICTED: &str = r#"{"id":"b","text":"Elle va à Évry jeudi.","spans":[{"start":15,"end":20,"label":"PER","score":0.4}]}
{"id":"a","text":"Zoé dirige Total au Mans.","spans":[{"start":0,"end":3,"label":"PER","score":0.9},{"start":11,"end":16,"label":"LOC","score":0.8},{"start":17,"end":24,"label":"LOC","score":0.7}]}
"#;

fn evaluate(folder: &Folder, args: &[&str]) -> Ran {
    folder.run(&[&["evaluate"], args].concat())
}

/// The report of gold and predictions in these files.
#[track_caller]
fn report(folder: &Folder, args: &[&str]) -> Value {
    let ran = evaluate(folder, &[args, &["--json"]].concat()).clean();
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// `correct incorrect partial missed spurious`.
fn counts(score: &Value) -> [u64; 5] {
    ["correct", "incorrect", "partial", "missed", "spurious"]
        .map(|name| score[name].as_u64().unwrap())
}

/// What was repaired, and how often.
fn repairs(report: &Value) -> Vec<(&str, u64)> {
    let repairs = report["repairs"].as_array().unwrap();
    repairs
        .iter()
        .map(|repair| {
            (
                repair["what"].as_str().unwrap(),
                repair["times"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn figures_by_hand() {
    let folder = Folder::with([("gold.jsonl", GOLD), ("pred.jsonl", PREDICTED)]);
    let report = report(
        &folder,
        &[
            "--gold",
            "gold.jsonl",
            "--pred",
            "pred.jsonl",
            "--by",
            "genre",
        ],
    );
    assert_eq!(report["schema"], "nommer-evaluation/1");
    let scores = &report["scores"];
    let expected = [
        ("strict", [1, 2, 0, 1, 1]),
        ("exact", [2, 1, 0, 1, 1]),
        ("type", [2, 1, 0, 1, 1]),
        ("partial", [2, 0, 1, 1, 1]),
        ("overlap", [2, 1, 0, 1, 1]),
    ];
    for (scheme, expected) in expected {
        assert_eq!(counts(&scores[scheme]["micro"]), expected, "{scheme}");
    }
    let strict = &scores["strict"];
    assert_eq!(
        (&strict["micro"]["precision"], &strict["micro"]["f1"]),
        (&json!(0.25), &json!(0.25))
    );
    assert_eq!(counts(&strict["PER"]), [1, 0, 0, 0, 1]);
    assert_eq!(counts(&strict["LOC"]), [0, 1, 0, 1, 1]);
    assert_eq!(
        (&strict["ORG"]["precision"], &strict["ORG"]["recall"]),
        (&Value::Null, &json!(0.0))
    );
    let f1 = strict["macro"]["f1"].as_f64().unwrap();
    assert!((f1 - (2.0 / 3.0 + 0.0 + 0.0) / 3.0).abs() < 1e-12, "{f1}");
    assert_eq!(
        report["macro_documents"]["f1"].as_f64(),
        Some((1.0 / 3.0 + 0.0) / 2.0)
    );
    let confusion = &report["errors"]["confusion"];
    assert_eq!(
        confusion["same_span"],
        json!([[1, 0, 0], [0, 0, 1], [0, 0, 0]])
    );
    assert_eq!(
        confusion["other_span"],
        json!([[0, 0, 0], [0, 0, 0], [0, 0, 1]])
    );
    let kinds: Vec<_> = report["errors"]["top"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["wrong-label", "wrong-boundary", "missed", "invented"]
    );
    let ece = report["calibration"]["micro"]["ece"].as_f64().unwrap();
    assert!((ece - (0.1 + 0.8 + 0.7 + 0.4) / 4.0).abs() < 1e-12, "{ece}");
    let genres = &report["slices"][0]["slices"];
    assert_eq!(
        (&genres[0]["value"], &genres[0]["strict"]["micro"]["f1"]),
        (&json!("lettre"), &json!(0.0))
    );
    assert_eq!(
        (&genres[1]["value"], &genres[1]["strict"]["micro"]["gold"]),
        (&json!("presse"), &json!(3))
    );
    assert_eq!(report["linking"], Value::Null);
}

#[test]
fn nothing_at_all_is_undefined_and_not_zero_or_one() {
    let empty = r#"{"id":"a","text":"","spans":[]}"#;
    let plain = r#"{"id":"a","text":"Rien ici.","spans":[]}"#;
    for gold in [empty, plain] {
        let folder = Folder::with([("gold.jsonl", gold), ("pred.jsonl", gold)]);
        let report = report(&folder, &["--gold", "gold.jsonl", "--pred", "pred.jsonl"]);
        for ratio in ["precision", "recall", "f1", "interval"] {
            assert_eq!(
                report["scores"]["strict"]["micro"][ratio],
                Value::Null,
                "{ratio}"
            );
        }
        let text = evaluate(&folder, &["--gold", "gold.jsonl", "--pred", "pred.jsonl"]).clean();
        let micro = text
            .text()
            .lines()
            .find(|line| line.starts_with("micro"))
            .unwrap();
        assert_eq!(
            micro.split_whitespace().take(5).collect::<Vec<_>>(),
            ["micro", "–", "–", "–", "0"]
        );
    }
}

/// One text in every format, with a name across two tokens, an accent and an emoji before it.
#[test]
fn every_format_says_the_same() {
    let text = "🚀 Élise Noël quitte Évry pour l' OTAN .\nZoé reste à Gap .";
    let spans = [
        ("Élise Noël", "PER"),
        ("Évry", "LOC"),
        ("OTAN", "ORG"),
        ("Zoé", "PER"),
        ("Gap", "LOC"),
    ];
    let position = |byte: usize| text[..byte].chars().count();
    let spans: Vec<(usize, usize, &str)> = spans
        .iter()
        .map(|(name, label)| {
            let start = text.find(name).unwrap();
            (position(start), position(start + name.len()), *label)
        })
        .collect();
    let tag = |token: &str| match token {
        "Élise" | "Zoé" => "B-PER",
        "Noël" => "I-PER",
        "Évry" | "Gap" => "B-LOC",
        "OTAN" => "B-ORG",
        _ => "O",
    };
    let folder = Folder::new();
    let jsonl = json!({"id": "d.txt", "text": text, "spans": spans.iter().map(|(start, end, label)| json!({"start": start, "end": end, "label": label})).collect::<Vec<_>>()});
    folder.write("jsonl/gold.jsonl", format!("{jsonl}\n"));
    folder.write(
        "jsonl.gz/gold.jsonl.gz",
        gzip(format!("{jsonl}\n").as_bytes()),
    );
    let lines = text.lines().map(|line| {
        line.split(' ')
            .map(|token| format!("{token} {}\n", tag(token)))
            .collect::<String>()
    });
    let conll: Vec<String> = lines.collect();
    folder.write(
        "conll/gold.conll",
        format!("-DOCSTART- (d.txt)\n\n{}", conll.join("\n")),
    );
    let hipe: String = text
        .lines()
        .map(|line| {
            let tokens: Vec<&str> = line.split(' ').collect();
            let row = |(at, token): (usize, &&str)| {
                let misc = if at + 1 == tokens.len() {
                    "EndOfLine"
                } else {
                    "_"
                };
                format!(
                    "{token}\t{}\t{misc}\n",
                    tag(token)
                        .to_lowercase()
                        .replace("b-", "B-")
                        .replace("i-", "I-")
                        .replace('o', "O")
                )
            };
            tokens.iter().enumerate().map(row).collect::<String>()
        })
        .collect();
    folder.write(
        "hipe/gold.tsv",
        format!(
            "TOKEN\tNE-COARSE-LIT\tMISC\n# document_id = d.txt\n{}",
            hipe.replace("lOc", "loc").replace("Org", "org")
        ),
    );
    folder.write("brat/d.txt", text);
    let brat: String = spans
        .iter()
        .enumerate()
        .map(|(at, (start, end, label))| {
            let name: String = text.chars().skip(*start).take(end - start).collect();
            format!("T{at}\t{label} {start} {end}\t{name}\n")
        })
        .collect();
    folder.write("brat/d.ann", brat);
    for gold in ["jsonl", "jsonl.gz", "conll", "hipe", "brat"] {
        for pred in ["jsonl", "conll", "hipe", "brat"] {
            let ran = evaluate(&folder, &["--gold", gold, "--pred", pred, "--json"]);
            let says = format!("{gold} against {pred}: {}", ran.stderr);
            assert_eq!(ran.code, Some(0), "{says}");
            let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
            assert_eq!(
                counts(&report["scores"]["strict"]["micro"]),
                [5, 0, 0, 0, 0],
                "{says}"
            );
            assert_eq!(
                counts(&report["scores"]["strict"]["LOC"]),
                [2, 0, 0, 0, 0],
                "{says}"
            );
        }
    }
    let ran = evaluate(&folder, &["--gold", "conll", "--pred", "hipe"]).clean();
    assert!(
        ran.text().contains("IOB2"),
        "how tags were read is said: {}",
        ran.text()
    );
}

#[test]
fn running_is_annotating_and_then_comparing() {
    let folder = Folder::with([("gold.jsonl", GOLD)]);
    folder
        .run(&["annotate", "gold.jsonl", "-o", "pred.jsonl", "--no-text"])
        .clean();
    let mut ran = report(&folder, &["--gold", "gold.jsonl", "--run"]);
    let mut compared = report(&folder, &["--gold", "gold.jsonl", "--pred", "pred.jsonl"]);
    assert_eq!(ran["predictions"]["format"], "annotated now");
    for report in [&mut ran, &mut compared] {
        report["predictions"] = Value::Null;
    }
    assert_eq!(ran, compared);
    assert!(ran["scores"]["strict"]["micro"]["predicted"].as_u64() > Some(0));
}

#[test]
fn what_is_missing_counts_as_missed_and_what_is_too_much_is_named() {
    let folder = Folder::with([
        (
            "gold.jsonl",
            &format!(
                "{GOLD}{}",
                r#"{"id":"c","text":"Pau","spans":[{"start":0,"end":3,"label":"LOC"}]}"#
            ),
        ),
        (
            "pred.jsonl",
            r#"{"id":"a","text":"Zoé dirige Total au Mans.","spans":[]}
{"id":"b","error":{"stage":"read","kind":"binary","message":"looks like a PDF"}}
{"id":"x","text":"?","spans":[]}"#,
        ),
    ]);
    let args = ["--gold", "gold.jsonl", "--pred", "pred.jsonl"];
    let report = report(&folder, &args);
    assert_eq!(
        counts(&report["scores"]["strict"]["micro"]),
        [0, 0, 0, 5, 0]
    );
    let documents = &report["documents"];
    assert_eq!(
        (&documents["gold"], &documents["compared"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(documents["missing"], json!(["c"]));
    assert_eq!(documents["failed"], json!({"b": "looks like a PDF"}));
    assert_eq!(documents["extra"], json!(["x"]));
    let ran = evaluate(&folder, &args).clean();
    for part in [
        "1 missing (their gold counts as missed)",
        "failed: b: looks like a PDF",
        "not in the gold: x",
    ] {
        assert!(ran.text().contains(part), "{part}: {}", ran.text());
    }
}

#[test]
fn bad_input_is_refused_with_every_problem_and_lenient_repairs_and_counts() {
    let folder = Folder::with([
        ("gold.jsonl", GOLD),
        (
            "pred.jsonl",
            r#"{"id":"a","text":"Zoé dirige Total au Mans.","spans":[{"start":0,"end":3,"label":"PER"},{"start":0,"end":10,"label":"PER"},{"start":20,"end":99,"label":"LOC"},{"start":11,"end":16,"label":"MISC"}]}
{"id":"b","text":"Elle va à Évry vendredi.","spans":[]}
{"id":"b","text":"Elle va à Évry jeudi.","spans":[]}
{"id":
"#,
        ),
    ]);
    let args = ["--gold", "gold.jsonl", "--pred", "pred.jsonl"];
    evaluate(&folder, &args).refused(&[
        "pred.jsonl:1: document \"a\": LOC 20..99 is outside the text, which has 25 code points",
        "pred.jsonl:1: document \"a\": MISC 11..16 has a label that is unknown here; say what it is with --label-map MISC=PER",
        "pred.jsonl:1: document \"a\": PER \"Zoé\" overlaps PER \"Zoé dirige\"",
        "pred.jsonl:2: document \"b\": its text differs from the gold text from code point 15 (line 1) on",
        "pred.jsonl:3: document \"b\": its id stands at pred.jsonl:2 already",
        "pred.jsonl:4: ",
        "--lenient goes on all the same (",
    ]);
    let report = report(&folder, &[&args[..], &["--lenient"]].concat());
    let expected = [
        "unreadable lines",
        "repeated ids",
        "texts that differ",
        "spans outside the text",
        "overlapping spans",
        "unknown labels",
    ];
    assert_eq!(repairs(&report), expected.map(|what| (what, 1)));
    let differs = json!({"b": "its text differs from the gold text"});
    assert_eq!(report["documents"]["failed"], differs);
    assert_eq!(
        counts(&report["scores"]["strict"]["micro"]),
        [0, 1, 0, 3, 0]
    );
    let mapped = evaluate(
        &folder,
        &[&args[..], &["--lenient", "--label-map", "MISC=ORG"]].concat(),
    )
    .clean();
    assert!(
        !mapped.text().contains("unknown labels"),
        "{}",
        mapped.text()
    );
}

#[test]
fn tags_that_cannot_follow_are_refused() {
    let folder = Folder::with([
        ("gold.conll", "Jean B-PER\nNoël I-PER\n\nPau B-LOC\n"),
        ("pred.conll", "Jean B-PER\nNoël I-LOC\n\nPau Z-LOC\n"),
    ]);
    let args = [
        "--gold",
        "gold.conll",
        "--pred",
        "pred.conll",
        "--tags",
        "iob2",
    ];
    evaluate(&folder, &args).refused(&["pred.conll:2: ", "I-LOC", "pred.conll:4: ", "Z-LOC"]);
    let lenient = report(&folder, &[&args[..], &["--lenient"]].concat());
    assert_eq!(
        repairs(&lenient),
        [("unknown tags", 1), ("illegal tag sequences", 1)]
    );
    assert_eq!(
        counts(&lenient["scores"]["strict"]["micro"]),
        [0, 1, 0, 1, 1]
    );
}

#[test]
fn what_cannot_be_evaluated_says_why() {
    let folder = Folder::with([
        ("gold.jsonl", GOLD),
        (
            "other.jsonl",
            r#"{"id":"z","text":"Autre chose","spans":[]}"#,
        ),
        ("empty.jsonl", ""),
        ("picture.jsonl", "\u{0}\u{1}"),
    ]);
    let cases: [(&[&str], &[&str]); 9] = [
        (&["--gold", "gold.jsonl"], &["--pred"]),
        (&["--gold", "none.jsonl", "--run"], &["none.jsonl"]),
        (&["--gold", "empty.jsonl", "--run"], &["empty.jsonl"]),
        (&["--gold", "picture.jsonl", "--run"], &["picture.jsonl"]),
        (
            &["--gold", "gold.jsonl", "--pred", "other.jsonl"],
            &["no document is in both", "\"a\"", "\"z\""],
        ),
        (
            &[
                "--gold",
                "gold.jsonl",
                "--pred",
                "gold.jsonl",
                "--fail-under",
                "strict=85",
            ],
            &["FIGURE=VALUE"],
        ),
        (
            &[
                "--gold",
                "gold.jsonl",
                "--pred",
                "gold.jsonl",
                "--label-map",
                "GPE",
            ],
            &["NAME=PER"],
        ),
        (
            &[
                "--gold",
                "gold.jsonl",
                "--pred",
                "gold.jsonl",
                "--model",
                ".",
            ],
            &["--run"],
        ),
        (
            &[
                "--gold",
                "gold.jsonl",
                "--pred",
                "gold.jsonl",
                "--html",
                "no/such/folder.html",
            ],
            &["cannot write no/such/folder.html"],
        ),
    ];
    for (args, parts) in cases {
        evaluate(&folder, args).refused(parts);
    }
}

#[test]
fn thresholds_decide_the_exit_code() {
    let folder = Folder::with([("gold.jsonl", GOLD), ("pred.jsonl", PREDICTED)]);
    let run = |thresholds: &str| {
        evaluate(
            &folder,
            &[
                "--gold",
                "gold.jsonl",
                "--pred",
                "pred.jsonl",
                "--fail-under",
                thresholds,
            ],
        )
    };
    run("strict=0.25,PER.recall=1,overlap=0.5").clean();
    let ran = run("strict=0.3,PER=0.6,ORG.precision=0.1,linking=0.1");
    assert!(
        ran.text().contains("micro"),
        "the report comes all the same"
    );
    ran.incomplete(&[
        "strict F1 is 0.2500, less than 0.3",
        "ORG precision is undefined, and must be at least 0.1",
        "linking accuracy is undefined",
    ]);
}

#[test]
fn another_system_is_compared_on_the_same_gold() {
    let gold: String = (0..12)
        .map(|at| format!("{}\n", json!({"id": at, "text": "À Pau.", "spans": [{"start": 2, "end": 5, "label": "LOC"}]})))
        .collect();
    let half: String = (0..12)
        .map(|at| {
            let spans = if at < 8 {
                json!([])
            } else {
                json!([{"start": 2, "end": 5, "label": "LOC"}])
            };
            format!("{}\n", json!({"id": at, "spans": spans}))
        })
        .collect();
    let folder = Folder::with([("gold.jsonl", &gold), ("half.jsonl", &half)]);
    let args = [
        "--gold",
        "gold.jsonl",
        "--pred",
        "gold.jsonl",
        "--compare",
        "half.jsonl",
    ];
    let comparison = &report(&folder, &args)["comparison"];
    let micro = &comparison["differences"]["strict"]["micro"];
    assert_eq!((&micro["f1"], &micro["other"]), (&json!(1.0), &json!(0.5)));
    let p = micro["p"].as_f64().unwrap();
    // Of 2^8 ways to exchange the eight documents that differ, two are as extreme.
    assert!((p - 2.0 / 256.0).abs() < 0.01, "{p}");
    assert!(micro["interval"][0].as_f64() > Some(0.0));
    let same = report(
        &folder,
        &[
            "--gold",
            "gold.jsonl",
            "--pred",
            "gold.jsonl",
            "--compare",
            "gold.jsonl",
        ],
    );
    assert_eq!(
        same["comparison"]["differences"]["strict"]["micro"]["p"],
        1.0
    );
}

#[test]
fn training_data_tells_seen_from_unseen() {
    let folder = Folder::with([
        ("gold.jsonl", GOLD),
        ("pred.jsonl", PREDICTED),
        ("train.conll", "Zoé B-PER\nà O\nÉvry B-LOC\n"),
    ]);
    let report = report(
        &folder,
        &[
            "--gold",
            "gold.jsonl",
            "--pred",
            "pred.jsonl",
            "--train",
            "train.conll",
        ],
    );
    let seen = &report["slices"].as_array().unwrap().last().unwrap();
    assert_eq!(seen["by"], "seen");
    let gold: Vec<&Value> = seen["slices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|slice| &slice["strict"]["micro"]["gold"])
        .collect();
    assert_eq!(gold, [2, 2]);
}

#[test]
fn scores_and_labels_choose_what_is_evaluated() {
    let folder = Folder::with([("gold.jsonl", GOLD), ("pred.jsonl", PREDICTED)]);
    let args = ["--gold", "gold.jsonl", "--pred", "pred.jsonl"];
    let sure = report(&folder, &[&args[..], &["--min-score", "0.75"]].concat());
    assert_eq!(sure["scores"]["strict"]["micro"]["predicted"], 2);
    let persons = report(&folder, &[&args[..], &["--labels", "PER"]].concat());
    assert_eq!(
        counts(&persons["scores"]["strict"]["micro"]),
        [1, 0, 0, 0, 1]
    );
}

#[test]
fn the_page_stands_alone_and_is_the_same_at_any_number_of_threads() {
    let folder = Folder::with([("gold.jsonl", GOLD), ("pred.jsonl", PREDICTED)]);
    let mut pages = Vec::new();
    for jobs in ["1", "2", "8"] {
        let args = [
            "--gold",
            "gold.jsonl",
            "--pred",
            "pred.jsonl",
            "--by",
            "genre",
            "--html",
            "report.html",
            "--jobs",
            jobs,
        ];
        let ran = evaluate(&folder, &args).clean();
        pages.push((folder.read("report.html"), ran.stdout));
    }
    assert!(pages[0] == pages[1] && pages[1] == pages[2]);
    let page = String::from_utf8(pages.remove(0).0).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"), "{page:.60}");
    for outside in [
        "src=\"http",
        "href=\"http",
        "url(http",
        "@import",
        "<script src",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("Total") && page.contains("25.0"));
}

#[test]
fn what_would_do_harm_or_nothing_is_refused_before_anything_is_read() {
    let folder = Folder::with([("gold/gold.jsonl", GOLD), ("pred.jsonl", PREDICTED)]);
    let run = |more: &[&str]| {
        evaluate(
            &folder,
            &[&["--gold", "gold", "--pred", "pred.jsonl"], more].concat(),
        )
    };
    run(&["--html", "gold/gold.jsonl"]).refused(&["gold/gold.jsonl is, or lies in, gold"]);
    run(&["--html", "pred.jsonl"]).refused(&["pred.jsonl is, or lies in, pred.jsonl"]);
    run(&["--html", "-"]).refused(&["--html takes the name of a file"]);
    run(&["--html", "gold"]).refused(&["--html takes the name of a file"]);
    run(&["--compare", "-", "--train", "-"]).refused(&["standard input can be read once only"]);
    run(&["--by", "gnere"]).refused(&["no gold document has a field \"gnere\"", "they have genre"]);
    for draws in ["1", "99", "1000001", "18446744073709551615"] {
        run(&["--draws", draws]).refused(&["100 to 1000000"]);
    }
    assert_eq!(folder.read("gold/gold.jsonl"), GOLD.as_bytes());
    let ran = run(&["--draws", "0", "--by", "genre"]).clean();
    let strict = ran
        .text()
        .lines()
        .find(|line| line.starts_with("micro"))
        .unwrap()
        .to_owned();
    assert!(!strict.contains('['), "{strict}");
}

#[test]
fn scores_that_are_none_are_refused_and_bounds_are_exact() {
    let scored = |score: &str| PREDICTED.replace("0.4", score);
    let folder = Folder::with([
        ("gold.jsonl", GOLD),
        ("log.jsonl", &scored("-0.5")),
        ("bound.jsonl", &scored("0.6")),
    ]);
    evaluate(&folder, &["--gold", "gold.jsonl", "--pred", "log.jsonl"])
        .refused(&["has the score -0.5; it must be between 0 and 1"]);
    let args = [
        "--gold",
        "gold.jsonl",
        "--pred",
        "bound.jsonl",
        "--min-score",
        "0.6",
        "--label-map",
        "ORG=-",
    ];
    let report = report(&folder, &args);
    assert_eq!(report["scores"]["strict"]["micro"]["predicted"], 4);
    assert_eq!(report["documents"]["gold_left_out"], 1);
    assert_eq!(report["choices"]["label_map"], json!(["org=-"]));
    let ran = evaluate(&folder, &[&args[..], &["--html", "page.html"]].concat()).clean();
    for part in [
        "evaluated    label map org=-; scores of at least 0.6",
        "left out     1 gold mentions and 0 predictions, by choice",
    ] {
        assert!(ran.text().contains(part), "{part}: {}", ran.text());
    }
    let page = String::from_utf8(folder.read("page.html")).unwrap();
    assert!(page.contains("Not everything was evaluated"));
}

#[test]
fn documents_cannot_forge_lines_of_the_table() {
    let forged = r#"{"id":"z\nmicro   100.0  100.0  100.0","text":"","spans":[]}"#;
    let folder = Folder::with([
        ("gold.jsonl", GOLD),
        ("pred.jsonl", &format!("{PREDICTED}{forged}")),
    ]);
    let ran = evaluate(&folder, &["--gold", "gold.jsonl", "--pred", "pred.jsonl"]).clean();
    assert!(
        ran.text().contains("not in the gold: z micro   100.0"),
        "{}",
        ran.text()
    );
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let folder = Folder::with([("gold.jsonl", GOLD), ("pred.jsonl", PREDICTED)]);
    let args = ["evaluate", "--gold", "gold.jsonl", "--pred", "pred.jsonl"];
    let mut child = folder.command(&args).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    let mut failing = folder
        .command(&[&args[..], &["--fail-under", "strict=0.9"]].concat())
        .spawn()
        .unwrap();
    drop(failing.stdout.take());
    assert_eq!(
        failing.wait().unwrap().code(),
        Some(1),
        "the verdict stands"
    );
    let gold = fs::read(folder.path("gold.jsonl")).unwrap();
    let piped = folder
        .run_on(&gold, &["evaluate", "--gold", "-", "--pred", "pred.jsonl"])
        .clean();
    assert!(piped.text().contains("micro"), "{}", piped.text());
}

/// The project's own gold: as many documents, mentions and genres as were promised, clean, and two annotators agree.
#[test]
fn the_gold_fixtures_are_sound() {
    let root = tests_folder();
    let args = [
        "evaluate",
        "--gold",
        "fixtures/gold",
        "--pred",
        "fixtures/second-annotation.jsonl",
        "--by",
        "genre",
        "--json",
    ];
    let mut command = nommer(Path::new(&root), &args);
    let output = command.output().unwrap();
    let says = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && says.is_empty(), "{says}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["documents"]["gold"].as_u64() >= Some(60));
    assert_eq!(report["documents"]["gold"], report["documents"]["compared"]);
    assert!(report["scores"]["strict"]["micro"]["gold"].as_u64() >= Some(1500));
    assert!(report["slices"][0]["slices"].as_array().unwrap().len() >= 8);
    assert!(report["scores"]["strict"]["micro"]["f1"].as_f64() > Some(0.95));
    assert!(report["agreement"]["kappa"].as_f64() > Some(0.95));
}

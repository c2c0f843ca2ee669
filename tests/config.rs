//! The configuration file.

use crate::support::{Folder, Running, names};

fn folder() -> Folder {
    Folder::with([("a.txt", "Zoé habite à Lyon.\n")])
}

#[test]
fn an_unknown_key_is_refused() {
    let folder = folder();
    for (config, parts) in [
        (
            "min_score = 0.5\n",
            ["line 1", "unknown field `min_score`", "`min-score`"],
        ),
        (
            "jobs = 1\n\n[output]\nx = 1\n",
            ["line 3", "unknown field `output`", "`labels`"],
        ),
    ] {
        folder.write("nommer.toml", config);
        folder
            .run(&[
                "annotate",
                "a.txt",
                "-o",
                "x.jsonl",
                "--config",
                "nommer.toml",
            ])
            .refused(&["nommer.toml", "--show-config"])
            .says(&parts);
    }
    assert_eq!(folder.names(), ["a.txt", "nommer.toml"]);
}

#[test]
fn a_senseless_value_is_refused() {
    let folder = folder();
    for (config, part) in [
        ("jobs = 0", "jobs"),
        ("jobs = -1", "jobs"),
        ("jobs = \"two\"", "jobs"),
        ("labels = [\"MISC\"]", "MISC"),
        ("labels = []", "labels is empty"),
        ("labels = \"PER\"", "labels"),
        ("min-score = 2.0", "min-score is 2"),
        ("min-score = nan", "min-score"),
        ("offsets = \"line\"", "codepoint"),
        ("no-text = 1", "no-text"),
        ("include = \"*.txt\"", "include"),
        ("include = [\"[a\"]", "include pattern `[a`"),
        ("jobs = 2000", "jobs is 2000"),
        ("max-mib = 0", "max-mib is 0"),
        ("max-mib = -1", "max-mib"),
        ("model = \"nowhere\"", "nowhere"),
        ("jobs = 1\njobs = 2", "jobs"),
        ("jobs", "line 1"),
    ] {
        folder.write("nommer.toml", config);
        folder
            .run(&[
                "annotate",
                "a.txt",
                "-o",
                "x.jsonl",
                "--config",
                "nommer.toml",
            ])
            .refused(&[part]);
    }
    folder.write("nommer.toml", b"jobs = 1 # \xE9\n");
    folder
        .run(&[
            "annotate",
            "a.txt",
            "-o",
            "x.jsonl",
            "--config",
            "nommer.toml",
        ])
        .refused(&["nommer.toml"]);
    folder
        .run(&["annotate", "a.txt", "-o", "x.jsonl", "--config", "no.toml"])
        .refused(&["cannot read no.toml"]);
    assert_eq!(folder.names(), ["a.txt", "nommer.toml"]);
}

#[test]
fn the_configuration_shown_reads_back_as_the_same() {
    let folder = folder();
    let args = ["annotate", "--show-config", "--jobs", "3", "--no-text"];
    let options = ["--labels", "ORG,PER", "--min-score", "0.25", "--hidden"];
    let more = ["--offsets", "utf16", "--exclude", "a\"é*", "--max-mib", "7"];
    let shown = folder.run(&[&args[..], &options, &more].concat()).clean();
    folder.write("nommer.toml", shown.text());
    let again = folder
        .run(&["annotate", "--show-config", "--config", "nommer.toml"])
        .clean();
    assert_eq!(again.text(), shown.text());
    for line in [
        "jobs = 3",
        "no-text = true",
        "labels = [\"ORG\", \"PER\"]",
        "min-score = 0.25",
        "hidden = true",
        "follow = false",
        "offsets = \"utf16\"",
        "max-mib = 7",
    ] {
        assert!(shown.text().lines().any(|shown| shown == line), "{line}");
    }
}

#[test]
fn the_model_shown_is_the_one_meant_wherever_the_file_lies() {
    let folder = folder();
    // It is there: what is not could be the name of a model of the hub.
    folder.write("models/mine/README.md", "");
    let shown = folder
        .run(&["annotate", "--show-config", "--model", "models/mine"])
        .clean();
    folder.write("sub/nommer.toml", shown.text());
    folder
        .run(&[
            "annotate",
            "a.txt",
            "-o",
            "-",
            "--config",
            "sub/nommer.toml",
        ])
        .refused(&["models/mine/manifest.json"]);
    let ran = folder.run(&[
        "annotate",
        "a.txt",
        "-o",
        "-",
        "--config",
        "sub/nommer.toml",
    ]);
    assert!(!ran.stderr.contains("sub/models"), "{}", ran.stderr);
}

#[test]
fn a_model_in_the_file_is_relative_to_the_file() {
    let folder = folder();
    folder.write("sub/nommer.toml", "model = \"mine\"");
    folder
        .run(&[
            "annotate",
            "a.txt",
            "-o",
            "-",
            "--config",
            "sub/nommer.toml",
        ])
        .refused(&["sub/mine/manifest.json"]);
}

#[test]
fn the_command_line_wins_over_the_file_and_the_file_over_the_defaults() {
    let folder = folder();
    folder.write(
        "nommer.toml",
        "labels = [\"PER\"]\nno-text = true\noffsets = \"byte\"\n",
    );
    let from_file = folder
        .run(&["annotate", "a.txt", "-o", "-", "--config", "nommer.toml"])
        .clean()
        .records();
    assert_eq!(names(&from_file[0]), [("PER", "Zoé")]);
    assert_eq!(from_file[0].get("text"), None);
    assert_eq!(from_file[0]["offset_unit"], "byte");
    assert_eq!(from_file[0]["spans"][0]["end"], "Zoé".len());

    let args = ["annotate", "a.txt", "-o", "-", "--config", "nommer.toml"];
    let overridden = folder
        .run(&[&args[..], &["--labels", "LOC", "--offsets", "codepoint"]].concat())
        .clean()
        .records();
    assert_eq!(names(&overridden[0]), [("LOC", "Lyon")]);
    assert_eq!(overridden[0].get("text"), None);
    assert_eq!(overridden[0]["offset_unit"], "codepoint");
}

#[test]
fn a_switch_of_the_file_can_be_turned_off() {
    let folder = folder();
    folder.write(
        "nommer.toml",
        "no-text = true\nhidden = true\nfollow = true\n",
    );
    let options = ["--no-text=false", "--hidden=false", "--follow=false"];
    let args = ["annotate", "--show-config", "--config", "nommer.toml"];
    let shown = folder.run(&[&args[..], &options].concat()).clean();
    for line in ["no-text = false", "hidden = false", "follow = false"] {
        assert!(shown.text().lines().any(|shown| shown == line), "{line}");
    }
}

#[test]
fn the_environment_names_a_model_and_everything_else_wins_over_it() {
    let folder = folder();
    folder.write("nommer.toml", "model = \"from-file\"");
    let run = |environment: &str, options: &[&str]| {
        let args = ["annotate", "a.txt", "-o", "-"];
        let mut command = folder.command(&[&args[..], options].concat());
        command.env("NOMMER_MODEL", environment);
        Running::start(&mut command).finish()
    };
    run("from-environment", &[]).refused(&["from-environment/manifest.json"]);
    run("from-environment", &["--config", "nommer.toml"]).refused(&["from-file/manifest.json"]);
    run("from-environment", &["--model", "given"]).refused(&["given/manifest.json"]);
    run("", &[]).clean();
}

//! `nommer model info`, and models that are not what they should be.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;

use nommer_model::manifest::sha256;
use serde_json::{Value, json};

use crate::support::{Folder, model_folder};

const FILES: [&str; 4] = [
    "manifest.json",
    "config.json",
    "tokenizer.json",
    "model.safetensors",
];

/// A folder with a document and a model: the shipped one's files, but those in `changed`.
fn folder_with_model(changed: &[(&str, Option<&[u8]>)]) -> Folder {
    let folder = Folder::with([("a.txt", "Zoé habite à Lyon.\n")]);
    fs::create_dir(folder.path("model")).unwrap();
    for name in FILES {
        let path = format!("model/{name}");
        match changed.iter().find(|(changed, _)| *changed == name) {
            None => symlink(model_folder().join(name), folder.path(&path)).unwrap(),
            Some((_, Some(content))) => folder.write(&path, content),
            Some((_, None)) => {}
        }
    }
    folder
}

fn shipped(name: &str) -> Vec<u8> {
    fs::read(model_folder().join(name)).unwrap()
}

/// The shipped manifest, changed.
fn manifest(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut manifest = serde_json::from_slice(&shipped("manifest.json")).unwrap();
    change(&mut manifest);
    serde_json::to_vec(&manifest).unwrap()
}

/// A run with this model is refused by a message with `parts`, before anything is written.
#[track_caller]
fn refused(changed: &[(&str, Option<&[u8]>)], parts: &[&str]) {
    let folder = folder_with_model(changed);
    folder.write("out.jsonl", "as it was");
    folder
        .run(&["annotate", "a.txt", "--model", "model", "-o", "out.jsonl"])
        .refused(parts);
    assert_eq!(folder.read("out.jsonl"), b"as it was");
    assert_eq!(folder.names(), ["a.txt", "model", "out.jsonl"]);
}

#[test]
fn a_model_folder_reads_like_the_built_in_model() {
    let folder = folder_with_model(&[]);
    let built_in = folder.run(&["annotate", "a.txt", "-o", "-"]).clean();
    let from_folder = folder
        .run(&["annotate", "a.txt", "-m", "model", "-o", "-"])
        .clean();
    assert_eq!(from_folder.text(), built_in.text());
    let record = &built_in.records()[0];
    assert_eq!(record["model"]["sha256"], sha256(&shipped("manifest.json")));
}

#[test]
fn a_folder_called_like_the_built_in_model_is_not_it() {
    let folder = Folder::with([
        ("a.txt", "Zoé habite à Lyon.\n"),
        ("ner-fr/manifest.json", "{}"),
        ("nommer.toml", "model = \"ner-fr\"\n"),
    ]);
    let annotate = |more: &[&str]| folder.run(&[&["annotate", "a.txt", "-o", "-"], more].concat());
    let sha256 = sha256(&shipped("manifest.json"));
    for named in [
        &[][..],
        &["--model", "ner-fr"],
        &["--config", "nommer.toml"],
    ] {
        let records = annotate(named).clean().records();
        assert_eq!(records[0]["model"]["sha256"], sha256, "{named:?}");
    }
    let saved = annotate(&["--model", "ner-fr", "--show-config"]).clean();
    assert!(saved.text().contains("model = \"ner-fr\""));
    annotate(&["--model", "./ner-fr"]).refused(&["ner-fr/manifest.json", "format"]);
}

#[test]
fn model_info_shows_the_manifest() {
    let folder = Folder::new();
    let manifest: Value = serde_json::from_slice(&shipped("manifest.json")).unwrap();
    let shown = folder.run(&["model", "info"]).clean();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut parts = vec![
        text(&manifest["name"]),
        text(&manifest["version"]),
        text(&manifest["license"]),
        text(&manifest["base_model"]["name"]),
        text(&manifest["training_data"][0]["name"]),
        sha256(&shipped("manifest.json")),
    ];
    parts.push("files (verified)".to_owned());
    parts.extend(manifest["labels"].as_array().unwrap().iter().map(text));
    for (name, file) in manifest["files"].as_object().unwrap() {
        parts.extend([name.clone(), text(&file["sha256"])]);
    }
    for part in parts {
        assert!(shown.text().contains(&part), "{part}\n{}", shown.text());
    }
    let folder_shown = folder.run(&["model", "info", model_folder().to_str().unwrap()]);
    assert_eq!(folder_shown.clean().text(), shown.text());
}

#[test]
fn model_info_as_json_is_the_manifest() {
    let folder = Folder::new();
    let shown = folder.run(&["model", "info", "--json"]).clean();
    let shown: Value = serde_json::from_str(shown.text()).unwrap();
    let manifest: Value = serde_json::from_slice(&shipped("manifest.json")).unwrap();
    assert_eq!(shown, manifest);
}

#[test]
fn a_damaged_model_is_refused() {
    for name in &FILES[1..] {
        let mut content = shipped(name);
        let middle = content.len() / 2;
        content[middle] ^= 1;
        refused(
            &[(name, Some(&content))],
            &[&format!("model/{name} is damaged"), "SHA-256"],
        );
    }
    // Nobody can notice that in a manifest, unless it makes no sense any more.
    let content = manifest(|manifest| {
        let hash = &mut manifest["files"]["config.json"]["sha256"];
        *hash = json!(hash.as_str().unwrap().replace('f', "e"));
    });
    refused(
        &[("manifest.json", Some(&content))],
        &["model/config.json is damaged"],
    );
    let folder = folder_with_model(&[("config.json", Some(b"{}"))]);
    folder
        .run(&["model", "info", "model"])
        .refused(&["model/config.json is damaged", "2 bytes"]);
}

#[test]
fn a_torn_or_missing_file_of_a_model_is_noticed() {
    for name in FILES {
        let path = format!("model/{name}");
        refused(&[(name, None)], &["cannot read", &path]);
        refused(&[(name, Some(b""))], &[&path]);
    }
    let weights = shipped("model.safetensors");
    refused(
        &[("model.safetensors", Some(&weights[..weights.len() / 2]))],
        &["model/model.safetensors is damaged", "bytes, not"],
    );
    let folder = Folder::with([("a.txt", "Zoé.")]);
    folder
        .run(&["annotate", "a.txt", "--model", "nowhere", "-o", "-"])
        .refused(&["cannot read", "nowhere/manifest.json"]);
    folder
        .run(&["annotate", "a.txt", "--model", "a.txt", "-o", "-"])
        .refused(&["cannot read", "a.txt/manifest.json"]);
}

#[test]
fn a_manifest_of_another_format_is_refused() {
    let other_format = manifest(|manifest| manifest["format"] = json!(2));
    let of_text = manifest(|manifest| manifest["format"] = json!("1"));
    let of_tomorrow = manifest(|manifest| manifest["crf"] = json!(true));
    let without = manifest(|manifest| {
        manifest.as_object_mut().unwrap().remove("labels");
    });
    for (content, part) in [
        (other_format.as_slice(), "format"),
        (&of_text, "line 1"),
        (&of_tomorrow, "crf"),
        (&without, "labels"),
        (b"{\"model_type\": \"bert\"}", "format"),
        (b"no JSON", "line 1"),
        (b"[]", "manifest.json"),
    ] {
        refused(
            &[("manifest.json", Some(content))],
            &["model/manifest.json", part, "scripts/convert-model"],
        );
    }
}

/// The shipped manifest with a calibration.
fn calibrated(calibration: &Value) -> Vec<u8> {
    manifest(|manifest| manifest["calibration"] = calibration.clone())
}

#[test]
fn scores_go_through_the_curve_of_their_label() {
    let text = "Zoé Marchal habite à Lyon. L'ONU s'est réunie à Genève.\n";
    let straight = json!([[0.0, 0.0], [1.0, 1.0]]);
    let spans = |calibration: &Value| -> Vec<Value> {
        let folder = folder_with_model(&[("manifest.json", Some(&calibrated(calibration)))]);
        folder.write("a.txt", text);
        let annotate = ["annotate", "a.txt", "-m", "model", "--no-gazetteer"];
        let run = folder.run(&[&annotate[..], &["-o", "-"]].concat()).clean();
        run.records()[0]["spans"].as_array().unwrap().clone()
    };
    let plain = spans(&json!({"PER": straight, "ORG": straight, "LOC": straight}));
    let halved = json!([[0.0, 0.0], [1.0, 0.5]]);
    let raised = json!([[0.0, 0.5], [1.0, 1.0]]);
    let changed = spans(&json!({"PER": halved, "ORG": raised, "LOC": straight}));
    let labels: Vec<&str> = plain
        .iter()
        .map(|span| span["label"].as_str().unwrap())
        .collect();
    assert_eq!(labels, ["PER", "LOC", "ORG", "LOC"]);
    for (plain, changed) in plain.iter().zip(&changed) {
        let (raw, score) = (plain["score"].as_f64(), changed["score"].as_f64());
        let (raw, score) = (raw.unwrap(), score.unwrap());
        let expected = match plain["label"].as_str().unwrap() {
            "PER" => raw / 2.0,
            "ORG" => 0.5 + raw / 2.0,
            _ => raw,
        };
        assert!((score - expected).abs() < 2e-4, "{plain} {changed}");
        assert_eq!(
            (&plain["start"], &plain["end"], &plain["text"]),
            (&changed["start"], &changed["end"], &changed["text"])
        );
    }
}

#[test]
fn a_calibration_is_shown_and_wrong_ones_are_refused() {
    let straight = json!([[0.0, 0.0], [1.0, 1.0]]);
    let of_org = |knots: Value| json!({"PER": straight, "ORG": knots, "LOC": straight});
    let sound = of_org(json!([[0.0, 0.25], [0.5, 0.5], [1.0, 0.9]]));
    let folder = folder_with_model(&[("manifest.json", Some(&calibrated(&sound)))]);
    let shown = folder.run(&["model", "info", "model", "--json"]).clean();
    let shown: Value = serde_json::from_str(shown.text()).unwrap();
    assert_eq!(shown["calibration"], sound);
    let info = folder.run(&["model", "info", "model"]).clean();
    assert!(info.text().contains("probabilities"), "{}", info.text());
    let without = manifest(|manifest| {
        manifest.as_object_mut().unwrap().remove("calibration");
    });
    let folder = folder_with_model(&[("manifest.json", Some(&without))]);
    let info = folder.run(&["model", "info", "model"]).clean();
    assert!(info.text().contains("not calibrated"), "{}", info.text());

    for (calibration, part) in [
        (of_org(json!([[0.0, 0.5], [1.0, 0.5]])), "do not increase"),
        (of_org(json!([[0.0, 0.5], [1.0, 1.1]])), "between 0 and 1"),
        (of_org(json!([[0.1, 0.5], [1.0, 0.9]])), "from score 0"),
        (of_org(json!([])), "at least two knots"),
        (json!({"PER": straight, "ORG": straight}), "LOC"),
        (json!({"MISC": straight}), "MISC"),
    ] {
        refused(
            &[("manifest.json", Some(&calibrated(&calibration)))],
            &["model/manifest.json", part, "scripts/convert-model"],
        );
    }
}

#[test]
fn the_number_of_another_format_is_named_before_its_fields() {
    let content = manifest(|manifest| {
        manifest["format"] = json!(2);
        manifest["crf"] = json!(true);
    });
    refused(
        &[("manifest.json", Some(&content))],
        &["model/manifest.json", "format", "2"],
    );
}

#[test]
fn files_that_are_sound_but_do_not_fit_are_refused() {
    // A tokenizer with one piece less.
    let mut tokenizer: Value = serde_json::from_slice(&shipped("tokenizer.json")).unwrap();
    let pieces = tokenizer["model"]["vocab"].as_array_mut().unwrap();
    let whole = pieces.len();
    pieces.pop();
    let tokenizer = serde_json::to_vec(&tokenizer).unwrap();
    let listed = |name: &str, content: &[u8]| {
        manifest(|manifest| {
            manifest["files"][name] = json!({"bytes": content.len(), "sha256": sha256(content)});
        })
    };
    refused(
        &[
            ("tokenizer.json", Some(&tokenizer)),
            ("manifest.json", Some(&listed("tokenizer.json", &tokenizer))),
        ],
        &[
            "model: ",
            &format!("{} pieces", whole - 1),
            &whole.to_string(),
        ],
    );
    for name in &FILES[1..] {
        let content = b"{}";
        refused(
            &[
                (name, Some(content)),
                ("manifest.json", Some(&listed(name, content))),
            ],
            &["model: "],
        );
    }

    let fewer = manifest(|manifest| {
        manifest["labels"].as_array_mut().unwrap().truncate(5);
    });
    refused(&[("manifest.json", Some(&fewer))], &["B-ORG"]);
    let other = manifest(|manifest| manifest["labels"][1] = json!("B-MISC"));
    refused(&[("manifest.json", Some(&other))], &["MISC"]);
    let windows = manifest(|manifest| manifest["window_pieces"] = json!(0));
    refused(
        &[("manifest.json", Some(&windows))],
        &["window_pieces is 0"],
    );
    let unlisted = manifest(|manifest| {
        manifest["files"]
            .as_object_mut()
            .unwrap()
            .remove("tokenizer.json");
    });
    refused(
        &[("manifest.json", Some(&unlisted))],
        &["model/tokenizer.json", "does not list"],
    );
}

/// A tiny checkpoint as Hugging Face stores it.
fn checkpoint(name: &str) -> String {
    let folder = crate::support::tests_folder().join("fixtures/checkpoints");
    folder.join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_plain_folder_is_described_by_what_its_labels_were_taken_for() {
    let folder = Folder::with([("a.txt", "Zoé habite à Lyon.\n")]);
    let bert = checkpoint("bert");
    let info = folder.run(&["model", "info", &bert]).clean();
    for part in [
        "B-PER",
        "begins a name",
        "--label-map",
        "not stated",
        "nommer bert, f32",
    ] {
        assert!(info.text().contains(part), "{part}: {}", info.text());
    }
    // Nothing says what its files should be, nor anything of its origin.
    assert!(info.text().contains("\nfiles\n") && !info.text().contains("verified"));
    assert!(!info.text().contains("does not say"), "{}", info.text());
    let json = folder.run(&["model", "info", &bert, "--json"]).clean();
    let json: Value = serde_json::from_str(json.text()).unwrap();
    for unstated in ["license", "base_model", "training_data", "scores"] {
        assert!(json.get(unstated).is_none(), "{unstated}: {json}");
    }
    let annotate = ["annotate", "a.txt", "--model", &bert, "-o", "-"];
    let record = |more: &[&str]| {
        folder
            .run(&[&annotate[..], more].concat())
            .clean()
            .records()
            .remove(0)
    };
    let plain = record(&[]);
    assert_eq!(plain["model"]["name"], "bert");
    assert_eq!(plain["coverage"]["seen"], plain["coverage"]["tokens"]);
    // What labels are taken for is part of what the model is.
    assert_ne!(
        plain["model"]["sha256"],
        record(&["--label-map", "ORG=LOC"])["model"]["sha256"]
    );
    let refused = |more: &[&str], parts: &[&str]| {
        folder.run(&[&annotate[..], more].concat()).refused(parts);
    };
    refused(&["--label-map", "GPE=LOC"], &["GPE=LOC", "B-PER"]);
    let gold = r#"{"id": "a", "text": "Zoé", "spans": [{"start": 0, "end": 3, "label": "PER"}]}"#;
    folder.write("gold.jsonl", gold);
    let evaluate = ["evaluate", "--gold", "gold.jsonl", "--run", "-m", &bert];
    let map = |map| [&evaluate[..], &["--model-label-map", map]].concat();
    folder.run(&map("ORG=LOC")).clean();
    folder.run(&map("GPE=LOC")).refused(&["GPE=LOC", "B-PER"]);
    folder
        .run(&["model", "info", "ner-fr", "--label-map", "PER=ORG"])
        .refused(&["manifest", "--label-map"]);
    folder
        .run(&["model", "info", &checkpoint("electra")])
        .refused(&["LABEL_0 LABEL_1 LABEL_2", "--label-map"]);
}

#[test]
fn a_network_that_needs_another_engine_says_so() {
    let folder = Folder::new();
    let camembert = checkpoint("camembert");
    let info = |more: &[&str]| folder.run(&[&["model", "info", &camembert], more].concat());
    if cfg!(feature = "rust-bert") {
        let shown = info(&[]).clean();
        assert!(
            shown
                .text()
                .contains("rust-bert 0.23 camembert on libtorch"),
            "{}",
            shown.text()
        );
    } else {
        info(&[]).refused(&["camembert", "--features rust-bert"]);
        info(&["--device", "cuda"]).refused(&["--features rust-bert"]);
    }
    info(&["--engine", "nommer"]).refused(&["model_type is \"camembert\""]);
    info(&["--engine", "nommer", "--device", "cuda:1"]).refused(&["cuda:1", "rust-bert"]);
    assert!(info(&["--device", "gpu"]).says(&["cuda:1"]).code == Some(2));
}

/// A tiny checkpoint in the folder `plain`, with a file changed.
fn plain_folder(name: &str, change: impl Fn(&mut Value)) -> Folder {
    let folder = Folder::with([("a.txt", "Zoé habite à Lyon.\n")]);
    for file in &FILES[1..] {
        let content = fs::read(format!("{}/{file}", checkpoint("bert"))).unwrap();
        folder.write(&format!("plain/{file}"), content);
    }
    let mut changed = serde_json::from_slice(&folder.read(&format!("plain/{name}"))).unwrap();
    change(&mut changed);
    folder.write(&format!("plain/{name}"), changed.to_string());
    folder
}

#[test]
fn labels_that_are_left_out_are_named_once() {
    let folder = plain_folder("config.json", |config| {
        for (id, name) in [("0", "b-per"), ("1", "B-MISC"), ("4", "I-MISC")] {
            config["id2label"][id] = json!(name);
        }
    });
    folder.write("b.txt", "Zoé.");
    let gold = r#"{"id": "a", "text": "Zoé", "spans": [{"start": 0, "end": 3, "label": "PER"}]}"#;
    folder.write("gold.jsonl", gold);
    let annotate = ["annotate", "a.txt", "b.txt", "-o", "-", "-m", "plain"];
    let explain = ["explain", "a.txt", "-m", "plain"];
    let evaluate = ["evaluate", "--gold", "gold.jsonl", "--run", "-m", "plain"];
    for command in [&annotate[..], &explain, &evaluate] {
        let ran = folder.run(command);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(!ran.stderr.contains("per"), "{}", ran.stderr);
        let map = if command == evaluate {
            "--model-label-map"
        } else {
            "--label-map"
        };
        ran.says(&["plain", "said what they stand for: MISC;", map]);
        for said in ["MISC=-", "MISC=ORG"] {
            folder.run(&[command, &[map, said]].concat()).clean();
        }
    }
    folder.run(&[&annotate[..], &["--quiet"]].concat()).clean();
    folder.run(&["model", "info", "plain"]).clean();
}

#[test]
fn a_frame_that_the_tokenizer_does_not_know_of_is_told() {
    let folder = plain_folder("tokenizer.json", |tokenizer| {
        tokenizer["post_processor"] = Value::Null;
    });
    let info = folder.run(&["model", "info", "plain"]).clean();
    let told = "between [CLS] and [SEP], of which tokenizer.json does not say";
    assert!(info.text().contains(told), "{}", info.text());
}

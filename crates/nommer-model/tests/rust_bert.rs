//! Networks on libtorch against transformers, and the faults of rust-bert's own pipelines, which ours must not have.
#![cfg(feature = "rust-bert")]
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ndarray::Array2;
use nommer_model::backend::rust_bert::RustBert;
use nommer_model::backend::{ClassifyError, Device, TokenClassifier};
use nommer_model::model::{Engine, LoadOptions, Model, ModelFiles};
use serde::Deserialize;

const CHECKPOINTS: [&str; 8] = [
    "bert",
    "camembert",
    "deberta-v2",
    "deberta-v3",
    "distilbert",
    "electra",
    "roberta",
    "xlm-roberta",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn folder(name: &str) -> PathBuf {
    root().join("tests/fixtures/checkpoints").join(name)
}

fn file(name: &str, file: &str) -> Vec<u8> {
    std::fs::read(folder(name).join(file)).unwrap()
}

/// What transformers computed; made by `scripts/make-tiny-checkpoints`.
#[derive(Deserialize)]
struct Expected {
    ids: Vec<u32>,
    argmax: BTreeMap<usize, String>,
    logits: BTreeMap<usize, Vec<Vec<f32>>>,
    texts: Vec<Text>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
    ids: Vec<u32>,
    offsets: Vec<(usize, usize)>,
    argmax: String,
}

fn expected(name: &str) -> Expected {
    serde_json::from_slice(&file(name, "expected.json")).unwrap()
}

fn network(name: &str) -> RustBert {
    let (config, weights) = (file(name, "config.json"), file(name, "model.safetensors"));
    RustBert::load(&config, &weights, Device::Cpu).unwrap()
}

fn model(folder: PathBuf) -> Model {
    let label_map = ["LABEL_0=-", "LABEL_1=B-PER", "LABEL_2=I-PER"];
    let nameless = folder.ends_with("electra");
    let options = LoadOptions {
        engine: Engine::RustBert,
        label_map: label_map
            .iter()
            .filter(|_| nameless)
            .map(|text| text.parse().unwrap())
            .collect(),
        ..LoadOptions::default()
    };
    Model::load_with(&ModelFiles::Folder(folder), &options).unwrap()
}

/// The best label of each piece, one digit each.
fn argmax(logits: &Array2<f32>) -> String {
    let best = |row: ndarray::ArrayView1<'_, f32>| {
        let best = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        best.unwrap().0.to_string()
    };
    logits.rows().into_iter().map(best).collect()
}

#[test]
fn networks_agree_with_transformers_at_any_length() {
    for name in CHECKPOINTS {
        let (network, expected) = (network(name), expected(name));
        assert_eq!(network.max_pieces(), 512, "{name}");
        assert!(expected.argmax.len() > 30 && expected.argmax.contains_key(&512));
        for (length, best) in &expected.argmax {
            let logits = &network.classify(&[&expected.ids[..*length]]).unwrap()[0];
            assert_eq!(argmax(logits), *best, "{name}, {length} pieces");
        }
        for (length, reference) in &expected.logits {
            let logits = &network.classify(&[&expected.ids[..*length]]).unwrap()[0];
            let differences = logits
                .iter()
                .zip(reference.iter().flatten())
                .map(|(got, want)| (got - want).abs());
            let largest = differences.fold(0.0, f32::max);
            assert!(largest < 2e-4, "{name}, {length} pieces: {largest}");
        }
    }
}

#[test]
fn texts_are_cut_and_scored_as_transformers_does() {
    for name in CHECKPOINTS {
        let model = model(folder(name));
        let (start, end) = model.tokenizer().frame();
        for case in expected(name).texts {
            let pieces = model.tokenizer().encode(&case.text).unwrap();
            assert_eq!(pieces.ids, case.ids, "{name}: {:?}", case.text);
            let bounds: Vec<usize> = case
                .text
                .char_indices()
                .map(|(at, _)| at)
                .chain([case.text.len()])
                .collect();
            for (range, (start, end)) in pieces.ranges.iter().zip(case.offsets) {
                assert_eq!(
                    *range,
                    bounds[start]..bounds[end],
                    "{name}: {:?}",
                    case.text
                );
            }
            let window = [&[start], &case.ids[..], &[end]].concat();
            let logits = &model.classifier().classify(&[&window]).unwrap()[0];
            assert_eq!(argmax(logits), case.argmax, "{name}: {:?}", case.text);
        }
    }
}

#[test]
fn any_number_of_threads_gets_the_same_bits() {
    for name in ["camembert", "deberta-v2"] {
        let (network, expected) = (network(name), expected(name));
        let windows: Vec<&[u32]> = [1, 2, 40, 130, 300]
            .map(|length| &expected.ids[..length])
            .to_vec();
        let bits = |windows: &[&[u32]]| -> Vec<u32> {
            let scored = network.classify(windows).unwrap();
            scored.iter().flatten().map(|x| x.to_bits()).collect()
        };
        let together = bits(&windows);
        let alone: Vec<u32> = windows.iter().flat_map(|window| bits(&[window])).collect();
        assert_eq!(
            together, alone,
            "{name}: a window's scores depend on its company"
        );
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..8).map(|_| scope.spawn(|| bits(&windows))).collect();
            for run in runs {
                assert_eq!(run.join().unwrap(), together, "{name}");
            }
        });
    }
}

#[test]
fn windows_the_network_cannot_take_are_refused() {
    let network = network("camembert");
    let refuse = |window: &[u32]| network.classify(&[window]).unwrap_err();
    assert!(matches!(
        refuse(&[]),
        ClassifyError::WindowLength {
            pieces: 0,
            max: 512
        }
    ));
    assert!(matches!(
        refuse(&[4; 513]),
        ClassifyError::WindowLength {
            pieces: 513,
            max: 512
        }
    ));
    assert!(matches!(
        refuse(&[4, 403]),
        ClassifyError::UnknownPiece {
            id: 403,
            vocabulary: 403
        }
    ));
    assert!(network.classify(&[]).unwrap().is_empty());
}

/// A network of changed files is refused with a message that has `part`, by rust-bert as by us: no panic.
#[track_caller]
fn refused(name: &str, from: &str, to: &str, part: &str) {
    let config = String::from_utf8(file(name, "config.json")).unwrap();
    let changed = config.replace(from, to);
    assert_ne!(changed, config, "{from}");
    let loaded = RustBert::load(
        changed.as_bytes(),
        &file(name, "model.safetensors"),
        Device::Cpu,
    );
    let message = loaded.err().unwrap().to_string();
    assert!(message.contains(part), "{message}");
}

#[test]
fn files_that_do_not_fit_are_refused_with_what_is_wrong() {
    refused("bert", "\"bert\"", "\"gpt2\"", "gpt2");
    refused(
        "bert",
        "\"hidden_size\": 64",
        "\"hidden_size\": 32",
        "classifier.weight",
    );
    refused(
        "bert",
        "\"hidden_size\": 64",
        "\"hidden_size\": -1",
        "hidden_size is -1",
    );
    refused("bert", "\"hidden_size\": 64,", "", "hidden_size is missing");
    refused(
        "bert",
        "\"vocab_size\": 403",
        "\"vocab_size\": 16000000",
        "word_embeddings",
    );
    refused(
        "bert",
        "\"num_hidden_layers\": 2",
        "\"num_hidden_layers\": 3",
        "layer.2",
    );
    refused(
        "bert",
        "\"num_hidden_layers\": 2",
        "\"num_hidden_layers\": 9e99",
        "num_hidden_layers",
    );
    refused(
        "bert",
        "\"num_attention_heads\": 2",
        "\"num_attention_heads\": 3",
        "3 attention heads",
    );
    refused(
        "bert",
        "\"num_attention_heads\": 2",
        "\"num_attention_heads\": 0",
        "num_attention_heads",
    );
    refused("bert", "\"gelu\"", "\"quick_gelu\"", "quick_gelu");
    refused("bert", "\"absolute\"", "\"relative_key\"", "relative_key");
    refused(
        "bert",
        "\"type_vocab_size\": 2",
        "\"type_vocab_size\": 1",
        "token_type_embeddings",
    );
    refused(
        "camembert",
        "\"pad_token_id\": 1",
        "\"pad_token_id\": 0",
        "pad_token_id is 0",
    );
    refused(
        "camembert",
        "\"intermediate_size\": 48",
        "\"intermediate_size\": 49",
        "intermediate",
    );
    refused("distilbert", "\"dim\": 32", "\"dim\": 33", "hidden_size");
    refused(
        "electra",
        "\"embedding_size\": 24",
        "\"embedding_size\": 32",
        "word_embeddings",
    );
    refused(
        "deberta-v2",
        "\"position_buckets\": 64",
        "\"position_buckets\": 32",
        "rel_embeddings",
    );
    refused(
        "deberta-v2",
        "\"conv_kernel_size\": 3",
        "\"conv_kernel_size\": 5",
        "conv.conv.weight",
    );
    refused("deberta-v2", "\"p2c\"", "\"p2p\"", "p2p");
    refused(
        "deberta-v3",
        "\"share_att_key\": true",
        "\"share_att_key\": false",
        "pos_",
    );

    for (name, stated) in [("bert", "1e-12"), ("camembert", "1e-05")] {
        let stated = format!("\"layer_norm_eps\": {stated}");
        refused(name, &stated, "\"layer_norm_eps\": 0.001", "1e-12");
    }
    refused(
        "bert",
        "\"layer_norm_eps\": 1e-12",
        "\"layer_norm_eps\": 0.001",
        "--engine nommer",
    );

    let load = |config: &[u8], weights: &[u8]| {
        let loaded = RustBert::load(config, weights, Device::Cpu);
        loaded.err().unwrap().to_string()
    };
    let (config, weights) = (
        file("bert", "config.json"),
        file("bert", "model.safetensors"),
    );
    for cut in [0, 7, 100, weights.len() / 2, weights.len() - 1] {
        assert!(load(&config, &weights[..cut]).contains("model.safetensors"));
    }
    assert!(load(b"[]", &weights).contains("no JSON object"));
    assert!(load(b"{", &weights).contains("config.json"));
    assert!(load(&file("electra", "config.json"), &weights).contains("classifier.weight"));
}

#[test]
fn a_device_that_is_not_there_is_refused() {
    let (config, weights) = (
        file("bert", "config.json"),
        file("bert", "model.safetensors"),
    );
    let loaded = RustBert::load(&config, &weights, Device::Cuda(77));
    assert!(loaded.err().unwrap().to_string().contains("no cuda:77"));
}

#[test]
fn the_shipped_model_reads_the_same_on_both_engines() {
    let ours = Model::load(&ModelFiles::Folder(root().join("models/ner-fr"))).unwrap();
    let theirs = model(root().join("models/ner-fr"));
    assert!(theirs.classifier().description().contains("libtorch"));
    let sentences = [
        "Nicolas Sarkozy a reçu le président du Kazakhstan à Paris.",
        "La Commission européenne et l'OTAN ont réuni Angela Merkel et Noursoultan Nazarbaïev à Strasbourg.",
    ];
    let read = |model: &Model| model.recognize(&sentences).unwrap();
    for (ours, theirs) in read(&ours).iter().zip(&read(&theirs)) {
        let names = |analysis: &nommer_model::model::SentenceAnalysis| {
            let names = analysis.names.iter();
            names
                .map(|name| (name.range.clone(), name.label))
                .collect::<Vec<_>>()
        };
        assert!(!ours.names.is_empty());
        assert_eq!(names(ours), names(theirs));
    }
}

/// Both engines on the same float weights. `NOMMER_F32_MODEL` and `NOMMER_CORPUS` name a model and a corpus that are
/// not in the repository.
#[test]
fn floats_read_the_same_on_both_engines() {
    let named = |name: &str, here: &str| match std::env::var_os(name) {
        Some(path) => PathBuf::from(path),
        None => root().join(here),
    };
    let folder = named("NOMMER_F32_MODEL", "tests/fixtures/checkpoints/bert");
    let corpus = named("NOMMER_CORPUS", "tests/fixtures/gold/depeche.jsonl");
    let load = |engine| {
        let options = LoadOptions {
            engine,
            ..LoadOptions::default()
        };
        Model::load_with(&ModelFiles::Folder(folder.clone()), &options).unwrap()
    };
    let (ours, theirs) = (load(Engine::Nommer), load(Engine::RustBert));
    let (mut documents, mut names, mut pieces, mut largest) = (0, 0, 0, 0.0f32);
    for line in std::fs::read_to_string(corpus).unwrap().lines() {
        #[derive(Deserialize)]
        struct Document {
            text: String,
        }
        let Document { text } = serde_json::from_str(line).unwrap();
        let sentences = nommer_core::text::segment::sentences(&text);
        let sentences: Vec<&str> = sentences
            .iter()
            .map(|sentence| sentence.span.slice(&text))
            .collect();
        let read = |model: &Model| model.recognize(&sentences).unwrap();
        for (ours, theirs) in read(&ours).iter().zip(&read(&theirs)) {
            let found = |analysis: &nommer_model::model::SentenceAnalysis| {
                let names = analysis.names.iter();
                names
                    .map(|name| (name.range.clone(), name.label))
                    .collect::<Vec<_>>()
            };
            assert_eq!(found(ours), found(theirs));
            let differences = ours
                .logits
                .iter()
                .zip(&theirs.logits)
                .map(|(a, b)| (a - b).abs());
            largest = differences.fold(largest, f32::max);
            names += ours.names.len();
            pieces += ours.logits.nrows();
        }
        documents += 1;
    }
    println!(
        "{documents} documents, {pieces} pieces, {names} names equal; logits differ by at most {largest}"
    );
    assert!(largest < 1e-3, "{largest}");
    assert!(pieces > 1000);
}

/// rust-bert's pipeline gives labels to the wrong texts after its first 64 windows.
#[test]
fn more_than_64_windows_keep_their_texts() {
    let model = model(root().join("models/ner-fr"));
    let places = ["Paris", "Brest", "Lyon", "Nantes", "Metz", "Dijon", "Reims"];
    let filler =
        "le dossier a été remis au service compétent, qui en a pris connaissance, ".repeat(7);
    let sentences: Vec<String> = (0..150)
        .map(|index| match index % 2 {
            0 => format!(
                "Ils sont allés à {}, {filler} et rien de plus.",
                places[index % places.len()]
            ),
            _ => format!("Personne n'en savait rien, {filler} et rien de plus."),
        })
        .collect();
    let texts: Vec<&str> = sentences.iter().map(String::as_str).collect();
    let analyses = model.recognize(&texts).unwrap();
    assert!(analyses.last().unwrap().windows.iter().max() > Some(&128));
    for (index, (analysis, sentence)) in analyses.iter().zip(&texts).enumerate() {
        let names: Vec<&str> = analysis
            .names
            .iter()
            .map(|name| &sentence[name.range.clone()])
            .collect();
        let wanted: &[&str] = if index % 2 == 0 {
            &[places[index % places.len()]]
        } else {
            &[]
        };
        assert_eq!(names, wanted, "sentence {index}");
    }
}

/// With `tokenizer.json` rust-bert's pipeline indexes characters by bytes, and shifts all that follows an accent.
#[test]
fn accents_shift_nothing() {
    let model = model(root().join("models/ner-fr"));
    let sentence =
        "Écœurée, l'élève a été reçue à l'hôtel d'Évry par François Hollande et Zoé Besançon.";
    let analysis = &model.recognize(&[sentence]).unwrap()[0];
    let names: Vec<&str> = analysis
        .names
        .iter()
        .map(|name| &sentence[name.range.clone()])
        .collect();
    assert!(names.contains(&"François Hollande"), "{names:?}");
    for (piece, range) in analysis.pieces.ids.iter().zip(&analysis.pieces.ranges) {
        let piece = model.tokenizer().piece(*piece).unwrap();
        assert_eq!(
            piece.trim_start_matches('▁'),
            sentence[range.clone()].trim(),
            "{range:?}"
        );
    }
}

/// Of RoBERTa's family rust-bert's pipeline takes windows two pieces longer than there are positions, and fails.
#[test]
fn more_than_511_pieces_are_all_scored() {
    for name in CHECKPOINTS {
        let model = model(folder(name));
        let sentence = "L'été, Zoé Hébert habite à Évreux, près de Paris, ".repeat(60);
        let analysis = &model.recognize(&[&sentence]).unwrap()[0];
        assert!(analysis.pieces.ids.len() > 1024, "{name}");
        assert_eq!(analysis.logits.nrows(), analysis.pieces.ids.len(), "{name}");
        // The longest window there can be, at every position.
        let network = network(name);
        let window = &expected(name).ids[..network.max_pieces()];
        assert_eq!(
            network.classify(&[window]).unwrap()[0].nrows(),
            512,
            "{name}"
        );
    }
}

/// With `tokenizer.json` rust-bert's pipeline leaves names in pieces.
#[test]
fn sub_tokens_are_merged_into_words() {
    let model = model(root().join("models/ner-fr"));
    let sentence = "Noursoultan Nazarbaïev, Gourbangouly Berdimouhamedov et Emomali Rahmon étaient à Ouagadougou.";
    let analysis = &model.recognize(&[sentence]).unwrap()[0];
    assert!(
        analysis.pieces.ids.len() > sentence.split(' ').count() + 10,
        "names were cut into pieces"
    );
    let names: Vec<&str> = analysis
        .names
        .iter()
        .map(|name| &sentence[name.range.clone()])
        .collect();
    assert!(
        names.contains(&"Noursoultan Nazarbaïev") && names.contains(&"Ouagadougou"),
        "{names:?}"
    );
    let boundary = |at: usize| {
        let around = [
            sentence[..at].chars().next_back(),
            sentence[at..].chars().next(),
        ];
        !around.iter().all(|c| c.is_some_and(char::is_alphabetic))
    };
    for name in &analysis.names {
        assert!(
            boundary(name.range.start) && boundary(name.range.end),
            "{names:?}"
        );
    }
}

/// transformers divides attention by what `pos_att_type` names whether positions are relative or not.
#[test]
fn absolute_positions_scale_attention_as_transformers_does() {
    let config = String::from_utf8(file("deberta-v2", "config.json")).unwrap();
    let config = config.replace(
        "\"relative_attention\": true",
        "\"relative_attention\": false",
    );
    let kinds = "[\n    \"p2c\",\n    \"c2p\"\n  ]";
    assert!(config.contains(kinds));
    let ids = &expected("deberta-v2").ids[..40];
    // Of transformers 4.57.6: the best labels, and the scores of the first piece.
    let cases: [(&str, &str, [f32; 5]); 3] = [
        (
            kinds,
            "3333333333332333333302333333332323133333",
            [-0.11015, 0.17442, -0.30721, 1.33723, -2.07954],
        ),
        (
            "[\"c2p\"]",
            "3333333333322333333302323324332323133333",
            [-0.09154, 0.14175, -0.18896, 1.0993, -2.28389],
        ),
        (
            "null",
            "3333331332322333333322223324332323133334",
            [-0.24661, 0.01955, -0.02539, 0.60884, -2.64578],
        ),
    ];
    for (stated, best, first) in cases {
        let config = config.replace(kinds, stated);
        let weights = file("deberta-v2", "model.safetensors");
        let network = RustBert::load(config.as_bytes(), &weights, Device::Cpu).unwrap();
        let logits = &network.classify(&[ids]).unwrap()[0];
        assert_eq!(argmax(logits), best, "{stated}");
        for (got, want) in logits.row(0).iter().zip(first) {
            assert!((got - want).abs() < 2e-4, "{stated}: {got} {want}");
        }
    }
}

//! The network against PyTorch, and against itself.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use ndarray::Array2;
use nommer_model::backend::bert::Bert;
use nommer_model::backend::{ClassifyError, TokenClassifier};
use nommer_model::model::{Model, ModelFiles};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn tiny(file: &str) -> Vec<u8> {
    std::fs::read(root().join("tests/fixtures/tiny-bert").join(file)).unwrap()
}

/// What PyTorch computed; made by `scripts/make-tiny-bert`.
#[derive(Deserialize)]
struct Case {
    ids: Vec<u32>,
    logits: Vec<Vec<f32>>,
}

fn cases() -> Vec<Case> {
    serde_json::from_slice(&tiny("expected.json")).unwrap()
}

/// The largest difference to what PyTorch computed, over all cases.
fn largest_difference(bert: &Bert) -> f32 {
    let mut largest = 0.0f32;
    for case in cases() {
        let logits = &bert.classify(&[&case.ids]).unwrap()[0];
        assert_eq!(logits.nrows(), case.logits.len());
        for (got, want) in logits.iter().zip(case.logits.iter().flatten()) {
            largest = largest.max((got - want).abs());
        }
    }
    largest
}

#[test]
fn the_float_network_computes_what_pytorch_computes() {
    let bert = Bert::load(&tiny("config.json"), &tiny("model.safetensors")).unwrap();
    let difference = largest_difference(&bert);
    assert!(difference < 1e-4, "logits differ by {difference}");
}

#[test]
fn the_quantised_network_is_close_to_pytorch() {
    let bert = Bert::load(&tiny("config.json"), &quantised(&tiny("model.safetensors"))).unwrap();
    let difference = largest_difference(&bert);
    // The logits of this network spread over about ±8; weights this wild lose more than trained ones.
    assert!(difference < 0.4, "logits differ by {difference}");
    assert!(difference > 1e-4, "nothing was quantised");
}

/// The weights with all matrices but the head's as `scripts/convert-model` quantises them.
fn quantised(file: &[u8]) -> Vec<u8> {
    let tensors = SafeTensors::deserialize(file).unwrap();
    let mut converted: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = Vec::new();
    for (name, tensor) in tensors.tensors() {
        let dense = name.contains("dense") || name.contains("self") || name.contains("word");
        if !(dense && name.ends_with(".weight")) {
            converted.push((
                name,
                tensor.dtype(),
                tensor.shape().to_vec(),
                tensor.data().to_vec(),
            ));
            continue;
        }
        let values: Vec<f32> = tensor
            .data()
            .chunks_exact(2)
            .map(|b| half::f16::from_le_bytes([b[0], b[1]]).to_f32())
            .collect();
        let (mut bytes, mut scales) = (Vec::new(), Vec::new());
        for row in values.chunks_exact(tensor.shape()[1]) {
            let scale = row.iter().fold(0.0f32, |a, x| a.max(x.abs())) / 127.0;
            scales.extend(scale.to_le_bytes());
            bytes.extend(
                row.iter()
                    .map(|x| ((x / scale).round_ties_even() as i8).cast_unsigned()),
            );
        }
        let rows = tensor.shape()[0];
        converted.push((format!("{name}_scale"), Dtype::F32, vec![rows], scales));
        converted.push((name, Dtype::I8, tensor.shape().to_vec(), bytes));
    }
    let views = converted.iter().map(|(name, dtype, shape, data)| {
        (name, TensorView::new(*dtype, shape.clone(), data).unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}

#[test]
fn a_window_scores_the_same_in_any_company() {
    for weights in [
        tiny("model.safetensors"),
        quantised(&tiny("model.safetensors")),
    ] {
        let bert = Bert::load(&tiny("config.json"), &weights).unwrap();
        let cases = cases();
        let windows: Vec<&[u32]> = cases.iter().map(|case| &case.ids[..]).collect();
        let alone: Vec<Array2<f32>> = windows
            .iter()
            .map(|window| bert.classify(&[window]).unwrap().remove(0))
            .collect();
        let bits = |logits: &Array2<f32>| logits.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        for rotation in 0..windows.len() {
            let mut company = windows.clone();
            company.rotate_left(rotation);
            for (index, together) in bert.classify(&company).unwrap().iter().enumerate() {
                assert_eq!(
                    bits(together),
                    bits(&alone[(index + rotation) % windows.len()])
                );
            }
        }
    }
}

#[test]
fn windows_the_network_cannot_take_are_refused() {
    let bert = Bert::load(&tiny("config.json"), &tiny("model.safetensors")).unwrap();
    let refuse = |window: &[u32]| bert.classify(&[window]).unwrap_err();
    assert!(matches!(
        refuse(&[]),
        ClassifyError::WindowLength { pieces: 0, max: 48 }
    ));
    assert!(matches!(
        refuse(&[1; 49]),
        ClassifyError::WindowLength {
            pieces: 49,
            max: 48
        }
    ));
    assert!(matches!(
        refuse(&[1, 40]),
        ClassifyError::UnknownPiece {
            id: 40,
            vocabulary: 40
        }
    ));
    assert!(bert.classify(&[]).unwrap().is_empty());
}

#[test]
fn weights_that_do_not_fit_are_refused_with_the_tensor_s_name() {
    let config = String::from_utf8(tiny("config.json")).unwrap();
    let load = |config: &str| Bert::load(config.as_bytes(), &tiny("model.safetensors"));
    let message = |from: &str, to: &str| {
        let changed = config.replace(from, to);
        assert_ne!(changed, config, "{from}");
        load(&changed).err().unwrap().to_string()
    };
    assert!(message("\"vocab_size\": 40", "\"vocab_size\": 41").contains("word_embeddings"));
    assert!(message("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3").contains("layer.2"));
    assert!(message("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"relu\"").contains("hidden_act"));
    assert!(
        message("\"model_type\": \"bert\"", "\"model_type\": \"camembert\"").contains("camembert")
    );
    assert!(
        message("\"num_attention_heads\": 2", "\"num_attention_heads\": 3").contains("hidden_size")
    );
    assert!(Bert::load(config.as_bytes(), b"torn").is_err());
}

/// The reference is of the Python package `tokenizers`, made by `scripts/token-parity`. `NOMMER_TOKENS` names a
/// further one, of a corpus that is not in the repository.
#[test]
fn tokens_are_those_of_the_reference() {
    #[derive(Deserialize)]
    struct Reference {
        id: String,
        text: String,
        ids: Vec<u32>,
        offsets: Vec<(usize, usize)>,
    }
    let model = Model::load(&ModelFiles::Folder(root().join("models/ner-fr"))).unwrap();
    let files = [
        Some(root().join("tests/fixtures/tokens.jsonl")),
        std::env::var_os("NOMMER_TOKENS").map(Into::into),
    ];
    let (mut documents, mut tokens) = (0, 0);
    for file in files.into_iter().flatten() {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let reference: Reference = serde_json::from_str(line).unwrap();
            let pieces = model.tokenizer().encode(&reference.text).unwrap();
            assert_eq!(pieces.ids, reference.ids, "{}", reference.id);
            let bounds: Vec<usize> = reference
                .text
                .char_indices()
                .map(|(at, _)| at)
                .chain([reference.text.len()])
                .collect();
            for (range, (start, end)) in pieces.ranges.iter().zip(reference.offsets) {
                assert_eq!(*range, bounds[start]..bounds[end], "{}", reference.id);
            }
            documents += 1;
            tokens += pieces.ids.len();
        }
    }
    println!("{documents} documents, {tokens} tokens equal");
    assert!(tokens > 5_000);
}

#[test]
fn a_long_sentence_is_scored_to_its_end() {
    let model = Model::load(&ModelFiles::Folder(root().join("models/ner-fr"))).unwrap();
    let sentence = "le maire de Rennes et celui de Brest, ".repeat(60) + "puis Nicolas Sarkozy";
    let analysis = &model.recognize(&[&sentence]).unwrap()[0];
    assert!(
        analysis.windows.iter().max() > Some(&5),
        "overlapping windows were needed"
    );
    assert_eq!(analysis.logits.nrows(), analysis.pieces.ids.len());
    let names: Vec<&str> = analysis
        .names
        .iter()
        .map(|name| &sentence[name.range.clone()])
        .collect();
    assert_eq!(names.last(), Some(&"Nicolas Sarkozy"));
    assert!(
        names.iter().filter(|name| **name == "Rennes").count() >= 58,
        "{names:?}"
    );
}

/// A plain Hugging Face folder, without our manifest; the reference is of `scripts/make-tiny-checkpoints`.
#[test]
fn a_plain_folder_reads_as_transformers_reads_it() {
    #[derive(Deserialize)]
    struct Expected {
        ids: Vec<u32>,
        argmax: std::collections::BTreeMap<usize, String>,
    }
    let folder = root().join("tests/fixtures/checkpoints/bert");
    let expected = std::fs::read(folder.join("expected.json")).unwrap();
    let expected: Expected = serde_json::from_slice(&expected).unwrap();
    let model = Model::load(&ModelFiles::Folder(folder)).unwrap();
    assert!(model.is_plain() && model.classifier().description().contains("nommer bert"));
    for (length, best) in &expected.argmax {
        let logits = &model
            .classifier()
            .classify(&[&expected.ids[..*length]])
            .unwrap()[0];
        let rows = logits.rows().into_iter();
        let found: String = rows
            .map(|row| {
                let best = row.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
                best.unwrap().0.to_string()
            })
            .collect();
        assert_eq!(found, *best, "{length} pieces");
    }
}

/// Checkpoints that came from TensorFlow call the weights of layer norms gamma and beta.
#[test]
fn names_of_tensorflow_are_known() {
    let (config, weights) = (tiny("config.json"), tiny("model.safetensors"));
    let (length, rest) = weights.split_at(8);
    let length = u64::from_le_bytes(length.try_into().unwrap());
    let (header, data) = rest.split_at(usize::try_from(length).unwrap());
    let header = String::from_utf8(header.to_vec()).unwrap();
    let renamed = header
        .replace("LayerNorm.weight", "LayerNorm.gamma")
        .replace("LayerNorm.bias", "LayerNorm.beta");
    assert_ne!(renamed, header);
    let length = (renamed.len() as u64).to_le_bytes();
    let renamed = [&length, renamed.as_bytes(), data].concat();
    let ids = &cases()[0].ids;
    let classify = |weights: &[u8]| {
        let network = Bert::load(&config, weights).unwrap();
        network.classify(&[ids]).unwrap()
    };
    assert_eq!(classify(&renamed), classify(&weights));
}

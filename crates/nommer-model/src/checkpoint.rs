//! A plain Hugging Face folder: a checkpoint without our manifest, described from what it says itself.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::labels::{self, LabelMapping};
use crate::manifest::{FORMAT, FileInfo, Manifest};
use crate::tags::TagSet;

/// Pieces of a window, without special tokens, where nobody has measured what is best: long enough for several
/// sentences, and checkpoints are usually trained on single ones.
const WINDOW_PIECES: usize = 254;

/// What a checkpoint is, as far as it says.
pub(crate) struct Checkpoint {
    /// The manifest it would have.
    pub(crate) manifest: Manifest,
    /// What its labels stand for.
    pub(crate) tags: TagSet,
}

impl Checkpoint {
    /// Reads `config.json`. `folder` is for the name; `files` are sizes and hashes of what was read.
    pub(crate) fn read(
        config: &[u8],
        folder: &Path,
        files: BTreeMap<String, FileInfo>,
        mappings: &[LabelMapping],
    ) -> Result<Checkpoint, String> {
        let config: Value =
            serde_json::from_slice(config).map_err(|error| format!("config.json: {error}"))?;
        let text = |name: &str| config.get(name).and_then(Value::as_str);
        let Some(architecture) = text("model_type") else {
            return Err("config.json: model_type is missing; it is no model's".to_owned());
        };
        let classes = config.get("architectures").and_then(Value::as_array);
        let class = classes.and_then(|classes| classes.first()?.as_str());
        if let Some(class) = class.filter(|class| !class.ends_with("ForTokenClassification")) {
            return Err(format!(
                "config.json: the model is a {class}; nommer needs one that was trained to classify tokens"
            ));
        }
        // Only classifiers of texts say so, and some say nothing else.
        if let (None, Some(kind)) = (class, text("problem_type")) {
            return Err(format!(
                "config.json: problem_type is {kind:?}, so the model classifies whole texts; nommer needs one that was \
                 trained to classify tokens"
            ));
        }
        let labels = label_names(&config)?;
        let tags = labels::read(&labels, mappings).map_err(|error| error.to_string())?;
        let (name, version) = name_of(folder);
        let positions = config
            .get("max_position_embeddings")
            .and_then(Value::as_u64);
        let max_pieces = positions.and_then(|positions| usize::try_from(positions).ok());
        Ok(Checkpoint {
            manifest: Manifest {
                format: FORMAT,
                name,
                version,
                architecture: architecture.to_owned(),
                dtype: String::new(),
                labels,
                max_pieces: max_pieces.unwrap_or(usize::MAX),
                window_pieces: WINDOW_PIECES,
                license: None,
                base_model: None,
                training_data: Vec::new(),
                scores: Vec::new(),
                calibration: None,
                files,
            },
            tags,
        })
    }
}

/// The labels in the order of the network's scores.
fn label_names(config: &Value) -> Result<Vec<String>, String> {
    let names: Vec<Option<&Value>> = match config.get("id2label") {
        Some(Value::Object(names)) => {
            let ids = 0..names.len();
            ids.map(|id| names.get(&id.to_string())).collect()
        }
        Some(Value::Array(names)) => names.iter().map(Some).collect(),
        None | Some(Value::Null) => {
            return Err(
                "config.json: id2label is missing; without it nobody knows the labels".to_owned(),
            );
        }
        Some(_) => {
            return Err("config.json: id2label is neither an object nor a list".to_owned());
        }
    };
    let name = |(id, name): (usize, &Option<&Value>)| {
        let name = name.and_then(Value::as_str).map(str::to_owned);
        let count = names.len();
        name.ok_or_else(|| {
            format!("config.json: id2label has {count} labels, but no name for {id}")
        })
    };
    names.iter().enumerate().map(name).collect()
}

/// Name and version of what lies in this folder. The hub's cache has both in the path:
/// `models--ORG--NAME/snapshots/COMMIT`.
fn name_of(folder: &Path) -> (String, String) {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let names: Vec<String> = folder
        .components()
        .rev()
        .take(3)
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if let [commit, snapshots, repository] = &names[..]
        && snapshots == "snapshots"
        && let Some(repository) = repository.strip_prefix("models--")
    {
        return (repository.replacen("--", "/", 1), commit.clone());
    }
    let name = names.into_iter().next().unwrap_or_default();
    (name, "unversioned".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_the_hub_s_cache_has_name_and_version() {
        let name = |folder: &str| name_of(Path::new(folder));
        assert_eq!(
            name("/home/zoe/.cache/huggingface/hub/models--zoe--ner-fr/snapshots/5e1f"),
            ("zoe/ner-fr".to_owned(), "5e1f".to_owned())
        );
        assert_eq!(
            name("/models/ner"),
            ("ner".to_owned(), "unversioned".to_owned())
        );
        assert_eq!(name("/"), ("/".to_owned(), "unversioned".to_owned()));
    }

    #[test]
    fn labels_are_a_list_or_numbered() {
        for id2label in [r#"["O", "I-PER"]"#, r#"{"1": "I-PER", "0": "O"}"#] {
            let config = format!(r#"{{"model_type": "bert", "id2label": {id2label}}}"#);
            let read = Checkpoint::read(config.as_bytes(), Path::new("m"), BTreeMap::new(), &[]);
            assert_eq!(read.unwrap().manifest.labels, ["O", "I-PER"]);
        }
    }

    #[test]
    fn what_is_no_token_classifier_is_refused() {
        let refused = |config: &str, part: &str| {
            let read = Checkpoint::read(config.as_bytes(), Path::new("m"), BTreeMap::new(), &[]);
            let error = read.err().unwrap();
            assert!(error.contains(part), "{error}");
        };
        refused("[", "config.json");
        refused("{}", "model_type");
        refused(r#"{"model_type": "bert"}"#, "id2label");
        refused(
            r#"{"model_type": "bert", "id2label": {"0": "O", "2": "PER"}}"#,
            "no name for 1",
        );
        refused(
            r#"{"model_type": "bert", "id2label": ["O", 3]}"#,
            "no name for 1",
        );
        refused(r#"{"model_type": "bert", "id2label": 3}"#, "neither");
        refused(
            r#"{"model_type": "bert", "problem_type": "regression", "id2label": ["O", "PER"]}"#,
            "regression",
        );
        refused(
            r#"{"model_type": "bert", "architectures": ["BertForMaskedLM"], "id2label": {}}"#,
            "BertForMaskedLM",
        );
        refused(
            r#"{"model_type": "bert", "id2label": {"0": "LABEL_0", "1": "LABEL_1"}}"#,
            "--label-map",
        );
    }
}

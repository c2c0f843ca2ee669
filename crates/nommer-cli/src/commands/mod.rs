//! One module per command.

pub(crate) mod annotate;
pub(crate) mod evaluate;
pub(crate) mod explain;
pub(crate) mod gazetteer;
pub(crate) mod generate;
pub(crate) mod model;

use std::path::{Path, PathBuf};

use anyhow::Result;
use nommer_model::model::{Model, ModelFiles};

/// The model the program carries, so that one file is all there is to install.
const BUILT_IN: &[(&str, &[u8])] = &[
    (
        "manifest.json",
        include_bytes!("../../../../models/ner-fr/manifest.json"),
    ),
    (
        "config.json",
        include_bytes!("../../../../models/ner-fr/config.json"),
    ),
    (
        "tokenizer.json",
        include_bytes!("../../../../models/ner-fr/tokenizer.json"),
    ),
    (
        "model.safetensors",
        include_bytes!("../../../../models/ner-fr/model.safetensors"),
    ),
];

/// Loads the model in `folder`, else the one the environment names, else the built-in one.
fn load_model(folder: Option<&Path>) -> Result<Model> {
    let named = || std::env::var_os("NOMMER_MODEL").filter(|folder| !folder.is_empty());
    let files = match folder
        .map(Path::to_owned)
        .or_else(|| named().map(PathBuf::from))
    {
        Some(folder) => ModelFiles::Folder(folder),
        None => ModelFiles::Embedded(BUILT_IN),
    };
    Ok(Model::load(&files)?)
}

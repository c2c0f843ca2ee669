//! Subword tokenisation, windows, the network, and tags to mentions.
//!
//! A [`Model`](model::Model) reads consecutive sentences and finds the names in them. The network behind it is
//! anything that implements [`TokenClassifier`](backend::TokenClassifier). This crate knows the model's files
//! and no others; it never sees a gazetteer.
//!
//! ```
//! use nommer_model::model::{Model, ModelFiles};
//! let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/ner-fr");
//! let model = Model::load(&ModelFiles::Folder(folder.into()))?;
//! let sentence = "Nicolas Sarkozy s'est rendu au Kazakhstan, avant Paris.";
//! let names = &model.recognize(&[sentence])?[0].names;
//! let found: Vec<&str> = names.iter().map(|name| &sentence[name.range.clone()]).collect();
//! assert_eq!(found, ["Nicolas Sarkozy", "Kazakhstan", "Paris"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod backend;
pub mod calibration;
pub mod checkpoint;
pub mod decode;
pub mod labels;
pub mod manifest;
pub mod model;
pub mod names;
pub mod tags;
pub mod tokenizer;
pub mod window;

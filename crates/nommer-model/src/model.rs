//! A model, loaded and verified, and what it does: sentences in, names out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayView1};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use crate::backend::bert::Bert;
use crate::backend::{ClassifyError, Device, LoadError, TokenClassifier};
use crate::checkpoint::Checkpoint;
use crate::decode::{self, TaggedWord};
use crate::labels::{self, LabelMapping};
use crate::manifest::{self, FileInfo, Manifest};
use crate::names::FoundName;
use crate::tags::{Opening, TagError, TagSet};
use crate::tokenizer::{Pieces, SubwordTokenizer, TokenizerError};
use crate::window;

const MANIFEST: &str = "manifest.json";
const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
const WEIGHTS: &str = "model.safetensors";

/// Where a model's files are.
#[derive(Debug, Clone)]
pub enum ModelFiles {
    /// In a folder.
    Folder(PathBuf),
    /// In the program itself: names and contents.
    Embedded(&'static [(&'static str, &'static [u8])]),
}

/// How a model is loaded.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// What computes the network.
    pub engine: Engine,
    /// Where.
    pub device: Device,
    /// What labels of a model without manifest stand for.
    pub label_map: Vec<LabelMapping>,
}

/// What computes a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Ours where it computes the network, else rust-bert.
    #[default]
    Auto,
    /// Ours: BERT on a CPU.
    Nommer,
    /// rust-bert on libtorch: five architectures on a CPU or a GPU, in a build that has it.
    RustBert,
}

/// A verified model, ready to run on any number of threads.
pub struct Model {
    manifest: Manifest,
    sha256: String,
    tokenizer: SubwordTokenizer,
    tags: TagSet,
    unexplained: Vec<String>,
    classifier: Box<dyn TokenClassifier>,
}

/// Why a model could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file cannot be read.
    #[error(
        "cannot read {path}: {error}; a model folder holds {CONFIG}, {TOKENIZER} and {WEIGHTS}, and {MANIFEST} if \
         nommer made it"
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The manifest is not what this build understands.
    #[error(
        "{place}/{MANIFEST}: {problem}; make the folder again with scripts/convert-model of this version"
    )]
    Manifest {
        /// The model folder.
        place: String,
        /// What is wrong.
        problem: String,
    },
    /// A file is not the one the manifest describes.
    #[error("{place}/{file} is damaged: {problem}; fetch or convert the model again")]
    Damaged {
        /// The model folder.
        place: String,
        /// The file.
        file: String,
        /// What differs.
        problem: String,
    },
    /// The files are intact, but do not make a model together.
    #[error("{place}: {problem}")]
    Unusable {
        /// The model folder.
        place: String,
        /// What does not fit.
        problem: String,
    },
}

/// Why a text could not be read by the model.
#[derive(Debug, thiserror::Error)]
pub enum RecognizeError {
    /// The tokenizer failed.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The network failed.
    #[error(transparent)]
    Classifier(#[from] ClassifyError),
}

/// What the model made of one sentence.
#[derive(Debug, Clone, Default)]
pub struct SentenceAnalysis {
    /// The pieces it was cut into.
    pub pieces: Pieces,
    /// Logits per piece, `[pieces, tags]`.
    pub logits: Array2<f32>,
    /// The window each piece was scored in, counted over the call.
    pub windows: Vec<usize>,
    /// Its words, each with its tag.
    pub words: Vec<TaggedWord>,
    /// The names found in it.
    pub names: Vec<FoundName>,
}

impl Model {
    /// Loads a model for the engine that suits it, on the CPU.
    ///
    /// # Errors
    /// As [`load_with`](Self::load_with).
    pub fn load(files: &ModelFiles) -> Result<Model, ModelError> {
        Model::load_with(files, &LoadOptions::default())
    }

    /// Loads a model. Every file is verified against the manifest; a folder of Hugging Face's, which has none, is
    /// described from its `config.json`.
    ///
    /// # Errors
    /// When a file is missing, damaged, of another format, or does not fit the others; when the labels stand for
    /// nothing we look for; when the engine or the device is not there, or does not compute this network.
    pub fn load_with(files: &ModelFiles, options: &LoadOptions) -> Result<Model, ModelError> {
        match files.read(MANIFEST) {
            Ok(bytes) => Model::load_verified(files, &bytes, options),
            // A folder is a checkpoint when it has the file that each has.
            Err(ModelError::Read { error, path }) => match (files, files.read(CONFIG)) {
                (ModelFiles::Folder(folder), Ok(config))
                    if error.kind() == std::io::ErrorKind::NotFound =>
                {
                    let weights = files.read(WEIGHTS)?;
                    if is_converted(&weights) {
                        return Err(ModelError::Read { path, error });
                    }
                    Model::load_plain(files, folder, (&config, &weights), options)
                }
                _ => Err(ModelError::Read { path, error }),
            },
            Err(error) => Err(error),
        }
    }

    fn load_verified(
        files: &ModelFiles,
        bytes: &[u8],
        options: &LoadOptions,
    ) -> Result<Model, ModelError> {
        let place = files.place();
        let manifest = parse_manifest(bytes).map_err(|problem| ModelError::Manifest {
            place: place.clone(),
            problem,
        })?;
        let sha256 = manifest::sha256(bytes);
        let read = |name: &str| {
            let bytes = files.read(name)?;
            let damaged = |problem| ModelError::Damaged {
                place: place.clone(),
                file: name.to_owned(),
                problem,
            };
            let Some(info) = manifest.files.get(name) else {
                return Err(damaged(format!("{MANIFEST} does not list it")));
            };
            if bytes.len() as u64 != info.bytes {
                return Err(damaged(format!(
                    "it has {} bytes, not {}",
                    bytes.len(),
                    info.bytes
                )));
            }
            if manifest::sha256(&bytes) != info.sha256 {
                return Err(damaged(
                    "its SHA-256 is not the one in the manifest".to_owned(),
                ));
            }
            Ok(bytes)
        };
        // Read all before building any: a torn copy is then reported as such.
        let (config, tokenizer, weights) = (read(CONFIG)?, read(TOKENIZER)?, read(WEIGHTS)?);
        let unusable = |problem: String| ModelError::Unusable {
            place: place.clone(),
            problem,
        };
        if !options.label_map.is_empty() {
            return Err(unusable(
                "its manifest says what its labels stand for; leave --label-map out".to_owned(),
            ));
        }
        let tokenizer =
            SubwordTokenizer::load(&tokenizer).map_err(|error| unusable(error.to_string()))?;
        let classifier =
            build(&config, &weights, options).map_err(|error| unusable(error.to_string()))?;
        let tags =
            TagSet::new(&manifest.labels).map_err(|error: TagError| unusable(error.to_string()))?;
        if tokenizer.vocabulary() != classifier.vocabulary() {
            return Err(unusable(format!(
                "the tokenizer has {} pieces, the network {}; they are of different models",
                tokenizer.vocabulary(),
                classifier.vocabulary()
            )));
        }
        let model = Model {
            manifest,
            sha256,
            tokenizer,
            tags,
            unexplained: Vec::new(),
            classifier,
        };
        model.checked().map_err(unusable)
    }

    fn load_plain(
        files: &ModelFiles,
        folder: &Path,
        (config, weights): (&[u8], &[u8]),
        options: &LoadOptions,
    ) -> Result<Model, ModelError> {
        let place = files.place();
        let unusable = |problem: String| ModelError::Unusable {
            place: place.clone(),
            problem,
        };
        let tokenizer = files.read(TOKENIZER)?;
        let listed = [
            (CONFIG, config),
            (TOKENIZER, &tokenizer),
            (WEIGHTS, weights),
        ];
        let info = |(name, bytes): (&str, &[u8])| {
            let info = FileInfo {
                bytes: bytes.len() as u64,
                sha256: manifest::sha256(bytes),
            };
            (name.to_owned(), info)
        };
        let listed: BTreeMap<String, FileInfo> = listed.into_iter().map(info).collect();
        let Checkpoint { mut manifest, tags } =
            Checkpoint::read(config, folder, listed, &options.label_map).map_err(unusable)?;
        let tokenizer =
            SubwordTokenizer::load(&tokenizer).map_err(|error| unusable(error.to_string()))?;
        let classifier =
            build(config, weights, options).map_err(|error| unusable(error.to_string()))?;
        // Tables of embeddings are often larger than the vocabulary, to a round number; smaller ones do not fit.
        if tokenizer.vocabulary() > classifier.vocabulary() {
            return Err(unusable(format!(
                "the tokenizer has {} pieces, the network only {}; they are of different models",
                tokenizer.vocabulary(),
                classifier.vocabulary()
            )));
        }
        manifest.dtype = stored_type(weights);
        manifest.max_pieces = manifest.max_pieces.min(classifier.max_pieces());
        manifest.window_pieces = manifest
            .window_pieces
            .min(manifest.max_pieces.saturating_sub(2));
        // What was read, and what its labels were taken for, are what the scores depend on.
        let meanings: Vec<String> = tags.tags().iter().map(ToString::to_string).collect();
        let identity = serde_json::to_vec(&(&manifest.files, meanings))
            .map_err(|error| unusable(error.to_string()))?;
        let unexplained = labels::unexplained(&manifest.labels, &options.label_map);
        let model = Model {
            sha256: manifest::sha256(&identity),
            unexplained: unexplained.into_iter().map(str::to_owned).collect(),
            manifest,
            tokenizer,
            tags,
            classifier,
        };
        model.checked().map_err(unusable)
    }

    /// The model, if its parts fit together.
    fn checked(self) -> Result<Model, String> {
        if self.tags.len() != self.classifier.tag_count() {
            return Err(format!(
                "{} names {} labels, the network has {}",
                if self.is_plain() {
                    CONFIG
                } else {
                    "the manifest"
                },
                self.tags.len(),
                self.classifier.tag_count()
            ));
        }
        let window = self.manifest.window_pieces;
        let longest = self.manifest.max_pieces.min(self.classifier.max_pieces());
        if window == 0 || window + 2 > longest {
            return Err(format!(
                "window_pieces is {window}; it must be 1 to {}",
                longest.saturating_sub(2)
            ));
        }
        Ok(self)
    }

    /// Whether the folder has no manifest, so that what [`manifest`](Self::manifest) says was made up from
    /// `config.json`.
    pub fn is_plain(&self) -> bool {
        self.tags.opening() == Opening::WhereLabelChanges
    }

    /// The labels of a plain folder's model that are left out because nobody said what they stand for.
    pub fn unexplained_labels(&self) -> &[String] {
        &self.unexplained
    }

    /// What the model says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// SHA-256 of the manifest, which holds the hash of every other file.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &SubwordTokenizer {
        &self.tokenizer
    }

    /// The network.
    pub fn classifier(&self) -> &dyn TokenClassifier {
        &*self.classifier
    }

    /// The tags, in the order of the columns of [`SentenceAnalysis::logits`].
    pub fn tags(&self) -> &TagSet {
        &self.tags
    }

    /// Finds the names in consecutive sentences of a document.
    ///
    /// The result for a sentence depends on its neighbours within reach of a window, and on nothing else.
    ///
    /// # Errors
    /// When the tokenizer or the network fails.
    pub fn recognize(&self, sentences: &[&str]) -> Result<Vec<SentenceAnalysis>, RecognizeError> {
        let pieces = sentences
            .iter()
            .map(|text| self.tokenizer.encode(text))
            .collect::<Result<Vec<_>, _>>()?;
        let lengths: Vec<usize> = pieces.iter().map(|pieces| pieces.ids.len()).collect();
        let groups = window::plan(&lengths, self.manifest.window_pieces);
        let windows: Vec<Vec<u32>> = groups
            .iter()
            .flat_map(|group| {
                let ids: Vec<u32> = pieces[group.sentences.clone()]
                    .iter()
                    .flat_map(|p| p.ids.iter().copied())
                    .collect();
                let frame = |window: Range<usize>| self.frame(&ids[window]);
                group.windows.iter().cloned().map(frame).collect::<Vec<_>>()
            })
            .collect();
        let logits = self.classify(&windows)?;

        let mut analyses = Vec::with_capacity(sentences.len());
        let (mut first_window, mut pieces) = (0, pieces.into_iter());
        for group in groups {
            let owners = group.owners();
            // Row of a piece in its window, past the token that opens the window.
            let row = |piece: usize| {
                logits[first_window + owners[piece]]
                    .row(piece - group.windows[owners[piece]].start + 1)
            };
            let mut first_piece = 0;
            for (text, pieces) in sentences[group.sentences.clone()].iter().zip(&mut pieces) {
                let range = first_piece..first_piece + pieces.ids.len();
                first_piece = range.end;
                analyses.push(self.analyze(
                    text,
                    pieces,
                    range.clone().map(row),
                    owners[range].iter().map(|owner| first_window + owner),
                ));
            }
            first_window += group.windows.len();
        }
        Ok(analyses)
    }

    fn frame(&self, ids: &[u32]) -> Vec<u32> {
        let (start, end) = self.tokenizer.frame();
        [&[start], ids, &[end]].concat()
    }

    /// Scores windows, several to a call.
    fn classify(&self, windows: &[Vec<u32>]) -> Result<Vec<Array2<f32>>, ClassifyError> {
        let mut logits = Vec::with_capacity(windows.len());
        let mut rest = windows;
        while !rest.is_empty() {
            let mut pieces = 0;
            let fit = rest
                .iter()
                .take_while(|window| {
                    pieces += window.len();
                    pieces <= self.classifier.pieces_per_call()
                })
                .count()
                .max(1);
            let call: Vec<&[u32]> = rest[..fit].iter().map(Vec::as_slice).collect();
            logits.extend(self.classifier.classify(&call)?);
            rest = &rest[fit..];
        }
        Ok(logits)
    }

    fn analyze<'a>(
        &self,
        text: &str,
        pieces: Pieces,
        rows: impl Iterator<Item = ArrayView1<'a, f32>>,
        windows: impl Iterator<Item = usize>,
    ) -> SentenceAnalysis {
        let mut logits = Array2::zeros((0, self.tags.len()));
        for row in rows {
            logits
                .push_row(row)
                .expect("every window has one column per tag");
        }
        let (words, mut names) =
            decode::decode(text, &pieces.ranges, logits.rows().into_iter(), &self.tags);
        if let Some(calibration) = &self.manifest.calibration {
            calibration.apply(&mut names);
        }
        SentenceAnalysis {
            pieces,
            logits,
            windows: windows.collect(),
            words,
            names,
        }
    }
}

/// Whether weights are ours: quantised, as `scripts/convert-model` does. Their manifest is missing, not absent.
fn is_converted(weights: &[u8]) -> bool {
    SafeTensors::deserialize(weights).is_ok_and(|tensors| {
        let mut names = tensors.names().into_iter();
        names.any(|name| name.ends_with(".weight_scale"))
    })
}

/// How most weights are stored, for people to read.
fn stored_type(weights: &[u8]) -> String {
    let tensors = SafeTensors::deserialize(weights).ok();
    let largest = tensors.and_then(|tensors| {
        let tensors = tensors.tensors().into_iter();
        tensors
            .max_by_key(|(_, tensor)| tensor.data().len())
            .map(|(_, tensor)| tensor.dtype())
    });
    largest.map_or_else(String::new, |kind| kind.to_string().to_lowercase())
}

/// The network, on the engine that was asked for or that suits it.
fn build(
    config: &[u8],
    weights: &[u8],
    options: &LoadOptions,
) -> Result<Box<dyn TokenClassifier>, LoadError> {
    let ours = || match options.device {
        Device::Cpu => Ok(Box::new(Bert::load(config, weights)?) as Box<dyn TokenClassifier>),
        device => Err(LoadError::Device(format!(
            "nommer's own engine runs on the CPU, not on {device}; use rust-bert for that"
        ))),
    };
    match (options.engine, options.device) {
        (Engine::Nommer, _) => ours(),
        (Engine::RustBert, _) | (Engine::Auto, Device::Cuda(_)) => {
            rust_bert(config, weights, options.device)
        }
        (Engine::Auto, Device::Cpu) => match ours() {
            Err(LoadError::Config(problem)) => match rust_bert(config, weights, Device::Cpu) {
                // What is missing is the engine, and why it is needed is the other's complaint.
                Err(LoadError::Device(missing)) => {
                    Err(LoadError::Config(format!("{problem}; {missing}")))
                }
                built => built,
            },
            built => built,
        },
    }
}

#[cfg(feature = "rust-bert")]
fn rust_bert(
    config: &[u8],
    weights: &[u8],
    device: Device,
) -> Result<Box<dyn TokenClassifier>, LoadError> {
    let network = crate::backend::rust_bert::RustBert::load(config, weights, device)?;
    Ok(Box::new(network))
}

#[cfg(not(feature = "rust-bert"))]
fn rust_bert(_: &[u8], _: &[u8], _: Device) -> Result<Box<dyn TokenClassifier>, LoadError> {
    Err(LoadError::Device(
        "this needs the engine rust-bert, which this build does not have; build with --features rust-bert as the \
         README says"
            .to_owned(),
    ))
}

impl ModelFiles {
    /// The place, for messages.
    fn place(&self) -> String {
        match self {
            ModelFiles::Folder(folder) => folder.display().to_string(),
            ModelFiles::Embedded(_) => "(built in)".to_owned(),
        }
    }

    fn read(&self, name: &str) -> Result<Cow<'static, [u8]>, ModelError> {
        let failed = |path: PathBuf, error| ModelError::Read { path, error };
        match self {
            ModelFiles::Folder(folder) => {
                let path = folder.join(name);
                std::fs::read(&path)
                    .map(Cow::Owned)
                    .map_err(|error| failed(path, error))
            }
            ModelFiles::Embedded(files) => match files.iter().find(|(file, _)| *file == name) {
                Some((_, bytes)) => Ok(Cow::Borrowed(bytes)),
                None => Err(failed(
                    Path::new("(built in)").join(name),
                    std::io::ErrorKind::NotFound.into(),
                )),
            },
        }
    }
}

fn parse_manifest(bytes: &[u8]) -> Result<Manifest, String> {
    // The format comes first: another one may have other fields.
    #[derive(serde::Deserialize)]
    struct Format {
        format: u32,
    }
    let Format { format } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if format != manifest::FORMAT {
        return Err(format!(
            "format {format} is not the format {} of this build",
            manifest::FORMAT
        ));
    }
    let manifest: Manifest = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if manifest.architecture != "bert" {
        return Err(format!(
            "architecture {:?} is not one this build runs; it runs \"bert\"",
            manifest.architecture
        ));
    }
    Ok(manifest)
}

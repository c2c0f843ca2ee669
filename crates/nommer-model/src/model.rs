//! A model, loaded and verified, and what it does: sentences in, names out.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayView1};

use crate::backend::bert::{Bert, LoadError};
use crate::backend::{ClassifyError, TokenClassifier};
use crate::decode::{self, TaggedWord};
use crate::manifest::{self, Manifest};
use crate::names::FoundName;
use crate::tags::{TagError, TagSet};
use crate::tokenizer::{Pieces, SubwordTokenizer, TokenizerError};
use crate::window;

const MANIFEST: &str = "manifest.json";
const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
const WEIGHTS: &str = "model.safetensors";

/// The most pieces given to the network in one call. Larger calls reuse the weights in cache no better.
const CALL: usize = 512;

/// Where a model's files are.
#[derive(Debug, Clone)]
pub enum ModelFiles {
    /// In a folder.
    Folder(PathBuf),
    /// In the program itself: names and contents.
    Embedded(&'static [(&'static str, &'static [u8])]),
}

/// A verified model, ready to run on any number of threads.
pub struct Model {
    manifest: Manifest,
    sha256: String,
    tokenizer: SubwordTokenizer,
    tags: TagSet,
    classifier: Box<dyn TokenClassifier>,
}

/// Why a model could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file cannot be read.
    #[error(
        "cannot read {path}: {error}; a model folder holds {MANIFEST}, {CONFIG}, {TOKENIZER} and {WEIGHTS}"
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
    /// Loads a model and verifies every file against the manifest.
    ///
    /// # Errors
    /// When a file is missing, damaged, of another format, or does not fit the others.
    pub fn load(files: &ModelFiles) -> Result<Model, ModelError> {
        let place = files.place();
        let bytes = files.read(MANIFEST)?;
        let manifest = parse_manifest(&bytes).map_err(|problem| ModelError::Manifest {
            place: place.clone(),
            problem,
        })?;
        let sha256 = manifest::sha256(&bytes);
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
        let tokenizer =
            SubwordTokenizer::load(&tokenizer).map_err(|error| unusable(error.to_string()))?;
        let classifier = Bert::load(&config, &weights)
            .map_err(|error: LoadError| unusable(error.to_string()))?;
        let tags =
            TagSet::new(&manifest.labels).map_err(|error: TagError| unusable(error.to_string()))?;
        if tags.len() != classifier.tag_count() {
            return Err(unusable(format!(
                "the manifest has {} labels, the network {}",
                tags.len(),
                classifier.tag_count()
            )));
        }
        if tokenizer.vocabulary() != classifier.vocabulary() {
            return Err(unusable(format!(
                "the tokenizer has {} pieces, the network {}; they are of different models",
                tokenizer.vocabulary(),
                classifier.vocabulary()
            )));
        }
        let longest = manifest.max_pieces.min(classifier.max_pieces());
        if manifest.window_pieces == 0 || manifest.window_pieces + 2 > longest {
            return Err(unusable(format!(
                "window_pieces is {}; it must be 1 to {}",
                manifest.window_pieces,
                longest.saturating_sub(2)
            )));
        }
        Ok(Model {
            manifest,
            sha256,
            tokenizer,
            tags,
            classifier: Box::new(classifier),
        })
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
                    pieces <= CALL
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
        let (words, names) =
            decode::decode(text, &pieces.ranges, logits.rows().into_iter(), &self.tags);
        SentenceAnalysis {
            pieces,
            logits,
            windows: windows.collect(),
            words,
            names,
        }
    }
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

//! The manifest: what a model folder holds, and the proof that it is intact.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;

/// The manifest format this build reads.
pub const FORMAT: u32 = 1;

/// `manifest.json` of a model folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the manifest's own format: [`FORMAT`].
    pub format: u32,
    /// The model's name.
    pub name: String,
    /// The model's version.
    pub version: String,
    /// The network's architecture: `bert`.
    pub architecture: String,
    /// How the weights are stored: `int8` or `f32`.
    pub dtype: String,
    /// The tags, in the order of the network's scores.
    pub labels: Vec<String>,
    /// The longest window the network takes, special tokens included.
    pub max_pieces: usize,
    /// The longest window that is worth giving it, special tokens excluded: where it is most accurate.
    pub window_pieces: usize,
    /// Licence of the weights, as an SPDX expression. Every manifest states it, and what follows; a plain Hugging Face
    /// folder, which has none, states nothing of it.
    #[serde(deserialize_with = "stated", skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// The pretrained network it was made from.
    #[serde(deserialize_with = "stated", skip_serializing_if = "Option::is_none")]
    pub base_model: Option<Origin>,
    /// What it was trained on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub training_data: Vec<Origin>,
    /// What it reached, on what, measured how.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    /// What makes its names' scores probabilities. Without it they are given as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// Size and hash of every other file of the folder.
    pub files: BTreeMap<String, FileInfo>,
}

/// A value that must be there, and not null.
fn stated<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// A model or a corpus, and where it is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Its name.
    pub name: String,
    /// Its licence.
    pub license: String,
    /// Where anyone gets it.
    pub source: String,
}

/// One measured result, in percent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Score {
    /// The corpus.
    pub data: String,
    /// Its part.
    pub split: String,
    /// What was measured.
    pub metric: String,
    /// For persons.
    #[serde(rename = "PER")]
    pub per: f64,
    /// For organisations.
    #[serde(rename = "ORG")]
    pub org: f64,
    /// For places.
    #[serde(rename = "LOC")]
    pub loc: f64,
    /// Over all labels.
    pub micro: f64,
    /// The 95% interval of `micro`.
    pub interval: [f64; 2],
}

/// What a file must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileInfo {
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in lower-case hexadecimal.
    pub sha256: String,
}

/// Lower-case hexadecimal SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    use std::fmt::Write;
    let mut hex = String::with_capacity(64);
    for byte in sha2::Sha256::digest(bytes) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

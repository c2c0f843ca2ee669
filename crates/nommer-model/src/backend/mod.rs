//! The seam between the pipeline and the network: ids in, logits out.

pub mod bert;
#[cfg(feature = "rust-bert")]
pub mod rust_bert;

use std::fmt;
use std::str::FromStr;

use ndarray::Array2;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};

/// The most pieces given to a network in one call, when it does not say otherwise. Larger calls reuse the weights in
/// cache no better.
pub const PIECES_PER_CALL: usize = 512;

/// A network that scores every piece of a text.
///
/// On a CPU the logits of one window may not depend on the other windows of the call, nor on the thread that runs it:
/// callers group windows as they like and expect the same bits.
pub trait TokenClassifier: Send + Sync {
    /// Scores windows of piece ids, special tokens included.
    ///
    /// Returns one array `[pieces, tags]` of logits per window, in order.
    ///
    /// # Errors
    /// When a window is empty or longer than [`max_pieces`](Self::max_pieces), when an id is outside the
    /// vocabulary, or when the runtime fails.
    fn classify(&self, windows: &[&[u32]]) -> Result<Vec<Array2<f32>>, ClassifyError>;

    /// The longest window the network takes, special tokens included.
    fn max_pieces(&self) -> usize;

    /// The number of pieces it knows.
    fn vocabulary(&self) -> usize;

    /// The number of tags it scores.
    fn tag_count(&self) -> usize;

    /// The most pieces it is worth giving in one call.
    fn pieces_per_call(&self) -> usize {
        PIECES_PER_CALL
    }

    /// Name of the runtime and of the kernels it chose on this machine, for people to read.
    fn description(&self) -> String;
}

/// Why a call of [`TokenClassifier::classify`] failed.
#[derive(Debug, thiserror::Error)]
pub enum ClassifyError {
    /// A window of no pieces or too many.
    #[error("a window has {pieces} pieces; the model takes 1 to {max}")]
    WindowLength {
        /// Pieces in the window.
        pieces: usize,
        /// The most the model takes.
        max: usize,
    },
    /// A piece the vocabulary does not have.
    #[error(
        "piece id {id} is outside the model's vocabulary of {vocabulary}; tokenizer and weights do not fit together"
    )]
    UnknownPiece {
        /// The id.
        id: u32,
        /// Rows of the embedding table.
        vocabulary: usize,
    },
    /// The scores hold a value that is not a number, or an infinite one.
    #[error("the network gave scores that are not finite; the weights are damaged")]
    NotFinite,
    /// The runtime failed: it is out of memory, or worse.
    #[error("the runtime failed: {0}")]
    Runtime(String),
}

/// Where a network is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Device {
    /// On the CPU.
    #[default]
    Cpu,
    /// On the NVIDIA GPU of this number.
    Cuda(usize),
}

/// A text that names no device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no device; write cpu, cuda, or cuda:1 for the second GPU")]
pub struct NoDevice(String);

impl FromStr for Device {
    type Err = NoDevice;

    fn from_str(text: &str) -> Result<Device, NoDevice> {
        let wrong = || NoDevice(text.to_owned());
        match text {
            "cpu" => Ok(Device::Cpu),
            "cuda" => Ok(Device::Cuda(0)),
            _ => {
                let index = text.strip_prefix("cuda:").ok_or_else(wrong)?;
                // A device number is small; the runtime takes nothing above.
                let index: u8 = index.parse().map_err(|_| wrong())?;
                Ok(Device::Cuda(index.into()))
            }
        }
    }
}

impl TryFrom<String> for Device {
    type Error = NoDevice;

    fn try_from(text: String) -> Result<Device, NoDevice> {
        text.parse()
    }
}

impl From<Device> for String {
    fn from(device: Device) -> String {
        device.to_string()
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu => f.pad("cpu"),
            Device::Cuda(index) => f.pad(&format!("cuda:{index}")),
        }
    }
}

/// Why a network could not be built from its files.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// `config.json` is not what the engine computes.
    #[error("config.json: {0}")]
    Config(String),
    /// `model.safetensors` is damaged.
    #[error("model.safetensors: {0}; fetch or convert the model again")]
    Weights(#[from] safetensors::SafeTensorError),
    /// A tensor is missing, or has an unexpected shape or type.
    #[error("model.safetensors: tensor {name}: {problem}; the weights do not fit config.json")]
    Tensor {
        /// The tensor's name.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// There is no such device.
    #[error("{0}")]
    Device(String),
    /// The runtime failed.
    #[error("the runtime failed: {0}")]
    Runtime(String),
}

impl LoadError {
    fn tensor(name: &str, problem: impl Into<String>) -> LoadError {
        LoadError::Tensor {
            name: name.to_owned(),
            problem: problem.into(),
        }
    }
}

/// The tensor of this name, or of the name that TensorFlow checkpoints give it.
fn find_tensor<'a>(
    file: &'a SafeTensors<'_>,
    name: &str,
) -> Result<(String, TensorView<'a>), LoadError> {
    let other = name
        .replace("LayerNorm.weight", "LayerNorm.gamma")
        .replace("LayerNorm.bias", "LayerNorm.beta");
    for name in [name, &other] {
        if let Ok(tensor) = file.tensor(name) {
            return Ok((name.to_owned(), tensor));
        }
    }
    Err(LoadError::tensor(name, "is missing"))
}

/// The values of a tensor of floats.
fn floats(name: &str, tensor: &TensorView<'_>) -> Result<Vec<f32>, LoadError> {
    let data = tensor.data();
    let pair = |bytes: &[u8]| [bytes[0], bytes[1]];
    let values: Vec<f32> = match tensor.dtype() {
        Dtype::F32 => data
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
            .collect(),
        Dtype::F16 => data
            .chunks_exact(2)
            .map(|b| half::f16::from_le_bytes(pair(b)).to_f32())
            .collect(),
        Dtype::BF16 => data
            .chunks_exact(2)
            .map(|b| half::bf16::from_le_bytes(pair(b)).to_f32())
            .collect(),
        other => {
            return Err(LoadError::tensor(
                name,
                format!("has type {other:?}, not F32, F16 or BF16"),
            ));
        }
    };
    if values.iter().all(|value| value.is_finite()) {
        Ok(values)
    } else {
        Err(LoadError::tensor(name, "holds values that are not finite"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_as_they_are_shown() {
        for text in ["cpu", "cuda:0", "cuda:3"] {
            assert_eq!(text.parse::<Device>().unwrap().to_string(), text);
        }
        assert_eq!("cuda".parse(), Ok(Device::Cuda(0)));
        for text in ["", "gpu", "cuda:", "cuda:-1", "cuda:999", "CPU"] {
            assert!(text.parse::<Device>().is_err(), "{text}");
        }
    }
}

//! The seam between the pipeline and the network: ids in, logits out.

pub mod bert;

use ndarray::Array2;

/// A network that scores every piece of a text.
///
/// The logits of one window may not depend on the other windows of the call, nor on the thread that runs it:
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
}

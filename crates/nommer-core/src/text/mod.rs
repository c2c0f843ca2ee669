//! French text, before any model: bytes to text, text to sentences and words, and a normalised form that
//! always leads back to the original.

pub mod case;
pub mod decode;
pub mod fold;
pub mod french;
pub mod normalize;
pub mod segment;

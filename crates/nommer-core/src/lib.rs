//! Documents, spans, mentions, entities and the JSONL record of nommer; pure French text processing.
//!
//! This crate does no I/O, prints nothing, spawns no thread and reads no environment: everything in it is a
//! plain function on plain data.
//!
//! ```
//! use nommer_core::text::segment::sentences;
//! let text = "M. Dupont arrive à Paris. Il rencontre Mme Aubry.";
//! let found: Vec<&str> = sentences(text).iter().map(|sentence| sentence.span.slice(text)).collect();
//! assert_eq!(found, ["M. Dupont arrive à Paris.", "Il rencontre Mme Aubry."]);
//! ```

pub mod entity;
pub mod label;
pub mod meta;
pub mod offset;
pub mod record;
pub mod span;
pub mod text;

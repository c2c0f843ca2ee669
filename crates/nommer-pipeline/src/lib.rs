//! Folders of French documents in, annotated records out, in parallel.
//!
//! [`pipeline`] takes one document through all stages; [`run`] takes a folder of them, with [`walk`] and
//! [`read`] before it and [`sink`] behind it. This crate parses no arguments and prints nothing.

mod agree;
pub mod config;
pub mod pipeline;
pub mod read;
pub mod reconcile;
pub mod run;
pub mod sink;
pub mod walk;

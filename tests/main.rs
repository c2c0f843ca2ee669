//! Tests of the `nommer` command as a whole: each runs the real program on the real model.
//!
//! `NOMMER_BLESS=1 cargo test --release -p nommer --test integration` accepts what it writes today as golden.
// A test that cannot unwrap has failed, and says where.
#![allow(clippy::unwrap_used)]

mod support;

mod architecture;
mod command;
mod config;
mod evaluate;
mod explain;
mod folders;
mod gazetteer;
mod golden;
mod hostile;
mod hub;
mod model;
mod output;
mod reconcile;
mod reporting;
mod schema;

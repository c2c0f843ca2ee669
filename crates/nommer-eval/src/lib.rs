//! Compares predicted entities with gold ones: align, count, report.
//!
//! The judge shares no code with the judged: this crate knows the record and the labels, and neither the model nor
//! the pipeline. It prints nothing, and reads only the files it is given.
//!
//! ```
//! use nommer_eval::align::{Selection, align, check_gold};
//! use nommer_eval::bootstrap::Draws;
//! use nommer_eval::read::{ReadOptions, read};
//! use nommer_eval::report::{Options, Origin, Side, evaluate};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("gold.jsonl");
//! # let text = r#"{"id":"a","text":"Zoé à Pau","spans":[{"start":0,"end":3,"label":"PER"}]}"#;
//! # std::fs::write(&path, text)?;
//! let (selection, mut problems) = (Selection::default(), Vec::new());
//! let gold = check_gold(read(&path, &ReadOptions::default(), &mut problems)?, &selection, &mut problems);
//! let predicted = read(&path, &ReadOptions::default(), &mut problems)?;
//! let alignment = align(&gold, predicted, &selection, &mut problems)?;
//! assert!(problems.is_empty());
//!
//! let origin = Origin { name: "gold.jsonl".to_owned(), format: "JSONL".to_owned() };
//! let side = Side { alignment: &alignment, origin: &origin };
//! let options = Options { draws: Draws { count: 100, seed: 0 }, by: vec![], errors: 10, seen: None, choices: Default::default() };
//! let report = evaluate(&gold, &origin, side, None, &problems, &options);
//! assert_eq!(report.scores["strict"].rows["micro"].f1, Some(1.0));
//! # Ok(())
//! # }
//! ```

pub mod agreement;
pub mod align;
pub mod bootstrap;
pub mod calibration;
pub mod document;
pub mod errors;
pub mod html;
pub mod labels;
pub mod linking;
pub mod read;
pub mod report;
pub mod score;
mod shown;
pub mod slices;
pub mod terminal;
#[cfg(test)]
mod testing;
pub mod threshold;

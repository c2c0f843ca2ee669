//! Compiles tables of names into one file, and finds and ranks the entries a name may mean.
//!
//! This crate knows no model and no document: a name, a label, the words before it and what the document is about come from
//! outside.
//!
//! ```
//! use nommer_gazetteer::candidates::{Context, Mentioned, candidates, weigh};
//! use nommer_gazetteer::compile::{About, compile, merge};
//! use nommer_gazetteer::index::Gazetteer;
//! use nommer_gazetteer::layers::Gazetteers;
//! use nommer_gazetteer::table::{TableFormat, read};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let table = "id\ttype\tname\taliases\nnommer:osce\tinternational\tOrganisation pour la sécurité et la \
//!              coopération en Europe\tOSCE\n";
//! let mut problems = Vec::new();
//! let rows = read("table.tsv", table.as_bytes(), TableFormat::Tsv, &mut problems);
//! assert!(problems.is_empty());
//! let bytes = compile(&merge(vec![rows]), About::new("mine", "1"))?;
//! let gazetteers = Gazetteers::new(vec![Gazetteer::from_bytes(bytes, "mine")?]);
//! let found = candidates(&gazetteers, "O.S.C.E.");
//! assert_eq!(found[0].entity.id, "nommer:osce");
//! assert!(weigh(&found[0], Mentioned::default(), &Context::default()).score() > 0.5);
//! # Ok(())
//! # }
//! ```

pub mod candidates;
pub mod compile;
pub mod entry;
pub mod index;
pub mod key;
pub mod layers;
mod map;
pub mod table;

//! Several gazetteers, looked up as one: those compiled, and the user's own table before them.

use std::collections::{HashMap, HashSet};

use crate::compile::{About, CompileError, Family, compile, merge};
use crate::index::{Entity, Gazetteer, Hit, OpenError};
use crate::key;
use crate::table::{Action, Row};

/// Gazetteers, the one that is asked first at the front.
#[derive(Debug, Default)]
pub struct Gazetteers {
    gazetteers: Vec<Gazetteer>,
    /// Whether the first one is the user's own table.
    user: bool,
    /// What the user's table hides in the others, by its id: folded names of an entry, or all of it.
    hidden: HashMap<String, Option<HashSet<String>>>,
}

/// Why a user's table cannot be laid over gazetteers.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// It has too much in it.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// What was compiled cannot be opened, which is a defect.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// A name found in one of several gazetteers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Named<'a> {
    /// The entity.
    pub entity: Entity<'a>,
    /// By which of its names.
    pub hit: Hit<'a>,
    /// Whether the user's own table says so.
    pub user: bool,
}

impl Gazetteers {
    /// Gazetteers, the one that is asked first at the front.
    #[must_use]
    pub fn new(gazetteers: Vec<Gazetteer>) -> Gazetteers {
        Gazetteers {
            gazetteers,
            user: false,
            hidden: HashMap::new(),
        }
    }

    /// Lays the rows of a user's table over them. What it adds and overrides is found first; what it blocks is found no
    /// more.
    ///
    /// # Errors
    /// When the rows are too many to compile.
    pub fn with_user(mut self, name: &str, rows: Vec<Row>) -> Result<Gazetteers, LayerError> {
        for row in &rows {
            if row.action == Action::Add {
                continue;
            }
            let blocked = row.action == Action::Block;
            let aliases = row.entry.aliases.iter().map(|alias| &alias.name);
            let names = std::iter::once(&row.entry.name).chain(aliases);
            let names: HashSet<String> = names
                .filter(|_| blocked)
                .map(|name| key::fold(name))
                .filter(|name| !name.is_empty())
                .collect();
            let hidden = self.hidden.entry(row.entry.id.clone());
            let hidden = hidden.or_insert_with(|| Some(HashSet::new()));
            if names.is_empty() {
                *hidden = None;
            } else if let Some(known) = hidden {
                known.extend(names);
            }
        }
        let bytes = compile(&merge(vec![rows]), About::new("user", "1"))?;
        self.gazetteers
            .insert(0, Gazetteer::from_bytes(bytes, name)?);
        self.user = true;
        Ok(self)
    }

    /// Each of them, the one that is asked first at the front.
    pub fn iter(&self) -> impl Iterator<Item = &Gazetteer> {
        self.gazetteers.iter()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.gazetteers.is_empty()
    }

    /// The entities that have a key, gazetteer by gazetteer, the most prominent first.
    pub fn get(&self, family: Family, key: &str) -> impl Iterator<Item = Named<'_>> {
        self.each().flat_map(move |(user, gazetteer)| {
            self.shown(user, gazetteer, gazetteer.get(family, key))
        })
    }

    /// The entities of keys that go on after `key`; see [`Gazetteer::longer`].
    pub fn longer(
        &self,
        family: Family,
        key: &str,
        most: usize,
    ) -> impl Iterator<Item = Named<'_>> {
        self.each().flat_map(move |(user, gazetteer)| {
            let longer = gazetteer.longer(family, key, most).into_iter();
            self.shown(user, gazetteer, longer)
        })
    }

    /// The entities of keys within one letter of `key`; see [`Gazetteer::near`].
    pub fn near(&self, family: Family, key: &str) -> impl Iterator<Item = Named<'_>> {
        self.each().flat_map(move |(user, gazetteer)| {
            let near = gazetteer.near(family, key).into_iter();
            self.shown(user, gazetteer, near.flat_map(|(_, hits)| hits))
        })
    }

    /// The keys that a text begins with, each with where it ends, the longest first; see [`Gazetteer::beginnings`].
    #[must_use]
    pub fn beginnings(&self, family: Family, text: &str) -> Vec<(usize, Vec<Named<'_>>)> {
        let mut found: Vec<(usize, Vec<Named<'_>>)> = Vec::new();
        for (user, gazetteer) in self.each() {
            for (end, hits) in gazetteer.beginnings(family, text) {
                let named = self.shown(user, gazetteer, hits.into_iter());
                match found.iter_mut().find(|(other, _)| *other == end) {
                    Some((_, known)) => known.extend(named),
                    None => found.push((end, named.collect())),
                }
            }
        }
        found.retain(|(_, named)| !named.is_empty());
        found.sort_by_key(|(end, _)| std::cmp::Reverse(*end));
        found
    }

    fn each(&self) -> impl Iterator<Item = (bool, &Gazetteer)> {
        let gazetteers = self.gazetteers.iter().enumerate();
        gazetteers.map(|(at, gazetteer)| (self.user && at == 0, gazetteer))
    }

    /// What is not hidden of hits.
    fn shown<'a>(
        &'a self,
        user: bool,
        gazetteer: &'a Gazetteer,
        hits: impl Iterator<Item = Hit<'a>>,
    ) -> impl Iterator<Item = Named<'a>> {
        hits.filter_map(move |hit| {
            let entity = gazetteer.entity(hit.entity)?;
            if !user && let Some(names) = self.hidden.get(entity.id) {
                let hidden = |names: &HashSet<String>| names.contains(&key::fold(hit.alias));
                return (!names.as_ref().is_none_or(hidden)).then_some(Named { entity, hit, user });
            }
            Some(Named { entity, hit, user })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{TableFormat, read};

    fn ids(gazetteers: &Gazetteers, name: &str) -> Vec<String> {
        let key = key::fold(name);
        let found = gazetteers.get(Family::Exact, &key);
        found.map(|named| named.entity.id.to_owned()).collect()
    }

    #[test]
    fn the_users_table_adds_overrides_and_blocks() {
        let shipped = || {
            let bytes = crate::index::tests::gazetteer();
            Gazetteers::new(vec![Gazetteer::from_bytes(bytes, "g").unwrap()])
        };
        let with = |table: &str| {
            let mut problems = Vec::new();
            let table = format!("id\ttype\tname\taliases\taction\n{table}");
            let rows = read(
                "user.tsv",
                table.as_bytes(),
                TableFormat::Tsv,
                &mut problems,
            );
            assert_eq!(problems, []);
            shipped().with_user("user.tsv", rows).unwrap()
        };
        assert_eq!(ids(&shipped(), "Orange"), ["nommer:orange", "insee:84087"]);
        let added = with("my:orange\tassociation\tOrange\t\tadd\n");
        assert_eq!(
            ids(&added, "Orange"),
            ["my:orange", "nommer:orange", "insee:84087"]
        );
        let named = with("nommer:onu\tinternational\tONU\tle Machin\tadd\n");
        assert_eq!(ids(&named, "le Machin"), ["nommer:onu"]);
        assert_eq!(ids(&named, "Nations unies"), ["nommer:onu"]);
        let overridden = with("nommer:orange\tcompany\tOrange SA\t\toverride\n");
        assert_eq!(ids(&overridden, "Orange"), ["insee:84087"]);
        assert_eq!(ids(&overridden, "France Télécom"), [""; 0]);
        let blocked = with("nommer:orange\t\tOrange\t\tblock\ninsee:84087\t\t\t\tblock\n");
        assert_eq!(ids(&blocked, "Orange"), [""; 0]);
        assert_eq!(ids(&blocked, "France Télécom"), ["nommer:orange"]);
    }
}

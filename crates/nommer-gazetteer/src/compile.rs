//! Tables → one file to look names up in. The same tables give the same bytes.
//!
//! ```text
//! header      magic, format, lengths of the sections, SHA-256 and CRC-32 of what follows
//! about       JSON: name, version, layers
//! entities    fixed width, in the order of ids
//! postings    fixed width: which entity, by which of its names
//! texts       every string, once
//! maps        one fst for each family of keys: key → first posting and how many
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::entry::{Alias, Entry, Kind, Years};
use crate::key;
use crate::table::{Action, Row};

/// The first bytes of a compiled gazetteer.
pub(crate) const MAGIC: [u8; 8] = *b"nommergz";

/// The version of the format. A change that old readers would misread counts it up.
pub const FORMAT: u32 = 1;

/// Families of keys, each with a map of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// Folded names.
    Exact,
    /// Acronyms, with their case.
    Acronym,
    /// Folded names without the article they begin with.
    Article,
    /// Persons by parts of their name: surname, initial and surname, surname first.
    Part,
    /// Names by their sound.
    Sound,
}

impl Family {
    /// All families, in the order of their maps.
    pub const ALL: [Family; 5] = [
        Family::Exact,
        Family::Acronym,
        Family::Article,
        Family::Part,
        Family::Sound,
    ];
}

/// The least prominence of an entry that is found by its sound: small places have too many neighbours.
const HEARD_FROM: u8 = 35;

/// Tables of one origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// `core`, `curated`, or what the user calls it.
    pub name: String,
    /// Its licence.
    pub licence: String,
    /// Where its entries come from, with versions and licences.
    pub sources: Vec<String>,
    /// How many entries it has; filled in by [`compile`].
    pub entries: u64,
}

/// What a compiled gazetteer says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its layers, later ones over earlier ones.
    pub layers: Vec<Layer>,
    /// Entries by type; filled in by [`compile`].
    pub types: BTreeMap<String, u64>,
    /// Names of all entries; filled in by [`compile`].
    pub aliases: u64,
}

impl About {
    /// A gazetteer of this name and version, its layers undescribed.
    #[must_use]
    pub fn new(name: &str, version: &str) -> About {
        About {
            name: name.to_owned(),
            version: version.to_owned(),
            layers: Vec::new(),
            types: BTreeMap::new(),
            aliases: 0,
        }
    }
}

/// Why tables cannot be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// More than the format can number.
    #[error("the tables have too many {0} for one gazetteer; compile several")]
    TooMany(&'static str),
    /// The maps cannot be built.
    #[error("cannot build the index: {0}")]
    Map(#[from] fst::Error),
}

/// Lays tables over each other, the later ones over the earlier ones: a later row adds its names to the entry of its
/// id and its other fields win, unless it overrides or blocks.
#[must_use]
pub fn merge(layers: Vec<Vec<Row>>) -> Vec<Entry> {
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    for rows in layers {
        let mut blocked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in rows {
            match row.action {
                Action::Override => {
                    entries.insert(row.entry.id.clone(), row.entry);
                }
                Action::Add => match entries.get_mut(&row.entry.id) {
                    None => {
                        entries.insert(row.entry.id.clone(), row.entry);
                    }
                    Some(entry) => lay_over(entry, row.entry),
                },
                Action::Block => {
                    let names = std::iter::once(row.entry.name)
                        .chain(row.entry.aliases.into_iter().map(|alias| alias.name));
                    let names = names
                        .filter(|name| !name.is_empty())
                        .map(|name| key::fold(&name));
                    blocked.entry(row.entry.id).or_default().extend(names);
                }
            }
        }
        for (id, names) in blocked {
            if names.is_empty() {
                entries.remove(&id);
            } else if let Some(entry) = entries.get_mut(&id) {
                entry
                    .aliases
                    .retain(|alias| !names.contains(&key::fold(&alias.name)));
            }
        }
    }
    entries.into_values().collect()
}

fn lay_over(entry: &mut Entry, over: Entry) {
    if over.name != entry.name {
        let name = std::mem::replace(&mut entry.name, over.name);
        entry.aliases.push(Alias {
            name,
            years: Years::ALWAYS,
        });
    }
    entry.aliases.extend(over.aliases);
    entry.kind = over.kind;
    entry.prominence = over.prominence;
    entry.country = over.country.or(entry.country);
    entry.coordinates = over.coordinates.or(entry.coordinates);
    if over.years != Years::ALWAYS {
        entry.years = over.years;
    }
    if !over.offices.is_empty() {
        entry.offices = over.offices;
    }
    if !over.source.is_empty() {
        entry.source = over.source;
    }
}

/// A string among the texts: its first byte, its length.
type Text = (u32, u16);

/// Compiles entries, which are in the order of their ids and distinct, as [`merge`] gives them.
///
/// # Errors
/// When there are more entries, names or texts than the format can number.
pub fn compile(entries: &[Entry], mut about: About) -> Result<Vec<u8>, CompileError> {
    let mut compiler = Compiler::default();
    for entry in entries {
        compiler.add(entry)?;
        *about.types.entry(entry.kind.to_string()).or_default() += 1;
    }
    about.aliases = compiler.aliases;
    compiler.finish(&about)
}

#[derive(Default)]
struct Compiler {
    texts: Vec<u8>,
    known: HashMap<String, Text>,
    entities: Vec<u8>,
    count: u32,
    aliases: u64,
    /// Key, the rank of the entity, the entity, the alias, its years.
    keys: [Vec<(Box<str>, Posting)>; Family::ALL.len()],
}

/// An entity by one of its names. The order is that of candidates: the most prominent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Posting {
    less_prominent: u8,
    entity: u32,
    alias: Text,
    from: i16,
    to: i16,
}

/// The bytes of an entity and of a posting.
pub(crate) const ENTITY: usize = 52;
pub(crate) const POSTING: usize = 16;

/// A year that is open.
pub(crate) const OPEN: i16 = i16::MIN;

impl Compiler {
    fn text(&mut self, text: &str) -> Result<Text, CompileError> {
        if let Some(known) = self.known.get(text) {
            return Ok(*known);
        }
        let start = u32::try_from(self.texts.len()).map_err(|_| CompileError::TooMany("texts"))?;
        let length =
            u16::try_from(text.len()).map_err(|_| CompileError::TooMany("letters in one text"))?;
        self.texts.extend_from_slice(text.as_bytes());
        self.known.insert(text.to_owned(), (start, length));
        Ok((start, length))
    }

    fn add(&mut self, entry: &Entry) -> Result<(), CompileError> {
        let entity = self.count;
        self.count = entity
            .checked_add(1)
            .ok_or(CompileError::TooMany("entries"))?;
        let offices: Vec<String> = entry
            .offices
            .iter()
            .map(|office| format!("{} {}", office.title, office.years))
            .collect();
        let texts = [
            entry.id.as_str(),
            &entry.name,
            &offices.join(";"),
            &entry.source,
        ];
        for text in texts {
            let (start, length) = self.text(text)?;
            self.entities.extend(start.to_le_bytes());
            self.entities.extend(length.to_le_bytes());
        }
        let [from, to] = years(entry.years);
        let place = entry
            .coordinates
            .map_or([f32::NAN; 2], |place| [place.latitude, place.longitude]);
        self.entities.extend([entry.kind as u8, entry.prominence]);
        self.entities.extend(entry.country.unwrap_or_default());
        self.entities.extend(from.to_le_bytes());
        self.entities.extend(to.to_le_bytes());
        self.entities.extend(place[0].to_le_bytes());
        self.entities.extend(place[1].to_le_bytes());
        // Room to grow without a new format.
        self.entities.resize(entity as usize * ENTITY + ENTITY, 0);

        let name = Alias {
            name: entry.name.clone(),
            years: Years::ALWAYS,
        };
        for alias in std::iter::once(&name).chain(&entry.aliases) {
            let [from, to] = years(alias.years);
            let posting = Posting {
                less_prominent: u8::MAX - entry.prominence,
                entity,
                alias: self.text(&alias.name)?,
                from,
                to,
            };
            self.aliases += 1;
            self.keys(entry, &alias.name, posting);
        }
        Ok(())
    }

    fn keys(&mut self, entry: &Entry, name: &str, posting: Posting) {
        let mut add = |family: Family, key: &str| {
            if !key.is_empty() && key.chars().count() <= key::LONGEST {
                self.keys[family as usize].push((key.into(), posting));
            }
        };
        let folded = key::fold(name);
        match key::acronym(name) {
            Some(acronym) => {
                add(Family::Acronym, &acronym);
                // Long ones are also written like words: Otan, Unesco.
                if acronym.chars().count() >= 4 {
                    add(Family::Exact, &folded);
                }
            }
            None => add(Family::Exact, &folded),
        }
        if let Some(rest) = key::without_article(&folded) {
            add(Family::Article, rest);
        }
        if entry.kind == Kind::Person {
            for part in key::person_parts(&folded) {
                add(Family::Part, &part);
            }
        }
        if entry.prominence >= HEARD_FROM
            && let Some(sound) = key::sound(&folded)
        {
            add(Family::Sound, &sound);
        }
    }

    fn finish(mut self, about: &About) -> Result<Vec<u8>, CompileError> {
        let mut postings = Vec::new();
        let mut maps = Vec::new();
        for keys in &mut self.keys {
            keys.sort_unstable();
            keys.dedup_by(|a, b| {
                a.0 == b.0 && a.1.entity == b.1.entity && (a.1.from, a.1.to) == (b.1.from, b.1.to)
            });
            let mut map = fst::MapBuilder::memory();
            for group in keys.chunk_by(|a, b| a.0 == b.0) {
                let first = u64::try_from(postings.len() / POSTING).unwrap_or(u64::MAX);
                if first >= 1 << 48 {
                    return Err(CompileError::TooMany("names"));
                }
                // Nobody looks at more.
                const MOST: usize = 4096;
                let group = &group[..group.len().min(MOST)];
                for (_, posting) in group {
                    postings.extend(posting.entity.to_le_bytes());
                    postings.extend(posting.alias.0.to_le_bytes());
                    postings.extend(posting.alias.1.to_le_bytes());
                    postings.extend(posting.from.to_le_bytes());
                    postings.extend(posting.to.to_le_bytes());
                    postings.extend([0; 2]);
                }
                map.insert(group[0].0.as_bytes(), first << 16 | group.len() as u64)?;
            }
            maps.push(map.into_inner()?);
            keys.clear();
        }
        let about = serde_json::to_vec(about).unwrap_or_default();
        let mut sections: Vec<&[u8]> = vec![&about, &self.entities, &postings, &self.texts];
        sections.extend(maps.iter().map(Vec::as_slice));
        let mut hash = Sha256::new();
        let mut checksum = crc32fast::Hasher::new();
        for section in &sections {
            hash.update(section);
            checksum.update(section);
        }
        let mut file = MAGIC.to_vec();
        file.extend(FORMAT.to_le_bytes());
        file.extend(checksum.finalize().to_le_bytes());
        file.extend(hash.finalize());
        for section in &sections {
            file.extend((section.len() as u64).to_le_bytes());
        }
        for section in sections {
            file.extend_from_slice(section);
        }
        Ok(file)
    }
}

fn years(years: Years) -> [i16; 2] {
    [years.from.unwrap_or(OPEN), years.to.unwrap_or(OPEN)]
}

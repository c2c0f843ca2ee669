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

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, RandomState};

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
pub fn merge(mut layers: Vec<Vec<Row>>) -> Vec<Entry> {
    // Rows are large and many: they stay where they are, and are visited by id, then in the order they came in.
    let mut places: Vec<(usize, usize)> = Vec::new();
    for (layer, rows) in layers.iter().enumerate() {
        places.extend((0..rows.len()).map(|at| (layer, at)));
    }
    places.sort_by(|a, b| layers[a.0][a.1].entry.id.cmp(&layers[b.0][b.1].entry.id));
    let mut entries = Vec::new();
    let mut merged: Option<Entry> = None;
    let mut blocked: Option<BTreeSet<String>> = None;
    for (nth, &(layer, at)) in places.iter().enumerate() {
        let row = &mut layers[layer][at];
        let (action, entry) = (row.action, std::mem::replace(&mut row.entry, nothing()));
        let next = places.get(nth + 1);
        let same_id = next.is_some_and(|next| layers[next.0][next.1].entry.id == entry.id);
        match (action, &mut merged) {
            (Action::Add, Some(merged)) => lay_over(merged, entry),
            (Action::Add, None) | (Action::Override, _) => merged = Some(entry),
            (Action::Block, _) => {
                let names = std::iter::once(entry.name)
                    .chain(entry.aliases.into_iter().map(|alias| alias.name));
                let names = names
                    .filter(|name| !name.is_empty())
                    .map(|name| key::fold(&name));
                blocked.get_or_insert_default().extend(names);
            }
        }
        // What a layer blocks is gone when the layer is done.
        if !same_id || next.is_some_and(|next| next.0 != layer) {
            match (blocked.take(), &mut merged) {
                (Some(names), Some(entry)) if !names.is_empty() => entry
                    .aliases
                    .retain(|alias| !names.contains(&key::fold(&alias.name))),
                (Some(_), _) => merged = None,
                (None, _) => {}
            }
        }
        if !same_id {
            entries.extend(merged.take());
        }
    }
    entries
}

/// What is left in the place of an entry that was taken.
fn nothing() -> Entry {
    Entry {
        id: String::new(),
        kind: Kind::Institution,
        name: String::new(),
        aliases: Vec::new(),
        country: None,
        prominence: 0,
        years: Years::ALWAYS,
        offices: Vec::new(),
        coordinates: None,
        source: String::new(),
    }
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
    about.aliases = compiler.names.len() as u64;
    compiler.finish(&about)
}

#[derive(Default)]
struct Compiler {
    texts: Texts,
    entities: Vec<u8>,
    count: u32,
    names: Vec<Name>,
    /// Keys, one behind the other. A key that is the end of another lies in it.
    letters: Vec<u8>,
    keys: [Vec<Key>; Family::ALL.len()],
}

/// Strings, each once.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    known: hashbrown::HashTable<Text>,
    hasher: RandomState,
}

/// An entity by one of its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    entity: u32,
    alias: Text,
    from: i16,
    to: i16,
}

/// A key of a name.
#[derive(Debug, Clone, Copy)]
struct Key {
    /// Eight of its letters: those it is being sorted by.
    prefix: u64,
    /// Where it is among the letters.
    start: u32,
    length: u16,
    less_prominent: u8,
    /// The number of the name.
    name: u32,
}

impl Key {
    fn of(self, letters: &[u8]) -> &[u8] {
        let start = self.start as usize;
        &letters[start..start + usize::from(self.length)]
    }
}

/// Sorts keys by their letters, then as candidates are sorted: the most prominent first. Eight letters at a time, which
/// are in the rows that are moved and not far away. No key has a NUL, so a shorter key comes first.
fn sort(keys: &mut [Key], letters: &[u8], names: &[Name], done: usize) {
    for key in &mut *keys {
        let rest = key.of(letters).get(done..).unwrap_or_default();
        let mut prefix = [0; 8];
        let length = rest.len().min(8);
        prefix[..length].copy_from_slice(&rest[..length]);
        key.prefix = u64::from_be_bytes(prefix);
    }
    keys.sort_unstable_by_key(|key| key.prefix);
    for group in keys.chunk_by_mut(|a, b| a.prefix == b.prefix) {
        if group.len() == 1 {
            continue;
        }
        if group[0].prefix & 0xFF == 0 {
            group.sort_unstable_by_key(|key| (key.less_prominent, names[key.name as usize]));
        } else {
            sort(group, letters, names, done + 8);
        }
    }
}

/// The bytes of the header: magic, format, checksum, SHA-256, before the lengths of the sections, and with them.
pub(crate) const CONTENTS: usize = 8 + 4 + 4 + 32;
pub(crate) const HEADER: usize = CONTENTS + 8 * SECTIONS;

/// How many sections there are: four, and a map for each family.
pub(crate) const SECTIONS: usize = 4 + Family::ALL.len();

/// The bytes of an entity and of a posting.
pub(crate) const ENTITY: usize = 52;
pub(crate) const POSTING: usize = 16;

/// A year that is open.
pub(crate) const OPEN: i16 = i16::MIN;

impl Texts {
    fn add(&mut self, text: &str) -> Result<Text, CompileError> {
        let Texts {
            bytes,
            known,
            hasher,
        } = self;
        let of = |(start, length): &Text| {
            let start = *start as usize;
            &bytes[start..start + usize::from(*length)]
        };
        let hash = hasher.hash_one(text.as_bytes());
        if let Some(known) = known.find(hash, |known| of(known) == text.as_bytes()) {
            return Ok(*known);
        }
        let start = u32::try_from(bytes.len()).map_err(|_| CompileError::TooMany("texts"))?;
        let length =
            u16::try_from(text.len()).map_err(|_| CompileError::TooMany("letters in one text"))?;
        known.insert_unique(hash, (start, length), |known| hasher.hash_one(of(known)));
        bytes.extend_from_slice(text.as_bytes());
        Ok((start, length))
    }
}

impl Compiler {
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
            let (start, length) = self.texts.add(text)?;
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

        let name = (entry.name.as_str(), Years::ALWAYS);
        let aliases = entry.aliases.iter();
        let aliases = aliases.map(|alias| (alias.name.as_str(), alias.years));
        for (name, alias_years) in std::iter::once(name).chain(aliases) {
            let [from, to] = years(alias_years);
            let alias = self.texts.add(name)?;
            let number =
                u32::try_from(self.names.len()).map_err(|_| CompileError::TooMany("names"))?;
            self.names.push(Name {
                entity,
                alias,
                from,
                to,
            });
            self.keys(entry, name, number)?;
        }
        Ok(())
    }

    fn keys(&mut self, entry: &Entry, name: &str, number: u32) -> Result<(), CompileError> {
        let folded = key::fold(name);
        let whole = self.letters.len();
        self.letters.extend_from_slice(folded.as_bytes());
        let whole = whole..self.letters.len();
        let mut full = false;
        let mut add = |family: Family, key: &str| {
            if key.is_empty() || key.chars().count() > key::LONGEST {
                return;
            }
            let start = if self.letters[whole.clone()].ends_with(key.as_bytes()) {
                whole.end - key.len()
            } else {
                let start = self.letters.len();
                self.letters.extend_from_slice(key.as_bytes());
                start
            };
            let (Ok(start), Ok(length)) = (u32::try_from(start), u16::try_from(key.len())) else {
                full = true;
                return;
            };
            self.keys[family as usize].push(Key {
                prefix: 0,
                start,
                length,
                less_prominent: u8::MAX - entry.prominence,
                name: number,
            });
        };
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
        if full {
            return Err(CompileError::TooMany("letters in names"));
        }
        Ok(())
    }

    /// Families are done one after the other, and what is done with is given back: most of the memory is here.
    fn finish(self, about: &About) -> Result<Vec<u8>, CompileError> {
        let Compiler {
            texts,
            entities,
            names,
            letters,
            keys,
            ..
        } = self;
        let texts = texts.bytes;
        let mut postings = Vec::new();
        let mut maps = Vec::new();
        for keys in keys {
            maps.push(map(keys, &letters, &names, &mut postings)?);
        }
        drop((letters, names));
        let about = serde_json::to_vec(about).unwrap_or_default();
        let mut sections = vec![about, entities, postings, texts];
        sections.extend(maps);
        let content: usize = sections.iter().map(Vec::len).sum();
        let mut file = Vec::with_capacity(HEADER + content);
        file.resize(CONTENTS, 0);
        for section in &sections {
            file.extend((section.len() as u64).to_le_bytes());
        }
        for section in sections {
            file.extend(section);
        }
        let (header, content) = file.split_at_mut(HEADER);
        let checksum = crc32fast::hash(content);
        header[..8].copy_from_slice(&MAGIC);
        header[8..12].copy_from_slice(&FORMAT.to_le_bytes());
        header[12..16].copy_from_slice(&checksum.to_le_bytes());
        header[16..CONTENTS].copy_from_slice(&Sha256::digest(content));
        Ok(file)
    }
}

/// The map of a family. Adds what its keys lead to to the postings.
fn map(
    mut keys: Vec<Key>,
    letters: &[u8],
    names: &[Name],
    postings: &mut Vec<u8>,
) -> Result<Vec<u8>, CompileError> {
    sort(&mut keys, letters, names, 0);
    let name = |key: &Key| names[key.name as usize];
    keys.dedup_by(|a, b| {
        let same = |a: Name, b: Name| (a.entity, a.from, a.to) == (b.entity, b.from, b.to);
        same(name(a), name(b)) && a.of(letters) == b.of(letters)
    });
    let mut map = fst::MapBuilder::memory();
    for group in keys.chunk_by(|a, b| a.of(letters) == b.of(letters)) {
        let first = u64::try_from(postings.len() / POSTING).unwrap_or(u64::MAX);
        if first >= 1 << 48 {
            return Err(CompileError::TooMany("names"));
        }
        // Nobody looks at more.
        const MOST: usize = 4096;
        let group = &group[..group.len().min(MOST)];
        for name in group.iter().map(name) {
            postings.extend(name.entity.to_le_bytes());
            postings.extend(name.alias.0.to_le_bytes());
            postings.extend(name.alias.1.to_le_bytes());
            postings.extend(name.from.to_le_bytes());
            postings.extend(name.to.to_le_bytes());
            postings.extend([0; 2]);
        }
        map.insert(group[0].of(letters), first << 16 | group.len() as u64)?;
    }
    Ok(map.into_inner()?)
}

fn years(years: Years) -> [i16; 2] {
    [years.from.unwrap_or(OPEN), years.to.unwrap_or(OPEN)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{TableFormat, read};
    use proptest::prelude::*;

    fn rows(table: &str) -> Vec<Row> {
        let mut problems = Vec::new();
        let table = format!("id\ttype\tname\taliases\taction\n{table}");
        let rows = read("t", table.as_bytes(), TableFormat::Tsv, &mut problems);
        assert_eq!(problems, []);
        rows
    }

    fn merged(layers: &[&str]) -> Vec<String> {
        let entries = merge(layers.iter().map(|table| rows(table)).collect());
        let described = entries.iter().map(|entry| {
            let names: Vec<&str> = entry.aliases.iter().map(|a| a.name.as_str()).collect();
            format!("{} {} {}", entry.id, entry.name, names.join("|"))
        });
        described.collect()
    }

    #[test]
    fn layers_add_override_and_block() {
        let core = "nommer:b\tcity\tB\tBé|Bay\t\nnommer:a\tcity\tA\t\t\nnommer:c\tcity\tC\t\t\n";
        assert_eq!(
            merged(&[core]),
            ["nommer:a A ", "nommer:b B Bé|Bay", "nommer:c C "]
        );
        let added = "nommer:a\tcity\tAh\tAha\t\n";
        assert_eq!(merged(&[core, added])[0], "nommer:a Ah A|Aha");
        let over = "nommer:b\tcity\tOther\t\toverride\n";
        assert_eq!(merged(&[core, over])[1], "nommer:b Other ");
        // What is blocked in a layer is gone after it, wherever its row stands, and may come again.
        let blocks =
            "nommer:b\tcity\t\tBAY\tblock\nnommer:a\tcity\t\t\tblock\nnommer:a\tcity\tAh\t\t\n";
        assert_eq!(merged(&[core, blocks]), ["nommer:b B Bé", "nommer:c C "]);
        assert_eq!(merged(&[core, blocks, added])[0], "nommer:a Ah Aha");
        assert_eq!(merged(&["nommer:a\tcity\t\t\tblock\n"]), [""; 0]);
    }

    #[test]
    fn the_order_of_rows_changes_no_byte() {
        let one = rows("nommer:b\tperson\tAnna Bé\tBé\t\nnommer:a\tcity\tL'Arche\tUAO\t\n");
        let other = one.iter().rev().cloned().collect();
        let about = About::new("g", "1");
        assert!(
            compile(&merge(vec![one]), about.clone()).unwrap()
                == compile(&merge(vec![other]), about).unwrap()
        );
    }

    proptest! {
        #[test]
        fn keys_are_in_the_order_of_their_letters(texts in proptest::collection::vec("[ab é]{1,20}", 0..60)) {
            let mut letters = Vec::new();
            let (mut keys, mut names) = (Vec::new(), Vec::new());
            for (number, text) in (0..).zip(&texts) {
                let start = u32::try_from(letters.len()).unwrap();
                letters.extend_from_slice(text.as_bytes());
                names.push(Name { entity: number % 7, alias: (number, 1), from: OPEN, to: OPEN });
                keys.push(Key {
                    prefix: 0,
                    start,
                    length: u16::try_from(text.len()).unwrap(),
                    less_prominent: u8::try_from(number % 3).unwrap(),
                    name: number,
                });
            }
            let whole = |key: &Key| (key.of(&letters).to_vec(), key.less_prominent, names[key.name as usize]);
            let mut expected: Vec<_> = keys.iter().map(whole).collect();
            expected.sort();
            sort(&mut keys, &letters, &names, 0);
            prop_assert_eq!(keys.iter().map(whole).collect::<Vec<_>>(), expected);
        }
    }
}

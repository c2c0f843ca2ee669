//! A compiled gazetteer, opened.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::compile::{
    About, CONTENTS, ENTITY, FORMAT, Family, HEADER, MAGIC, OPEN, POSTING, SECTIONS,
};
use crate::entry::{Coordinates, Kind, Office, Years};
use crate::map::Map;

/// Why a file is not taken for a gazetteer.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read.
    #[error("cannot open {path}: {error}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is something else.
    #[error("{name} is no compiled gazetteer; `nommer gazetteer build` makes one from tables")]
    Foreign {
        /// The file.
        name: String,
    },
    /// It was compiled for another version of nommer.
    #[error(
        "{name} has format {found}, and this nommer reads format {FORMAT}; rebuild it from its tables with `nommer gazetteer build`"
    )]
    Format {
        /// The file.
        name: String,
        /// Its format.
        found: u32,
    },
    /// It is not as it was written.
    #[error("{name} is damaged ({what}); copy or build it again")]
    Damaged {
        /// The file.
        name: String,
        /// What does not fit.
        what: &'static str,
    },
}

enum Bytes {
    Mapped(Mmap),
    Owned(Vec<u8>),
    Static(&'static [u8]),
}

impl Bytes {
    fn as_slice(&self) -> &[u8] {
        match self {
            Bytes::Mapped(map) => map,
            Bytes::Owned(bytes) => bytes,
            Bytes::Static(bytes) => bytes,
        }
    }
}

/// A compiled gazetteer. Opening it reads its header and what it says of itself, nothing else.
pub struct Gazetteer {
    bytes: Bytes,
    file: String,
    about: About,
    sha256: String,
    checksum: u32,
    /// Where the sections lie, in the order of the file. They are within the bytes.
    sections: [Range<usize>; SECTIONS],
}

const ENTITIES: usize = 1;
const POSTINGS: usize = 2;
const TEXTS: usize = 3;
const MAPS: usize = 4;

/// A name found: which entity, by which of its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit<'a> {
    /// The number of the entity.
    pub entity: u32,
    /// The name as the table writes it.
    pub alias: &'a str,
    /// When it had this name.
    pub years: Years,
}

/// An entity as the file has it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entity<'a> {
    /// Its identifier.
    pub id: &'a str,
    /// Its canonical name.
    pub name: &'a str,
    /// What it is.
    pub kind: Kind,
    /// How likely a name means it, 0 to 100.
    pub prominence: u8,
    /// ISO 3166-1 alpha-2 code of the country it belongs to.
    pub country: Option<&'a str>,
    /// When it exists, or is active.
    pub years: Years,
    /// Where it lies.
    pub coordinates: Option<Coordinates>,
    /// Where its id was opened.
    pub source: &'a str,
    offices: &'a str,
}

impl Entity<'_> {
    /// The offices of a person.
    pub fn offices(&self) -> impl Iterator<Item = Office> {
        let offices = self.offices.split(';').filter(|office| !office.is_empty());
        offices.map(|office| {
            let (title, years) = office.rsplit_once(' ').unwrap_or((office, ".."));
            Office {
                title: title.to_owned(),
                years: years.parse().unwrap_or(Years::ALWAYS),
            }
        })
    }
}

impl std::fmt::Debug for Gazetteer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gazetteer({} {})", self.about.name, self.about.version)
    }
}

impl Gazetteer {
    /// Maps a file into memory.
    ///
    /// # Errors
    /// When it cannot be read, or is no gazetteer of this version.
    pub fn open(path: &Path) -> Result<Gazetteer, OpenError> {
        let read = |error| OpenError::Read {
            path: path.to_owned(),
            error,
        };
        let mut file = File::open(path).map_err(read)?;
        if !file.metadata().map_err(read)?.is_file() {
            let name = path.display().to_string();
            return Err(OpenError::Foreign { name });
        }
        // What is needed now is at the beginning. Read by its map, it would come with up to megabytes around it.
        const BEGINNING: usize = 8192;
        file.read(&mut [0; BEGINNING]).map_err(read)?;
        // SAFETY: a map is undefined behaviour only if the file shrinks or changes while it is read. Compiled
        // gazetteers are written once, under another name, and renamed; who overwrites one in place breaks his own run.
        #[allow(unsafe_code)]
        let map = unsafe { Mmap::map(&file) }.map_err(read)?;
        Gazetteer::new(Bytes::Mapped(map), path.display().to_string())
    }

    /// Takes bytes, such as [`crate::compile::compile`] gives.
    ///
    /// # Errors
    /// When they are no gazetteer of this version.
    pub fn from_bytes(bytes: Vec<u8>, name: &str) -> Result<Gazetteer, OpenError> {
        Gazetteer::new(Bytes::Owned(bytes), name.to_owned())
    }

    /// Takes bytes that the program carries.
    ///
    /// # Errors
    /// When they are no gazetteer of this version.
    pub fn from_static(bytes: &'static [u8], name: &str) -> Result<Gazetteer, OpenError> {
        Gazetteer::new(Bytes::Static(bytes), name.to_owned())
    }

    fn new(bytes: Bytes, file: String) -> Result<Gazetteer, OpenError> {
        let damaged = |what| OpenError::Damaged {
            name: file.clone(),
            what,
        };
        let data = bytes.as_slice();
        if !data.starts_with(&MAGIC) {
            return Err(OpenError::Foreign { name: file });
        }
        let word = |at: usize| {
            data.get(at..at + 4)
                .map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        };
        let format = word(8).ok_or_else(|| damaged("it is too short"))?;
        if format != FORMAT {
            return Err(OpenError::Format {
                name: file,
                found: format,
            });
        }
        let header = data
            .get(..HEADER)
            .ok_or_else(|| damaged("it is too short"))?;
        let checksum = word(12).ok_or_else(|| damaged("it is too short"))?;
        let sha256 = header[16..CONTENTS]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let mut sections = [const { 0..0 }; SECTIONS];
        let mut start = HEADER;
        for (section, length) in sections.iter_mut().zip(header[CONTENTS..].chunks_exact(8)) {
            let length = length
                .iter()
                .rev()
                .fold(0u64, |length, byte| length << 8 | u64::from(*byte));
            let end = usize::try_from(length)
                .ok()
                .and_then(|length| start.checked_add(length));
            let end = end
                .filter(|end| *end <= data.len())
                .ok_or_else(|| damaged("it is shorter than it says"))?;
            *section = start..end;
            start = end;
        }
        if start != data.len() {
            return Err(damaged("it is longer than it says"));
        }
        if sections[ENTITIES].len() % ENTITY != 0 || sections[POSTINGS].len() % POSTING != 0 {
            return Err(damaged("its tables have no whole number of rows"));
        }
        if sections[MAPS..].iter().any(|map| map.len() < Map::SHORTEST) {
            return Err(damaged("a map of names cannot be read"));
        }
        let about = serde_json::from_slice(&data[sections[0].clone()])
            .map_err(|_| damaged("it does not say what it is"))?;
        Ok(Gazetteer {
            bytes,
            file,
            about,
            sha256,
            checksum,
            sections,
        })
    }

    /// Compares every byte with the checksum the file was written with.
    ///
    /// # Errors
    /// When they differ.
    pub fn verify(&self) -> Result<(), OpenError> {
        if crc32fast::hash(&self.bytes.as_slice()[HEADER..]) == self.checksum {
            return Ok(());
        }
        Err(OpenError::Damaged {
            name: self.file.clone(),
            what: "its checksum does not fit",
        })
    }

    /// What it says of itself.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }

    /// SHA-256 of its content: its identity.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sections[ENTITIES].len() / ENTITY
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn section(&self, section: usize) -> &[u8] {
        &self.bytes.as_slice()[self.sections[section].clone()]
    }

    fn map(&self, family: Family) -> Map<'_> {
        Map::new(self.section(MAPS + family as usize))
    }

    /// Rows of a section, by the number of the first and of their bytes.
    fn rows(&self, section: usize, row: usize, first: u64, count: usize) -> Option<&[u8]> {
        let start = usize::try_from(first).ok()?.checked_mul(row)?;
        let end = start.checked_add(count.checked_mul(row)?)?;
        self.section(section).get(start..end)
    }

    fn text(&self, start: u32, length: u16) -> &str {
        self.rows(TEXTS, 1, start.into(), length.into())
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }

    /// The entity of a number, which a hit of this gazetteer gave.
    #[must_use]
    pub fn entity(&self, number: u32) -> Option<Entity<'_>> {
        let row = self.rows(ENTITIES, ENTITY, number.into(), 1)?;
        let text = |at: usize| {
            let start = u32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]);
            self.text(start, u16::from_le_bytes([row[at + 4], row[at + 5]]))
        };
        let degrees =
            |at: usize| f32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]);
        let (latitude, longitude) = (degrees(32), degrees(36));
        let country = std::str::from_utf8(&row[26..28])
            .ok()
            .filter(|code| *code != "\0\0");
        Some(Entity {
            id: text(0),
            name: text(6),
            offices: text(12),
            source: text(18),
            kind: *Kind::ALL.get(usize::from(row[24]))?,
            prominence: row[25],
            country,
            years: years(&row[28..32]),
            coordinates: (!latitude.is_nan()).then_some(Coordinates {
                latitude,
                longitude,
            }),
        })
    }

    /// The entities that have a key, the most prominent first.
    pub fn get(&self, family: Family, key: &str) -> impl Iterator<Item = Hit<'_>> {
        self.hits(self.map(family).get(key).unwrap_or(0))
    }

    /// The keys that a text begins with, each with where it ends in the text, the shortest first. A key ends where a word
    /// does. `text` is folded, and what no name goes across stands in it as a character no key has.
    pub fn beginnings(&self, family: Family, text: &str) -> Vec<(usize, Vec<Hit<'_>>)> {
        let ends_word = |end: usize| {
            let next = text.as_bytes().get(end);
            next.is_none_or(|next| !next.is_ascii_graphic() && next.is_ascii())
        };
        self.map(family)
            .beginnings(text)
            .filter(|(end, _)| ends_word(*end))
            .map(|(end, value)| (end, self.hits(value).collect()))
            .collect()
    }

    /// The entities of keys that go on after `key` with another word, of at most `most` keys in their order.
    pub fn longer(&self, family: Family, key: &str, most: usize) -> Vec<Hit<'_>> {
        let longer = self.map(family).longer(&format!("{key} "), most);
        longer
            .into_iter()
            .flat_map(|value| self.hits(value))
            .collect()
    }

    /// The keys within one letter of `key` (missing, too many, another, or exchanged with the next) that begin as it
    /// does, with their entities, in the order of the keys. The first letter is taken as right, which makes the search
    /// many times faster and finds nearly as much.
    pub fn near(&self, family: Family, key: &str) -> Vec<(String, Vec<Hit<'_>>)> {
        let near = self.map(family).near(key).into_iter();
        near.map(|(key, value)| (key, self.hits(value).collect()))
            .collect()
    }

    fn hits(&self, value: u64) -> impl Iterator<Item = Hit<'_>> {
        let count = (value & 0xFFFF) as usize;
        self.rows(POSTINGS, POSTING, value >> 16, count)
            .unwrap_or_default()
            .chunks_exact(POSTING)
            .map(|row| Hit {
                entity: u32::from_le_bytes([row[0], row[1], row[2], row[3]]),
                alias: self.text(
                    u32::from_le_bytes([row[4], row[5], row[6], row[7]]),
                    u16::from_le_bytes([row[8], row[9]]),
                ),
                years: years(&row[10..14]),
            })
    }
}

fn years(bytes: &[u8]) -> Years {
    let year = |at: usize| {
        Some(i16::from_le_bytes([bytes[at], bytes[at + 1]])).filter(|year| *year != OPEN)
    };
    Years {
        from: year(0),
        to: year(2),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::compile::{Layer, compile, merge};
    use crate::key;
    use crate::table::{TableFormat, read};
    use proptest::prelude::*;

    pub(crate) const TABLE: &str = "id\ttype\tname\taliases\tcountry\tprominence\tvalid\ttitles\tsource\tlat\tlon
iso3166-1:KZ\tcountry\tKazakhstan\tRépublique du Kazakhstan@1991..|Kazakstan\tKZ\t90\t1991..\t\tCLDR 48\t48.5\t67
nommer:noursoultan-nazarbaiev\tperson\tNoursoultan Nazarbaïev\tNursultan Nazarbayev\tKZ\t85\t1940..\tprésident du Kazakhstan 1991..2019\tnommer\t\t
nommer:onu\tinternational\tOrganisation des Nations unies\tONU|Nations unies|UN\t\t100\t1945..\t\tnommer\t\t
nommer:orange\tcompany\tOrange\tFrance Télécom@..2013\tFR\t80\t\t\tnommer\t\t
insee:84087\tcommune\tOrange\t\tFR\t40\t\t\tetalab\t44.13\t4.80
";

    pub(crate) fn gazetteer() -> Vec<u8> {
        let mut problems = Vec::new();
        let rows = read("t", TABLE.as_bytes(), TableFormat::Tsv, &mut problems);
        assert_eq!(problems, []);
        let layer = Layer {
            name: "core".to_owned(),
            licence: "CC0".to_owned(),
            sources: vec![],
            entries: 5,
        };
        let about = About {
            name: "g".to_owned(),
            version: "1".to_owned(),
            layers: vec![layer],
            types: Default::default(),
            aliases: 0,
        };
        compile(&merge(vec![rows]), about).unwrap()
    }

    fn found(gazetteer: &Gazetteer, family: Family, key: &str) -> Vec<String> {
        gazetteer
            .get(family, key)
            .map(|hit| {
                format!(
                    "{} by {}",
                    gazetteer.entity(hit.entity).unwrap().id,
                    hit.alias
                )
            })
            .collect()
    }

    #[test]
    fn texts_begin_with_names() {
        let gazetteer = Gazetteer::from_bytes(gazetteer(), "g").unwrap();
        let found = |text: &str| {
            let found = gazetteer.beginnings(Family::Exact, text);
            let found = found.iter().map(|(end, hits)| (&text[..*end], hits.len()));
            found
                .map(|(name, hits)| format!("{name} {hits}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(found("orange a dit"), ["orange 2"]);
        assert_eq!(found("nations unies pour"), ["nations unies 1"]);
        assert_eq!(found("oranges"), [""; 0]);
        assert_eq!(found("nations\nunies"), [""; 0]);
        assert_eq!(found(""), [""; 0]);
        let longer = |key| gazetteer.longer(Family::Exact, key, 9);
        assert_eq!(longer("nations")[0].alias, "Nations unies");
        assert!(longer("nation").is_empty() && longer("orange").is_empty());
    }

    #[test]
    fn names_lead_to_entities_the_most_prominent_first() {
        let gazetteer = Gazetteer::from_bytes(gazetteer(), "g").unwrap();
        gazetteer.verify().unwrap();
        assert_eq!((gazetteer.len(), gazetteer.about().aliases), (5, 12));
        assert_eq!(
            found(&gazetteer, Family::Exact, "orange"),
            ["nommer:orange by Orange", "insee:84087 by Orange"]
        );
        assert_eq!(
            found(
                &gazetteer,
                Family::Exact,
                &key::fold("RÉPUBLIQUE\nDU KAZAKHSTAN")
            ),
            ["iso3166-1:KZ by République du Kazakhstan"]
        );
        assert_eq!(
            found(&gazetteer, Family::Acronym, "ONU"),
            ["nommer:onu by ONU"]
        );
        assert_eq!(found(&gazetteer, Family::Exact, "onu"), [""; 0]);
        assert_eq!(
            found(&gazetteer, Family::Part, "nazarbaiev"),
            ["nommer:noursoultan-nazarbaiev by Noursoultan Nazarbaïev"]
        );
        assert_eq!(
            found(&gazetteer, Family::Part, "n nazarbayev"),
            ["nommer:noursoultan-nazarbaiev by Nursultan Nazarbayev"]
        );
        let sound = key::sound(&key::fold("Noursoultan Nazarbaev")).unwrap();
        assert_eq!(found(&gazetteer, Family::Sound, &sound).len(), 1);
        assert_eq!(found(&gazetteer, Family::Exact, "nulle part"), [""; 0]);
        let orange = gazetteer
            .get(Family::Exact, "france telecom")
            .next()
            .unwrap();
        assert!(orange.years.contain(2013) && !orange.years.contain(2014));
    }

    #[test]
    fn an_entity_comes_back_whole() {
        let gazetteer = Gazetteer::from_bytes(gazetteer(), "g").unwrap();
        let hit = gazetteer.get(Family::Exact, "kazakstan").next().unwrap();
        let entity = gazetteer.entity(hit.entity).unwrap();
        assert_eq!(
            (entity.id, entity.name, entity.kind, entity.prominence),
            ("iso3166-1:KZ", "Kazakhstan", Kind::Country, 90)
        );
        assert_eq!(
            (entity.country, entity.years.from, entity.source),
            (Some("KZ"), Some(1991), "CLDR 48")
        );
        assert_eq!(entity.coordinates.map(|place| place.latitude), Some(48.5));
        let hit = gazetteer.get(Family::Part, "nazarbayev").next().unwrap();
        let person = gazetteer.entity(hit.entity).unwrap();
        let offices: Vec<Office> = person.offices().collect();
        assert_eq!(
            (offices[0].title.as_str(), offices[0].years.to),
            ("président du Kazakhstan", Some(2019))
        );
        assert_eq!((person.coordinates, gazetteer.entity(99)), (None, None));
    }

    #[test]
    fn one_wrong_letter_is_forgiven_but_not_the_first() {
        let gazetteer = Gazetteer::from_bytes(gazetteer(), "g").unwrap();
        let near = |key: &str| {
            gazetteer
                .near(Family::Exact, key)
                .into_iter()
                .map(|(key, _)| key)
                .collect::<Vec<_>>()
        };
        assert_eq!(near("kazzhkstan"), [""; 0], "two letters");
        assert_eq!(near("kazakhstam"), ["kazakhstan"]);
        assert_eq!(near("gazakhstan"), [""; 0]);
    }

    #[test]
    fn the_same_tables_give_the_same_bytes() {
        assert!(gazetteer() == gazetteer());
    }

    #[test]
    fn what_is_no_gazetteer_is_refused_before_any_lookup() {
        let good = gazetteer();
        let refused = |bytes: Vec<u8>| match Gazetteer::from_bytes(bytes, "g")
            .and_then(|gazetteer| gazetteer.verify())
        {
            Ok(()) => panic!("taken"),
            Err(error) => error.to_string(),
        };
        assert!(refused(b"id\ttype".to_vec()).contains("no compiled gazetteer"));
        assert!(refused(Vec::new()).contains("no compiled gazetteer"));
        let mut old = good.clone();
        old[8] = 7;
        assert!(refused(old).contains("has format 7, and this nommer reads format 1; rebuild it"));
        assert!(refused(good[..good.len() - 1].to_vec()).contains("shorter than it says"));
        assert!(refused(good[..40].to_vec()).contains("too short"));
        assert!(refused([good.as_slice(), b"x"].concat()).contains("longer than it says"));
        // A wrong byte anywhere is found.
        for at in (0..good.len()).step_by(7) {
            let mut bad = good.clone();
            bad[at] ^= 0x40;
            if (16..48).contains(&at) {
                continue; // the identity, not the content
            }
            assert!(!refused(bad).is_empty(), "byte {at}");
        }
    }

    proptest! {
        #[test]
        fn wrong_bytes_never_end_the_program(
            wrong in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..12),
            header in proptest::bool::weighted(0.1),
            name in "[a-e ]{1,8}|kazakh?stan|nazarba[iy]ev|orange|ONU",
        ) {
            let mut bytes = gazetteer();
            // Most of what is wrong in the header is seen at once.
            let from = if header { 12 } else { HEADER };
            for (at, byte) in wrong {
                let at = from + at.index(bytes.len() - from);
                bytes[at] = byte;
            }
            if let Ok(gazetteer) = Gazetteer::from_bytes(bytes, "g") {
                use_everything(&gazetteer, &name);
            }
        }
    }

    fn use_everything(gazetteer: &Gazetteer, name: &str) {
        for number in (0..6).chain([u32::MAX]) {
            if let Some(entity) = gazetteer.entity(number) {
                let _ = (entity.offices().count(), format!("{entity:?}"));
            }
        }
        let keys = [
            "kazakhstan",
            "orange",
            "nazarbaiev",
            "ONU",
            "nations unies",
            name,
        ];
        for family in Family::ALL {
            for key in keys {
                let _ = gazetteer.get(family, key).count();
                let _ = gazetteer.near(family, key).len();
                let _ = gazetteer.beginnings(family, key).len();
                let _ = gazetteer.longer(family, key, 9).len();
            }
        }
        let _ = (
            gazetteer.verify().is_ok(),
            gazetteer.sha256(),
            gazetteer.len(),
        );
    }
}

//! The entries a name may mean, and which of them it most likely does.

use std::collections::BTreeMap;

use nommer_core::label::Label;
use nommer_core::text::fold::is_common;
use unicode_normalization::UnicodeNormalization;

use crate::compile::Family;
use crate::entry::{Coordinates, Kind, Years};
use crate::index::Entity;
use crate::key;
use crate::layers::{Gazetteers, Named};

/// How a candidate was found. Tiers are tried in this order; the first that answers is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// The name, but for capitals, accents, hyphens and apostrophes.
    Exact,
    /// The acronym.
    Acronym,
    /// The name without, or with, an article; without a legal form; with the spaces it lost.
    Article,
    /// The beginning of a place's longer name.
    Beginning,
    /// A part of a person's name, or its parts in another order.
    Part,
    /// The sound of the name.
    Sound,
    /// The name as it may have been before it was misread.
    Misread,
    /// The sound of the name but for one letter.
    Near,
}

impl Tier {
    /// Its name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Tier::Exact => "exact",
            Tier::Acronym => "acronym",
            Tier::Article => "article",
            Tier::Beginning => "beginning",
            Tier::Part => "part",
            Tier::Sound => "sound",
            Tier::Misread => "misread",
            Tier::Near => "near",
        }
    }
}

/// The most candidates of one name.
pub const MOST: usize = 16;

/// The shortest name that is taken for the beginning of a longer one, in bytes.
const SHORTEST_BEGINNING: usize = 5;

/// How many longer names are looked at.
const LONGER: usize = 64;

/// The prominence from which a place is known to people from elsewhere.
const KNOWN: u8 = 45;

/// The shortest sound that is looked up with a wrong letter.
const SHORTEST_NEAR: usize = 6;

/// An entry a name may mean.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// The entry.
    pub entity: Entity<'a>,
    /// The name of it that was found.
    pub alias: &'a str,
    /// When it had this name.
    pub years: Years,
    /// How it was found.
    pub tier: Tier,
    /// How the mention spells it.
    pub spelling: Spelling,
    /// Whether the user's own table says so.
    pub user: bool,
}

/// How a mention spells the name of an entry that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// Just so, but for capitals.
    Same,
    /// Without accents on its capitals, or with accents where the alias has none.
    Unaccented,
    /// Without the accents of the alias, or with others, which makes another word of it: `Loue`, `Loué`.
    Accented,
}

impl Spelling {
    fn of(name: &str, alias: &str) -> Spelling {
        if name.to_lowercase() == alias.to_lowercase() {
            return Spelling::Same;
        }
        // Accents within words, where typing drops none; and in capitals all may be gone.
        let accents = |text: &str| -> Vec<char> {
            let mut before = ' ';
            let within = |c: &char| {
                let within = before.is_alphanumeric() && !c.is_ascii();
                before = *c;
                within && c.is_alphabetic()
            };
            text.to_lowercase().nfc().filter(within).collect()
        };
        let capitals = !name.chars().any(char::is_lowercase);
        let own = accents(alias);
        if capitals || own.is_empty() || accents(name) == own {
            Spelling::Unaccented
        } else {
            Spelling::Accented
        }
    }
}

/// The candidates of a name, each entity once, by its first tier; the most prominent first.
#[must_use]
pub fn candidates<'a>(gazetteers: &'a Gazetteers, name: &str) -> Vec<Candidate<'a>> {
    let folded = key::fold(name);
    if folded.is_empty() || folded.chars().count() > key::LONGEST {
        return Vec::new();
    }
    let mut found = Found {
        name,
        candidates: Vec::new(),
    };
    // In capitals a short name may be a word as well: `UE`, `ONU`, but also `PARIS`.
    if let Some(acronym) = key::acronym(name) {
        found.add(Tier::Acronym, gazetteers.get(Family::Acronym, &acronym));
    }
    found.add(Tier::Exact, gazetteers.get(Family::Exact, &folded));
    if found.is_empty() && looks_like_word(name) {
        // Newspapers write acronyms that can be spoken like words: `Onu`, `Ena`.
        let acronym = folded.to_uppercase();
        found.add(Tier::Acronym, gazetteers.get(Family::Acronym, &acronym));
    }
    // The user's own word is final where it names the thing.
    if found.candidates.iter().any(|candidate| candidate.user) {
        found.candidates.retain(|candidate| candidate.user);
    }
    if found.is_empty() {
        found.add(Tier::Article, gazetteers.get(Family::Article, &folded));
        if let Some(rest) = key::without_article(&folded) {
            found.add(Tier::Article, gazetteers.get(Family::Exact, rest));
        }
        if let Some(apart) = key::uncompressed(name) {
            found.add(
                Tier::Article,
                gazetteers.get(Family::Exact, &key::fold(&apart)),
            );
        }
        if let Some(rest) = key::without_form(&folded) {
            let firms = gazetteers.get(Family::Exact, rest);
            let firms = firms.filter(|named| named.entity.kind.label() == Label::Org);
            found.add(Tier::Article, firms);
        }
    }
    // `Chamonix` is Chamonix-Mont-Blanc, and `Le Puy` rather Le Puy-en-Velay than a hamlet of that very name.
    let small = |candidate: &Candidate<'_>| {
        candidate.entity.kind.label() == Label::Loc && candidate.entity.prominence < KNOWN
    };
    if folded.len() >= SHORTEST_BEGINNING && found.candidates.iter().all(small) {
        let known = if found.is_empty() { 0 } else { KNOWN };
        let longer = gazetteers.longer(Family::Exact, &folded, LONGER);
        found.add(
            Tier::Beginning,
            longer.filter(|named| {
                let entity = &named.entity;
                matches!(entity.kind, Kind::Commune | Kind::City) && entity.prominence >= known
            }),
        );
    }
    // Surnames are names of places and firms as well.
    let person = |candidate: &Candidate<'_>| candidate.entity.kind == Kind::Person;
    if !found.candidates.iter().any(person) {
        found.add(Tier::Part, gazetteers.get(Family::Part, &folded));
    }
    if found.is_empty()
        && let Some(sound) = key::sound(&folded)
    {
        found.add(Tier::Sound, gazetteers.get(Family::Sound, &sound));
        if found.is_empty() {
            for read in key::misread(&folded) {
                found.add(Tier::Misread, gazetteers.get(Family::Exact, &read));
            }
        }
        if found.is_empty() && sound.chars().count() >= SHORTEST_NEAR {
            found.add(Tier::Near, gazetteers.near(Family::Sound, &sound));
        }
    }
    found.candidates
}

/// Whether a name is one short word with a capital only at its start.
fn looks_like_word(name: &str) -> bool {
    const LONGEST: usize = 5;
    let mut chars = name.chars();
    chars.next().is_some_and(char::is_uppercase)
        && chars.clone().all(char::is_lowercase)
        && (2..LONGEST).contains(&chars.count())
}

struct Found<'n, 'a> {
    name: &'n str,
    candidates: Vec<Candidate<'a>>,
}

impl<'a> Found<'_, 'a> {
    fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    fn add(&mut self, tier: Tier, found: impl Iterator<Item = Named<'a>>) {
        for Named { entity, hit, user } in found {
            if self.candidates.len() == MOST {
                break;
            }
            if self
                .candidates
                .iter()
                .any(|known| known.entity.id == entity.id)
            {
                continue;
            }
            self.candidates.push(Candidate {
                entity,
                alias: hit.alias,
                years: hit.years,
                tier,
                spelling: Spelling::of(self.name, hit.alias),
                user,
            });
        }
    }
}

/// What a document says about what its names mean.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The year it speaks of.
    pub year: Option<i16>,
    /// Countries it names or whose entities it names, by their codes, and how often.
    pub countries: BTreeMap<String, u32>,
    /// Where the first [`Context::PLACES`] places lie that it surely names, countries apart.
    pub places: Vec<Coordinates>,
    /// French départements that it surely names, or communes of, by their codes, and how often.
    pub departments: BTreeMap<String, u32>,
}

impl Context {
    /// How many places are remembered: each candidate is measured against all of them.
    pub const PLACES: usize = 512;

    /// Adds what a document surely names.
    pub fn learn(&mut self, entity: &Entity<'_>) {
        if let Some(country) = entity.country {
            *self.countries.entry(country.to_owned()).or_default() += 1;
        }
        if let Some(department) = department(entity.id) {
            *self.departments.entry(department.to_owned()).or_default() += 1;
        }
        let room = self.places.len() < Context::PLACES && entity.kind != Kind::Country;
        if let (Some(place), true) = (entity.coordinates, room) {
            self.places.push(place);
        }
    }
}

/// The code of the département that an entry is, or is a commune of.
fn department(id: &str) -> Option<&str> {
    if let Some(code) = id.strip_prefix("insee:") {
        // Overseas codes have three digits.
        let length = if code.starts_with("97") || code.starts_with("98") {
            3
        } else {
            2
        };
        return code.get(..length);
    }
    id.strip_prefix("iso3166-2:FR-")
        .filter(|code| code.starts_with(|c: char| c.is_ascii_digit()))
}

/// A mention as far as its meaning is concerned.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mentioned<'a> {
    /// The label the model gives it.
    pub label: Option<Label>,
    /// The words before it.
    pub before: &'a str,
}

/// What speaks for a candidate and against it. The score is the sum of all.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Features {
    /// How it was found.
    pub tier: f32,
    /// How prominent it is.
    pub prior: f32,
    /// Whether the model's label is its own.
    pub label: f32,
    /// Whether it existed, and had this name, in the document's year.
    pub date: f32,
    /// Whether the document is about its country.
    pub country: f32,
    /// Whether it lies near other places of the document.
    pub near: f32,
    /// Whether the noun before the name says what it is.
    pub head: f32,
    /// Whether the words before the name are an office it held.
    pub title: f32,
    /// Whether its name is also a common word.
    pub common: f32,
    /// Whether the user's own table has it.
    pub user: f32,
}

impl Features {
    /// All of them, with their names.
    #[must_use]
    pub fn named(&self) -> [(&'static str, f32); 10] {
        [
            ("tier", self.tier),
            ("prior", self.prior),
            ("label", self.label),
            ("date", self.date),
            ("country", self.country),
            ("near", self.near),
            ("head", self.head),
            ("title", self.title),
            ("common", self.common),
            ("user", self.user),
        ]
    }

    /// Their sum.
    #[must_use]
    pub fn score(&self) -> f32 {
        self.named().iter().map(|(_, value)| value).sum()
    }
}

/// Weighs a candidate for a mention in its document.
#[must_use]
pub fn weigh(candidate: &Candidate<'_>, mentioned: Mentioned<'_>, context: &Context) -> Features {
    let entity = &candidate.entity;
    Features {
        tier: match candidate.tier {
            Tier::Exact | Tier::Acronym => {
                // Its proper name rather than one of several.
                let proper = f32::from(u8::from(candidate.alias == entity.name));
                let spelled = match candidate.spelling {
                    Spelling::Same => 0.05,
                    Spelling::Unaccented => 0.0,
                    Spelling::Accented => -0.1,
                };
                0.45 + 0.03 * proper + spelled
            }
            Tier::Article | Tier::Misread => 0.4,
            Tier::Beginning => 0.3,
            Tier::Sound => 0.25,
            Tier::Part => 0.05,
            Tier::Near => 0.0,
        },
        prior: f32::from(entity.prominence) / 200.0,
        label: match mentioned.label {
            None => 0.0,
            Some(label) if entity.kind.label() == label => 0.2,
            // Persons are no places and no firms, whoever reads.
            Some(label) if Label::Per == label || entity.kind == Kind::Person => -0.45,
            // A country that acts and a palace that speaks are places for us and organisations for others.
            Some(_) => -0.25,
        },
        date: context.year.map_or(0.0, |year| date(candidate, year)),
        country: match entity.country {
            _ if entity.kind == Kind::Country => 0.05,
            Some(code) if context.countries.contains_key(code) => 0.1,
            Some(_) if !context.countries.is_empty() && entity.kind == Kind::City => -0.1,
            _ => 0.0,
        },
        near: near(entity, context),
        head: head(entity.kind, mentioned.before),
        title: if holds_office(entity, mentioned.before, context.year) {
            0.3
        } else {
            0.0
        },
        common: if is_common(&key::fold(candidate.alias)) {
            -0.1
        } else {
            0.0
        },
        user: if candidate.user { 0.3 } else { 0.0 },
    }
}

/// Texts speak of the dead and the dissolved, hardly of the unborn and the unfounded.
fn date(candidate: &Candidate<'_>, year: i16) -> f32 {
    /// A person is hardly named before this age.
    const KNOWN_FROM: i32 = 15;
    let year = i32::from(year);
    let outside = |years: Years, age: i32| {
        let early = years.from.map_or(0, |from| i32::from(from) + age - year);
        let late = years.to.map_or(0, |to| year - i32::from(to));
        (early.clamp(0, 10) as f32, late.clamp(0, 30) as f32)
    };
    let age = if candidate.entity.kind == Kind::Person {
        KNOWN_FROM
    } else {
        0
    };
    let (early, late) = outside(candidate.entity.years, age);
    let (alias_early, alias_late) = outside(candidate.years, 0);
    -0.04 * early.max(alias_early) - 0.004 * late.max(alias_late)
}

/// The more, the more places of the document are near, with distances of a day's walk to a day's ride; or, of communes,
/// the more are in the same département: not all have coordinates.
fn near(entity: &Entity<'_>, context: &Context) -> f32 {
    const MOST: f32 = 0.25;
    const WALK: f32 = 40.0;
    /// How much a place of the same département is worth of one next door.
    const SAME: f32 = 0.4;
    if entity.kind == Kind::Country {
        return 0.0;
    }
    let place = entity.coordinates;
    let close = place.map_or(0.0, |place| {
        let close = |other: &Coordinates| (-place.kilometres(*other) / WALK).exp();
        context.places.iter().map(close).sum()
    });
    let department = department(entity.id).and_then(|code| context.departments.get(code));
    let same = department.map_or(0.0, |count| SAME * *count as f32);
    let close = close.max(same);
    MOST * close / (close + 0.7)
}

/// Common nouns before a name, and what they say it is.
const HEADS: [(&str, &[Kind]); 62] = [
    ("abbaye", &[Kind::Building]),
    ("armee", &[Kind::Armed]),
    ("association", &[Kind::Association]),
    ("banque", &[Kind::Company]),
    ("bords", &[Kind::Water]),
    ("bourg", &[Kind::Commune, Kind::City]),
    ("capitale", &[Kind::Commune, Kind::City]),
    ("chateau", &[Kind::Building]),
    ("club", &[Kind::Club]),
    ("col", &[Kind::Relief]),
    ("commune", &[Kind::Commune]),
    ("compagnie", &[Kind::Company]),
    ("constructeur", &[Kind::Company]),
    ("crue", &[Kind::Water]),
    ("crues", &[Kind::Water]),
    ("departement", &[Kind::Department]),
    ("eaux", &[Kind::Water]),
    ("emirat", &[Kind::Country]),
    ("entreprise", &[Kind::Company]),
    ("fleuve", &[Kind::Water]),
    ("gare", &[Kind::Commune, Kind::City]),
    ("groupe", &[Kind::Company]),
    ("hebdomadaire", &[Kind::Media]),
    ("ile", &[Kind::Relief]),
    ("iles", &[Kind::Relief]),
    ("institut", &[Kind::School, Kind::Institution]),
    ("journal", &[Kind::Media]),
    ("lac", &[Kind::Water]),
    ("mairie", &[Kind::Commune, Kind::City]),
    ("maire", &[Kind::Commune, Kind::City]),
    ("maires", &[Kind::Commune, Kind::City]),
    ("massif", &[Kind::Relief]),
    ("mer", &[Kind::Water]),
    ("ministere", &[Kind::Ministry]),
    ("mont", &[Kind::Relief]),
    ("mouvement", &[Kind::Party, Kind::Armed]),
    ("operateur", &[Kind::Company]),
    ("parti", &[Kind::Party]),
    ("pays", &[Kind::Country]),
    ("plaine", &[Kind::Relief, Kind::Area]),
    ("prefecture", &[Kind::Department, Kind::Region]),
    ("prefet", &[Kind::Department, Kind::Region]),
    ("port", &[Kind::Commune, Kind::City]),
    ("province", &[Kind::Region, Kind::Historic]),
    ("quotidien", &[Kind::Media]),
    ("redaction", &[Kind::Media]),
    ("region", &[Kind::Region]),
    ("republique", &[Kind::Country]),
    ("rive", &[Kind::Water]),
    ("rives", &[Kind::Water]),
    ("riviere", &[Kind::Water]),
    ("royaume", &[Kind::Country]),
    ("senateur", &[Kind::Department]),
    ("societe", &[Kind::Company]),
    ("sommet", &[Kind::Relief]),
    ("station", &[Kind::Media, Kind::Commune, Kind::City]),
    ("syndicat", &[Kind::Union]),
    ("tribunal", &[Kind::Commune, Kind::City]),
    ("vallee", &[Kind::Water]),
    ("village", &[Kind::Commune, Kind::City]),
    ("villages", &[Kind::Commune, Kind::City]),
    ("ville", &[Kind::Commune, Kind::City]),
];

/// Whether the noun before a name, at most an article and a preposition away, says what the entry is.
fn head(kind: Kind, before: &str) -> f32 {
    const AWAY: usize = 4;
    const BETWEEN: [&str; 9] = ["de", "du", "des", "d", "la", "le", "les", "l", "et"];
    // A name does not go with the noun of another clause.
    let clause = before.rfind(['.', ',', ';', ':', '(', ')', '«', '»', '–']);
    let before = key::fold(&before[clause.map_or(0, |at| before.ceil_char_boundary(at + 1))..]);
    let mut words = before.rsplit(' ').take(AWAY);
    let noun = words.find(|word| !BETWEEN.contains(word));
    let found = noun.and_then(|noun| HEADS.iter().find(|(head, _)| *head == noun));
    match found {
        Some((_, kinds)) if kinds.contains(&kind) => 0.15,
        _ => 0.0,
    }
}

/// Whether the words before a name are an office the person held, wholly (`président du Kazakhstan`) or in short
/// (`le président`), in the year.
fn holds_office(entity: &Entity<'_>, before: &str, year: Option<i16>) -> bool {
    let mut offices = entity.offices().peekable();
    if offices.peek().is_none() {
        return false;
    }
    let before = key::fold(before);
    let last = before.rsplit(' ').next();
    offices.any(|office| {
        if year.is_some_and(|year| office.years.distance(year) > 1) {
            return false;
        }
        let title = key::fold(&office.title);
        let short = title.split(' ').next();
        !title.is_empty() && (before.ends_with(&title) || last == short)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::Gazetteer;
    use crate::index::tests::{TABLE, gazetteer};

    fn gazetteers() -> Gazetteers {
        Gazetteers::new(vec![Gazetteer::from_bytes(gazetteer(), "g").unwrap()])
    }

    fn found(name: &str) -> Vec<String> {
        candidates(&gazetteers(), name)
            .iter()
            .map(|candidate| format!("{} {}", candidate.tier.as_str(), candidate.entity.id))
            .collect()
    }

    #[test]
    fn the_first_tier_that_answers_is_the_last() {
        assert!(TABLE.contains("Orange"));
        let cases: [(&str, &[&str]); 10] = [
            ("ONU", &["acronym nommer:onu"]),
            ("Onu", &["acronym nommer:onu"]),
            ("O.N.U.", &["acronym nommer:onu"]),
            ("onu", &[]),
            ("ORANGE", &["exact nommer:orange", "exact insee:84087"]),
            ("le Kazakhstan", &["article iso3166-1:KZ"]),
            ("Nazarbaïev", &["part nommer:noursoultan-nazarbaiev"]),
            (
                "Noursoultan NAZARBAEV",
                &["sound nommer:noursoultan-nazarbaiev"],
            ),
            ("Kazakhstam", &["near iso3166-1:KZ"]),
            ("Nulle part", &[]),
        ];
        for (name, expected) in cases {
            assert_eq!(found(name), expected, "{name}");
        }
    }

    #[test]
    fn evidence_decides_between_namesakes() {
        let gazetteers = gazetteers();
        let best = |label| {
            let context = Context::default();
            let found = candidates(&gazetteers, "Orange");
            let scores = found.iter().map(|candidate| {
                weigh(
                    candidate,
                    Mentioned {
                        label: Some(label),
                        before: "",
                    },
                    &context,
                )
                .score()
            });
            let best = scores
                .enumerate()
                .max_by(|a, b| a.1.total_cmp(&b.1))
                .unwrap()
                .0;
            found[best].entity.id.to_owned()
        };
        assert_eq!(best(Label::Loc), "insee:84087");
        assert_eq!(best(Label::Org), "nommer:orange");
    }

    #[test]
    fn offices_and_dates_count() {
        let gazetteers = gazetteers();
        let president = &candidates(&gazetteers, "Nazarbaïev")[0];
        let weighed = |before: &str, year| {
            let context = Context {
                year,
                ..Context::default()
            };
            let label = Some(Label::Per);
            weigh(president, Mentioned { label, before }, &context)
        };
        assert!(
            weighed(
                "s'est entretenu avec le président du Kazakhstan",
                Some(2008)
            )
            .title
                > 0.0
        );
        assert!(weighed("le Président ", None).title > 0.0);
        assert_eq!(weighed("le président", Some(2023)).title, 0.0);
        assert_eq!(weighed("avec", Some(2008)).title, 0.0);
        assert!(weighed("", Some(1900)).date < -0.2);
        assert_eq!(weighed("", Some(2008)).date, 0.0);
    }

    #[test]
    fn other_accents_are_another_word() {
        let cases = [
            ("Loue", "Loué", Spelling::Accented),
            ("LOUE", "Loué", Spelling::Unaccented),
            ("Etats-Unis", "États-Unis", Spelling::Unaccented),
            ("états-unis", "États-Unis", Spelling::Same),
            ("E\u{301}vian", "Évian", Spelling::Unaccented),
            ("Nazarbaiev", "Nazarbaïev", Spelling::Accented),
            ("Oséo", "OSEO", Spelling::Unaccented),
        ];
        for (name, alias, expected) in cases {
            assert_eq!(Spelling::of(name, alias), expected, "{name} {alias}");
        }
    }

    #[test]
    fn places_near_others_come_first() {
        let gazetteers = gazetteers();
        let commune = candidates(&gazetteers, "Orange").pop().unwrap();
        let weighed = |latitude, longitude| {
            let context = Context {
                places: vec![Coordinates {
                    latitude,
                    longitude,
                }],
                ..Context::default()
            };
            weigh(&commune, Mentioned::default(), &context).near
        };
        // Avignon, Lyon, Brest.
        assert!(weighed(43.95, 4.81) > 0.1);
        assert!((0.0..0.01).contains(&weighed(45.76, 4.84)));
        assert!(weighed(48.39, -4.49) < 0.0001);

        let mut context = Context::default();
        let weighed = |context: &Context| weigh(&commune, Mentioned::default(), context).near;
        assert_eq!(weighed(&context), 0.0);
        let mut unplaced = commune.entity;
        unplaced.coordinates = None;
        context.learn(&unplaced);
        assert!(weighed(&context) > 0.05);
        assert_eq!(department("insee:97411"), Some("974"));
        assert_eq!(department("insee:2A004"), Some("2A"));
        assert_eq!(department("iso3166-2:FR-39"), Some("39"));
        assert_eq!(department("iso3166-2:FR-BRE"), None);
    }

    #[test]
    fn nouns_before_a_name_say_what_it_is() {
        let cases = [
            ("à la mairie d'", 0.15),
            ("dans la commune de ", 0.15),
            ("maire sortant, ", 0.0),
            ("le groupe ", 0.0),
            ("é–", 0.0),
            ("", 0.0),
        ];
        for (before, expected) in cases {
            assert_eq!(head(Kind::Commune, before), expected, "{before}");
        }
        assert!(HEADS.iter().all(|(noun, _)| key::fold(noun) == *noun));
    }
}

//! The entries a name may mean, and which of them it most likely does.

use std::collections::BTreeMap;

use nommer_core::label::Label;

use crate::compile::Family;
use crate::entry::{Kind, Years};
use crate::index::{Entity, Gazetteer, Hit};
use crate::key;

/// How a candidate was found. Tiers are tried in this order; the first that answers is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// The name, but for capitals, accents, hyphens and apostrophes.
    Exact,
    /// The acronym.
    Acronym,
    /// The name without, or with, an article.
    Article,
    /// A part of a person's name, or its parts in another order.
    Part,
    /// The sound of the name.
    Sound,
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
            Tier::Part => "part",
            Tier::Sound => "sound",
            Tier::Near => "near",
        }
    }
}

/// The most candidates of one name.
pub const MOST: usize = 16;

/// The shortest sound that is looked up with a wrong letter.
const SHORTEST_NEAR: usize = 6;

/// An entry a name may mean.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    /// The entry.
    pub entity: Entity<'a>,
    /// Its number.
    pub number: u32,
    /// The name of it that was found.
    pub alias: &'a str,
    /// When it had this name.
    pub years: Years,
    /// How it was found.
    pub tier: Tier,
}

/// The candidates of a name, each entity once, by its first tier; the most prominent first.
#[must_use]
pub fn candidates<'a>(gazetteer: &'a Gazetteer, name: &str) -> Vec<Candidate<'a>> {
    let folded = key::fold(name);
    if folded.is_empty() || folded.chars().count() > key::LONGEST {
        return Vec::new();
    }
    let acronym = key::acronym(name);
    let found = Found {
        gazetteer,
        candidates: Vec::new(),
    };
    let exact = || gazetteer.get(Family::Exact, &folded);
    let mut found = match &acronym {
        // In capitals a short name may be a word as well: `UE`, `ONU`, but also `PARIS`.
        Some(acronym) => found
            .add(Tier::Acronym, gazetteer.get(Family::Acronym, acronym))
            .add(Tier::Exact, exact()),
        None => found.add(Tier::Exact, exact()),
    };
    if found.is_empty() {
        found = found.add(Tier::Article, gazetteer.get(Family::Article, &folded));
        if let Some(rest) = key::without_article(&folded) {
            found = found.add(Tier::Article, gazetteer.get(Family::Exact, rest));
        }
    }
    if found.is_empty() {
        found = found.add(Tier::Part, gazetteer.get(Family::Part, &folded));
    }
    let sound = key::sound(&folded);
    if let (true, Some(sound)) = (found.is_empty(), &sound) {
        found = found.add(Tier::Sound, gazetteer.get(Family::Sound, sound));
    }
    if let (true, Some(sound)) = (found.is_empty(), &sound)
        && sound.chars().count() >= SHORTEST_NEAR
    {
        for (_, hits) in gazetteer.near(Family::Sound, sound) {
            found = found.add(Tier::Near, hits.into_iter());
        }
    }
    found.candidates
}

struct Found<'a> {
    gazetteer: &'a Gazetteer,
    candidates: Vec<Candidate<'a>>,
}

impl<'a> Found<'a> {
    fn is_empty(&self) -> bool {
        self.candidates.is_empty()
    }

    fn add(mut self, tier: Tier, hits: impl Iterator<Item = Hit<'a>>) -> Found<'a> {
        for hit in hits {
            if self.candidates.len() == MOST {
                break;
            }
            if self
                .candidates
                .iter()
                .any(|candidate| candidate.number == hit.entity)
            {
                continue;
            }
            if let Some(entity) = self.gazetteer.entity(hit.entity) {
                self.candidates.push(Candidate {
                    entity,
                    number: hit.entity,
                    alias: hit.alias,
                    years: hit.years,
                    tier,
                });
            }
        }
        self
    }
}

/// What a document says about what its names mean.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The year it speaks of.
    pub year: Option<i16>,
    /// Countries it names or whose entities it names, by their codes, and how often.
    pub countries: BTreeMap<String, u32>,
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
    /// Whether the words before the name are an office it held.
    pub title: f32,
}

impl Features {
    /// All of them, with their names.
    #[must_use]
    pub fn named(&self) -> [(&'static str, f32); 6] {
        [
            ("tier", self.tier),
            ("prior", self.prior),
            ("label", self.label),
            ("date", self.date),
            ("country", self.country),
            ("title", self.title),
        ]
    }

    /// Their sum.
    #[must_use]
    pub fn score(&self) -> f32 {
        self.named().iter().map(|(_, value)| value).sum()
    }
}

/// Weighs a candidate for a mention of this label, with the words before it, in its document.
#[must_use]
pub fn weigh(
    candidate: &Candidate<'_>,
    label: Option<Label>,
    before: &str,
    context: &Context,
) -> Features {
    let entity = &candidate.entity;
    let tier = match candidate.tier {
        Tier::Exact => 0.5,
        Tier::Acronym => 0.5,
        Tier::Article => 0.4,
        Tier::Part => 0.2,
        Tier::Sound => 0.2,
        Tier::Near => 0.05,
    };
    let prior = f32::from(entity.prominence) / 100.0 * 0.5;
    let label = match label {
        None => 0.0,
        Some(label) if entity.kind.label() == label => 0.2,
        // A country that acts and a palace that speaks are places for us and organisations for others.
        Some(_) => -0.25,
    };
    let date = context.year.map_or(0.0, |year| {
        let distance = entity
            .years
            .distance(year)
            .max(candidate.years.distance(year));
        -0.3 * f32::from(distance.min(20)) / 20.0
    });
    let country = match entity.country {
        _ if entity.kind == Kind::Country => 0.05,
        Some(code) if context.countries.contains_key(code) => 0.1,
        Some(_) if !context.countries.is_empty() && entity.kind == Kind::City => -0.1,
        _ => 0.0,
    };
    let title = if holds_office(entity, before, context.year) {
        0.3
    } else {
        0.0
    };
    Features {
        tier,
        prior,
        label,
        date,
        country,
        title,
    }
}

/// Whether the words before a name are an office the person held, wholly (`président du Kazakhstan`) or in short
/// (`le président`), in the year.
fn holds_office(entity: &Entity<'_>, before: &str, year: Option<i16>) -> bool {
    let before = key::fold(before);
    let words: Vec<&str> = before.split(' ').collect();
    entity.offices().any(|office| {
        if year.is_some_and(|year| office.years.distance(year) > 1) {
            return false;
        }
        let title = key::fold(&office.title);
        let Some(first) = title.split(' ').next() else {
            return false;
        };
        before.ends_with(&title) || words.last() == Some(&first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::tests::TABLE;

    fn found(name: &str) -> Vec<String> {
        let gazetteer = crate::index::tests::gazetteer();
        let gazetteer = Gazetteer::from_bytes(gazetteer, "g").unwrap();
        candidates(&gazetteer, name)
            .iter()
            .map(|candidate| format!("{} {}", candidate.tier.as_str(), candidate.entity.id))
            .collect()
    }

    #[test]
    fn the_first_tier_that_answers_is_the_last() {
        assert!(TABLE.contains("Orange"));
        let cases: [(&str, &[&str]); 9] = [
            ("ONU", &["acronym nommer:onu"]),
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
        let bytes = crate::index::tests::gazetteer();
        let gazetteer = Gazetteer::from_bytes(bytes, "g").unwrap();
        let best = |label| {
            let context = Context::default();
            let found = candidates(&gazetteer, "Orange");
            let scores = found
                .iter()
                .map(|candidate| weigh(candidate, Some(label), "", &context).score());
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
        let bytes = crate::index::tests::gazetteer();
        let gazetteer = Gazetteer::from_bytes(bytes, "g").unwrap();
        let president = &candidates(&gazetteer, "Nazarbaïev")[0];
        let weighed = |before: &str, year| {
            let context = Context {
                year,
                ..Context::default()
            };
            weigh(president, Some(Label::Per), before, &context)
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
}

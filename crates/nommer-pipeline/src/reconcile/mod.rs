//! Which entity of the gazetteer each mention of a document means.
//!
//! One document at a time: names that stand in the text in full correct the model first (`correct`); then mentions
//! are gathered by what they name in this document (`cluster`); then each of these is looked up once, and decided
//! with all that the document says (`decide`).

mod cluster;
mod correct;
mod decide;
mod scan;
mod year;

use std::rc::Rc;

use nommer_core::entity::Mention;
use nommer_core::record::{Change, Entity, Kb, LinkOutcome, Origin, Was};
use nommer_gazetteer::layers::Gazetteers;

pub use decide::{Decision, Ranked};
pub use scan::{FullName, Written, full_names};
pub use year::{of_date as year_of_date, year};

/// A mention with what the gazetteer makes of it.
#[derive(Debug)]
pub struct Reconciled<'a> {
    /// The mention, corrected.
    pub mention: Mention,
    /// Who found it.
    pub origin: Origin,
    /// The rule that changed it, and what the model had said there.
    pub change: Option<(Rule, Vec<Mention>)>,
    /// What it means; mentions of one thing share it.
    pub decision: Rc<Decision<'a>>,
}

/// How a gazetteer may correct the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The model found a part, or parts, of a longer name.
    Extended,
    /// The name has one meaning, of another label.
    Relabelled,
    /// The model found nothing, but doubted it, where a name stands in full.
    Added,
}

impl Rule {
    /// Its name in records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Rule::Extended => "extended",
            Rule::Relabelled => "relabelled",
            Rule::Added => "added",
        }
    }
}

/// Reconciles the mentions of a document, which are in order and disjoint, as are its full names; so is the result.
#[must_use]
pub fn reconcile<'a>(
    gazetteers: &'a Gazetteers,
    text: &str,
    mentions: &[Mention],
    names: &[FullName],
    year: Option<i16>,
) -> Vec<Reconciled<'a>> {
    let corrected = correct::correct(text, mentions, names);
    let spans: Vec<Mention> = corrected.iter().map(|found| found.mention).collect();
    let decisions = link(gazetteers, text, &spans, year);
    let reconciled = corrected.into_iter().zip(decisions);
    reconciled
        .map(|(found, decision)| Reconciled {
            mention: found.mention,
            origin: found.origin,
            change: found.change,
            decision,
        })
        .collect()
}

/// What each of a document's mentions means, without correcting any.
#[must_use]
pub fn link<'a>(
    gazetteers: &'a Gazetteers,
    text: &str,
    mentions: &[Mention],
    year: Option<i16>,
) -> Vec<Rc<Decision<'a>>> {
    let clusters = cluster::clusters(text, mentions);
    decide::decide(gazetteers, text, mentions, &clusters, year)
}

impl Reconciled<'_> {
    /// Adds what the gazetteer says to the entity of a record. `convert` makes a byte position one of the record's.
    pub(crate) fn write(&self, entity: &mut Entity, mut convert: impl FnMut(usize) -> usize) {
        entity.source = Some(self.origin);
        entity.change = self.change.as_ref().map(|(rule, was)| Change {
            rule: rule.as_str().to_owned(),
            was: was
                .iter()
                .map(|mention| Was {
                    start: convert(mention.span.start()),
                    end: convert(mention.span.end()),
                    label: mention.label,
                })
                .collect(),
        });
        entity.kb = Some(self.decision.kb());
    }
}

impl Decision<'_> {
    /// As records have it.
    #[must_use]
    pub fn kb(&self) -> Kb {
        match self {
            Decision::Nil { local_id, .. } => Kb {
                local_id: Some(local_id.clone()),
                ..Kb::of(LinkOutcome::Nil)
            },
            Decision::Ambiguous { ranked, .. } => Kb {
                candidates: ranked
                    .iter()
                    .map(|ranked| ranked.candidate.entity.id.to_owned())
                    .collect(),
                ..Kb::of(LinkOutcome::Ambiguous)
            },
            Decision::Linked { ranked, .. } => {
                let Some(Ranked {
                    candidate,
                    features,
                }) = ranked.first()
                else {
                    return Kb::of(LinkOutcome::Nil);
                };
                let entity = &candidate.entity;
                let authority = entity.id.split(':').next().unwrap_or_default();
                let score = features.score();
                let second = ranked.get(1);
                Kb {
                    id: Some(entity.id.to_owned()),
                    name: Some(entity.name.to_owned()),
                    authority: Some(authority.to_owned()),
                    kind: Some(entity.kind.to_string()),
                    alias: Some(candidate.alias.to_owned()),
                    tier: Some(candidate.tier.as_str().to_owned()),
                    score: Some(score),
                    runner_up: second.map(|second| second.candidate.entity.id.to_owned()),
                    margin: second.map(|second| score - second.features.score()),
                    country: entity.country.map(str::to_owned),
                    lat: entity.coordinates.map(|place| place.latitude),
                    lon: entity.coordinates.map(|place| place.longitude),
                    ..Kb::of(LinkOutcome::Linked)
                }
            }
        }
    }
}

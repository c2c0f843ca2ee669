//! Which candidate each cluster of mentions means, if any.

use std::collections::BTreeSet;
use std::rc::Rc;

use nommer_core::entity::Mention;
use nommer_core::label::Label;
use nommer_core::text::french::{function_word, is_elided};
use nommer_core::text::normalize::normalize;
use nommer_gazetteer::candidates::{
    Candidate, Context, Features, MOST, Mentioned, Tier, candidates, weigh,
};
use nommer_gazetteer::entry::Kind;
use nommer_gazetteer::key;
use nommer_gazetteer::layers::Gazetteers;

use super::cluster::{Cluster, Name};

/// A candidate with what speaks for it and against it.
#[derive(Debug, Clone)]
pub struct Ranked<'a> {
    /// The candidate.
    pub candidate: Candidate<'a>,
    /// What speaks for it.
    pub features: Features,
}

/// What a mention means, with its candidates, the best first.
#[derive(Debug, Clone)]
pub enum Decision<'a> {
    /// The best candidate.
    Linked {
        /// The candidates.
        ranked: Vec<Ranked<'a>>,
    },
    /// One of several that are equally good.
    Ambiguous {
        /// The candidates that are.
        ranked: Vec<Ranked<'a>>,
    },
    /// Nothing in the gazetteer.
    Nil {
        /// The same for all mentions of the document that name the same.
        local_id: String,
        /// The candidates that are not good enough.
        ranked: Vec<Ranked<'a>>,
    },
}

impl<'a> Decision<'a> {
    /// Its candidates, the best first.
    #[must_use]
    pub fn ranked(&self) -> &[Ranked<'a>] {
        match self {
            Decision::Linked { ranked }
            | Decision::Ambiguous { ranked }
            | Decision::Nil { ranked, .. } => ranked,
        }
    }
}

/// A candidate of a lower score is none, whatever the label.
const THRESHOLD: f32 = 0.7;

/// Candidates whose scores differ by less are equally good.
const MARGIN: f32 = 0.01;

/// The text before a mention that may hold a person's office, in bytes.
const BEFORE: usize = 80;

/// The mentions of a name whose surroundings are looked at.
const LOOKED_AT: usize = 16;

/// One decision for each mention.
pub(super) fn decide<'a>(
    gazetteers: &'a Gazetteers,
    text: &str,
    mentions: &[Mention],
    clusters: &[Cluster],
    year: Option<i16>,
) -> Vec<Rc<Decision<'a>>> {
    // What a cluster may mean, looked up once: by the first of its names that is anything.
    let found: Vec<Vec<(&Name, Vec<Candidate<'a>>)>> = clusters
        .iter()
        .map(|cluster| {
            let explained = &cluster.names[0].folded;
            names_to_look_up(cluster)
                .map(|name| {
                    let mut found = look_up(gazetteers, name, text, mentions);
                    // An acronym that the document explains is not another thing's.
                    if name.label != Label::Per && !name.folded.contains(' ') {
                        found.retain(|candidate| agrees(explained, candidate));
                    }
                    (name, found)
                })
                .collect()
        })
        .collect();
    let mut context = Context {
        year,
        ..Context::default()
    };
    // First what needs no context, which then is the context of the rest.
    let sure: Vec<Vec<Ranked<'a>>> = found
        .iter()
        .map(|found| rank(found, text, mentions, &context))
        .collect();
    for ranked in &sure {
        learn(ranked, &mut context);
    }
    drop(sure);
    let ranked: Vec<Vec<Ranked<'a>>> = found
        .iter()
        .map(|found| rank(found, text, mentions, &context))
        .collect();
    let best = |cluster: usize| ranked[cluster].first().filter(|best| is_good(best));

    let unknown = Rc::new(Decision::Nil {
        local_id: "nil".to_owned(),
        ranked: Vec::new(),
    });
    // All mentions of a cluster share its decision.
    let mut decisions: Vec<Rc<Decision<'a>>> = vec![unknown; mentions.len()];
    let mut nils = 0;
    for (number, cluster) in clusters.iter().enumerate() {
        let mut ranked = ranked[number].clone();
        let decision = match best(number) {
            _ if !cluster.rivals.is_empty() => {
                let rivals = cluster.rivals.iter().map(|rival| best(*rival).cloned());
                among_rivals(&ranked, rivals.collect())
            }
            None => Decision::Nil {
                local_id: String::new(),
                ranked,
            },
            Some(best) => {
                let enough = best.features.score() - MARGIN;
                let equal = ranked
                    .iter()
                    .take_while(|other| other.features.score() > enough)
                    .count();
                if equal > 1 {
                    ranked.truncate(equal);
                    Decision::Ambiguous { ranked }
                } else {
                    Decision::Linked { ranked }
                }
            }
        };
        let decision = match decision {
            Decision::Nil { ranked, .. } => {
                nils += 1;
                Decision::Nil {
                    local_id: format!("nil-{nils}"),
                    ranked,
                }
            }
            decision => decision,
        };
        let decision = Rc::new(decision);
        for name in &cluster.names {
            for mention in &name.mentions {
                decisions[*mention] = Rc::clone(&decision);
            }
        }
    }
    decisions
}

/// What a name of several persons of the document means, given what each of these means, `None` where the gazetteer has
/// it not: the one whose office is named before the name, else nobody knows.
fn among_rivals<'a>(own: &[Ranked<'a>], rivals: Vec<Option<Ranked<'a>>>) -> Decision<'a> {
    let all_known = rivals.iter().all(Option::is_some);
    let mut rivals: Vec<Ranked<'a>> = rivals.into_iter().flatten().collect();
    rivals.sort_by(by_score);
    // The document may spell one person in ways that only the gazetteer knows to be the same.
    let mut seen = BTreeSet::new();
    rivals.retain(|rival| seen.insert(rival.candidate.entity.id));
    let titled = own.iter().find(|ranked| ranked.features.title > 0.0);
    let titled = titled.and_then(|titled| {
        let id = titled.candidate.entity.id;
        rivals.iter().find(|rival| rival.candidate.entity.id == id)
    });
    match (titled.cloned(), rivals.len()) {
        (Some(titled), _) => Decision::Linked {
            ranked: vec![titled],
        },
        (None, 0) => Decision::Nil {
            local_id: String::new(),
            ranked: Vec::new(),
        },
        (None, 1) if all_known => Decision::Linked { ranked: rivals },
        (None, _) => {
            rivals.truncate(MOST);
            Decision::Ambiguous { ranked: rivals }
        }
    }
}

/// The names of a cluster that say what it is. A person named in full is not looked up by the surname alone: a
/// namesake would be found.
fn names_to_look_up(cluster: &Cluster) -> impl Iterator<Item = &Name> {
    let most = cluster.names[0].folded.split(' ').count();
    let person = cluster.names[0].label == Label::Per;
    cluster
        .names
        .iter()
        .filter(move |name| !person || most == 1 || name.folded.split(' ').count() > 1)
}

/// Whether an entry may have this folded name: it shares half of its words, articles apart. What is one word agrees
/// with all.
fn agrees(explained: &str, candidate: &Candidate<'_>) -> bool {
    let content = |word: &&str| function_word(word).is_none() && !is_elided(word);
    let words: Vec<&str> = explained.split(' ').filter(content).collect();
    if !explained.contains(' ') || words.is_empty() {
        return true;
    }
    let name = key::fold(candidate.entity.name);
    let shared = words
        .iter()
        .filter(|word| name.split(' ').any(|other| other == **word));
    2 * shared.count() >= words.len()
}

/// The candidates of a name as the model saw it, without line breaks and hyphens at them.
fn look_up<'a>(
    gazetteers: &'a Gazetteers,
    name: &Name,
    text: &str,
    mentions: &[Mention],
) -> Vec<Candidate<'a>> {
    let span = mentions[name.mentions[0]].span;
    let normalized = normalize(text, span);
    // What the model saw softened was in capitals, and owes no accents.
    let capitals = !span.slice(text).chars().any(char::is_lowercase);
    let spelled = match capitals {
        true => normalized.text().to_uppercase(),
        false => normalized.text().to_owned(),
    };
    let mut found = candidates(gazetteers, &spelled);
    // `le maire du Havre`: the article of Le Havre is in the preposition.
    let before = text[..span.start()].trim_end();
    let contracted = [("du", "le"), ("au", "le"), ("des", "les"), ("aux", "les")];
    let article = contracted.iter().find(|(preposition, _)| {
        let rest = before.strip_suffix(preposition);
        rest.is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
    });
    if let (Some((_, article)), Label::Loc) = (article, name.label) {
        let with_article = candidates(gazetteers, &format!("{article} {spelled}"));
        for candidate in with_article {
            let known = |other: &Candidate<'_>| other.entity.id == candidate.entity.id;
            if candidate.tier == Tier::Exact && !found.iter().any(known) {
                found.push(candidate);
            }
        }
    }
    found
}

/// The candidates of the first name that has good ones, or else of the first, the best first.
fn rank<'a>(
    found: &[(&Name, Vec<Candidate<'a>>)],
    text: &str,
    mentions: &[Mention],
    context: &Context,
) -> Vec<Ranked<'a>> {
    let mut first = Vec::new();
    for (name, candidates) in found {
        let mut ranked: Vec<Ranked<'a>> = candidates
            .iter()
            .map(|candidate| Ranked {
                candidate: candidate.clone(),
                features: features(candidate, name, text, mentions, context),
            })
            .collect();
        ranked.sort_by(by_score);
        if ranked.first().is_some_and(is_good) {
            return ranked;
        }
        if first.is_empty() {
            first = ranked;
        }
    }
    first
}

/// What speaks for a candidate at the mention that says most of it.
fn features(
    candidate: &Candidate<'_>,
    name: &Name,
    text: &str,
    mentions: &[Mention],
    context: &Context,
) -> Features {
    let at = |mention: usize| {
        let end = mentions[mention].span.start();
        let start = text.floor_char_boundary(end.saturating_sub(BEFORE));
        Mentioned {
            label: Some(name.label),
            before: &text[start..end],
        }
    };
    let first = weigh(candidate, at(name.mentions[0]), context);
    if candidate.entity.kind != Kind::Person {
        return first;
    }
    let others = name.mentions.iter().skip(1).take(LOOKED_AT);
    others.fold(first, |best, mention| {
        if best.title > 0.0 {
            return best;
        }
        weigh(candidate, at(*mention), context)
    })
}

fn is_good(ranked: &Ranked<'_>) -> bool {
    ranked.features.score() >= THRESHOLD
}

/// The better first; the order is total.
fn by_score(a: &Ranked<'_>, b: &Ranked<'_>) -> std::cmp::Ordering {
    let score = |ranked: &Ranked<'_>| ranked.features.score();
    score(b)
        .total_cmp(&score(a))
        .then_with(|| a.candidate.entity.id.cmp(b.candidate.entity.id))
}

/// Adds what a cluster surely means to what is known of the document.
fn learn(ranked: &[Ranked<'_>], context: &mut Context) {
    /// By so much the best candidate must be better than the next.
    const SURE: f32 = 0.2;
    /// Or it is alone and this prominent.
    const KNOWN: u8 = 50;
    let Some(best) = ranked.first() else { return };
    let entity = &best.candidate.entity;
    let by_name = matches!(
        best.candidate.tier,
        Tier::Exact | Tier::Acronym | Tier::Article
    );
    let score = best.features.score();
    let ahead = ranked.get(1).map_or(entity.prominence >= KNOWN, |second| {
        score - second.features.score() >= SURE
    });
    if !by_name || !ahead || !is_good(best) || best.features.label <= 0.0 {
        return;
    }
    context.learn(entity);
}

#[cfg(test)]
pub(super) mod tests {
    use nommer_core::span::Span;
    use nommer_gazetteer::compile::{About, compile, merge};
    use nommer_gazetteer::index::Gazetteer;
    use nommer_gazetteer::table::{TableFormat, read};

    use super::*;

    /// `[PER Nicolas Sarkozy] à [LOC Paris]` as a text with its mentions.
    pub(crate) fn unmark(marked: &str) -> (String, Vec<Mention>) {
        let mut text = String::new();
        let mut mentions = Vec::new();
        for (at, part) in marked.split('[').enumerate() {
            if at == 0 {
                text.push_str(part);
                continue;
            }
            let (inside, after) = part.split_once(']').unwrap();
            let (label, name) = inside.split_once(' ').unwrap();
            let start = text.len();
            text.push_str(name);
            mentions.push(Mention {
                span: Span::new(start, text.len()).unwrap(),
                label: label.parse().unwrap(),
                score: 1.0,
            });
            text.push_str(after);
        }
        (text, mentions)
    }

    fn gazetteers() -> Gazetteers {
        let table = "id\ttype\tname\taliases\tcountry\tprominence\tvalid\ttitles\tlat\tlon
iso3166-1:KZ\tcountry\tKazakhstan\tRépublique du Kazakhstan\tKZ\t90\t1991..\t\t48.5\t67
geonames:1526273\tcity\tAstana\tNour-Soultan@2019..2022\tKZ\t75\t\t\t51.18\t71.45
my:nazarbaiev\tperson\tNoursoultan Nazarbaïev\tNursultan Nazarbayev\tKZ\t85\t1940..\tprésident du Kazakhstan 1991..2019\t\t
my:bill\tperson\tBill Clinton\tWilliam Clinton\tUS\t93\t1946..\tprésident des États-Unis 1993..2001\t\t
my:hillary\tperson\tHillary Clinton\t\tUS\t92\t1947..\tsecrétaire d'État 2009..2013\t\t
my:oci\tinternational\tOrganisation de la coopération islamique\tOCI\t\t70\t\t\t\t
my:ocean\tcompany\tOcéan Conseil Industrie\tOCI\tFR\t60\t\t\t\t
insee:18023\tcommune\tBaugy\t\tFR\t30\t\t\t47.08\t2.73
insee:71024\tcommune\tBaugy\t\tFR\t29\t\t\t46.27\t4.10
insee:71176\tcommune\tDigoin\t\tFR\t50\t\t\t46.48\t3.98
insee:76351\tcommune\tLe Havre\t\tFR\t70\t\t\t49.49\t0.11
geonames:1\tcity\tHavre\t\tUS\t25\t\t\t48.55\t-109.68
";
        let mut problems = Vec::new();
        let rows = read("t.tsv", table.as_bytes(), TableFormat::Tsv, &mut problems);
        assert_eq!(problems, []);
        let bytes = compile(&merge(vec![rows]), About::new("t", "1")).unwrap();
        Gazetteers::new(vec![Gazetteer::from_bytes(bytes, "t").unwrap()])
    }

    /// What the marked mentions mean, one after the other.
    fn check(marked: &str, expected: &[&str]) {
        let gazetteers = gazetteers();
        let (text, mentions) = unmark(marked);
        let decisions =
            super::super::link(&gazetteers, &text, &mentions, super::super::year(&text));
        let shown: Vec<String> = decisions
            .iter()
            .map(|decision| match &**decision {
                Decision::Linked { ranked } => ranked[0].candidate.entity.id.to_owned(),
                Decision::Ambiguous { ranked } => {
                    let ids = ranked.iter().map(|ranked| ranked.candidate.entity.id);
                    ids.collect::<Vec<_>>().join(" or ")
                }
                Decision::Nil { local_id, .. } => local_id.clone(),
            })
            .collect();
        assert_eq!(shown, expected, "{marked}");
    }

    #[test]
    fn every_spelling_of_a_person_is_one() {
        check(
            "[PER Nursultan NAZARBAEV], [PER Noursoultan Nazarbaïev], le président [PER Nazarbaev], [PER N. Nazarbayev]",
            &["my:nazarbaiev"; 4],
        );
        check(
            "M. [PER Louis Nazarbaïev] est venu. [PER Nazarbaïev] parle, [PER Inconnu] aussi, puis [PER INCONNU].",
            &["nil-1", "nil-1", "nil-2", "nil-2"],
        );
    }

    #[test]
    fn surnames_of_two_persons_need_an_office() {
        check(
            "[PER Bill Clinton] et [PER Hillary Clinton]. [PER Clinton]",
            &["my:bill", "my:hillary", "my:bill or my:hillary"],
        );
        check(
            "En 1995, [PER Bill Clinton] et [PER Hillary Clinton]. Le président [PER Clinton]",
            &["my:bill", "my:hillary", "my:bill"],
        );
    }

    #[test]
    fn two_spellings_of_one_person_are_no_rivals() {
        check(
            "[PER Bill Clinton], ou [PER William Clinton]. [PER Clinton]",
            &["my:bill"; 3],
        );
        check(
            "[PER Bill Clinton], [PER William Clinton] et [PER Zoé Clinton]. [PER Clinton]",
            &["my:bill", "my:bill", "nil-1", "my:bill"],
        );
    }

    #[test]
    fn acronyms_mean_what_the_document_says() {
        check("l'[ORG OCI]", &["my:oci"]);
        check(
            "[ORG Océan Conseil Industrie] ([ORG OCI]) ; [ORG O.C.I.]",
            &["my:ocean"; 3],
        );
        check(
            "[ORG Office des cultures irriguées] ([ORG OCI])",
            &["nil-1", "nil-1"],
        );
    }

    #[test]
    fn places_are_those_near_others() {
        check(
            "[LOC Baugy], près de [LOC Digoin]",
            &["insee:71024", "insee:71176"],
        );
        check("le maire du [LOC Havre]", &["insee:76351"]);
        check(
            "[LOC Havre], [LOC Nour-Soultan]",
            &["geonames:1", "geonames:1526273"],
        );
    }
}

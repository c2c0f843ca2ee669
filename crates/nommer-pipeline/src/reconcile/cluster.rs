//! Mentions of a document that name one thing: by the same name, by a surname after a full name, by an acronym that
//! the document explains.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use nommer_core::entity::Mention;
use nommer_core::label::Label;
use nommer_core::text::normalize::normalize;
use nommer_gazetteer::key;

/// Mentions that name one thing.
#[derive(Debug, Default)]
pub(super) struct Cluster {
    /// The names it is mentioned by, the one that says most first.
    pub(super) names: Vec<Name>,
    /// Clusters it may be the same as, by their numbers: persons of one surname.
    pub(super) rivals: Vec<usize>,
}

/// One way to write a name under one label, and every mention by it.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) label: Label,
    pub(super) folded: String,
    /// The numbers of the mentions, in order.
    pub(super) mentions: Vec<usize>,
}

/// The clusters, in the order of their first mentions. Every mention is in one.
pub(super) fn clusters(text: &str, mentions: &[Mention]) -> Vec<Cluster> {
    let mut names: Vec<Name> = Vec::new();
    let mut numbers: HashMap<(Label, String), usize> = HashMap::new();
    let name_of: Vec<usize> = mentions
        .iter()
        .enumerate()
        .map(|(at, mention)| {
            let folded = key::fold(normalize(text, mention.span).text());
            let number =
                *numbers
                    .entry((mention.label, folded))
                    .or_insert_with_key(|(label, folded)| {
                        names.push(Name {
                            label: *label,
                            folded: folded.clone(),
                            mentions: Vec::new(),
                        });
                        names.len() - 1
                    });
            names[number].mentions.push(at);
            number
        })
        .collect();

    let mut same = Same::new(names.len());
    for (full, acronym) in definitions(text, mentions) {
        same.join(name_of[full], name_of[acronym]);
    }
    let rivals = join_persons(&names, &mut same);

    // Clusters in the order of their first names, which is that of their first mentions.
    let mut clusters: Vec<Cluster> = Vec::new();
    let mut cluster_of: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, name) in names.into_iter().enumerate() {
        let cluster = *cluster_of.entry(same.root(number)).or_insert_with(|| {
            clusters.push(Cluster::default());
            clusters.len() - 1
        });
        clusters[cluster].names.push(name);
    }
    for cluster in &mut clusters {
        // The longest says most; among equals the first.
        cluster
            .names
            .sort_by_key(|name| std::cmp::Reverse(name.folded.split(' ').count()));
    }
    for (number, others) in rivals {
        let numbers = others.iter().map(|other| cluster_of[&same.root(*other)]);
        clusters[cluster_of[&same.root(number)]].rivals = numbers.collect();
    }
    clusters
}

/// Which names are the same: a forest, each tree a set.
struct Same(Vec<usize>);

impl Same {
    fn new(count: usize) -> Same {
        Same((0..count).collect())
    }

    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// Pairs of mentions, a full name and its acronym: `Organisation … (OSCE)`, `OSCE (Organisation …)`.
fn definitions(text: &str, mentions: &[Mention]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, pair) in mentions.windows(2).enumerate() {
        let [first, second] = pair else { continue };
        let between = &text[first.span.end()..second.span.start()];
        let after = &text[second.span.end()..];
        let bracketed = between.trim() == "(" && after.trim_start().starts_with(')');
        if !bracketed {
            continue;
        }
        let (one, two) = (first.span.slice(text), second.span.slice(text));
        if is_acronym_of(two, one) {
            found.push((at, at + 1));
        } else if is_acronym_of(one, two) {
            found.push((at + 1, at));
        }
    }
    found
}

/// Whether the letters of `short` begin words of `long`, in order.
fn is_acronym_of(short: &str, long: &str) -> bool {
    // Two in three letters: acronyms take letters from within words, and come from other languages.
    const AGREE: (usize, usize) = (2, 3);
    let letters = key::fold(short).replace(' ', "");
    let long = key::fold(long);
    let words: Vec<&str> = long.split(' ').collect();
    if letters.len() < 2
        || letters.len() > 10
        || words.len() < 2
        || short.chars().all(char::is_lowercase)
    {
        return false;
    }
    let mut at = 0;
    let agree = letters.chars().filter(|letter| {
        let next = words[at..]
            .iter()
            .position(|word| word.starts_with(*letter));
        next.inspect(|next| at += next + 1).is_some()
    });
    agree.count() * AGREE.1 >= letters.len() * AGREE.0
}

/// Joins persons' short names to the one full name of the document that they can stand for. What can stand for several
/// is returned, with these.
fn join_persons(names: &[Name], same: &mut Same) -> Vec<(usize, Vec<usize>)> {
    // A longer name is no name; its parts would be many.
    let person = |name: &Name| name.label == Label::Per && name.folded.len() <= key::LONGEST;
    let persons = || (0..names.len()).filter(|&at| person(&names[at]));
    let mut by_part: HashMap<String, BTreeSet<usize>> = HashMap::new();
    let mut by_given: HashMap<&str, BTreeSet<usize>> = HashMap::new();
    let mut by_sound: HashMap<String, usize> = HashMap::new();
    for (at, full) in abbreviated(names) {
        same.join(full, at);
    }
    for at in persons().filter(|&at| is_full(&names[at].folded)) {
        let folded = &names[at].folded;
        if let Some(sound) = key::sound(folded) {
            let first = *by_sound.entry(sound).or_insert(at);
            same.join(first, at);
        }
        // Where a surname of two words begins, keys do not tell: `jean martin dupont`.
        let ends = folded
            .match_indices(' ')
            .map(|(at, _)| folded[at + 1..].to_owned());
        for part in key::person_parts(folded).into_iter().chain(ends) {
            // Beside the spelling the sound: the two are never the same string, where they differ.
            if let Some(sound) = key::sound(&part) {
                insert(by_part.entry(sound).or_default(), at);
            }
            insert(by_part.entry(part).or_default(), at);
        }
        if let Some((given, _)) = folded.split_once(' ') {
            insert(by_given.entry(given).or_default(), at);
        }
    }
    let mut rivals = Vec::new();
    for at in persons() {
        let folded = names[at].folded.as_str();
        let short = !folded.contains(' ');
        let full = by_part.get(folded);
        let heard = key::sound(folded);
        let full = full.or_else(|| by_part.get(&heard?));
        let full = full.or_else(|| by_given.get(folded).filter(|_| short));
        let Some(full) = full else { continue };
        let mut roots: Vec<usize> = full
            .iter()
            .filter(|other| **other != at)
            .map(|other| same.root(*other))
            .collect();
        roots.sort_unstable();
        roots.dedup();
        match roots[..] {
            [] => {}
            [one] => same.join(one, at),
            _ => rivals.push((at, roots)),
        }
    }
    rivals
}

/// Adds one of the persons that share a part of their names. Among many, a few more tell nothing new.
fn insert(namesakes: &mut BTreeSet<usize>, at: usize) {
    const MOST: usize = 64;
    if namesakes.len() < MOST {
        namesakes.insert(at);
    }
}

/// Persons whose given name is abbreviated, each with the one person of the document it can stand for: `Th. Gautier`,
/// `Théophile Gautier`.
fn abbreviated(names: &[Name]) -> Vec<(usize, usize)> {
    const LONGEST: usize = 3;
    let mut by_rest: BTreeMap<&str, Vec<(usize, &str)>> = BTreeMap::new();
    for (at, name) in names.iter().enumerate() {
        if let (Label::Per, Some((given, rest))) = (name.label, name.folded.split_once(' ')) {
            by_rest.entry(rest).or_default().push((at, given));
        }
    }
    let mut found = Vec::new();
    for mut group in by_rest.into_values() {
        group.sort_unstable_by_key(|(_, given)| *given);
        for (at, short) in group.iter().filter(|(_, given)| given.len() <= LONGEST) {
            let from = group.partition_point(|(_, given)| given < short);
            let mut long = group[from..]
                .iter()
                .take_while(|(_, given)| given.starts_with(short))
                .filter(|(_, given)| given.len() > LONGEST);
            if let (Some((full, _)), None) = (long.next(), long.next()) {
                found.push((*at, *full));
            }
        }
    }
    found
}

/// Whether a folded name is a given name and a surname, and not initials and a surname.
fn is_full(folded: &str) -> bool {
    folded
        .split_once(' ')
        .is_some_and(|(given, rest)| given.len() > 1 && rest.len() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clusters of the marked mentions: `[PER Nicolas Sarkozy]`.
    fn check(marked: &str, expected: &[&str]) {
        let (text, mentions) = super::super::decide::tests::unmark(marked);
        let shown: Vec<String> = clusters(&text, &mentions)
            .iter()
            .map(|cluster| {
                let mut all: Vec<usize> = cluster
                    .names
                    .iter()
                    .flat_map(|name| name.mentions.clone())
                    .collect();
                all.sort_unstable();
                let texts: Vec<&str> = all
                    .iter()
                    .map(|at| mentions[*at].span.slice(&text))
                    .collect();
                match cluster.rivals.len() {
                    0 => texts.join(", "),
                    rivals => format!("{} ({rivals} rivals)", texts.join(", ")),
                }
            })
            .collect();
        assert_eq!(shown, expected, "{marked}");
    }

    #[test]
    fn short_names_go_to_the_one_full_name() {
        check(
            "[PER Sarkozy] reçoit [PER Noursoultan Nazarbaïev]. [PER Nicolas SARKOZY] et [PER Nursultan Nazarbaev], puis [PER N. Sarkozy].",
            &[
                "Sarkozy, Nicolas SARKOZY, N. Sarkozy",
                "Noursoultan Nazarbaïev, Nursultan Nazarbaev",
            ],
        );
        check(
            "[PER Bill Clinton] et [PER Hillary Clinton]. [PER Clinton] ; [PER Hillary]",
            &[
                "Bill Clinton",
                "Hillary Clinton, Hillary",
                "Clinton (2 rivals)",
            ],
        );
        check("[PER Paris] à [LOC Paris]", &["Paris", "Paris"]);
        check("[PER Martin], [PER MARTIN]", &["Martin, MARTIN"]);
        check(
            "[PER Théodore SAINT-ÈVE], [PER Saint-Ève], [PER Th. SAINT-ÈVE]",
            &["Théodore SAINT-ÈVE, Saint-Ève, Th. SAINT-ÈVE"],
        );
    }

    #[test]
    fn acronyms_go_to_what_they_are_explained_by() {
        check(
            "[ORG Organisation de la coopération islamique] ([ORG OCI]) ; l'[ORG O.C.I.] ; [ORG OSCE] ([ORG Organisation pour la sécurité et la coopération en Europe])",
            &[
                "Organisation de la coopération islamique, OCI, O.C.I.",
                "OSCE, Organisation pour la sécurité et la coopération en Europe",
            ],
        );
        check("[ORG Le Monde] ([LOC Paris])", &["Le Monde", "Paris"]);
        check("[LOC PARIS] ([ORG AFP])", &["PARIS", "AFP"]);
    }
}

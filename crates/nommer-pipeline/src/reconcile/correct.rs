//! Where a name in full corrects the model.

use std::collections::HashSet;

use nommer_core::entity::Mention;
use nommer_core::label::Label;
use nommer_core::record::Origin;
use nommer_core::text::fold::is_common;
use nommer_core::text::french;
use nommer_gazetteer::entry::Kind;
use nommer_gazetteer::key;

use super::Rule;
use super::scan::{FullName, Written};

/// A mention after correction.
#[derive(Debug)]
pub(super) struct Corrected {
    pub(super) mention: Mention,
    pub(super) origin: Origin,
    pub(super) change: Option<(Rule, Vec<Mention>)>,
}

/// The mentions, corrected by the full names; both are in order and disjoint, as is the result.
pub(super) fn correct(text: &str, mentions: &[Mention], names: &[FullName]) -> Vec<Corrected> {
    let mut corrected: Vec<Corrected> = Vec::with_capacity(mentions.len());
    let persons = persons(text, mentions);
    let mut names = names;
    let mut at = 0;
    while at < mentions.len() || !names.is_empty() {
        let mention = mentions.get(at);
        // The name's turn comes when no mention before it is left.
        let next = names.split_first().filter(|(name, _)| {
            mention.is_none_or(|mention| name.span.start() <= mention.span.start())
        });
        let Some((name, rest)) = next else {
            let Some(mention) = mention else { break };
            corrected.push(Corrected {
                mention: *mention,
                origin: Origin::Model,
                change: None,
            });
            at += 1;
            continue;
        };
        names = rest;
        let inside = mentions[at..]
            .iter()
            .take_while(|mention| mention.span.end() <= name.span.end())
            .count();
        let was = &mentions[at..at + inside];
        let cut_by = mentions
            .get(at + inside)
            .is_some_and(|mention| mention.span.overlaps(name.span));
        let into_last = corrected
            .last()
            .is_some_and(|last| last.mention.span.overlaps(name.span));
        if cut_by || into_last {
            continue;
        }
        let Some((rule, label)) = rule(text, name, was) else {
            continue;
        };
        let place = label == Label::Loc && !name.user;
        if place && persons.contains(&key::fold(name.span.slice(text))) {
            continue;
        }
        at += inside;
        corrected.push(Corrected {
            mention: Mention {
                span: name.span,
                label,
                score: if was.is_empty() { ADDED } else { CORRECTED },
            },
            origin: if was.is_empty() {
                Origin::Gazetteer
            } else {
                Origin::Both
            },
            change: Some((rule, was.to_vec())),
        });
    }
    corrected
}

/// The words of what the model takes for persons anywhere in the document, without much doubt, that may be persons' names:
/// they are called Virginie, Maurice, Laval, and of 18 such names on the dev sets 14 were no place; nor is `Hollande` a country
/// beside `François Hollande`. None is called Bichkek, however sure the model is that who refuses is a person.
fn persons(text: &str, mentions: &[Mention]) -> HashSet<String> {
    let sure = |mention: &&Mention| mention.label == Label::Per && mention.score >= SURE_OF_PERSON;
    let words = mentions
        .iter()
        .filter(sure)
        .flat_map(|mention| key::words(mention.span.slice(text)));
    words
        .map(|word| word.folded)
        .filter(|word| key::is_personal(word))
        .collect()
}

/// See [`persons`].
const SURE_OF_PERSON: f32 = 0.7;

/// The probability that a corrected mention is right; what the model was sure of was another span or label. In 1,865
/// texts that the model had not seen (ner-fr 0.3.0, and 0.4.0), but on which these rules were chosen, 445 of 513 were.
const CORRECTED: f32 = 0.87;

/// The probability that a mention is one that the model did not find at all: 128 of 189 in the same texts.
const ADDED: f32 = 0.67;

/// The rule that makes this name a mention where the model found those inside of it, and its label.
fn rule(text: &str, name: &FullName, was: &[Mention]) -> Option<(Rule, Label)> {
    let rule = match was {
        [] if addable(text, name) => Rule::Added,
        [mention] if mention.span == name.span => {
            if mention.label == name.label || !relabels(text, name, mention) {
                return None;
            }
            Rule::Relabelled
        }
        [_, ..] if extends(text, name, was) => Rule::Extended,
        _ => return None,
    };
    Some((rule, name.label))
}

/// Whether a name takes the place of the mentions inside of it.
fn extends(text: &str, name: &FullName, was: &[Mention]) -> bool {
    // `La Croix blanche`, an organisation, is no commune for its article.
    let other_with_article = matches!(was, [mention] if mention.label != name.label
        && mention.span.end() == name.span.end()
        && is_article(&text[name.span.start()..mention.span.start()]));
    let wrong = other_with_article || is_body(text, name);
    name.words > 1 && !only_headed(name) && (name.user || !wrong)
}

/// Whether a name changes the label of a mention that is written just so.
fn relabels(text: &str, name: &FullName, mention: &Mention) -> bool {
    // Palaces and sites are organisations for many.
    let site = matches!(name.kind, Kind::Building | Kind::Site);
    // What is called like a place is often a firm, a paper or a body: of 16 organisations that the model was sure of, in texts that
    // it had not seen, 4 were the place.
    let other = (mention.label, name.label) == (Label::Org, Label::Loc)
        && name.words == 1
        && mention.score >= SURE_OF_ORGANISATION;
    let wrong = site || other || is_body(text, name) || is_addressed(text, mention);
    name.user || name.prominence >= RELABELS && !wrong
}

/// The least prominence of an entry that changes a label.
const RELABELS: u8 = 40;

/// See [`relabels`].
const SURE_OF_ORGANISATION: f32 = 0.8;

/// Whether a title stands before a person: M. Renault is no firm, and l'abbé France no country, 15 times of 15.
fn is_addressed(text: &str, mention: &Mention) -> bool {
    let before = &text[..mention.span.start()];
    let line = before.trim_end();
    // `Il est président. Renault annonce`, and `Le maire` above.
    let (line, ends) = match line.strip_suffix('.') {
        Some(line) => (line, true),
        None => (line, before[line.len()..].matches('\n').count() > 1),
    };
    let word = line.rsplit(|c: char| !c.is_alphabetic()).next();
    let is_title = |word| french::is_title(word) && (!ends || french::abbreviation(word).is_some());
    mention.label == Label::Per && word.is_some_and(is_title)
}

/// Whether all that a name has more than the model found may be a common noun or a title in front of it, which texts count in or
/// not: `la mer Caspienne`, `la revue Nature`, `le maréchal Lyautey`.
fn only_headed(name: &FullName) -> bool {
    let optional = name.label != Label::Org || name.kind == Kind::Media;
    name.written == Written::Headed && optional && !name.user
}

/// Whether a place's name is that of the body which governs it (`Collectivité territoriale de Guyane`), or has the kind of place in
/// front, which belongs to no mention (`Canton de Fribourg`).
fn is_body(text: &str, name: &FullName) -> bool {
    const HEADS: [&str; 7] = [
        "canton",
        "collectivite",
        "commune",
        "departement",
        "province",
        "region",
        "ville",
    ];
    let first = key::words(name.span.slice(text)).into_iter().next();
    name.label == Label::Loc
        && name.words > 1
        && first.is_some_and(|word| HEADS.contains(&word.folded.as_str()))
}

fn is_article(words: &str) -> bool {
    matches!(key::fold(words).as_str(), "le" | "la" | "les" | "l")
}

/// Whether a name is a mention although the model found none: the more words it has, the less the model need doubt that there is
/// none. Organisations of three words are no chance.
fn addable(text: &str, name: &FullName) -> bool {
    let doubt = match (name.words, name.label) {
        (1, _) => 0.3,
        (2, _) | (_, Label::Loc) => 0.05,
        _ => 0.0,
    };
    let common = || is_common(&key::fold(name.span.slice(text)));
    let known = match name.label {
        Label::Per => false,
        Label::Org => name.written != Written::Acronym || !common(),
        Label::Loc if name.words == 1 => name.prominence >= 40 && !is_complement(text, name),
        Label::Loc => !is_body(text, name),
    };
    let loose = matches!(name.written, Written::Loosely | Written::Headed);
    // Who lists a name wants it found.
    name.user || known && !loose && name.doubt >= doubt
}

/// Whether a place follows a bare `de`: what the model leaves out there is part of an event's or a treaty's name (`Tour de France`,
/// `accord de Paris`), 22 times of 23 in texts that it had not seen.
fn is_complement(text: &str, name: &FullName) -> bool {
    let before = text[..name.span.start()].trim_end().chars().rev();
    let last: String = before
        .take_while(|c| c.is_alphabetic() || matches!(c, '\'' | '’'))
        .take(4)
        .flat_map(char::to_lowercase)
        .collect();
    // Backwards.
    matches!(last.as_str(), "ed" | "ud" | "sed" | "'d" | "’d")
}

#[cfg(test)]
mod tests {
    use nommer_core::span::Span;

    use super::super::decide::tests::unmark;
    use super::*;

    /// The prominence that stands for the user's own table.
    const USER: u8 = 1;

    /// The names of the gazetteer in a text, each with a type and a prominence.
    fn full_names(text: &str, names: &[(&str, Kind, u8)]) -> Vec<FullName> {
        let mut names: Vec<FullName> = names
            .iter()
            .map(|(name, kind, prominence)| {
                let start = text.find(name).unwrap();
                FullName {
                    span: Span::new(start, start + name.len()).unwrap(),
                    label: kind.label(),
                    kind: *kind,
                    prominence: *prominence,
                    words: name.split([' ', '-']).count(),
                    user: *prominence == USER,
                    doubt: 0.5,
                    written: if name.starts_with(char::is_uppercase) {
                        Written::Capitals
                    } else {
                        Written::Headed
                    },
                }
            })
            .collect();
        names.sort_by_key(|name| name.span);
        names
    }

    /// What becomes of marked mentions when the gazetteer has these names.
    fn check(marked: &str, names: &[(&str, Kind, u8)], expected: &[&str]) {
        let (text, mentions) = unmark(marked);
        let names = full_names(&text, names);
        let shown: Vec<String> = correct(&text, &mentions, &names)
            .iter()
            .map(|found| {
                let rule = found.change.as_ref().map_or("", |(rule, _)| rule.as_str());
                let mention = &found.mention;
                let score = match rule {
                    "" => 1.0,
                    "added" => ADDED,
                    _ => CORRECTED,
                };
                assert_eq!(mention.score, score, "{marked}");
                format!("{} {} {rule}", mention.label, mention.span.slice(&text))
            })
            .collect();
        let shown: Vec<&str> = shown.iter().map(|shown| shown.trim_end()).collect();
        assert_eq!(shown, expected, "{marked}");
    }

    #[test]
    fn parts_of_a_name_become_the_name() {
        check(
            "le [ORG Conseil de sécurité] des [ORG Nations unies] à [LOC Paris]",
            &[(
                "Conseil de sécurité des Nations unies",
                Kind::International,
                90,
            )],
            &[
                "ORG Conseil de sécurité des Nations unies extended",
                "LOC Paris",
            ],
        );
        // Not across the end of another mention, and not for a common noun alone.
        check(
            "[ORG Banque de France et Cie]",
            &[("Banque de France", Kind::Institution, 90)],
            &["ORG Banque de France et Cie"],
        );
        check(
            "la mer [LOC Caspienne]",
            &[("mer Caspienne", Kind::Water, 90)],
            &["LOC Caspienne"],
        );
    }

    #[test]
    fn the_fewer_words_a_name_has_the_more_the_model_must_doubt() {
        for (name, doubt, added) in [
            ("Eurocopter", 0.29, false),
            ("Eurocopter", 0.31, true),
            ("Air Astana", 0.04, false),
            ("Air Astana", 0.06, true),
            ("Défenseur des Droits", 0.0, true),
        ] {
            let mut names = full_names(name, &[(name, Kind::Company, 40)]);
            names[0].doubt = doubt;
            let found = correct(name, &[], &names);
            assert_eq!(!found.is_empty(), added, "{name} {doubt}");
        }
    }

    #[test]
    fn acronyms_are_added_unless_they_are_words() {
        for (acronym, added) in [("OSCE", true), ("SUD", false)] {
            let mut names = full_names(acronym, &[(acronym, Kind::International, 90)]);
            names[0].written = Written::Acronym;
            let found = correct(acronym, &[], &names);
            assert_eq!(!found.is_empty(), added, "{acronym}");
        }
    }

    #[test]
    fn who_is_addressed_stays_a_person() {
        let firm = [("Renault", Kind::Company, 90)];
        check("M. [PER Renault]", &firm, &["PER Renault"]);
        check("chez [PER Renault]", &firm, &["ORG Renault relabelled"]);
        let listed = [("Renault", Kind::Company, USER)];
        check("M. [PER Renault]", &listed, &["ORG Renault relabelled"]);
        for text in [
            "Il est président. [PER Renault]",
            "Le maire\n\n[PER Renault]",
        ] {
            check(text, &firm, &["ORG Renault relabelled"]);
        }
        let country = [("France", Kind::Country, 97)];
        check("l'abbé\n  [PER France]", &country, &["PER France"]);
    }

    #[test]
    fn labels_follow_names_of_one_meaning() {
        check(
            "[LOC Alstom]",
            &[("Alstom", Kind::Company, 80)],
            &["ORG Alstom relabelled"],
        );
        check(
            "[LOC Alstom]",
            &[("Alstom", Kind::Company, 20)],
            &["LOC Alstom"],
        );
        check(
            "[ORG Maison Blanche]",
            &[("Maison Blanche", Kind::Building, 80)],
            &["ORG Maison Blanche"],
        );
    }

    #[test]
    fn titles_articles_and_kinds_of_places_extend_nothing() {
        check(
            "le maréchal [PER Lyautey]",
            &[("maréchal Lyautey", Kind::Person, 90)],
            &["PER Lyautey"],
        );
        check(
            "Le [LOC Havre] et La [ORG Croix blanche]",
            &[
                ("Le Havre", Kind::Commune, 90),
                ("La Croix blanche", Kind::Commune, 90),
            ],
            &["LOC Le Havre extended", "ORG Croix blanche"],
        );
        // Who lists a name wants it found.
        check(
            "l'abbé [PER Pierre] et La [ORG Croix blanche]",
            &[
                ("abbé Pierre", Kind::Person, USER),
                ("La Croix blanche", Kind::Commune, USER),
            ],
            &["PER abbé Pierre extended", "LOC La Croix blanche extended"],
        );
        check(
            "la mer [LOC Caspienne]",
            &[("mer Caspienne", Kind::Water, USER)],
            &["LOC mer Caspienne extended"],
        );
        check(
            "Canton de [LOC Fribourg], [ORG Collectivité de Corse]",
            &[
                ("Canton de Fribourg", Kind::Region, 90),
                ("Collectivité de Corse", Kind::Region, 90),
            ],
            &["LOC Fribourg", "ORG Collectivité de Corse"],
        );
    }

    #[test]
    fn an_organisation_called_like_a_place_stays_one_unless_the_model_doubts() {
        let names = [("Atlas", Kind::Region, 90)];
        check("[ORG Atlas]", &names, &["ORG Atlas"]);
        let (text, mut mentions) = unmark("[ORG Atlas]");
        mentions[0].score = 0.7;
        let first = &correct(&text, &mentions, &full_names(&text, &names))[0];
        assert_eq!(first.mention.label, Label::Loc);
        check(
            "[ORG Union soviétique]",
            &[("Union soviétique", Kind::Country, 90)],
            &["LOC Union soviétique relabelled"],
        );
    }

    #[test]
    fn a_surname_is_no_country() {
        let names = [
            ("Hollande", Kind::Country, 90),
            ("François HOLLANDE", Kind::Person, 90),
        ];
        check(
            "[PER Hollande], dit [PER François HOLLANDE]",
            &names,
            &["PER Hollande", "PER François HOLLANDE"],
        );
        check(
            "[PER Bichkek] et [PER Vetcherni Bichkek]",
            &[("Bichkek", Kind::City, 90)],
            &["LOC Bichkek relabelled", "PER Vetcherni Bichkek"],
        );
        // Nor where the model doubts the surname alone.
        let (text, mut mentions) = unmark("[PER Hollande], dit [PER François HOLLANDE]");
        mentions[0].score = 0.5;
        let first = &correct(&text, &mentions, &full_names(&text, &names))[0];
        assert_eq!(first.mention.label, Label::Per);
    }

    #[test]
    fn persons_become_places_unless_they_may_be_persons() {
        check(
            "[PER Virginie] à [PER Bichkek]",
            &[("Virginie", Kind::Region, 90), ("Bichkek", Kind::City, 90)],
            &["PER Virginie", "LOC Bichkek relabelled"],
        );
        check(
            "[PER Virginie]",
            &[("Virginie", Kind::Region, USER)],
            &["LOC Virginie relabelled"],
        );
        for (elsewhere, expected) in [(0.6, Label::Loc), (0.8, Label::Per)] {
            let (text, mut mentions) = unmark("[PER Alger] refuse, dit [PER Alger]");
            mentions[0].score = 0.6;
            mentions[1].score = elsewhere;
            let names = full_names(&text, &[("Alger", Kind::City, 90)]);
            let first = &correct(&text, &mentions, &names)[0];
            assert_eq!(first.mention.label, expected, "{elsewhere}");
        }
    }

    #[test]
    fn known_names_are_added() {
        check(
            "au Kazakhstan",
            &[("Kazakhstan", Kind::Country, 90)],
            &["LOC Kazakhstan added"],
        );
        check("un Jean Bon", &[("Jean Bon", Kind::Person, 90)], &[]);
        check("à Bar", &[("Bar", Kind::City, 30)], &[]);
        check(
            "la mer Caspienne",
            &[("mer Caspienne", Kind::Water, 90)],
            &[],
        );
        check(
            "Région Normandie",
            &[("Région Normandie", Kind::Region, 90)],
            &[],
        );
        check(
            "la mer Caspienne",
            &[("mer Caspienne", Kind::Water, USER)],
            &["LOC mer Caspienne added"],
        );
        // What follows a bare preposition is part of an event's name.
        for text in [
            "le Tour de France",
            "traité de\n   France",
            "CHAMPIONNAT DE France",
            "guerre d'France",
            "guerre d’France",
        ] {
            check(text, &[("France", Kind::Country, 90)], &[]);
        }
        check(
            "monde, France",
            &[("France", Kind::Country, 90)],
            &["LOC France added"],
        );
        check("un Jean Bon", &[("Jean Bon", Kind::Person, 20)], &[]);
        check(
            "un Jean Bon chez [LOC Roux]",
            &[
                ("Jean Bon", Kind::Person, USER),
                ("Roux", Kind::Company, USER),
            ],
            &["PER Jean Bon added", "ORG Roux relabelled"],
        );
    }
}

//! How far two annotators agree beyond chance.

use nommer_core::label::Label;
use serde::Serialize;

use crate::align::{GoldDocument, Mention, Prediction, State};

/// Agreement on tokens, runs of letters and digits, each of one label or of none. Documents that only one side has
/// do not count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Agreement {
    /// Tokens.
    pub tokens: u64,
    /// The share of tokens with the same label on both sides; undefined without tokens.
    pub observed: Option<f64>,
    /// Cohen's κ (1960): the same beyond chance; undefined where chance alone agrees on everything.
    pub kappa: Option<f64>,
}

const CLASSES: usize = Label::ALL.len() + 1;

/// Compares the labels of tokens.
#[must_use]
pub fn agreement(gold: &[GoldDocument], predictions: &[Prediction]) -> Agreement {
    let mut table = [[0u64; CLASSES]; CLASSES];
    for (document, prediction) in gold.iter().zip(predictions) {
        if prediction.state != State::Compared {
            continue;
        }
        let mut labels = [
            Labels::new(&document.mentions),
            Labels::new(&prediction.mentions),
        ];
        for start in tokens(&document.text) {
            let [one, other] = labels.each_mut().map(|labels| labels.at(start));
            table[one][other] += 1;
        }
    }
    kappa(&table)
}

fn kappa(table: &[[u64; CLASSES]; CLASSES]) -> Agreement {
    let tokens: u64 = table.iter().flatten().sum();
    let share = |count: u64| count as f64 / tokens as f64;
    let same = (0..CLASSES).map(|class| table[class][class]).sum();
    let by_chance: f64 = (0..CLASSES)
        .map(|class| {
            let row = table[class].iter().sum();
            let column = table.iter().map(|row| row[class]).sum();
            share(row) * share(column)
        })
        .sum();
    let observed = (tokens > 0).then(|| share(same));
    Agreement {
        tokens,
        observed,
        kappa: observed
            .filter(|_| by_chance < 1.0)
            .map(|observed| (observed - by_chance) / (1.0 - by_chance)),
    }
}

/// Where tokens begin.
fn tokens(text: &str) -> impl Iterator<Item = usize> {
    let mut inside = false;
    text.char_indices().filter_map(move |(at, c)| {
        let before = std::mem::replace(&mut inside, c.is_alphanumeric());
        (inside && !before).then_some(at)
    })
}

/// The classes of ascending positions.
struct Labels<'a>(&'a [Mention]);

impl Labels<'_> {
    fn new(mentions: &[Mention]) -> Labels<'_> {
        Labels(mentions)
    }

    fn at(&mut self, position: usize) -> usize {
        while let Some((first, rest)) = self.0.split_first()
            && first.span.end() <= position
        {
            self.0 = rest;
        }
        match self.0.first() {
            Some(mention) if mention.span.start() <= position => 1 + mention.label as usize,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_runs_of_letters_and_digits() {
        let text = "l'Élysée, 2014 (J.-C.)";
        let starts: Vec<&str> = tokens(text).map(|at| &text[at..]).collect();
        assert_eq!(
            starts,
            [
                "l'Élysée, 2014 (J.-C.)",
                "Élysée, 2014 (J.-C.)",
                "2014 (J.-C.)",
                "J.-C.)",
                "C.)"
            ]
        );
    }

    /// The example of 50 proposals in the usual textbooks: 20 yes/yes, 5, 10, 15 no/no gives 0.4.
    #[test]
    fn kappa_is_that_of_the_textbook() {
        let mut table = [[0; CLASSES]; CLASSES];
        (table[1][1], table[1][2], table[2][1], table[2][2]) = (20, 5, 10, 15);
        let agreement = kappa(&table);
        assert_eq!((agreement.tokens, agreement.observed), (50, Some(0.7)));
        assert!((agreement.kappa.unwrap() - 0.4).abs() < 1e-12);
    }

    #[test]
    fn where_chance_says_all_there_is_no_kappa() {
        let mut table = [[0; CLASSES]; CLASSES];
        assert_eq!(kappa(&table).observed, None);
        table[0][0] = 9;
        assert_eq!(
            (kappa(&table).observed, kappa(&table).kappa),
            (Some(1.0), None)
        );
    }
}

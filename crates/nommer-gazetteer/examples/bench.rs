//! Times opening a compiled gazetteer and looking names up. `scripts/bench-gazetteer` runs it.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use nommer_gazetteer::candidates::candidates;
use nommer_gazetteer::compile::Family;
use nommer_gazetteer::index::Gazetteer;
use nommer_gazetteer::key;

/// Lookups of each sort, but for those by one wrong letter.
const LOOKUPS: usize = 1_000_000;
const NEAR: usize = 20_000;

/// Numbers that look random, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) as usize % limit.max(1)
    }

    /// The key with one letter exchanged, not its first.
    fn misspell(&mut self, key: &str) -> String {
        let mut letters: Vec<char> = key.chars().collect();
        if letters.len() > 1 {
            let at = 1 + self.below(letters.len() - 1);
            letters[at] = char::from(b'a' + self.below(26) as u8);
        }
        letters.into_iter().collect()
    }
}

/// Times each lookup of `keys`, prints how many were found, the mean, and how slow the slowest were.
fn time(what: &str, keys: &[String], each: bool, mut look_up: impl FnMut(&str) -> bool) {
    let mut found = 0;
    let mut micros: Vec<f64> = Vec::new();
    let start = Instant::now();
    for key in keys {
        let lookup = each.then(Instant::now);
        found += usize::from(look_up(key));
        micros.extend(lookup.map(|start| start.elapsed().as_secs_f64() * 1e6));
    }
    let mean = start.elapsed().as_secs_f64() * 1e6 / keys.len().max(1) as f64;
    micros.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| micros.get(micros.len() * share / 1000);
    let spread = match (at(500), at(990), micros.last()) {
        (Some(median), Some(most), Some(worst)) => {
            format!("  median {median:.1}, 99 % below {most:.1}, worst {worst:.0}")
        }
        _ => String::new(),
    };
    println!(
        "{what:<22}{:>9} lookups {found:>9} found {mean:>9.2} µs each{spread}",
        keys.len()
    );
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lines = status.lines().filter_map(|line| {
        let (name, size) = line.split_once(':')?;
        ["VmRSS", "RssFile"]
            .contains(&name)
            .then(|| format!("{name} {}", size.trim()))
    });
    lines.collect::<Vec<_>>().join(", ")
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: bench FILE.gaz")?);
    let start = Instant::now();
    let gazetteer = Gazetteer::open(&path)?;
    let first = start.elapsed().as_secs_f64() * 1e3;
    let resident = memory();
    let start = Instant::now();
    for _ in 0..1000 {
        Gazetteer::open(&path)?;
    }
    let again = start.elapsed().as_secs_f64() * 1e3 / 1000.0;
    println!(
        "{} entities, {} names",
        gazetteer.len(),
        gazetteer.about().aliases
    );
    println!(
        "open                  {first:.3} ms the first time ({resident}), {again:.4} ms again"
    );

    let mut dice = Dice(1);
    let (mut exact, mut sounds, mut names) = (Vec::new(), Vec::new(), Vec::new());
    while exact.len() < LOOKUPS {
        let number = u32::try_from(dice.below(gazetteer.len()))?;
        let entity = gazetteer.entity(number).ok_or("an entity is missing")?;
        let folded = key::fold(entity.name);
        if gazetteer.get(Family::Exact, &folded).next().is_none() {
            continue;
        }
        if entity.prominence >= 35
            && sounds.len() < NEAR
            && let Some(sound) = key::sound(&folded)
        {
            sounds.push(sound);
        }
        if names.len() < NEAR {
            names.push(entity.name.to_owned());
        }
        exact.push(folded);
    }
    let missing: Vec<String> = exact.iter().map(|key| dice.misspell(key)).collect();
    let misheard: Vec<String> = sounds.iter().map(|key| dice.misspell(key)).collect();
    let twice: Vec<String> = misheard.iter().map(|key| dice.misspell(key)).collect();
    let wrong: Vec<String> = names.iter().map(|name| dice.misspell(name)).collect();

    let get = |family, key: &str| {
        let mut hits = gazetteer.get(family, key);
        hits.next().is_some_and(|hit| !hit.alias.is_empty())
    };
    time("exact, in it", &exact, false, |key| get(Family::Exact, key));
    time("exact, misspelt", &missing, false, |key| {
        get(Family::Exact, key)
    });
    time("sound, in it", &sounds, true, |key| get(Family::Sound, key));
    time("near, one letter", &misheard, true, |key| {
        !gazetteer.near(Family::Sound, key).is_empty()
    });
    time("near, two letters", &twice, true, |key| {
        !gazetteer.near(Family::Sound, key).is_empty()
    });
    time("candidates, in it", &names, true, |name| {
        !candidates(&gazetteer, name).is_empty()
    });
    time("candidates, misspelt", &wrong, true, |name| {
        !candidates(&gazetteer, name).is_empty()
    });
    println!("memory                {}", memory());
    Ok(())
}

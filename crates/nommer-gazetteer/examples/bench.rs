//! Times opening a compiled gazetteer and looking names up. `scripts/bench-gazetteer` runs it.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use nommer_gazetteer::candidates::candidates;
use nommer_gazetteer::compile::Family;
use nommer_gazetteer::index::Gazetteer;
use nommer_gazetteer::key;
use nommer_gazetteer::layers::Gazetteers;

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

/// Seconds this thread has had a processor, where the system says so: other work on the machine distorts them less.
fn cpu() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos: f64 = stat.split(' ').next()?.parse().ok()?;
    Some(nanos / 1e9)
}

/// Page faults of the process that waited for the disk.
fn faults() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    stat.rsplit_once(')')?.1.split(' ').nth(10)?.parse().ok()
}

/// Looks all `keys` up, prints how many were found, and what one lookup takes: of processor time, of time, and at
/// most.
fn time(what: &str, keys: &[String], mut look_up: impl FnMut(&str) -> bool) {
    const EACH: usize = 20_000;
    let (start, before) = (Instant::now(), cpu());
    let found = keys.iter().filter(|key| look_up(key)).count();
    let per_key = 1e6 / keys.len().max(1) as f64;
    let busy = before
        .zip(cpu())
        .map_or(f64::NAN, |(before, after)| (after - before) * per_key);
    let whole = start.elapsed().as_secs_f64() * per_key;
    let mut micros = Vec::new();
    for key in keys.iter().take(EACH) {
        let start = Instant::now();
        look_up(key);
        micros.push(start.elapsed().as_secs_f64() * 1e6);
    }
    micros.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| micros.get(micros.len() * share / 100).copied();
    let (median, most) = (at(50).unwrap_or(f64::NAN), at(99).unwrap_or(f64::NAN));
    println!(
        "{what:<22}{:>9}{found:>9}{busy:>9.2}{whole:>9.2}{median:>9.2}{most:>9.2}",
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
    let path = PathBuf::from(
        std::env::args_os()
            .nth(1)
            .ok_or("usage: bench FILE.gaz [--open]")?,
    );
    let (start, waited) = (Instant::now(), faults());
    let gazetteer = Gazetteer::open(&path)?;
    let first = start.elapsed().as_secs_f64() * 1e3;
    let waited = faults()
        .zip(waited)
        .map_or(0, |(after, before)| after - before);
    println!("opened in {first:.3} ms, {waited} waits for the disk");
    if std::env::args_os()
        .nth(2)
        .is_some_and(|option| option == "--open")
    {
        return Ok(());
    }
    let start = Instant::now();
    for _ in 0..1000 {
        Gazetteer::open(&path)?;
    }
    println!(
        "opened again in {:.4} ms; {} entities, {} names",
        start.elapsed().as_secs_f64(),
        gazetteer.len(),
        gazetteer.about().aliases
    );
    println!(
        "{:<22}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
        "µs for one lookup", "lookups", "found", "CPU", "time", "median", "99 % in"
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
    time("exact, in it, first", &exact, |key| get(Family::Exact, key));
    time("exact, in it", &exact, |key| get(Family::Exact, key));
    time("exact, misspelt", &missing, |key| get(Family::Exact, key));
    time("sound, in it", &sounds, |key| get(Family::Sound, key));
    let near = |key: &str| !gazetteer.near(Family::Sound, key).is_empty();
    time("near, one letter", &misheard, near);
    time("near, two letters", &twice, near);
    let gazetteers = Gazetteers::new(vec![Gazetteer::open(&path)?]);
    let any = |name: &str| !candidates(&gazetteers, name).is_empty();
    time("candidates, in it", &names, any);
    time("candidates, misspelt", &wrong, any);
    println!("memory: {}", memory());
    Ok(())
}

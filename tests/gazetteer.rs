//! `nommer gazetteer`: tables, the compiled file, lookups.

use std::collections::BTreeSet;

use crate::support::{Folder, Ran, json_lines, nommer, tests_folder};

const TABLE: &str = "id\ttype\tname\taliases\tcountry\tprominence\tvalid\ttitles\tsource
iso3166-1:KZ\tcountry\tKazakhstan\tRépublique du Kazakhstan\tKZ\t90\t1991..\t\tCLDR 48
nommer:noursoultan-nazarbaiev\tperson\tNoursoultan Nazarbaïev\tNursultan Nazarbayev\tKZ\t85\t1940..\tprésident du Kazakhstan 1991..2019\tnommer
nommer:orange\tcompany\tOrange\tFrance Télécom@..2013\tFR\t80\t\t\tnommer
";

const MORE: &str = "id,type,name,aliases,prominence,action
insee:84087,commune,Orange,,40,
nommer:orange,company,Orange,Orange SA,85,
iso3166-1:KZ,,,Kazakstan,,block
";

fn gazetteer(folder: &Folder, args: &[&str]) -> Ran {
    folder.run(&[&["gazetteer"], args].concat())
}

#[test]
fn tables_are_laid_over_each_other_and_looked_up() {
    let folder = Folder::with([("core.tsv", TABLE), ("mine.csv", MORE)]);
    let built = gazetteer(
        &folder,
        &[
            "build", "core.tsv", "mine.csv", "-o", "g.gaz", "--name", "mine",
        ],
    )
    .clean();
    assert!(built.text().starts_with("4 entries"), "{}", built.text());
    let info = gazetteer(&folder, &["info", "g.gaz"]).clean();
    assert!(info.text().contains("mine 1, 4 entries"), "{}", info.text());
    let first = |name: &str, more: &[&str]| {
        let ran = gazetteer(&folder, &[&["lookup", name, "-g", "g.gaz"], more].concat()).clean();
        ran.text().lines().next().unwrap().to_owned()
    };
    assert!(first("RÉPUBLIQUE\nDU KAZAKHSTAN", &[]).contains("iso3166-1:KZ"));
    assert!(first("le président Nazarbaev", &[]).contains("is not in mine 1"));
    assert!(
        first(
            "N. Nazarbayev",
            &["--context", "le président", "--date", "2008"]
        )
        .contains("nommer:noursoultan-nazarbaiev")
    );
    assert!(first("Orange", &["--label", "LOC"]).contains("insee:84087"));
    assert!(first("Orange", &["--label", "ORG"]).contains("nommer:orange"));
    assert!(
        first("France Télécom", &[]).contains("nommer:orange"),
        "names of both layers"
    );
    let again = folder.read("g.gaz");
    gazetteer(
        &folder,
        &[
            "build", "core.tsv", "mine.csv", "-o", "g.gaz", "--name", "mine",
        ],
    )
    .clean();
    assert!(
        again == folder.read("g.gaz"),
        "the same tables give the same bytes"
    );
}

#[test]
fn bad_tables_are_refused_with_every_problem_and_nothing_is_built() {
    let folder = Folder::with([
        (
            "a.tsv",
            "id\ttype\tname\nKZ\tcountry\tKazakhstan\nnommer:b\tplanet\tB\n",
        ),
        ("b.txt", "x"),
        (
            "c.tsv",
            "id\ttype\tname\taliases\nnommer:c\tcompany\tC\tpomme\nnommer:c\tcompany\tD\t\n",
        ),
    ]);
    gazetteer(&folder, &["build", "a.tsv", "-o", "g.gaz"]).refused(&[
        "a.tsv:2: id: \"KZ\" is no id",
        "a.tsv:3: type: unknown type \"planet\"",
        "2 problems in the tables; nothing was built",
    ]);
    assert!(!folder.path("g.gaz").exists());
    gazetteer(&folder, &["build", "b.txt", "-o", "g.gaz"])
        .refused(&["b.txt: not .tsv, .csv or .jsonl"]);
    gazetteer(&folder, &["check", "c.tsv"]).incomplete(&[
        "c.tsv:2: aliases: \"pomme\" is written like a common word",
        "c.tsv:3: id: nommer:c stands in line 2 already",
    ]);
}

#[test]
fn a_file_that_is_no_gazetteer_or_damaged_is_refused() {
    let folder = Folder::with([("core.tsv", TABLE)]);
    gazetteer(&folder, &["build", "core.tsv", "-o", "g.gaz"]).clean();
    gazetteer(&folder, &["info", "core.tsv"]).refused(&[
        "core.tsv is no compiled gazetteer",
        "nommer gazetteer build",
    ]);
    gazetteer(&folder, &["info", "none.gaz"]).refused(&["cannot open none.gaz"]);
    let mut bytes = folder.read("g.gaz");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    folder.write("bad.gaz", &bytes);
    gazetteer(&folder, &["lookup", "Orange", "-g", "bad.gaz"]).refused(&["bad.gaz is damaged"]);
    bytes.truncate(middle);
    folder.write("torn.gaz", &bytes);
    gazetteer(&folder, &["info", "torn.gaz"])
        .refused(&["torn.gaz is damaged (it is shorter than it says)"]);
}

/// What the gold fixtures are linked to.
#[test]
fn the_shipped_gazetteer_has_what_the_gold_is_linked_to() {
    let models = tests_folder().join("../models/gazetteer-fr/gazetteer.gaz");
    let gazetteer = nommer_gazetteer::index::Gazetteer::open(&models).unwrap();
    gazetteer.verify().unwrap();
    let count = u32::try_from(gazetteer.len()).unwrap();
    let known: BTreeSet<&str> = (0..count)
        .map(|number| gazetteer.entity(number).unwrap().id)
        .collect();
    let mut linked = 0;
    for file in std::fs::read_dir(tests_folder().join("fixtures/gold")).unwrap() {
        let file = file.unwrap().path();
        if file
            .extension()
            .is_none_or(|extension| extension != "jsonl")
        {
            continue;
        }
        for document in json_lines(&std::fs::read(&file).unwrap()) {
            for span in document["spans"].as_array().unwrap() {
                if let Some(id) = span["kb"]["id"].as_str() {
                    linked += 1;
                    assert!(known.contains(id), "{}: {span}", document["id"]);
                }
            }
        }
    }
    assert!(linked > 1000, "{linked} linked mentions");
}

/// The tables that the project keeps by hand.
#[test]
fn the_curated_tables_are_clean() {
    let curated = tests_folder().join("../models/gazetteer-fr/curated");
    let mut tables: Vec<String> = std::fs::read_dir(&curated)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    tables.sort();
    let mut args = vec!["gazetteer", "check"];
    args.extend(tables.iter().map(String::as_str));
    let output = nommer(&curated, &args).output().unwrap();
    let says = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && says.is_empty(), "{says}");
    let shown = String::from_utf8_lossy(&output.stdout);
    let summary = shown.lines().last().unwrap();
    let count: usize = summary.split(' ').next().unwrap().parse().unwrap();
    assert!(count >= 1000, "{count} curated entries");
}

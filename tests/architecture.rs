//! The shape of the project: which crate may use which, what lies at the top, and which test guards which
//! invariant.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
}

/// What a crate may use. What a crate of the project may depend on, it may depend on directly; what it must never
/// use, it must not use through others either, unless that is listed under `not_itself`.
struct Rule {
    name: &'static str,
    may: &'static [&'static str],
    never: &'static [&'static str],
    /// Like `never`, but a dependency may: the tokenizer has its own threads, for example.
    not_itself: &'static [&'static str],
}

const RULES: &[Rule] = &[
    // Does no I/O, prints nothing, starts no thread.
    Rule {
        name: "nommer-core",
        may: &[],
        never: &[
            "walkdir",
            "globset",
            "tempfile",
            "flate2",
            "zstd",
            "memmap2",
            "rayon",
            "clap",
            "indicatif",
            "signal-hook",
            "anyhow",
            "tokenizers",
            "ndarray",
            "toml",
        ],
        not_itself: &[],
    },
    // Knows no gazetteer, and no files but the model's.
    Rule {
        name: "nommer-model",
        may: &["nommer-core"],
        never: &[
            "clap",
            "indicatif",
            "signal-hook",
            "walkdir",
            "globset",
            "toml",
        ],
        not_itself: &["rayon", "anyhow", "tempfile", "flate2", "zstd"],
    },
    // Knows no model.
    Rule {
        name: "nommer-gazetteer",
        may: &["nommer-core"],
        never: &[
            "tokenizers",
            "safetensors",
            "ndarray",
            "clap",
            "indicatif",
            "signal-hook",
        ],
        not_itself: &["anyhow"],
    },
    // Isolates the network: knows files and a server, and loads no model.
    Rule {
        name: "nommer-hub",
        may: &[],
        never: &[
            "tokenizers",
            "safetensors",
            "ndarray",
            "clap",
            "tokio",
            "reqwest",
        ],
        not_itself: &["indicatif", "anyhow"],
    },
    // The judge shares no code with the judged.
    Rule {
        name: "nommer-eval",
        may: &["nommer-core"],
        never: &[
            "tokenizers",
            "safetensors",
            "ndarray",
            "fst",
            "clap",
            "indicatif",
            "signal-hook",
        ],
        not_itself: &["anyhow"],
    },
    // Parses no arguments, prints nothing.
    Rule {
        name: "nommer-pipeline",
        may: &["nommer-core", "nommer-model", "nommer-gazetteer"],
        never: &["clap", "indicatif", "signal-hook"],
        not_itself: &["anyhow"],
    },
    Rule {
        name: "nommer",
        may: &[
            "nommer-core",
            "nommer-model",
            "nommer-gazetteer",
            "nommer-hub",
            "nommer-eval",
            "nommer-pipeline",
        ],
        never: &["pyo3"],
        not_itself: &[],
    },
];

#[test]
fn crate_edges_are_the_allowed_ones() {
    let mut crates = Vec::new();
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        if folder.join("Cargo.toml").is_file() {
            crates.push(package_name(&folder));
        }
    }
    assert!(crates.len() >= 4, "{crates:?}");
    let mut forbidden = Vec::new();
    for name in &crates {
        let rule = RULES
            .iter()
            .find(|rule| rule.name == name)
            .unwrap_or_else(|| panic!("crate {name} has no rule here; say what it may use"));
        let direct = dependencies(name, &["--depth", "1"]);
        let all = dependencies(name, &[]);
        let mut forbid = |used: &str, allowed: bool| {
            if !allowed {
                forbidden.push(format!("{name} uses {used}"));
            }
        };
        for used in &direct {
            let ours = used == "nommer" || used.starts_with("nommer-");
            forbid(used, !ours || rule.may.contains(&used.as_str()));
            forbid(used, !rule.not_itself.contains(&used.as_str()));
        }
        for used in &all {
            forbid(used, !rule.never.contains(&used.as_str()));
        }
    }
    assert!(forbidden.is_empty(), "{forbidden:#?}");
}

fn package_name(folder: &Path) -> String {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let name = manifest
        .lines()
        .find_map(|line| line.strip_prefix("name = "));
    name.unwrap().trim_matches('"').to_owned()
}

/// What a crate needs to be built and run, by name, itself not included.
fn dependencies(name: &str, options: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--prefix", "none"])
        .args(["--edges", "normal,build", "--format", "{p}", "-p", name])
        .args(options)
        .current_dir(root())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree: {errors}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let mut names: Vec<String> = lines
        .lines()
        .skip(1)
        .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
        .collect();
    names.sort();
    names.dedup();
    assert!(!names.is_empty(), "{name}");
    names
}

#[test]
#[allow(clippy::print_stdout)] // A skipped test says why.
fn nothing_else_lies_at_the_top() {
    const ALLOWED: &[&str] = &[
        "Cargo.toml",
        "Cargo.lock",
        "crates",
        "models",
        "scripts",
        "tests",
        "README.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        ".gitignore",
        ".ci",
    ];
    // What is committed counts; a developer's own files may lie about. Without git there is nothing to ask.
    let listed = Command::new("git")
        .args(["ls-tree", "--name-only", "HEAD"])
        .current_dir(root())
        .output();
    let names = match &listed {
        Ok(listed) if listed.status.success() => String::from_utf8_lossy(&listed.stdout),
        _ => return println!("skipped: not a git checkout"),
    };
    for name in names.lines() {
        assert!(
            ALLOWED.contains(&name),
            "`{name}` does not belong at the top level; put it into crates, models, scripts or tests"
        );
    }
}

#[test]
fn every_invariant_names_the_test_that_guards_it() {
    let path = root().join("crates/ARCHITECTURE.md");
    let document = fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let mut sources = Vec::new();
    for folder in ["crates", "tests"] {
        collect_sources(&root().join(folder), &mut sources);
    }
    let rows = invariants(&document);
    assert!(
        rows.len() >= 10,
        "the table | invariant | test | has {} rows",
        rows.len()
    );
    let mut wrong = Vec::new();
    for (invariant, tests) in rows {
        if tests.is_empty() {
            wrong.push(format!("no test guards: {invariant}"));
        }
        for test in tests {
            if !sources.iter().any(|source| has_test(source, &test)) {
                wrong.push(format!(
                    "there is no test `{test}`, which guards: {invariant}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The rows of the table whose first column is headed `invariant`: that column, and the names between backticks
/// in the last.
fn invariants(document: &str) -> Vec<(String, Vec<String>)> {
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim().trim_matches('|');
        line.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines = document.lines();
    let mut rows = Vec::new();
    while let Some(line) = lines.next() {
        let is_head = cells(line)
            .iter()
            .any(|cell| cell.eq_ignore_ascii_case("invariant"));
        if !line.trim_start().starts_with('|') || !is_head {
            continue;
        }
        lines.next();
        for row in lines
            .by_ref()
            .take_while(|line| line.trim_start().starts_with('|'))
        {
            let cells = cells(row);
            let last = cells.last().unwrap();
            let tests = last.split('`').skip(1).step_by(2).map(|name| {
                let name = name.trim_end_matches("()");
                name.rsplit("::").next().unwrap_or(name).to_owned()
            });
            rows.push((cells[..cells.len() - 1].join(" "), tests.collect()));
        }
    }
    rows
}

/// Whether `source` has a function of this name with `#[test]` above it.
fn has_test(source: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(index, line)| {
        line.starts_with(&head)
            && lines[..index]
                .iter()
                .rev()
                .take_while(|line| line.starts_with('#') || line.starts_with('/'))
                .any(|line| *line == "#[test]")
    })
}

fn collect_sources(folder: &Path, sources: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_sources(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_table_of_invariants_is_read_as_it_is_written() {
    let document = "\
| word | meaning |
|---|---|
| span | `no_test` |

| # | Invariant | Test |
|---|---|---|
| 1 | text never changes | `a::b_c`, `d()` |
| 2 | nothing | none |

| x | y |
|---|---|
";
    let expected = [
        (
            "1 text never changes".to_owned(),
            vec!["b_c".to_owned(), "d".to_owned()],
        ),
        ("2 nothing".to_owned(), vec![]),
    ];
    assert_eq!(invariants(document), expected);
    assert!(has_test("/// What.\n#[test]\nfn b_c() {}", "b_c"));
    assert!(!has_test("fn b_c() {}", "b_c"));
    assert!(!has_test("#[test]\nfn b_cd() {}", "b_c"));
}

//! What `nommer` makes of the entities it finds: links, corrections, gazetteers of the user's own.

use serde_json::{Value, json};

use crate::support::{Folder, Ran, names};

/// What entities mean: their text, and an identifier, several, or the document's own number.
fn links(record: &Value) -> Vec<(&str, String)> {
    let spans = record["spans"].as_array().unwrap();
    spans
        .iter()
        .map(|span| {
            let kb = &span["kb"];
            let meaning = match kb["outcome"].as_str().unwrap() {
                "linked" => kb["id"].as_str().unwrap().to_owned(),
                "nil" => kb["local_id"].as_str().unwrap().to_owned(),
                _ => kb["candidates"].to_string(),
            };
            (span["text"].as_str().unwrap(), meaning)
        })
        .collect()
}

/// What every entity of this text means.
fn meanings<'a>(record: &'a Value, name: &str) -> Vec<(&'a str, String)> {
    let mut links = links(record);
    links.retain(|(text, _)| *text == name);
    assert!(!links.is_empty(), "{name} is not found in {record:#}");
    links
}

#[track_caller]
fn means(record: &Value, name: &str, id: &str) {
    for (_, meaning) in meanings(record, name) {
        assert_eq!(meaning, id, "{name}");
    }
}

/// The documents as lines of JSON, annotated with these options.
fn annotate(documents: &[Value], options: &[&str]) -> Vec<Value> {
    let folder = Folder::new();
    run(&folder, documents, options).clean().records()
}

fn run(folder: &Folder, documents: &[Value], options: &[&str]) -> Ran {
    let lines: Vec<String> = documents.iter().map(Value::to_string).collect();
    folder.write("in.jsonl", lines.join("\n"));
    folder.run(&[&["annotate", "in.jsonl", "-o", "-"], options].concat())
}

fn texts<const N: usize>(texts: [&str; N]) -> [Value; N] {
    texts.map(|text| json!({ "text": text }))
}

#[test]
fn countries_towns_and_persons_are_linked_however_they_are_spelled() {
    let [record] = &annotate(
        &texts([
            "Le président du Kazakhstan, Noursoultan Nazarbaïev, a reçu Nicolas Sarkozy à Astana. \
             M. NAZARBAÏEV vient souvent à Lyon. Nursultan Nazarbayev et M. Sarkozy ont parlé. \
             La RÉPUBLIQUE DU KAZAKHSTAN remercie la France.",
        ]),
        &[],
    )[..] else {
        panic!()
    };
    means(record, "Kazakhstan", "iso3166-1:KZ");
    means(record, "RÉPUBLIQUE DU KAZAKHSTAN", "iso3166-1:KZ");
    means(record, "France", "iso3166-1:FR");
    means(record, "Lyon", "insee:69123");
    means(record, "Astana", "geonames:1526273");
    for name in [
        "Noursoultan Nazarbaïev",
        "NAZARBAÏEV",
        "Nursultan Nazarbayev",
    ] {
        means(record, name, "nommer:noursoultan-nazarbaiev");
    }
    for name in ["Nicolas Sarkozy", "Sarkozy"] {
        means(record, name, "nommer:nicolas-sarkozy");
    }
    let spans = record["spans"].as_array().unwrap();
    let lyon = spans.iter().find(|span| span["text"] == "Lyon").unwrap();
    assert_eq!(lyon["kb"]["country"], "FR");
    assert_eq!(lyon["kb"]["authority"], "insee");
    assert!((lyon["kb"]["lat"].as_f64().unwrap() - 45.75).abs() < 0.1);
    assert_eq!(record["gazetteers"].as_array().unwrap().len(), 1);
}

#[test]
fn a_document_explains_its_acronyms_and_numbers_what_nobody_knows() {
    let [explained, other, unknown] = &annotate(
        &texts([
            "L'Organisation de la coopération islamique (OCI) siège à Djeddah. L'OCI a voté.",
            "L'Office des cultures irriguées (OCI) siège à Djeddah. L'OCI a voté.",
            "M. Zéphyrin Patouillard habite à Lyon. Mme Odile Grimbert a vu M. Patouillard et M. Zéphyrin PATOUILLARD.",
        ]),
        &[],
    )[..] else {
        panic!()
    };
    let known = meanings(explained, "OCI");
    assert!(known.len() == 2 && known[0].1.starts_with("nommer:"));
    assert_eq!(known[0], known[1]);
    let own = meanings(other, "OCI");
    assert!(own.iter().all(|(_, meaning)| meaning == "nil-1"), "{own:?}");
    means(other, "Office des cultures irriguées", "nil-1");
    means(unknown, "Zéphyrin Patouillard", "nil-1");
    means(unknown, "Patouillard", "nil-1");
    means(unknown, "Zéphyrin PATOUILLARD", "nil-1");
    means(unknown, "Odile Grimbert", "nil-2");
}

#[test]
fn common_words_are_no_names() {
    let records = annotate(
        &texts([
            "Au total, douze euros. Il mange une orange, fait deux tours, et le total est juste.",
            "Le groupe Total et l'opérateur Orange ont signé un accord.",
            "François Hollande a parlé. Puis M. Hollande est parti.",
        ]),
        &[],
    );
    let found = names(&records[0]);
    assert!(
        !found
            .iter()
            .any(|(_, text)| ["total", "orange", "tours"].contains(text)),
        "{found:?}"
    );
    means(&records[1], "Total", "nommer:totalenergies");
    means(&records[1], "Orange", "nommer:orange");
    means(&records[2], "Hollande", "nommer:francois-hollande");
}

#[test]
fn without_a_gazetteer_records_are_as_the_model_says() {
    let documents = texts(["Nicolas Sarkozy habite à Paris."]);
    let record = &annotate(&documents, &["--no-gazetteer"])[0];
    assert!(record.get("gazetteers").is_none());
    let spans = record["spans"].as_array().unwrap();
    assert_eq!(spans.len(), 2);
    for span in spans {
        for key in ["kb", "source", "change"] {
            assert!(span.get(key).is_none(), "{span}");
        }
    }
}

const ONE: &str = "id\ttype\tname\nmy:zozo\tcompany\tZozobra\n";
const TWO: &str = "id\ttype\tname\nyour:zozo\tcompany\tZozobra\nyour:brest\tcity\tBrest\n";

/// A folder with two compiled gazetteers, `one.gaz` and `two.gaz`.
fn compiled() -> Folder {
    let folder = Folder::with([("one.tsv", ONE), ("two.tsv", TWO)]);
    for name in ["one", "two"] {
        let (table, output) = (format!("{name}.tsv"), format!("{name}.gaz"));
        let args = ["gazetteer", "build", &table, "-o", &output, "--name", name];
        folder.run(&args).clean();
    }
    folder
}

#[test]
fn named_gazetteers_are_asked_in_their_order() {
    let folder = compiled();
    let documents = texts(["La société Zozobra s'installe à Brest, loin de Lyon."]);
    let both = ["--gazetteer", "one.gaz", "-g", "two.gaz"];
    let record = &run(&folder, &documents, &both).clean().records()[0];
    let infos: Vec<&str> = record["gazetteers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|info| info["name"].as_str().unwrap())
        .collect();
    assert_eq!(infos, ["one", "two"]);
    means(record, "Brest", "your:brest");
    means(record, "Lyon", "nil-1");

    folder.write("in.jsonl", documents[0].to_string());
    let mut command = folder.command(&["annotate", "in.jsonl", "-o", "-"]);
    command.env("NOMMER_GAZETTEER", "two.gaz");
    let ran = crate::support::Running::start(&mut command)
        .finish()
        .clean();
    means(&ran.records()[0], "Zozobra", "your:zozo");
    means(&ran.records()[0], "Lyon", "nil-1");
    let mut command = folder.command(&["annotate", "in.jsonl", "-o", "-", "-g", "one.gaz"]);
    command.env("NOMMER_GAZETTEER", "none.gaz");
    let ran = crate::support::Running::start(&mut command)
        .finish()
        .clean();
    means(&ran.records()[0], "Zozobra", "my:zozo");
}

#[test]
fn a_users_table_adds_overrides_and_blocks() {
    let folder = Folder::with([
        (
            "u.tsv",
            "# mine\nid\ttype\tname\taliases\taction\nmy:grimbert\tperson\tOdile Grimbert\t\t\n\
             insee:69123\tcity\tLyon la mienne\tLyon\toverride\niso3166-1:KZ\t\t\t\tblock\n",
        ),
        (
            "u.csv",
            "\u{feff}id,type,name,aliases,action\r\nmy:grimbert,person,Odile Grimbert,,\r\n\
             insee:69123,city,Lyon la mienne,\"Lyon\",override\r\niso3166-1:KZ,,,,block\r\n",
        ),
        (
            "u.jsonl",
            "\u{feff}{\"id\": \"my:grimbert\", \"type\": \"person\", \"name\": \"Odile Grimbert\"}\n\
             {\"id\": \"insee:69123\", \"type\": \"city\", \"name\": \"Lyon la mienne\", \"aliases\": [\"Lyon\"], \"action\": \"override\"}\n\
             {\"id\": \"iso3166-1:KZ\", \"action\": \"block\"}\n",
        ),
    ]);
    let documents = texts(["Odile Grimbert va de Lyon à Paris, et du Kazakhstan à la France."]);
    for table in ["u.tsv", "u.csv", "u.jsonl"] {
        let ran = run(&folder, &documents, &["--user-gazetteer", table]).clean();
        let record = &ran.records()[0];
        means(record, "Odile Grimbert", "my:grimbert");
        means(record, "Paris", "insee:75056");
        let spans = record["spans"].as_array().unwrap();
        let lyon = spans.iter().find(|span| span["text"] == "Lyon").unwrap();
        assert_eq!(lyon["kb"]["name"], "Lyon la mienne", "{table}");
        for (_, meaning) in meanings(record, "Kazakhstan") {
            assert_ne!(meaning, "iso3166-1:KZ", "{table}");
        }
        assert_eq!(record["gazetteers"][0]["name"], "user");
    }
}

#[test]
fn every_defect_of_a_users_table_is_said_and_nothing_is_written() {
    let folder = Folder::new();
    let long = "x".repeat(1 << 20);
    let mut table = b"id\ttype\tname\taliases\tvalid\tlat\tcountry\n".to_vec();
    table.extend_from_slice(b"KZ\tplanet\tKazakhstan\t\t\t\t\n");
    table.extend_from_slice(b"a:b\tcity\tB\xE9ziers\t\t\t\t\n");
    table.extend_from_slice(b"a:c\tcity\tC\n");
    table.extend_from_slice(format!("a:d\tcity\tD\t{long}\t\t\t\n").as_bytes());
    table.extend_from_slice("a:e\tcity\tÉ\t\t20xx..\t91\tfrance\n".as_bytes());
    table.extend_from_slice(format!("{long}\tcity\tF\t\t\t\t\n").as_bytes());
    folder.write("u.tsv", &table);
    let documents = texts(["Zoé."]);
    let options = ["--user-gazetteer", "u.tsv", "--log", "log.jsonl"];
    let ran = run(&folder, &documents, &options).refused(&[
        "u.tsv:2: id: \"KZ\"",
        "u.tsv:2: type: unknown type \"planet\"",
        "u.tsv:3: name: not UTF-8 from byte 1 on",
        "u.tsv:4: 3 columns, but the header has 7",
        "u.tsv:5: aliases: a name of 1048576 characters",
        "u.tsv:6: valid: ",
        "u.tsv:6: lat: ",
        "u.tsv:6: country: ",
        "u.tsv:7: id: ",
        "9 problems in the tables; nothing was annotated",
    ]);
    assert!(ran.stderr.len() < 4096, "{} bytes", ran.stderr.len());
    assert_eq!(folder.names(), ["in.jsonl", "u.tsv"]);
    let huge = format!("id\ttype\tname\na:b\tcity\t{}\n", long.repeat(17));
    folder.write("huge.tsv", huge);
    run(&folder, &documents, &["--user-gazetteer", "huge.tsv"])
        .refused(&["huge.tsv:2: a line of 17 MiB, where rows have 16 MiB at most"]);
    folder.write(
        "u.jsonl",
        "{\"id\":\"a:b\",\"type\":\"city\",\"name\":\"B\"}\n{\"id\":\n",
    );
    let says = run(&folder, &documents, &["--user-gazetteer", "u.jsonl"]);
    let says = says.refused(&["u.jsonl:2: not an object"]);
    assert!(!says.stderr.contains("line 1"), "{}", says.stderr);
}

#[test]
fn a_gazetteer_that_cannot_be_used_is_refused_before_any_document() {
    let folder = compiled();
    let bytes = folder.read("one.gaz");
    let mut damaged = bytes.clone();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    folder.write("damaged.gaz", &damaged);
    folder.write("torn.gaz", &bytes[..bytes.len() / 2]);
    folder.write("empty.gaz", "");
    folder.write("foreign.gaz", "SQLite format 3");
    // The format's number stands behind the eight letters that tell a gazetteer.
    let mut newer = bytes.clone();
    newer[8] += 1;
    folder.write("newer.gaz", &newer);
    let documents = texts(["Zoé."]);
    for (file, says) in [
        ("damaged.gaz", "damaged.gaz is damaged"),
        ("torn.gaz", "torn.gaz is damaged"),
        ("empty.gaz", "empty.gaz is no compiled gazetteer"),
        ("foreign.gaz", "foreign.gaz is no compiled gazetteer"),
        ("newer.gaz", "newer.gaz has format"),
        ("none.gaz", "cannot open none.gaz"),
    ] {
        run(&folder, &documents, &["-g", file]).refused(&[says]);
        run(&folder, &documents, &["-g", "one.gaz", "-g", file]).refused(&[says]);
    }
}

const OFFICES: &str = "id\ttype\tname\tvalid\ttitles
my:old\tperson\tAnne Grimbert\t1900..1990\tprésident de la Zozobrie 1950..1960
my:new\tperson\tOdile Grimbert\t1950..\tprésident de la Zozobrie 1995..2005
";

#[test]
fn a_date_tells_who_held_an_office() {
    let folder = Folder::with([("u.tsv", OFFICES)]);
    let text = "Le président Grimbert a parlé.";
    let documents = [
        json!({"text": text, "date": "1955-03-01"}),
        json!({"text": text, "date": 2000}),
        json!({"text": text}),
        json!({"text": text, "date": "on ne sait"}),
    ];
    let table = ["--user-gazetteer", "u.tsv"];
    let dated = [&table[..], &["--date", "1999-12-31"]].concat();
    let records = run(&folder, &documents, &dated).clean().records();
    for (record, id) in records.iter().zip(["my:old", "my:new", "my:new", "my:new"]) {
        means(record, "Grimbert", id);
    }
    run(&folder, &documents, &["--date", "hier"]).refused(&["date is \"hier\"", "2011-09-19"]);

    // Evaluating says the same as annotating.
    let start = text.find("Grimbert").unwrap() - 1;
    let gold = documents[..2].iter().zip(["my:old", "my:new"]).enumerate();
    let lines: Vec<String> = gold
        .map(|(at, (document, id))| {
            let span = json!({"start": start, "end": start + 8, "label": "PER", "kb_id": id});
            let mut document = document.clone();
            document["id"] = json!(at.to_string());
            document["spans"] = json!([span]);
            document.to_string()
        })
        .collect();
    folder.write("gold.jsonl", lines.join("\n"));
    for how in ["--link", "--run"] {
        let args = ["evaluate", "--gold", "gold.jsonl", how, "--fail-under"];
        let more = ["linking=1", "--user-gazetteer", "u.tsv"];
        folder.run(&[&args[..], &more].concat()).clean();
        let ran = folder.run(&[&args[..], &["linking=1"]].concat());
        assert_eq!(ran.code, Some(1), "without the table nothing is linked");
    }
}

#[test]
fn labels_and_scores_are_chosen_after_reconciliation() {
    let folder = Folder::with([(
        "u.tsv",
        "id\ttype\tname\tprominence\nmy:zozo\tcompany\tZozobra Développement\t100\n",
    )]);
    let documents = texts(["M. Zozobra Développement habite à Lyon. Le Kazakhstan est grand."]);
    let table = ["--user-gazetteer", "u.tsv"];
    let all = run(&folder, &documents, &table).clean().records();
    let only = [&table[..], &["--labels", "LOC", "--min-score", "0.5"]].concat();
    let some = run(&folder, &documents, &only).clean().records();
    let mut expected = all[0]["spans"].as_array().unwrap().clone();
    let whole = expected.len();
    expected.retain(|span| span["label"] == "LOC" && span["score"].as_f64().unwrap() >= 0.5);
    assert!(!expected.is_empty() && expected.len() < whole);
    assert_eq!(some[0]["spans"], json!(expected));
}

#[test]
fn a_configuration_file_names_gazetteers() {
    let folder = compiled();
    folder.write("conf/u.tsv", "id\ttype\tname\nmy:lyon\tcity\tLyon\n");
    folder.write(
        "conf/nommer.toml",
        "gazetteer = [\"../two.gaz\"]\nuser-gazetteer = \"u.tsv\"\ndate = \"1999\"\n",
    );
    let documents = texts(["La société Zozobra s'installe à Brest, loin de Lyon."]);
    let config = ["--config", "conf/nommer.toml"];
    let record = &run(&folder, &documents, &config).clean().records()[0];
    means(record, "Brest", "your:brest");
    means(record, "Lyon", "my:lyon");

    let shown = folder.run(&[&["annotate", "--show-config"], &config[..]].concat());
    let shown = shown.clean();
    for part in [
        "two.gaz",
        "u.tsv",
        "date = \"1999\"",
        "no-gazetteer = false",
    ] {
        assert!(shown.text().contains(part), "{}", shown.text());
    }
    // Read from elsewhere it means the same.
    folder.write("elsewhere/again.toml", shown.text());
    let again = ["--config", "elsewhere/again.toml"];
    let other = run(&folder, &documents, &again).clean().records();
    assert_eq!(&other[0], record);
    let again = [&["annotate", "--show-config"], &again[..]].concat();
    assert_eq!(folder.run(&again).clean().text(), shown.text());

    // The command line turns off what the file asks for, and asks for what the file turns off.
    let off = [&config[..], &["--no-gazetteer"]].concat();
    let off = run(&folder, &documents, &off).clean().records();
    assert!(off[0].get("gazetteers").is_none());
    folder.write("off.toml", "no-gazetteer = true\n");
    let on = ["--config", "off.toml", "-g", "two.gaz"];
    let on = run(&folder, &documents, &on).clean().records();
    means(&on[0], "Brest", "your:brest");
    folder.write(
        "both.toml",
        "no-gazetteer = true\ngazetteer = [\"two.gaz\"]\n",
    );
    run(&folder, &documents, &["--config", "both.toml"]).refused(&["leave one out"]);
}

#[test]
fn explain_shows_candidates_and_what_speaks_for_them() {
    let folder = Folder::with([(
        "a.txt",
        "En 2008, Nicolas Sarkozy va à Lyon avec Zéphyrin Patouillard.",
    )]);
    let shown = folder.run(&["explain", "a.txt"]).clean();
    for part in [
        "reconciliation, in 2008",
        "\"Nicolas Sarkozy\": linked",
        "nommer:nicolas-sarkozy  Nicolas Sarkozy (person, FR",
        "exact of \"Nicolas Sarkozy\": tier +0.53",
        "label +0.20",
        "insee:69123",
        "\"Zéphyrin Patouillard\": nil-1",
    ] {
        assert!(
            shown.text().contains(part),
            "{part} is not in\n{}",
            shown.text()
        );
    }
    let without = folder.run(&["explain", "a.txt", "--no-gazetteer"]).clean();
    assert!(!without.text().contains("reconciliation"));
}

#[test]
fn nothing_is_written_over_what_is_read() {
    let folder = compiled();
    folder.write("u.tsv", ONE);
    folder.write("nommer.toml", "user-gazetteer = \"u.tsv\"\n");
    let documents = texts(["Zoé."]);
    folder.write("in.jsonl", documents[0].to_string());
    let before = folder.read("one.tsv");
    folder
        .run(&["gazetteer", "build", "one.tsv", "two.tsv", "-o", "two.tsv"])
        .refused(&["two.tsv is, or lies in, two.tsv, which is read"]);
    let annotate = ["annotate", "in.jsonl", "-o"];
    for (output, more) in [
        ("u.tsv", &["--user-gazetteer", "u.tsv"][..]),
        ("one.gaz", &["-g", "one.gaz"][..]),
        ("nommer.toml", &["--config", "nommer.toml"][..]),
        (
            "x.jsonl",
            &["--config", "nommer.toml", "--log", "./u.tsv"][..],
        ),
    ] {
        let args = [&annotate[..], &[output], more].concat();
        folder
            .run(&args)
            .refused(&["which is read; write elsewhere"]);
    }
    assert_eq!(folder.read("u.tsv"), before);
    assert!(!folder.path("x.jsonl").exists());
}

#[test]
fn check_tells_findings_from_notes() {
    let folder = Folder::with([
        (
            "bad.tsv",
            "id\ttype\tname\taliases\n\
             a:b\tcity\tB\tBé@1990..2000|Be@1995..\n\
             a:b\tcity\tC\t\n\
             a:d\tcompany\tOrange\t\n",
        ),
        (
            "good.tsv",
            "id\ttype\tname\taliases\na:d\tcompany\tOrange\tFrance Télécom@..2013\n",
        ),
    ]);
    let ran = folder.run(&["gazetteer", "check", "bad.tsv"]).incomplete(&[
        "bad.tsv:2: aliases: \"Be\" is looked up like another name of the entry of the same years",
        "bad.tsv:3: id: a:b stands in line 2 already",
    ]);
    assert!(
        ran.text().contains("3 entries, 2 findings, 1 notes"),
        "{}",
        ran.text()
    );
    let ran = folder.run(&["gazetteer", "check", "good.tsv"]).clean();
    assert!(
        ran.text()
            .contains("note: good.tsv:2: name: \"Orange\" is a common word")
    );
    folder.write(
        "bytes.tsv",
        b"id\ttype\tname\na:b\tcity\tB\xE9\nno\tcity\tC\n",
    );
    folder
        .run(&["gazetteer", "check", "bytes.tsv"])
        .incomplete(&[
            "bytes.tsv:2: name: not UTF-8",
            "bytes.tsv:3: id: \"no\" is no id",
        ]);
}

#[test]
fn any_number_of_jobs_writes_the_same_links() {
    let text = "Bill Clinton et Hillary Clinton. Clinton, Nicolas Sarkozy et Guillaume Sarkozy. Sarkozy à Vienne, \
                à Saint-Pierre et à Sainte-Marie, au Congo. L'Office des cultures irriguées (OCI). L'OCI. Zoé Martin, Martin.";
    let documents = vec![json!({ "text": text }); 6];
    let folder = Folder::new();
    let one = run(&folder, &documents, &["--jobs", "1"]).clean();
    for jobs in ["2", "7"] {
        let other = run(&folder, &documents, &["--jobs", jobs]).clean();
        assert!(one.stdout == other.stdout, "--jobs {jobs}");
    }
}

#[test]
fn a_text_without_capitals_is_read_with_them_and_written_as_it_was() {
    let text =
        "le président nicolas sarkozy a reçu le ministre hier. il part demain pour la mongolie.";
    let [record] = &annotate(&texts([text]), &[])[..] else {
        panic!("one document, one record")
    };
    assert_eq!(record["text"], text);
    assert_eq!(
        names(record),
        [("PER", "nicolas sarkozy"), ("LOC", "mongolie")]
    );
    means(record, "mongolie", "iso3166-1:MN");
}

#[test]
fn odd_letters_are_looked_up_and_disturb_nothing() {
    let documents = texts([
        "Sarkozy",
        "\u{feff}Paris",
        "Le président Nicolas \u{200f}Sarkozy\u{200e} est à Pa\u{ad}ris et à \u{130}stanbul\u{200b}.",
        "\u{301}\u{302}\u{303} \u{300}\u{301}",
        "M. Nicolas Sarko\u{0}zy est à Par\u{0}is.",
        "🚀🚀 Suez-Degrémont à Lyon",
    ]);
    let long = "Zo".repeat(5000);
    let documents = [
        &documents[..],
        &[json!({"text": format!("M. {long} est à Lyon.")})],
    ]
    .concat();
    for unit in ["codepoint", "utf16", "byte"] {
        let records = annotate(&documents, &["--offsets", unit]);
        assert_eq!(records.len(), documents.len());
    }
}

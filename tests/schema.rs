//! The JSON Schema says what a record is, and nothing else passes.

use serde_json::{Value, json};

use crate::support::{Folder, schema, schema_errors};

#[test]
fn the_schema_is_valid_and_describes_every_field() {
    let schema = schema();
    jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{error}"));
    let places = ["", "/$defs/source", "/$defs/entity", "/$defs/coverage"];
    let more = ["error", "model", "change", "was", "kb", "gazetteer"];
    let more: Vec<String> = more.iter().map(|name| format!("/$defs/{name}")).collect();
    for place in places.into_iter().chain(more.iter().map(String::as_str)) {
        let fields = schema.pointer(&format!("{place}/properties")).unwrap();
        for (name, field) in fields.as_object().unwrap() {
            let described = match field["$ref"].as_str() {
                Some(reference) if field.get("description").is_none() => {
                    schema.pointer(reference.trim_start_matches('#')).unwrap()
                }
                _ => field,
            };
            let description = described["description"].as_str().unwrap_or_default();
            assert!(description.ends_with('.'), "{place} {name}");
        }
    }
}

#[test]
fn a_record_that_differs_from_the_schema_is_refused() {
    let folder = Folder::with([
        (
            "a.jsonl",
            "{\"text\": \"Zoé habite à Lyon.\", \"date\": 1903}\n",
        ),
        ("b.jsonl", "no\n"),
    ]);
    let records = folder
        .run(&["annotate", "a.jsonl", "b.jsonl", "-o", "-"])
        .records();
    let [annotated, failed] = records.as_slice() else {
        panic!("{records:#?}")
    };
    assert!(!annotated["spans"].as_array().unwrap().is_empty());

    let refused = |record: &Value, pointer: &str, key: &str, value: Option<Value>| {
        let mut record = record.clone();
        let object = record.pointer_mut(pointer).unwrap();
        let object = object.as_object_mut().unwrap();
        match &value {
            Some(value) => object.insert(key.to_owned(), value.clone()),
            None => object.remove(key),
        };
        assert!(
            !schema_errors(&record).is_empty(),
            "{pointer} {key} {value:?}"
        );
    };
    for record in [annotated, failed] {
        for key in ["schema", "id", "source", "model"] {
            refused(record, "", key, None);
        }
        for place in ["", "/source", "/model"] {
            refused(record, place, "other", Some(json!(1)));
        }
        refused(record, "", "schema", Some(json!("nommer/2")));
        refused(record, "", "meta", Some(json!({})));
    }
    for key in ["offset_unit", "spans", "coverage"] {
        refused(annotated, "", key, None);
        refused(failed, "", key, Some(annotated[key].clone()));
    }
    for key in ["sha256", "bytes", "encoding"] {
        refused(annotated, "/source", key, None);
    }
    for key in ["start", "end", "label", "text", "score"] {
        refused(annotated, "/spans/0", key, None);
    }
    refused(annotated, "", "error", Some(failed["error"].clone()));
    refused(annotated, "/spans/0", "other", Some(json!(1)));
    refused(annotated, "/spans/0", "score", Some(json!(1.5)));
    refused(annotated, "/spans/0", "label", Some(json!("MISC")));
    refused(annotated, "/spans/0", "start", Some(json!(-1)));
    refused(annotated, "/spans/0", "text", Some(json!("")));
    refused(annotated, "/coverage", "other", Some(json!(1)));
    refused(annotated, "/source", "replaced", Some(json!(0)));
    let kb = |outcome: &str| Some(json!({"outcome": outcome}));
    for outcome in ["linked", "ambiguous", "nil", "other"] {
        refused(annotated, "/spans/0", "kb", kb(outcome));
    }
    for key in ["source", "kb"] {
        refused(annotated, "/spans/0", key, None);
    }
    refused(annotated, "/spans/0/kb", "candidates", Some(json!(["a:b"])));
    refused(annotated, "/spans/0/kb", "other", Some(json!(1)));
    refused(annotated, "/spans/0", "source", Some(json!("user")));
    refused(annotated, "", "gazetteers", Some(json!([])));
    refused(failed, "/error", "stage", Some(json!("write")));
    refused(failed, "/error", "kind", Some(json!("Not JSON")));
    refused(failed, "/error", "other", Some(json!(1)));
    refused(failed, "", "error", None);
}

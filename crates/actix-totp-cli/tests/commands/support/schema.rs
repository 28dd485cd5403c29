//! `schema.json`: what each answer in JSON must look like.

use serde_json::{Value, json};

/// Every line is an object as the schema says under this name. Gives the objects.
#[track_caller]
pub(crate) fn assert_answers(name: &str, output: &str) -> Vec<Value> {
    let mut schema: Value = serde_json::from_str(include_str!("../../../schema.json")).unwrap();
    assert!(schema["$defs"][name].is_object(), "no schema {name}");
    schema["$ref"] = json!(format!("#/$defs/{name}"));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let lines = output.lines().map(|line| {
        let answer: Value = serde_json::from_str(line).unwrap();
        if let Err(error) = validator.validate(&answer) {
            panic!("{answer} is not as {name} must be: {error}");
        }
        answer
    });
    lines.collect()
}

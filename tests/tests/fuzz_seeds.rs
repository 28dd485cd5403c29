//! Each input that the fuzz targets begin with, in `fuzz/seeds`, without a fuzzer.

use std::{collections::BTreeSet, fs, path::Path};

use actix_totp::fuzz::{TARGETS, run};

#[test]
fn whatever_a_stranger_sends_what_must_hold_holds() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let names = |folder: &Path| -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    let targets = TARGETS.map(|(name, _)| name.to_owned());
    assert_eq!(names(&fuzz.join("seeds")), BTreeSet::from(targets.clone()));
    let programs = targets.map(|target| format!("{target}.rs"));
    assert_eq!(names(&fuzz.join("fuzz_targets")), programs.into());
    for (target, _) in TARGETS {
        let inputs = fuzz.join("seeds").join(target);
        for input in names(&inputs) {
            println!("{target}/{input}"); // shown where something does not hold
            run(target, &fs::read(inputs.join(input)).unwrap());
        }
    }
}

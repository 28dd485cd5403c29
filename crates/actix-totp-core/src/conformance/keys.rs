//! Clause 5: user ids are compared byte for byte.

use super::store::{Store, device, insert, load, user};
use crate::{Device, UserId};

fn odd_ids() -> Vec<UserId> {
    let long = "x".repeat(UserId::MAX_BYTES);
    let longer = format!("{}y", &long[1..]);
    let crabs = "🦀".repeat(63);
    [
        "alice",
        "Alice",
        "ALICE",
        "alice ",
        " alice",
        "alice\t",
        "alice\n",
        "al\u{ed}ce",
        "ali\u{301}ce",
        "alíce",
        "ss",
        "ß",
        "i",
        "ı",
        "İ",
        "İ ",
        "\u{1}",
        "\u{7f}",
        "\u{80}",
        "'",
        "\"",
        "\\",
        "%",
        "_",
        "`",
        ";--",
        "0",
        "00",
        "0.0",
        "1e1",
        "10",
        "null",
        "🦀",
        "\u{feff}",
        "\u{200b}",
        &long,
        &longer,
        &crabs,
    ]
    .iter()
    .map(|id| user(id))
    .collect::<std::collections::BTreeSet<_>>()
    .into_iter()
    .collect()
}

/// *Exact.* User ids are compared byte for byte: case, trailing blanks, accents and odd bytes tell users apart.
pub fn user_ids_are_compared_byte_for_byte(store: Store) {
    assert!(UserId::new("x".repeat(UserId::MAX_BYTES + 1)).is_err());
    let ids = odd_ids();
    let devices: Vec<Device> = ids.iter().map(|id| device(id.as_str())).collect();
    for device in &devices {
        assert_eq!(
            load(&store, &device.user),
            None,
            "{:?} is somebody else",
            device.user
        );
        insert(&store, device);
    }
    for device in &devices {
        assert_eq!(load(&store, &device.user).as_ref(), Some(device));
    }
    let (gone, left) = devices.split_first().expect("there are some");
    assert!(store.swap(&gone.user, Some(gone.version), None).unwrap());
    for device in left {
        assert_eq!(
            load(&store, &device.user).as_ref(),
            Some(device),
            "deleting one leaves the others"
        );
    }
}

/// A page holds at most `limit` devices in the order of their user ids' bytes, those after `after`.
pub fn a_page_is_in_the_order_of_the_bytes(store: Store) {
    let page = |after: Option<&UserId>, limit| -> Vec<UserId> {
        let page = store.page(after, limit).expect("the store answers");
        page.into_iter().map(|device| device.user).collect()
    };
    assert!(
        page(None, 10).is_empty(),
        "an empty store has an empty page"
    );
    let ids = odd_ids(); // in order
    for id in ids.iter().rev() {
        insert(&store, &device(id.as_str()));
    }
    let mut seen: Vec<UserId> = Vec::new();
    loop {
        let next = page(seen.last(), 7);
        assert!(next.len() <= 7, "no more than the limit");
        let Some(first) = next.first() else {
            break;
        };
        assert!(
            seen.last().is_none_or(|last| first > last),
            "a page begins behind `after`, at {first:?}"
        );
        seen.extend(next);
    }
    assert_eq!(seen, ids);
    assert_eq!(
        page(Some(&user("b")), 1_000),
        ids.into_iter()
            .filter(|id| id.as_str() > "b")
            .collect::<Vec<_>>()
    );
}

//! The requirements of each standard, by number.

/// ASVS 5.0.0: each section with the level of each of its requirements, in their order.
const ASVS: &[(&str, &str)] = &[
    ("3.1", "3"),
    ("3.2", "113"),
    ("3.3", "12223"),
    ("3.4", "11222233"),
    ("3.5", "11122333"),
    ("3.6", "3"),
    ("3.7", "22333"),
    ("4.1", "12233"),
    ("4.2", "23333"),
    ("4.3", "22"),
    ("4.4", "1222"),
    ("6.1", "122"),
    ("6.2", "111111112222"),
    ("6.3", "11223333"),
    ("6.4", "112233"),
    ("6.5", "22222333"),
    ("6.6", "2223"),
    ("6.7", "33"),
    ("6.8", "2222"),
    ("7.1", "222"),
    ("7.2", "1111"),
    ("7.3", "22"),
    ("7.4", "11222"),
    ("7.5", "223"),
    ("7.6", "22"),
    ("9.1", "111"),
    ("9.2", "1222"),
    ("11.1", "2233"),
    ("11.2", "22233"),
    ("11.3", "11233"),
    ("11.4", "1222"),
    ("11.5", "23"),
    ("11.6", "23"),
    ("11.7", "33"),
    ("13.1", "2333"),
    ("13.2", "222223"),
    ("13.3", "2233"),
    ("13.4", "1222233"),
    ("14.1", "22"),
    ("14.2", "12223333"),
    ("14.3", "122"),
    ("16.1", "2"),
    ("16.2", "22222"),
    ("16.3", "2222"),
    ("16.4", "222"),
    ("16.5", "2223"),
];

/// SP 800-63B-4: each section with the strength of each of its requirements, in the order of our letters.
const SP_800_63B: &[(&str, &str)] = &[
    ("2.2.1", "SHALL"),
    ("2.2.2", "SHALL, SHALL, SHOULD, SHALL, SHALL, SHALL"),
    ("2.2.3", "SHALL, SHOULD, SHOULD"),
    ("3.1.2.1", "SHALL, SHALL, SHALL"),
    ("3.1.2.2", "SHALL, SHALL, SHALL, SHALL, SHALL, SHALL"),
    ("3.1.4.1", "SHALL, SHOULD, SHALL, SHALL"),
    ("3.1.4.2", "SHALL, SHALL, SHALL, SHALL, MAY, SHALL, SHALL"),
    ("3.2.1", "SHALL, SHALL"),
    ("3.2.2", "SHALL, SHALL, MAY, SHOULD"),
    ("3.2.12", "SHALL"),
    ("4.1", "SHALL, SHALL"),
    ("4.1.2.1", "SHOULD, SHALL, SHALL"),
    ("4.1.4", "SHOULD"),
    ("4.2.1.1", "SHALL, SHALL, SHALL, SHALL, SHALL"),
    ("4.2.2.2", "SHALL"),
    ("4.2.3", "SHALL"),
    ("4.3", "SHALL"),
    ("4.4", "SHALL NOT"),
    ("4.5", "SHALL"),
    ("4.6", "SHALL, SHALL"),
    (
        "5.1",
        "SHALL, SHOULD NOT, SHALL NOT, SHALL, SHALL NOT, SHALL, SHALL, SHALL, SHOULD NOT, SHALL NOT, SHALL, SHOULD",
    ),
    (
        "5.1.1",
        "SHALL, SHALL, SHOULD, SHOULD, SHOULD, SHOULD, SHALL NOT",
    ),
    ("5.2", "SHALL, SHALL, SHALL"),
    ("5.3", "MAY"),
];

/// WCAG 2.2: every criterion of A and AA, and those of AAA that say something about forms.
const WCAG: &[(&str, &str)] = &[
    ("1.1", "1:A"),
    ("1.2", "1:A 2:A 3:A 4:AA 5:AA"),
    ("1.3", "1:A 2:A 3:A 4:AA 5:AA"),
    (
        "1.4",
        "1:A 2:A 3:AA 4:AA 5:AA 6:AAA 8:AAA 10:AA 11:AA 12:AA 13:AA",
    ),
    ("2.1", "1:A 2:A 3:AAA 4:A"),
    ("2.2", "1:A 2:A 3:AAA 5:AAA 6:AAA"),
    ("2.3", "1:A 2:AAA 3:AAA"),
    (
        "2.4",
        "1:A 2:A 3:A 4:A 5:AA 6:AA 7:AA 8:AAA 9:AAA 10:AAA 11:AA 12:AAA 13:AAA",
    ),
    ("2.5", "1:A 2:A 3:A 4:A 5:AAA 6:AAA 7:AA 8:AA"),
    ("3.1", "1:A 2:AA"),
    ("3.2", "1:A 2:A 3:AA 4:AA 5:AAA 6:A"),
    ("3.3", "1:A 2:A 3:AA 4:AA 5:AAA 6:AAA 7:A 8:AA 9:AAA"),
    ("4.1", "2:A 3:AA"),
];

/// What the testing guide tries on a second factor, in our numbering: where, and how many.
const WSTG: &[(&str, u32)] = &[
    ("ways in", 2),
    ("settings", 3),
    ("recovery", 6),
    ("codes", 9),
    ("TOTP", 3),
    ("flow", 3),
];

type Requirements = Vec<(String, String)>;

pub(crate) fn asvs() -> Requirements {
    let section = |(section, levels): &(&str, &str)| -> Requirements {
        let numbered = levels.chars().zip(1..);
        numbered
            .map(|(level, n)| (format!("{section}.{n}"), level.into()))
            .collect()
    };
    ASVS.iter().flat_map(section).collect()
}

pub(crate) fn sp_800_63b() -> Requirements {
    let section = |(section, strengths): &(&str, &str)| -> Requirements {
        let strengths: Vec<&str> = strengths.split(", ").collect();
        let number = |letter| match strengths.len() {
            1 => (*section).to_owned(),
            _ => format!("{section} {letter}"),
        };
        let lettered = strengths.iter().zip('a'..);
        lettered
            .map(|(strength, letter)| (number(letter), (*strength).to_owned()))
            .collect()
    };
    SP_800_63B.iter().flat_map(section).collect()
}

pub(crate) fn wcag() -> Requirements {
    let guideline = |(guideline, criteria): &(&str, &str)| -> Requirements {
        let criteria = criteria.split(' ').map(|it| it.split_once(':').unwrap());
        criteria
            .map(|(n, level)| (format!("{guideline}.{n}"), level.to_owned()))
            .collect()
    };
    WCAG.iter().flat_map(guideline).collect()
}

pub(crate) fn wstg() -> Requirements {
    let all = WSTG
        .iter()
        .flat_map(|(part, count)| (0..*count).map(move |_| (*part).to_owned()));
    all.zip(1..)
        .map(|(part, n): (String, u32)| (n.to_string(), part))
        .collect()
}

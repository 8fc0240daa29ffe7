//! The formats of strings: texts in them, and whether a text is in one.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::chance::Chance;

/// Whether `text` is in `format`; `None` for a format that is not known here.
pub(super) fn holds(format: &str, text: &str) -> Option<bool> {
    Some(match format {
        "date-time" => {
            let parts = text.split_once(['T', 't', ' ']);
            parts.is_some_and(|(date, time)| is_date(date) && is_time(time))
        }
        "date" => is_date(text),
        "time" => is_time(text),
        "duration" => is_duration(text),
        "email" | "idn-email" => is_email(text),
        "hostname" | "idn-hostname" => is_hostname(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "uri" | "iri" | "url" => is_uri(text),
        "uri-reference" | "iri-reference" | "uri-template" => {
            !text.contains(|c: char| c.is_whitespace() || "\\^`<>\"".contains(c))
        }
        "uuid" | "uuid4" => is_uuid(text),
        "json-pointer" => text.is_empty() || text.starts_with('/'),
        "relative-json-pointer" => text.starts_with(|c: char| c.is_ascii_digit()),
        "regex" => super::pattern::Pattern::new(text).is_some(),
        _ => return None,
    })
}

/// A text in `format` of at least `least` characters; `None` for a format that is not known here.
pub(super) fn write(
    format: &str,
    least: usize,
    chance: &mut Chance,
    variety: usize,
) -> Option<String> {
    let draw = &mut |count: usize| match variety {
        0 => 0,
        _ => chance.below(count),
    };
    let day = |draw: &mut dyn FnMut(usize) -> usize| {
        format!(
            "20{:02}-{:02}-{:02}",
            26 + draw(9),
            1 + draw(12),
            14 + draw(15)
        )
    };
    let clock = |draw: &mut dyn FnMut(usize) -> usize| {
        format!("{:02}:{:02}:{:02}Z", 9 + draw(12), 30 + draw(30), draw(60))
    };
    let word = |draw: &mut dyn FnMut(usize) -> usize, fixed: usize| {
        let length = least.saturating_sub(fixed).max(4 + draw(5));
        letters(length, draw)
    };
    Some(match format {
        "date-time" => format!("{}T{}", day(draw), clock(draw)),
        "date" => day(draw),
        "time" => clock(draw),
        "duration" => format!("P{}DT{}H", 1 + draw(30), 2 + draw(20)),
        "email" | "idn-email" => long_email(&word(draw, "@example.com".len())),
        "hostname" | "idn-hostname" => format!("{}.example.com", labels(&word(draw, 12))),
        "ipv4" => format!("192.0.2.{}", 1 + draw(250)),
        "ipv6" => format!("2001:db8::{:x}", 1 + draw(60_000)),
        "uri" | "iri" | "url" | "uri-reference" | "iri-reference" | "uri-template"
        | "multi-host-uri" => format!("https://example.com/{}", word(draw, 20)),
        "uuid" | "uuid4" => uuid(4, draw),
        "uuid1" => uuid(1, draw),
        "uuid3" => uuid(3, draw),
        "uuid5" => uuid(5, draw),
        "uuid6" => uuid(6, draw),
        "uuid7" => uuid(7, draw),
        "uuid8" => uuid(8, draw),
        "json-pointer" => format!("/{}", word(draw, 1)),
        "relative-json-pointer" => format!("1/{}", word(draw, 2)),
        "regex" => format!("^{}$", word(draw, 2)),
        "ipv4network" => format!("192.0.2.{}/32", 1 + draw(250)),
        "ipv6network" => format!("2001:db8::{:x}/128", 1 + draw(60_000)),
        "ipv4interface" => format!("192.0.2.{}/24", 1 + draw(250)),
        "ipv6interface" => format!("2001:db8::{:x}/64", 1 + draw(60_000)),
        "ipvanyaddress" | "ipvanynetwork" | "ipvanyinterface" => {
            format!("192.0.2.{}", 1 + draw(250))
        }
        "json-string" => format!("\"{}\"", word(draw, 2)),
        "byte" | "base64" | "base64url" | "base64urlsafe" => {
            let words = 1 + least / ENCODED[0].len();
            (0..words).map(|_| ENCODED[draw(ENCODED.len())]).collect()
        }
        "color" => format!("#{:06x}", 0x33_66_99 + draw(0xFFFF)),
        "phone" => format!("+1 202 555 01{:02}", 10 + draw(90)),
        "decimal" => format!("{}.5", 1 + draw(90)),
        _ => return None,
    })
}

/// Words of six letters in base 64.
const ENCODED: [&str; 4] = ["ZXhhbXBs", "c2FtcGxl", "b3RoZXJz", "dmFsdWVz"];

fn letters(count: usize, draw: &mut dyn FnMut(usize) -> usize) -> String {
    let start = "example".bytes().cycle().take(count);
    start
        .map(|letter| char::from(b'a' + (letter - b'a' + draw(26) as u8) % 26))
        .collect()
}

/// The part before the `@` has 64 characters at most, so a longer address has a longer domain.
fn long_email(word: &str) -> String {
    match word.split_at_checked(60) {
        Some((local, domain)) if !domain.is_empty() => {
            format!("{local}@{}.example.com", labels(domain))
        }
        _ => format!("{word}@example.com"),
    }
}

/// `word` in labels of 60 characters.
fn labels(word: &str) -> String {
    let parts: Vec<&str> = word
        .as_bytes()
        .chunks(60)
        .filter_map(|part| std::str::from_utf8(part).ok())
        .collect();
    parts.join(".")
}

fn uuid(version: u8, draw: &mut dyn FnMut(usize) -> usize) -> String {
    let mut digits = |count: usize| -> String {
        (0..count)
            .map(|i| format!("{:x}", (3 * i + 1 + draw(16)) % 16))
            .collect()
    };
    let (a, b, c, d, e) = (digits(8), digits(4), digits(3), digits(3), digits(12));
    format!("{a}-{b}-{version}{c}-a{d}-{e}")
}

fn number(text: &str, digits: usize) -> Option<u32> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut next = |digits| parts.next().and_then(|part| number(part, digits));
    let (Some(year), Some(month), Some(day)) = (next(4), next(2), next(2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    parts.next().is_none() && (1..=days).contains(&day)
}

fn is_time(text: &str) -> bool {
    let Some(zone) = text.find(['Z', 'z', '+', '-']) else {
        return false;
    };
    let (clock, zone) = text.split_at(zone);
    let (whole, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let parts: Vec<Option<u32>> = whole.split(':').map(|part| number(part, 2)).collect();
    let good_clock =
        matches!(parts.as_slice(), [Some(h), Some(m), Some(s)] if *h < 24 && *m < 60 && *s <= 60);
    let good_zone = match zone {
        "Z" | "z" => true,
        _ => zone[1..].split_once(':').is_some_and(|(hours, minutes)| {
            number(hours, 2).is_some_and(|h| h < 24) && number(minutes, 2).is_some_and(|m| m < 60)
        }),
    };
    let good_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    good_clock && good_zone && good_fraction
}

/// `P1Y2M3DT4H5M6S` with any of its parts, in that order, or weeks.
fn is_duration(text: &str) -> bool {
    let Some(body) = text.strip_prefix('P') else {
        return false;
    };
    let (date, time) = match body.split_once('T') {
        Some((date, time)) if !time.is_empty() => (date, time),
        Some(_) => return false,
        None => (body, ""),
    };
    let in_order = |text: &str, units: &str| {
        let mut left = units;
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let unit = rest[digits..].chars().next();
            let Some(at) = unit.and_then(|unit| left.find(unit)).filter(|_| digits > 0) else {
                return false;
            };
            left = &left[at + 1..];
            rest = &rest[digits + 1..];
        }
        true
    };
    !body.is_empty() && (in_order(date, "YMD") || in_order(date, "W")) && in_order(time, "HMS")
}

fn is_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| {
        let plain = |c: char| !c.is_whitespace() && !"()<>[]:;,\\\"@".contains(c);
        !local.is_empty()
            && local.len() <= 64
            && local.chars().all(plain)
            && !local.starts_with('.')
            && !local.ends_with('.')
            && is_hostname(domain)
    })
}

fn is_hostname(text: &str) -> bool {
    let is_label = |label: &str| {
        let letters = label.chars().all(|c| c.is_alphanumeric() || c == '-');
        letters
            && (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

fn is_uri(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !text.contains(|c: char| c.is_whitespace() || "\\^`{}<>|\"".contains(c))
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
        && text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_a_format_is_in_it() {
        let mut chance = Chance::new(3);
        for format in [
            "date-time",
            "date",
            "time",
            "duration",
            "email",
            "hostname",
            "ipv4",
            "ipv6",
            "uri",
            "iri",
            "uri-reference",
            "uuid",
            "json-pointer",
            "relative-json-pointer",
            "regex",
        ] {
            for variety in 0..40 {
                let text = write(format, 0, &mut chance, variety).unwrap();
                assert_eq!(holds(format, &text), Some(true), "{format}: {text}");
            }
        }
        assert_eq!(write("text", 0, &mut chance, 0), None);
    }

    #[test]
    fn what_is_not_in_a_format_is_told_apart() {
        for (format, text) in [
            ("date", "2026-02-29"),
            ("date", "2026-2-1"),
            ("time", "25:00:00Z"),
            ("date-time", "2026-02-20"),
            ("duration", "P"),
            ("duration", "PT1D"),
            ("email", "nobody"),
            ("hostname", "-a.b"),
            ("ipv4", "1.2.3"),
            ("uri", "no scheme"),
            ("uuid", "12345678-1234-1234-1234-12345678901g"),
            ("json-pointer", "a"),
        ] {
            assert_eq!(holds(format, text), Some(false), "{format}: {text}");
        }
    }

    #[test]
    fn long_addresses_keep_the_limits_of_their_parts() {
        let mut chance = Chance::new(3);
        for format in ["email", "hostname", "uri"] {
            let text = write(format, 150, &mut chance, 1).unwrap();
            assert!(
                text.len() >= 150 && holds(format, &text) == Some(true),
                "{text}"
            );
        }
    }
}

//! Proof tokens: `ref:NAME:CALL:MAC` shows that a reply was written for a prompt that really
//! contained the symbol NAME, in the call CALL, by a mock that knows the secret.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Hex digits of a call's identity.
pub const CALL_DIGITS: usize = 8;
/// Hex digits of a token's authentication code.
pub const MAC_DIGITS: usize = 10;

/// The secret, prepared once so that a token costs two hash blocks.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

/// One token as it was found in a text. It may be forged: see [`Key::verify`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof<'a> {
    /// The documented symbol.
    pub symbol: &'a str,
    /// Identity of the call whose reply carried the token, 8 hex digits.
    pub call: &'a str,
    /// First 10 hex digits of HMAC-SHA256(secret, symbol ‖ 0x00 ‖ call).
    pub mac: &'a str,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// A key from the run's secret.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self(Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length"))
    }

    /// The authentication code of `symbol` in `call`.
    #[must_use]
    pub fn mac(&self, symbol: &str, call: &str) -> String {
        let digits = self.mac_digits(symbol, call);
        String::from_utf8_lossy(&digits).into_owned()
    }

    /// Whether this key made `proof`.
    #[must_use]
    pub fn verify(&self, proof: &Proof<'_>) -> bool {
        self.mac_digits(proof.symbol, proof.call) == *proof.mac.as_bytes()
    }

    /// The same code, without an allocation.
    #[must_use]
    pub fn mac_digits(&self, symbol: &str, call: &str) -> [u8; MAC_DIGITS] {
        let mut mac = self.0.clone();
        mac.update(symbol.as_bytes());
        mac.update(&[0]);
        mac.update(call.as_bytes());
        let code = mac.finalize().into_bytes();
        let mut digits = [0; MAC_DIGITS];
        hex::encode_to_slice(&code[..MAC_DIGITS / 2], &mut digits)
            .expect("two digits fit each byte");
        digits
    }
}

/// All tokens in `text`, in order; the marker `ref:` may be in any case.
pub fn find(text: &str) -> impl Iterator<Item = Proof<'_>> {
    memchr::memchr_iter(b':', text.as_bytes()).filter_map(|colon| at(text, colon))
}

/// The token whose marker ends with the colon at byte `colon`.
fn at(text: &str, colon: usize) -> Option<Proof<'_>> {
    let bytes = text.as_bytes();
    let marker = bytes.get(colon.checked_sub(3)?..colon)?;
    let glued = colon > 3 && bytes[colon - 4].is_ascii_alphanumeric();
    if glued || !marker.eq_ignore_ascii_case(b"ref") {
        return None;
    }
    let rest = &text[colon + 1..];
    let name_end = rest.find([':', '\n', ' '])?;
    let symbol = &rest[..name_end];
    let (call, rest) = hex_field(rest[name_end..].strip_prefix(':')?, CALL_DIGITS)?;
    let (mac, rest) = hex_field(rest.strip_prefix(':')?, MAC_DIGITS)?;
    let complete = !rest
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    (complete && !symbol.is_empty()).then_some(Proof { symbol, call, mac })
}

fn hex_field(text: &str, digits: usize) -> Option<(&str, &str)> {
    let (field, rest) = text.split_at_checked(digits)?;
    field
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
        .then_some((field, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_anywhere_and_verifies_only_with_its_key() {
        let key = Key::new("secret");
        let mac = key.mac("parse", "0123abcd");
        let text = format!("see Ref:parse:0123abcd:{mac}, or href:x:0123abcd:{mac}\nref:no");
        let found: Vec<_> = find(&text).collect();
        assert_eq!(
            found,
            [Proof {
                symbol: "parse",
                call: "0123abcd",
                mac: &mac
            }]
        );
        assert!(key.verify(&found[0]));
        assert!(!Key::new("other").verify(&found[0]));
        assert!(!key.verify(&Proof {
            symbol: "parse2",
            ..found[0]
        }));
    }

    #[test]
    fn a_token_cut_short_or_run_on_is_none() {
        for text in [
            "ref:a:0123abcd:012345678",
            "ref:a:0123abcd:01234567890",
            "ref::0123abcd:0123456789",
            "ref:é",
        ] {
            assert_eq!(find(text).count(), 0, "{text}");
        }
    }

    #[test]
    fn the_code_is_the_standard_hmac() {
        // python3: hmac.new(b"secret", b"parse\0" + b"0123abcd", "sha256").hexdigest()[:10]
        assert_eq!(Key::new("secret").mac("parse", "0123abcd"), "458ad77b09");
    }
}

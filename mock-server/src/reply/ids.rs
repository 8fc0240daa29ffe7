//! Identifiers as the API prints them: a prefix and 20 or 22 characters of base 58.

use ground::chance::mix;
use ground::proof::CALL_DIGITS;

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// `prefix` followed by `count` base-58 characters that depend on `bits` alone.
pub(crate) fn with_prefix(prefix: &str, bits: u64, count: usize) -> String {
    let mut text = String::with_capacity(prefix.len() + count);
    text.push_str(prefix);
    // Ten characters need 59 bits, so one word serves ten.
    let mut word = 0;
    for i in 0..count {
        if i % 10 == 0 {
            word = mix(&[bits, i as u64]);
        }
        text.push(char::from(BASE58[(word % 58) as usize]));
        word /= 58;
    }
    text
}

/// `prefix` and 22 characters: `msg_01…` in Anthropic's own dialect.
pub(crate) fn message(prefix: &str, bits: u64) -> String {
    with_prefix(prefix, mix(&[bits, 1]), 22)
}

/// First 8 hex digits of an attempt's identity bits.
pub(crate) fn call(bits: u64) -> String {
    let mut digits = [0; CALL_DIGITS];
    hex::encode_to_slice(((bits >> 32) as u32).to_be_bytes(), &mut digits)
        .expect("two digits fit each byte");
    String::from_utf8_lossy(&digits).into_owned()
}

/// `req_011C…`, 28 characters.
pub(crate) fn request(bits: u64) -> String {
    with_prefix("req_011C", mix(&[bits, 2]), 20)
}

/// `toolu_01…`, 30 characters.
pub(crate) fn tool_use(bits: u64) -> String {
    with_prefix("toolu_01", mix(&[bits, 5]), 22)
}

/// `srvtoolu_01…`, 33 characters.
pub(crate) fn server_tool_use(bits: u64) -> String {
    with_prefix("srvtoolu_01", mix(&[bits, 8]), 22)
}

/// `msgbatch_01…`, 33 characters.
pub(crate) fn batch(bits: u64) -> String {
    with_prefix("msgbatch_01", mix(&[bits, 6]), 22)
}

/// `file_011C…`, 29 characters.
pub(crate) fn file(bits: u64) -> String {
    with_prefix("file_011C", mix(&[bits, 9]), 20)
}

/// `wrkspc_01…`, 31 characters.
pub(crate) fn workspace(bits: u64) -> String {
    with_prefix("wrkspc_01", mix(&[bits, 7]), 22)
}

/// A UUID, as organizations have.
pub(crate) fn uuid(bits: u64) -> String {
    let (high, low) = (mix(&[bits, 3]), mix(&[bits, 4]));
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xFFFF,
        high & 0xFFF,
        low >> 52,
        low & 0xFFFF_FFFF_FFFF
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_lengths_and_prefixes_of_the_wire() {
        assert_eq!(message("msg_01", 5).len(), 28);
        assert_eq!(request(5).len(), 28);
        assert!(request(5).starts_with("req_011C"));
        assert_eq!(uuid(5).len(), 36);
        assert_ne!(message("", 5), message("", 6));
    }
}

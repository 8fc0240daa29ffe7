//! Foreign text as the name of a file or a folder.

use sha2::{Digest, Sha256};

/// Bytes of a name, less what is appended: the strictest file systems take 143.
const LONGEST: usize = 80;

/// Names that Windows keeps for devices, whatever follows their first dot.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// A name made of ASCII letters, digits, `-`, `_`, `@` and inner dots alone, which leads nowhere else.
///
/// A text that is such a name already stays as it is. Any other has a digest of it appended, so that
/// different texts never share a file.
#[must_use]
pub fn file_name(text: &str) -> String {
    let safe = |letter: char| letter.is_ascii_alphanumeric() || "-_@.".contains(letter);
    let name: String = text
        .chars()
        .take(LONGEST)
        .map(|letter| if safe(letter) { letter } else { '-' })
        .collect();
    // A leading dash would be taken for an option, a leading dot hides, a last one is lost on Windows.
    let bare = name.trim_matches(['-', '.']);
    if bare == text && !bare.is_empty() && !is_device(bare) {
        return name;
    }
    let digest = hex::encode(&Sha256::digest(text)[..4]);
    match bare {
        "" => format!("unnamed-{digest}"),
        device if is_device(device) => format!("_{device}-{digest}"),
        bare => format!("{bare}-{digest}"),
    }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.trim_end_matches(|letter: char| letter.is_ascii_digit());
    DEVICES
        .iter()
        .any(|device| stem.eq_ignore_ascii_case(device))
}

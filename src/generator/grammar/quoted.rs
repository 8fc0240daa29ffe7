//! Where a string of one line ends.

/// How many bytes of `rest` belong to the string that `quote` opened, the closing one included.
pub(super) fn closing(rest: &[u8], quote: u8) -> usize {
    let mut at = 0;
    while let Some(&byte) = rest.get(at) {
        match byte {
            b'\\' => at += 1,
            _ if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    rest.len()
}

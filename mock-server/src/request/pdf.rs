//! How many pages a PDF has, as far as its tokens depend on it.

use std::io::Read as _;

use flate2::read::ZlibDecoder;
use memchr::memmem;

/// Most bytes that are unpacked of one stream.
const MAX_UNPACKED: u64 = 16 << 20;

/// The pages of `pdf`: its page objects, also those packed into object streams; at least one.
pub(super) fn pages(pdf: &[u8]) -> u64 {
    let mut pages = page_objects(pdf);
    for stream in object_streams(pdf) {
        let mut unpacked = Vec::new();
        // A stream that breaks off counts as far as it can be read.
        drop(
            ZlibDecoder::new(stream)
                .take(MAX_UNPACKED)
                .read_to_end(&mut unpacked),
        );
        pages += page_objects(&unpacked);
    }
    pages.max(1)
}

/// Objects of the type `/Page`; `/Pages` are the inner nodes of their tree.
fn page_objects(bytes: &[u8]) -> u64 {
    let is_page = |at: usize| {
        let rest = bytes[at + TYPE.len()..].trim_ascii_start();
        let next = rest.strip_prefix(b"/Page").map(|rest| rest.first());
        next.is_some_and(|next| next.is_none_or(|byte| !byte.is_ascii_alphanumeric()))
    };
    memmem::find_iter(bytes, TYPE)
        .filter(|at| is_page(*at))
        .count() as u64
}

const TYPE: &[u8] = b"/Type";

/// The data of all streams that hold packed objects.
fn object_streams(pdf: &[u8]) -> impl Iterator<Item = &[u8]> {
    memmem::find_iter(pdf, b"/ObjStm").filter_map(|at| {
        let rest = &pdf[at..];
        let start = memmem::find(rest, b"stream")? + b"stream".len();
        let data = rest[start..].strip_prefix(b"\r").unwrap_or(&rest[start..]);
        data.strip_prefix(b"\n")
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn pages_are_counted_open_and_packed() {
        let open =
            b"%PDF-1.4 1 0 obj <</Type /Pages /Count 2>> <</Type/Page>> <</Type /Page /X 1>>";
        assert_eq!(pages(open), 2);
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        packer
            .write_all(b"<</Type/Page>> <</Type/Page>> <</Type/Page>>")
            .unwrap();
        let mut packed =
            b"%PDF-1.5 5 0 obj <</Type/ObjStm /Filter/FlateDecode>> stream\r\n".to_vec();
        packed.extend(packer.finish().unwrap());
        packed.extend(b"\nendstream");
        assert_eq!(pages(&packed), 3);
        assert_eq!(pages(b"no PDF at all"), 1);
        assert_eq!(pages(b"/Type/ObjStm stream\nbroken"), 1);
    }
}

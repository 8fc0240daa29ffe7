//! Forms as files are uploaded in them (RFC 7578).

use memchr::memmem;

/// A field of a form.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) name: String,
    pub(super) file_name: Option<String>,
    pub(super) media_type: Option<&'a str>,
    pub(super) value: &'a [u8],
}

/// The fields of `body`, whose `content-type` header is `kind`; nothing if it is no whole form.
pub(super) fn fields<'a>(kind: &str, body: &'a [u8]) -> Option<Vec<Field<'a>>> {
    let boundary = kind
        .strip_prefix("multipart/form-data")
        .and_then(|rest| parameter(rest, "boundary"))?;
    // Every delimiter but the first follows a line end, which belongs to it.
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(&delimiter.as_bytes()[2..])?;
    let mut fields = Vec::new();
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let end = memmem::find(part, delimiter.as_bytes())?;
        fields.push(field(&part[..end])?);
        rest = &part[end + delimiter.len()..];
    }
    rest.starts_with(b"--").then_some(fields)
}

fn field(part: &[u8]) -> Option<Field<'_>> {
    let blank = memmem::find(part, b"\r\n\r\n")?;
    let head = std::str::from_utf8(&part[..blank]).ok()?;
    let header = |name: &str| {
        head.split("\r\n").find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    };
    let disposition = header("content-disposition")?;
    Some(Field {
        name: parameter(disposition, "name")?,
        file_name: parameter(disposition, "filename"),
        media_type: header("content-type"),
        value: &part[blank + 4..],
    })
}

/// The parameter `name` of a header, without its quotes.
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut rest = header;
    loop {
        let (_, after) = rest.split_once(';')?;
        rest = after.trim_start();
        let Some(value) = rest
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('='))
        else {
            continue;
        };
        return Some(match value.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next()?.to_owned(),
            None => value.split(';').next()?.trim().to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "multipart/form-data; boundary=xyz";

    #[test]
    fn a_form_is_cut_into_its_fields() {
        let form = "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\n\
                    Content-Type: text/plain\r\n\r\none\r\ntwo\r\n--xyz\r\n\
                    content-disposition: form-data; name=\"n\"\r\n\r\n5\r\n--xyz--\r\n";
        let fields = fields(KIND, form.as_bytes()).unwrap();
        assert_eq!(fields[0].file_name.as_deref(), Some("a b.txt"));
        assert_eq!(fields[0].media_type, Some("text/plain"));
        assert_eq!(fields[0].value, b"one\r\ntwo");
        assert_eq!((fields[1].name.as_str(), fields[1].value), ("n", &b"5"[..]));
        assert_eq!(fields.len(), 2);
    }

    #[test]
    fn what_is_no_whole_form_is_none() {
        let head = "--xyz\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\none";
        assert_eq!(fields(KIND, head.as_bytes()), None);
        assert_eq!(fields("application/json", b"{}"), None);
        assert_eq!(fields(KIND, b""), None);
        assert_eq!(fields(KIND, b"--xyz\r\n\r\n--xyz--"), None);
        assert_eq!(fields(KIND, b"--xyz--"), Some(vec![]));
    }
}

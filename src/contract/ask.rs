//! From a request's body to the files to document.

use serde::{Deserialize, Serialize};

/// Body of `POST /document`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Path of the file, for the page's title.
    pub file_path: String,
    /// Its text.
    pub file_content: String,
    /// What the client should know about how its body was read.
    #[serde(skip)]
    pub note: Option<&'static str>,
}

/// Body of `POST /documents`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The files, answered in this order.
    pub files: Vec<Ask>,
}

/// What `curl -d @file` does to a file without saying so.
const NO_LINE_ENDS: &str = "the body has no line ends, because `curl -d @FILE` strips them; each definition \
     was put on a line of its own again, but send the file with `curl --data-binary @FILE`";

/// A JSON body is an [`Ask`]; any other is one file, as the chapter's `curl -d @file` sends it. A
/// body without a JSON content type that still is an [`Ask`] is taken as one: curl's `-d` calls
/// everything a form.
///
/// # Errors
/// Why it is neither, in words for the client.
pub fn read_ask(content_type: Option<&str>, body: &[u8]) -> Result<Ask, String> {
    let ask: Result<Ask, _> = serde_json::from_slice(body);
    let json = content_type.is_some_and(|kind| kind.trim_start().starts_with("application/json"));
    match ask {
        Ok(ask) => return Ok(ask),
        Err(error) if json => {
            return Err(format!(
                "the body is not {{\"file_path\", \"file_content\"}}: {error}"
            ));
        }
        Err(_) => {}
    }
    let text = std::str::from_utf8(body)
        .map_err(|error| format!("the body is not UTF-8 text: {error}"))?;
    if text.trim().is_empty() {
        return Err("the body is empty; send a source file".to_owned());
    }
    let form = content_type.is_some_and(|kind| kind.starts_with("application/x-www-form"));
    let stripped = form && !text.contains('\n');
    Ok(Ask {
        file_path: "upload".to_owned(),
        file_content: if stripped {
            with_line_ends(text)
        } else {
            text.to_owned()
        },
        note: stripped.then_some(NO_LINE_ENDS),
    })
}

/// Python whose line ends were stripped, with those before definitions put back. A definition
/// begins a line where no space or an indentation stands before it; one space is a comment's.
fn with_line_ends(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for (at, letter) in text.char_indices() {
        let before = out.trim_end_matches(' ').len();
        if matches!(letter, 'd' | 'c' | 'a')
            && before > 0
            && out.len() - before != 1
            && begins_definition(&text[at..])
        {
            out.insert(before, '\n');
        }
        out.push(letter);
    }
    out
}

fn begins_definition(text: &str) -> bool {
    let name = ["def ", "class ", "async def "]
        .iter()
        .find_map(|word| text.strip_prefix(word));
    name.is_some_and(|rest| {
        let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
        end.is_some_and(|end| end > 0 && rest[end..].starts_with(['(', ':']))
    })
}

/// The files of a body of `POST /documents`.
///
/// # Errors
/// Why there are none, in words for the client.
pub fn read_batch(body: &[u8]) -> Result<Batch, String> {
    let batch: Batch = serde_json::from_slice(body).map_err(|error| {
        format!("the body is not {{\"files\": [{{\"file_path\", \"file_content\"}}]}}: {error}")
    })?;
    if batch.files.is_empty() {
        Err("`files` is empty; send at least one file".to_owned())
    } else {
        Ok(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
    const JSON: Option<&str> = Some("application/json; charset=utf-8");

    #[test]
    fn json_is_an_ask_whatever_curl_calls_it() {
        let body = br#"{"file_path":"a.py","file_content":"def a(): pass\n"}"#;
        for kind in [JSON, FORM, None] {
            let ask = read_ask(kind, body).unwrap();
            assert_eq!((ask.file_path.as_str(), ask.note), ("a.py", None));
        }
    }

    #[test]
    fn a_file_without_line_ends_is_read_and_the_client_is_told_why() {
        let ask = read_ask(FORM, b"def a(): passdef b(): pass").unwrap();
        assert!(ask.note.is_some_and(|note| note.contains("--data-binary")));
        assert_eq!(read_ask(FORM, b"a = 1\nb = 2\n").unwrap().note, None);
    }

    #[test]
    fn definitions_stand_on_lines_of_their_own_again() {
        for file in [
            "def func_0(): pass\ndef func_1(): pass\n",
            "class A:\n    def f(self): pass\n    async def g(self): pass\nclass B(A): pass\n",
            "# see def x() there\ndef y(): pass\n",
        ] {
            let stripped = file.replace('\n', "");
            assert_eq!(with_line_ends(&stripped), file.trim_end());
        }
        let odd = "undefined = 1 ; klasse class: é def";
        assert_eq!(with_line_ends(odd), odd);
    }

    #[test]
    fn what_is_no_source_is_refused_with_the_reason() {
        assert!(
            read_ask(JSON, b"{\"file_path\":1}")
                .unwrap_err()
                .contains("file_path")
        );
        assert!(read_ask(None, b" \n").unwrap_err().contains("empty"));
        assert!(read_ask(None, &[0xff, 0xfe]).unwrap_err().contains("UTF-8"));
        assert!(
            read_batch(b"{\"files\":[]}")
                .unwrap_err()
                .contains("at least one")
        );
    }
}

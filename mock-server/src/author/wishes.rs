//! Constraints that stand in a description: SDKs move there what the API's structured outputs do not
//! take, so that the model may heed them. The official ones write `Name of the city {minLength: 3,
//! maxLength: 40}`, the Vercel AI SDK a last paragraph of `min length: 3; max length: 40.`

use serde_json::{Map, Value};

/// Keywords that are read from a description.
const KEYWORDS: [&str; 25] = [
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "prefixItems",
    "contains",
    "minContains",
    "maxContains",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "contentEncoding",
    "enum",
    "const",
    "not",
];

/// `schema` with the constraints of its descriptions spelled out; `None` if there are none.
pub(super) fn spell_out(schema: &Value) -> Option<Value> {
    let mut spelled = schema.clone();
    spell(&mut spelled, 0).then_some(spelled)
}

fn spell(schema: &mut Value, depth: usize) -> bool {
    if depth > DEEPEST {
        return false;
    }
    match schema {
        Value::Array(parts) => {
            let spelled = parts.iter_mut().map(|part| spell(part, depth + 1));
            spelled.fold(false, |any, one| any | one)
        }
        Value::Object(fields) => {
            let parts = fields.iter_mut().filter(|(name, _)| {
                !["enum", "const", "examples", "default"].contains(&name.as_str())
            });
            let within = parts.fold(false, |any, (_, part)| any | spell(part, depth + 1));
            let words = fields.get("description").and_then(Value::as_str);
            let Some(wish) = words.and_then(read) else {
                return within;
            };
            match fields
                .entry("allOf")
                .or_insert_with(|| Value::Array(vec![]))
            {
                Value::Array(all) => all.push(wish),
                _ => return within,
            }
            true
        }
        _ => false,
    }
}

/// Deeper nesting than any reader of JSON takes.
const DEEPEST: usize = 128;

/// The constraints in the braces or in the clauses at the end of `description`, as a schema.
fn read(description: &str) -> Option<Value> {
    braces(description).or_else(|| clauses(description))
}

/// `min length: 3; pattern: ^a$.`, where each clause begins with a keyword in words.
fn clauses(description: &str) -> Option<Value> {
    let last = description.rsplit('\n').next()?.trim().strip_suffix('.')?;
    let mut found = Map::new();
    let mut clause = String::new();
    for part in last.split("; ") {
        // A pattern may have a semicolon in it: what begins with no keyword goes on.
        if !clause.is_empty() && keyword(part).is_some() {
            insert_clause(&clause, &mut found)?;
            clause.clear();
        }
        if !clause.is_empty() {
            clause.push_str("; ");
        }
        clause.push_str(part);
    }
    insert_clause(&clause, &mut found)?;
    (!found.is_empty()).then_some(Value::Object(found))
}

fn insert_clause(clause: &str, found: &mut Map<String, Value>) -> Option<()> {
    let (keyword, text) = keyword(clause)?;
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    found.insert(keyword, value);
    Some(())
}

/// The keyword that `clause` begins with, and what follows it.
fn keyword(clause: &str) -> Option<(String, &str)> {
    let (words, value) = clause.split_once(": ")?;
    let mut name = String::new();
    for (i, word) in words.split(' ').enumerate() {
        let (first, rest) = word.split_at_checked(1)?;
        name += &if i == 0 {
            first.to_owned()
        } else {
            first.to_uppercase()
        };
        name += rest;
    }
    KEYWORDS.contains(&name.as_str()).then_some((name, value))
}

fn braces(description: &str) -> Option<Value> {
    let end = description.trim_end().strip_suffix('}')?;
    let starts = end.match_indices('{').map(|(at, _)| at);
    starts
        .filter(|at| *at == 0 || end[..*at].ends_with(char::is_whitespace))
        .find_map(|at| pairs(&end[at + 1..]))
}

/// `name: value, name: value`, where a text may stand without quotes.
fn pairs(text: &str) -> Option<Value> {
    let mut found = Map::new();
    let mut rest = text;
    loop {
        let (name, after) = rest.split_once(':')?;
        let name = name.trim().trim_matches(['"', '\'']);
        if name.is_empty()
            || !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'$')
        {
            return None;
        }
        let (value, next) = value_of(after.trim_start());
        if KEYWORDS.contains(&name) {
            found.insert(name.to_owned(), value);
        }
        match next {
            Some(next) => rest = next,
            None => break,
        }
    }
    (!found.is_empty()).then_some(Value::Object(found))
}

/// The value at the start of `text`, and what follows the comma after it.
fn value_of(text: &str) -> (Value, Option<&str>) {
    let mut reader = Reader { rest: text };
    if let Some(value) = reader.value(0) {
        let rest = reader.rest.trim_start();
        if rest.is_empty() {
            return (value, None);
        }
        if let Some(next) = rest.strip_prefix(',') {
            return (value, Some(next));
        }
    }
    // A text without quotes, such as a pattern, goes on until the next known name.
    let ends = text.match_indices(", ").find(|(at, _)| {
        let next = &text[at + 2..];
        next.split_once(':')
            .is_some_and(|(name, _)| KEYWORDS.contains(&name.trim()))
    });
    match ends {
        Some((at, _)) => (Value::from(&text[..at]), Some(&text[at + 2..])),
        None => (Value::from(text), None),
    }
}

/// Reads literals as Python and JavaScript write them.
struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        self.rest = self.rest.trim_start();
        if depth > 32 {
            return None;
        }
        match self.rest.chars().next()? {
            '[' => self
                .row('[', ']', |own| own.value(depth + 1))
                .map(Value::Array),
            '{' => {
                let pairs = self.row('{', '}', |own| own.pair(depth + 1))?;
                Some(Value::Object(pairs.into_iter().collect()))
            }
            quote @ ('\'' | '"') => self.text(quote).map(Value::String),
            _ => self.word(),
        }
    }

    fn pair(&mut self, depth: usize) -> Option<(String, Value)> {
        let name = self.value(depth)?.as_str()?.to_owned();
        self.take(':')?;
        Some((name, self.value(depth)?))
    }

    fn take(&mut self, wanted: char) -> Option<()> {
        self.rest = self.rest.trim_start().strip_prefix(wanted)?;
        Some(())
    }

    fn row<T>(
        &mut self,
        open: char,
        close: char,
        mut part: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.take(open)?;
        let mut parts = Vec::new();
        while self.take(close).is_none() {
            parts.push(part(self)?);
            if self.take(',').is_none() {
                self.take(close)?;
                break;
            }
        }
        Some(parts)
    }

    fn text(&mut self, quote: char) -> Option<String> {
        let mut text = String::new();
        let mut characters = self.rest[1..].char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => match characters.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    other => text.push(other),
                },
                end if end == quote => {
                    self.rest = &self.rest[1 + at + 1..];
                    return Some(text);
                }
                other => text.push(other),
            }
        }
        None
    }

    fn word(&mut self) -> Option<Value> {
        let is_in_word = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let end = self
            .rest
            .find(|c| !is_in_word(c))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let value = match word {
            "True" | "true" => Value::Bool(true),
            "False" | "false" => Value::Bool(false),
            "None" | "null" => Value::Null,
            number => serde_json::from_str(number).ok()?,
        };
        self.rest = rest;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn constraints_are_read_as_python_and_javascript_write_them() {
        let cases = [
            (
                "{minLength: 3, maxLength: 40}",
                json!({"minLength": 3, "maxLength": 40}),
            ),
            (
                "A code\n\n{pattern: ^[a-z]{2}, [0-9]$, maxLength: 9}",
                json!({"pattern": "^[a-z]{2}, [0-9]$", "maxLength": 9}),
            ),
            (
                "{uniqueItems: True, minItems: 2}",
                json!({"uniqueItems": true, "minItems": 2}),
            ),
            (
                "{maxItems: 2, minItems: 2, prefixItems: [{'type': 'integer'}, {'$ref': '#/$defs/A'}]}",
                json!({"maxItems": 2, "minItems": 2,
                    "prefixItems": [{"type": "integer"}, {"$ref": "#/$defs/A"}]}),
            ),
            (
                "{default: 'x, minLength: 7', minimum: -1.5}",
                json!({"minimum": -1.5}),
            ),
            (
                "{pattern: \"^a\\\\d$\", exclusiveMinimum: 0}",
                json!({"pattern": "^a\\d$", "exclusiveMinimum": 0}),
            ),
        ];
        for (description, schema) in cases {
            assert_eq!(read(description), Some(schema), "{description}");
        }
    }

    #[test]
    fn clauses_are_read_as_the_ai_sdk_writes_them() {
        let clauses =
            "A code\nmin length: 3; pattern: ^a; b$; exclusive minimum: 0; unique items: true.";
        let schema = json!({"minLength": 3, "pattern": "^a; b$", "exclusiveMinimum": 0, "uniqueItems": true});
        assert_eq!(read(clauses), Some(schema));
        assert_eq!(read("pattern: ^\\d$."), Some(json!({"pattern": "^\\d$"})));
        for prose in [
            "A note: see above.",
            "Minimum of two.",
            "format: any; see the manual: there.",
        ] {
            assert_eq!(
                read(prose).filter(|found| found.get("format").is_none()),
                None,
                "{prose}"
            );
        }
    }

    #[test]
    fn braces_in_prose_are_prose() {
        for prose in [
            "Uses {placeholders}",
            "{}",
            "a {b: c} d",
            "{note: see the manual}",
        ] {
            assert_eq!(read(prose), None, "{prose}");
        }
    }
}

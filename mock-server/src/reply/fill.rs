//! Documentation inside JSON: which fields of a form take it.

use serde_json::Value;

use super::choice::Form;

/// `form` with the documentation of `entries` (symbol and text) in it, if a field takes it; `text` is
/// all of it together.
pub(super) fn fill(form: &Form, entries: &[(&str, String)], text: &str) -> Value {
    if entries.is_empty() {
        return form.value.clone();
    }
    for value in [&form.value, &form.full] {
        let mut places = Vec::new();
        list_places(value, &mut String::new(), "", false, &mut places);
        places.retain(|place| place.rank > NAME_RANK);
        // A list that has a field for each symbol's own documentation comes before one text for all.
        let is_list = |place: &Place| matches!(place.kind, PlaceKind::List);
        places.sort_by_key(|place| std::cmp::Reverse((place.rank, is_list(place))));
        for place in places {
            let mut filled = value.clone();
            let Some(target) = filled.pointer_mut(&place.pointer) else {
                continue;
            };
            match place.kind {
                PlaceKind::Text => *target = Value::from(text),
                PlaceKind::List => fill_list(target, entries),
                PlaceKind::Map => fill_map(target, entries),
            }
            if form.takes(&filled) {
                return filled;
            }
        }
    }
    form.value.clone()
}

/// A part of a value that may take documentation.
struct Place {
    pointer: String,
    kind: PlaceKind,
    rank: u8,
}

enum PlaceKind {
    /// A text takes it whole.
    Text,
    /// A list takes an item for each symbol.
    List,
    /// An object takes a property for each symbol.
    Map,
}

fn list_places(
    value: &Value,
    pointer: &mut String,
    name: &str,
    is_in_list: bool,
    places: &mut Vec<Place>,
) {
    let mut add = |kind, rank| {
        places.push(Place {
            pointer: pointer.clone(),
            kind,
            rank,
        });
    };
    match value {
        // One item of a list is no place for all of it, if the list can have an item for each symbol.
        Value::String(_) if is_in_list => add(PlaceKind::Text, text_rank(name).min(IN_LIST_RANK)),
        Value::String(_) => add(PlaceKind::Text, text_rank(name)),
        Value::Array(items) if items.first().is_some_and(takes_entries) => {
            add(PlaceKind::List, list_rank(&items[0]));
        }
        Value::Object(fields) if fields.is_empty() && !pointer.is_empty() => {
            add(PlaceKind::Map, MAP_RANK);
        }
        _ => {}
    }
    let parts: Vec<(String, &Value)> = match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, v)| (i.to_string(), v))
            .collect(),
        Value::Object(fields) => fields.iter().map(|(name, v)| (name.clone(), v)).collect(),
        _ => vec![],
    };
    for (part, inner) in parts {
        let length = pointer.len();
        pointer.push('/');
        pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
        let inner_name = if value.is_object() {
            part.as_str()
        } else {
            name
        };
        let is_in_list = is_in_list || value.is_array();
        list_places(inner, pointer, inner_name, is_in_list, places);
        pointer.truncate(length);
    }
}

fn takes_entries(item: &Value) -> bool {
    item.is_object() || item.is_string()
}

/// A field that is named after documentation comes before a list, a list before any other text.
const LIST_RANK: u8 = 6;
const OTHER_TEXT_RANK: u8 = 5;
const MAP_RANK: u8 = 3;
const IN_LIST_RANK: u8 = 2;
/// A field that names or measures something takes none.
const NAME_RANK: u8 = 1;

const NAMES: [&str; 24] = [
    "name", "path", "file", "title", "id", "lang", "url", "type", "kind", "symbol", "city",
    "country", "location", "address", "unit", "date", "time", "mail", "phone", "status", "query",
    "command", "version", "author",
];

/// How well a text field of this name takes documentation.
fn text_rank(name: &str) -> u8 {
    let name = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["markdown", "documentation", "docs", "docstring"]) {
        9
    } else if has(&[
        "content", "text", "body", "answer", "output", "result", "doc",
    ]) {
        8
    } else if has(&[
        "description",
        "summary",
        "explanation",
        "message",
        "response",
    ]) {
        7
    } else if has(&NAMES) {
        NAME_RANK
    } else {
        OTHER_TEXT_RANK
    }
}

/// How well a list of such items takes documentation: as its best field does, if another field names
/// the symbol.
fn list_rank(item: &Value) -> u8 {
    let fields = item.as_object().into_iter().flatten();
    let texts: Vec<&str> = fields
        .filter(|(_, value)| value.is_string())
        .map(|(name, _)| name.as_str())
        .collect();
    let names_symbol = texts.iter().any(|name| is_symbol_name(name));
    let best = texts.iter().map(|name| text_rank(name)).max();
    best.filter(|_| names_symbol)
        .map_or(LIST_RANK, |best| best.max(LIST_RANK))
}

/// One item for each symbol, after the first item that stands there.
fn fill_list(list: &mut Value, entries: &[(&str, String)]) {
    let Some(pattern) = list.get(0).cloned() else {
        return;
    };
    let item = |(symbol, text): &(&str, String)| {
        let mut item = pattern.clone();
        match &mut item {
            Value::Object(fields) => {
                let texts = fields.iter().filter(|(_, value)| value.is_string());
                let names: Vec<String> = texts.map(|(name, _)| name.clone()).collect();
                let best = names.iter().max_by_key(|name| text_rank(name)).cloned();
                for name in names {
                    if Some(&name) == best.as_ref() {
                        fields.insert(name, Value::from(text.as_str()));
                    } else if text_rank(&name) == NAME_RANK && is_symbol_name(&name) {
                        fields.insert(name, Value::from(*symbol));
                    }
                }
            }
            other => *other = Value::from(text.as_str()),
        }
        item
    };
    *list = entries.iter().map(item).collect();
}

fn is_symbol_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["name", "symbol", "id", "title"]
        .iter()
        .any(|word| name.contains(word))
        && !name.contains("file")
}

fn fill_map(map: &mut Value, entries: &[(&str, String)]) {
    let Value::Object(fields) = map else {
        return;
    };
    for (symbol, text) in entries {
        let before = fields.get(*symbol).and_then(Value::as_str).unwrap_or("");
        let text = format!("{before}{text}");
        fields.insert((*symbol).to_owned(), Value::from(text));
    }
}

//! Models as the API lists them, and the pages of every list.

use ground::models;
use ground::profile::Profile;
use serde_json::{Value, json};

use crate::request::ApiError;

const MAX_PAGE: usize = 1000;
const DEFAULT_PAGE: usize = 20;

/// `GET /v1/models` with its query string.
pub(crate) fn list(profiles: &[Profile], query: &str) -> Result<Value, ApiError> {
    let all: Vec<Value> = profiles.iter().map(describe).collect();
    page(&all, query)
}

/// One page of objects with an `id`, newest first, as every list of the API is paged.
pub(crate) fn page(all: &[Value], query: &str) -> Result<Value, ApiError> {
    let field = |name: &str| {
        query
            .split('&')
            .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
    };
    let limit = match field("limit").map(|(_, value)| value.parse::<usize>()) {
        None => DEFAULT_PAGE,
        Some(Ok(limit)) if (1..=MAX_PAGE).contains(&limit) => limit,
        Some(_) => {
            return Err(ApiError::invalid(format!(
                "limit: Input should be an integer between 1 and {MAX_PAGE}"
            )));
        }
    };
    let position = |id: &str| all.iter().position(|object| object["id"] == id);
    let (from, to) = match (field("after_id"), field("before_id")) {
        (Some((_, id)), _) => (position(id).map_or(all.len(), |at| at + 1), all.len()),
        (None, Some((_, id))) => {
            let end = position(id).unwrap_or(0);
            (end.saturating_sub(limit), end)
        }
        (None, None) => (0, all.len()),
    };
    let backwards = field("after_id").is_none() && field("before_id").is_some();
    let end = to.min(from + limit);
    let data = &all[from..end];
    Ok(json!({
        "data": data,
        "has_more": if backwards { from > 0 } else { end < all.len() },
        "first_id": data.first().map(|object| &object["id"]),
        "last_id": data.last().map(|object| &object["id"]),
    }))
}

/// `GET /v1/models/{id}`.
pub(crate) fn describe(profile: &Profile) -> Value {
    json!({
        "type": "model",
        "id": profile.model,
        "display_name": models::display_name(&profile.model),
        "created_at": format!("{}T00:00:00Z", profile.as_of),
        "max_input_tokens": profile.context_window,
        "max_tokens": profile.max_output_tokens,
        "capabilities": null,
        "lifecycle": "active",
        "deprecated_at": null,
        "retires_at": null,
        "line": models::line(&profile.model),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_in_both_directions() {
        let all: Vec<Value> = (0..5).map(|i| json!({ "id": format!("m{i}") })).collect();
        let ids = |query| {
            let page = page(&all, query).unwrap();
            let ids: Vec<String> = page["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|o| o["id"].to_string())
                .collect();
            (ids.join(""), page["has_more"].as_bool().unwrap())
        };
        assert_eq!(ids("limit=2"), ("\"m0\"\"m1\"".to_owned(), true));
        assert_eq!(ids("limit=2&after_id=m3"), ("\"m4\"".to_owned(), false));
        assert_eq!(
            ids("limit=2&before_id=m3"),
            ("\"m1\"\"m2\"".to_owned(), true)
        );
        assert!(page(&all, "limit=0").is_err());
    }
}

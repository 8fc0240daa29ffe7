//! Who may ask a listener on this machine: programs on it, but no web page of another site, whose browser would ask in
//! its name, nor a name that somebody has pointed at this machine (DNS rebinding).

use std::net::IpAddr;

use http::HeaderMap;
use http::uri::Authority;

/// Whom a listener answers.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    /// Origins of web pages that may ask, e.g. `http://localhost:3000`; `*` for all.
    pub origins: Vec<String>,
    /// Whether it may be asked by any name: its owner has let others in.
    pub any_host: bool,
}

impl Guard {
    /// Why a request with these `headers` is refused; none if it is not.
    #[must_use]
    pub fn refuses(&self, headers: &HeaderMap) -> Option<String> {
        let text = |name: &str| {
            headers
                .get(name)
                .map(|value| String::from_utf8_lossy(value.as_bytes()))
        };
        let is_allowed = |origin: &str| {
            self.origins
                .iter()
                .any(|known| known == origin || known == "*")
        };
        if let Some(origin) = text("origin")
            && !is_allowed(&origin)
            && !origin
                .split_once("://")
                .is_some_and(|(_, host)| is_here(host))
        {
            return Some(format!(
                "a page of {origin} may not ask this service; start it with --allow-origin {origin} if it should"
            ));
        }
        if headers.get("origin").is_none()
            && text("sec-fetch-site").as_deref() == Some("cross-site")
        {
            return Some("pages of other sites may not ask this service".to_owned());
        }
        match text("host") {
            Some(host) if !self.any_host && !is_here(&host) => Some(format!(
                "this service is not {host}; ask it as 127.0.0.1 or localhost"
            )),
            _ => None,
        }
    }
}

/// Whether a host, perhaps with a port, is this machine by its own name.
fn is_here(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    let is_loopback = name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    is_loopback || name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(guard: &Guard, pairs: &[(&'static str, &str)]) -> bool {
        let headers = pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        guard.refuses(&headers.collect()).is_some()
    }

    #[test]
    fn programs_of_this_machine_are_answered_and_its_own_pages() {
        let guard = Guard::default();
        for host in [
            "127.0.0.1:8080",
            "localhost",
            "[::1]:80",
            "127.8.8.8",
            "app.localhost:3000",
        ] {
            assert!(!refused(&guard, &[("host", host)]), "{host}");
        }
        assert!(!refused(&guard, &[]));
        let own = [
            ("host", "localhost:8080"),
            ("origin", "http://localhost:3000"),
            ("sec-fetch-site", "same-site"),
        ];
        assert!(!refused(&guard, &own));
    }

    #[test]
    fn foreign_names_and_pages_are_not() {
        let guard = Guard::default();
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example:80",
            "10.0.0.1",
            "a b",
        ] {
            assert!(refused(&guard, &[("host", host)]), "{host}");
        }
        for origin in [
            "http://evil.example",
            "null",
            "http://localhost.evil.example",
            "file://",
        ] {
            assert!(
                refused(&guard, &[("host", "localhost"), ("origin", origin)]),
                "{origin}"
            );
        }
        assert!(refused(
            &guard,
            &[("host", "localhost"), ("sec-fetch-site", "cross-site")]
        ));
    }

    #[test]
    fn whoever_is_let_in_is() {
        let guard = Guard {
            origins: vec!["https://course.example".to_owned()],
            any_host: true,
        };
        assert!(!refused(
            &guard,
            &[("host", "box:80"), ("origin", "https://course.example")]
        ));
        assert!(refused(
            &guard,
            &[("host", "box:80"), ("origin", "https://other.example")]
        ));
    }
}

//! `--arrivals KIND:FIGURE…` → a plan.

use std::path::Path;

use crate::load::{Arrivals, Load};

/// Reads `KIND:FIGURE…`.
pub(super) fn parse(text: &str) -> Result<Load, String> {
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    let load = if kind == "replay" {
        replay(Path::new(rest))?
    } else {
        let figures: Option<Vec<f64>> = rest.split(':').map(|figure| figure.parse().ok()).collect();
        figures.and_then(|figures| of_figures(kind, &figures)).ok_or_else(|| {
            format!("`{text}` is not one of closed:CLIENTS, rate:PER_S, poisson:PER_S, burst:N, ramp:FROM:TO:SECONDS, spike:PER_S:PEAK:AT_S:FOR_S, replay:FILE")
        })?
    };
    // A share or a number of requests comes from other flags; here one request is enough to check.
    load.check().map_err(|error| error.to_string())?;
    Ok(load)
}

fn of_figures(kind: &str, figures: &[f64]) -> Option<Load> {
    let whole = |figure: f64| (figure >= 0.0 && figure.fract() == 0.0).then_some(figure as u64);
    let load = Load::new(match (kind, figures) {
        ("burst", &[count]) => {
            return Some(Load {
                requests: whole(count)?,
                ..Load::new(Arrivals::Burst)
            });
        }
        ("closed", &[clients]) => Arrivals::Closed {
            workers: usize::try_from(whole(clients)?).ok()?,
            duration_s: None,
        },
        ("rate", &[rate_per_s]) => Arrivals::Constant { rate_per_s },
        ("poisson", &[rate_per_s]) => Arrivals::Poisson { rate_per_s },
        ("ramp", &[from_per_s, rate_per_s, over_s]) => Arrivals::Ramp {
            from_per_s,
            rate_per_s,
            over_s,
        },
        ("spike", &[rate_per_s, peak_per_s, peak_at_s, peak_for_s]) => Arrivals::Spike {
            rate_per_s,
            peak_per_s,
            peak_at_s,
            peak_for_s,
        },
        _ => return None,
    });
    Some(load)
}

fn replay(path: &Path) -> Result<Load, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    let times_s = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            line.parse().map_err(|_| {
                format!(
                    "`{line}` in `{}` is not a moment in seconds",
                    path.display()
                )
            })
        })
        .collect::<Result<Vec<f64>, String>>()?;
    Ok(Load {
        requests: times_s.len() as u64,
        ..Load::new(Arrivals::Replay { times_s })
    })
}

//! Bars that show amounts and times, with their words for those who do not see them.

use maud::{Markup, html};

/// Width of a drawing in its own units; it is drawn as wide as there is room.
pub(super) const WIDTH: f64 = 1000.0;

/// A bar of a drawing.
pub(super) struct Bar {
    /// Where it begins and how long it is, in units of [`WIDTH`].
    pub(super) from: f64,
    pub(super) length: f64,
    /// Its upper edge and its height.
    pub(super) top: f64,
    pub(super) height: f64,
    /// The class that colours it.
    pub(super) class: &'static str,
}

/// Draws `bars`, as high as the lowest needs; `words` say what they show.
pub(super) fn drawn(words: &str, bars: &[Bar]) -> Markup {
    let height = bars
        .iter()
        .map(|bar| bar.top + bar.height)
        .fold(0.0, f64::max);
    html! {
        div role="img" aria-label=(words) {
            svg viewBox=(format!("0 0 {WIDTH} {height}")) height=(height) preserveAspectRatio="none" aria-hidden="true" {
                @for bar in bars {
                    rect.(bar.class) x=(format!("{:.1}", bar.from)) y=(bar.top) width=(format!("{:.1}", bar.length.max(3.0)))
                        height=(bar.height) {}
                }
            }
        }
    }
}

/// An amount as a share of the most there is, 0 to 1.
pub(super) fn amount(words: &str, share: f64) -> Markup {
    let bar = |length: f64, class| Bar {
        from: 0.0,
        length,
        top: 5.0,
        height: 8.0,
        class,
    };
    let mut bars = vec![bar(WIDTH, "track")];
    if share > 0.0 {
        bars.push(bar(WIDTH * share.min(1.0), "amount"));
    }
    drawn(words, &bars)
}

//! Words of a drawing, as SVG text that stays inside the picture.

use std::fmt::Write;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendCoord, BackendTextStyle, FontStyle};

use super::units::UNITS;
use crate::text::markup;

/// Text size that needs no attribute, in CSS pixels.
pub(super) const FONT_SIZE: f64 = 12.0;

/// Width of an average character in parts of the text's size; nothing here can measure a font.
const CHARACTER: f64 = 0.6;

/// What words keep free at the border, because [`CHARACTER`] is an average.
const BORDER: f64 = 2.0 * UNITS;

/// How wide a text is likely to be.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * CHARACTER
}

/// Adds one line of text to `body`, a drawing that is `across` units wide. Words that would be cut off at the border are
/// pushed inwards.
pub(super) fn label(
    body: &mut String,
    class: &str,
    text: &str,
    style: &impl BackendTextStyle,
    at: BackendCoord,
    across: u32,
) {
    const STRING: &str = "a String takes any text";
    let size = style.size();
    let (x, anchor) = across_anchor(text_width(text, size), style.anchor().h_pos, at.0, across);
    let base = match style.anchor().v_pos {
        VPos::Top => 0.76,
        VPos::Center => 0.26,
        VPos::Bottom => -0.26,
    };
    let y = (f64::from(at.1) + size * base).round();
    write!(body, "<text class=\"{class}\" x=\"{x}\" y=\"{y}\"{anchor}").expect(STRING);
    if size != FONT_SIZE * UNITS {
        write!(body, " font-size=\"{size}\"").expect(STRING);
    }
    if matches!(style.style(), FontStyle::Bold) {
        body.push_str(" font-weight=\"bold\"");
    }
    writeln!(body, ">{}</text>", markup(text)).expect(STRING);
}

/// Where a text of `width` units is anchored, and the attribute that says how.
fn across_anchor(width: f64, anchor: HPos, x: i32, across: u32) -> (f64, &'static str) {
    let (before, attribute) = match anchor {
        HPos::Left => (0.0, ""),
        HPos::Center => (width / 2.0, " text-anchor=\"middle\""),
        HPos::Right => (width, " text-anchor=\"end\""),
    };
    let last = f64::from(across) - BORDER - (width - before);
    let x = f64::from(x).min(last).max(BORDER + before);
    (x.round(), attribute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_at_the_border_are_pushed_inwards() {
        let x_of = |anchor, x| across_anchor(120.0, anchor, x, 400).0;
        assert_eq!(x_of(HPos::Center, 200), 200.0);
        assert_eq!(x_of(HPos::Center, 399), 332.0);
        assert_eq!(x_of(HPos::Left, 399), 272.0);
        assert_eq!(x_of(HPos::Right, 10), 128.0);
    }

    #[test]
    fn words_wider_than_the_picture_begin_at_its_left() {
        assert_eq!(across_anchor(500.0, HPos::Left, 50, 400).0, BORDER);
    }

    #[test]
    fn words_are_escaped_and_only_unusual_sizes_are_said() {
        let written = |size: f64| {
            let style = plotters::style::TextStyle::from(("sans-serif", size));
            let mut body = String::new();
            label(&mut body, "text", "a < b", &style, (50, 100), 400);
            body
        };
        assert_eq!(
            written(48.0),
            "<text class=\"text\" x=\"50\" y=\"136\">a &lt; b</text>\n"
        );
        assert!(written(52.0).contains(" font-size=\"52\""));
    }
}

//! Colours by role. An SVG carries the light colours; where style sheets are obeyed, [`STYLE`]
//! swaps them for the dark ones by attribute selectors, so that one drawing serves both.

use plotters::style::RGBColor;

/// What a colour is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// Words.
    Text,
    /// Words of less weight, axes.
    Muted,
    /// Lines behind the data.
    Grid,
    /// What came back with gaps.
    Gap,
    /// What the provider refused with 429.
    Refused,
    /// What failed in another way.
    Failed,
    /// The mode of this slot, see [`slots`](crate::report::scenarios::slots).
    Mode(usize),
}

/// Modes differ in hue, in lightness, in dash and in marker. Contrast with the paper is at least
/// 4.5 in light and in dark; the hues are from the Okabe-Ito palette, darkened or lightened.
const MODES: [RGBColor; 4] = [
    RGBColor(0xB8, 0x4B, 0x00),
    RGBColor(0x00, 0x62, 0xA3),
    RGBColor(0x8A, 0x3F, 0x73),
    RGBColor(0x00, 0x6E, 0x52),
];

impl Ink {
    /// Its light colour.
    pub(super) fn colour(self) -> RGBColor {
        match self {
            Self::Text => RGBColor(0x1C, 0x1B, 0x19),
            Self::Muted => RGBColor(0x5F, 0x5B, 0x55),
            Self::Grid => RGBColor(0xDE, 0xDA, 0xD2),
            Self::Gap => RGBColor(0x80, 0x5C, 0x00),
            Self::Refused => RGBColor(0xA8, 0x00, 0x5E),
            Self::Failed => RGBColor(0xB3, 0x26, 0x1E),
            Self::Mode(slot) => MODES[slot % MODES.len()],
        }
    }
}

/// Style sheet of the drawings: dark colours, for a page that declares the same custom properties
/// or, with the fall-backs, for an SVG by itself.
pub(in crate::report) const STYLE: &str = "\
@media screen and (prefers-color-scheme:dark){\
svg [fill='#1C1B19']{fill:#ECE8E1}svg [stroke='#1C1B19']{stroke:#ECE8E1}\
svg [fill='#5F5B55']{fill:#A8A299}svg [stroke='#5F5B55']{stroke:#A8A299}\
svg [fill='#DEDAD2']{fill:#35332F}svg [stroke='#DEDAD2']{stroke:#35332F}\
svg [fill='#805C00']{fill:#E5C558}svg [stroke='#805C00']{stroke:#E5C558}\
svg [fill='#A8005E']{fill:#FF86C0}svg [stroke='#A8005E']{stroke:#FF86C0}\
svg [fill='#B3261E']{fill:#FF8F85}svg [stroke='#B3261E']{stroke:#FF8F85}\
svg [fill='#B84B00']{fill:#FF9A57}svg [stroke='#B84B00']{stroke:#FF9A57}\
svg [fill='#0062A3']{fill:#6FBBF2}svg [stroke='#0062A3']{stroke:#6FBBF2}\
svg [fill='#8A3F73']{fill:#E3A0CC}svg [stroke='#8A3F73']{stroke:#E3A0CC}\
svg [fill='#006E52']{fill:#5FCDA8}svg [stroke='#006E52']{stroke:#5FCDA8}}";

/// What a drawing by itself stands on.
pub(super) const PAPER: &str = "svg{background:#FBFAF7}\
@media screen and (prefers-color-scheme:dark){svg{background:#161513}}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ink_has_a_dark_counterpart() {
        let inks = [
            Ink::Text,
            Ink::Muted,
            Ink::Grid,
            Ink::Gap,
            Ink::Refused,
            Ink::Failed,
            Ink::Mode(0),
            Ink::Mode(1),
            Ink::Mode(2),
            Ink::Mode(3),
        ];
        for ink in inks {
            let RGBColor(r, g, b) = ink.colour();
            for attribute in ["fill", "stroke"] {
                let rule = format!("svg [{attribute}='#{r:02X}{g:02X}{b:02X}']");
                assert!(STYLE.contains(&rule), "{rule}");
            }
        }
    }
}

//! How lines are broken, so that they differ without colour.

use super::units::UNITS;

/// How a line is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dash {
    Solid,
    Long,
    Short,
    Dots,
}

impl Dash {
    /// Those that a style sheet must break.
    pub(super) const BROKEN: [Self; 3] = [Self::Long, Self::Short, Self::Dots];

    /// The dash of the mode at `slot`: the compared mode is the unbroken one.
    pub(super) fn of_mode(slot: usize) -> Self {
        [Self::Long, Self::Solid, Self::Short, Self::Dots][slot % 4]
    }

    /// The class that a style sheet breaks; empty for a line without gaps.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Solid => "",
            Self::Long => "long",
            Self::Short => "short",
            Self::Dots => "dots",
        }
    }

    /// Lengths of strokes and gaps in units of the drawing.
    pub(super) fn lengths(self) -> String {
        let pixels: &[f64] = match self {
            Self::Solid => &[],
            Self::Long => &[7.0, 4.0],
            Self::Short => &[4.0, 3.0],
            Self::Dots => &[1.5, 2.5],
        };
        let units = pixels.iter().map(|length| (length * UNITS).to_string());
        units.collect::<Vec<_>>().join(" ")
    }
}

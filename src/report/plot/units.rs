//! CSS pixels, in which plots are thought, and the whole units on which plotters draws.

/// Units in a CSS pixel: four of them keep curves smooth.
pub(super) const UNITS: f64 = 4.0;

/// The nearest unit.
pub(super) fn units(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

/// The way back.
pub(super) fn pixels(units: i32) -> f64 {
    f64::from(units) / UNITS
}

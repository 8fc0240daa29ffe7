//! The unit that plotters draws on.

/// plotters draws on whole units; four of them in a CSS pixel keep curves smooth.
pub(super) const UNITS: f64 = 4.0;

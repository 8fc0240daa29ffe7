//! Colours by role: a drawing names the role in a class, and a style sheet gives it its colour in light and in dark.

use std::fmt::Write;

use plotters::style::{Color, RGBColor};
use plotters_backend::BackendColor;

use super::dash::Dash;

/// What a colour is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Words.
    Text,
    /// Words of less weight, axes.
    Quiet,
    /// Lines behind the data.
    Rule,
    /// What came back with gaps.
    Gap,
    /// What the provider refused with 429.
    Refused,
    /// What failed in another way.
    Failed,
    /// The mode of this slot, see [`slots`](crate::report::scenarios::slots).
    Mode(usize),
}

/// The class of a role, its colour on a light and on a dark background.
struct Swatch {
    role: Role,
    class: &'static str,
    light: RGBColor,
    dark: RGBColor,
}

const fn swatch(role: Role, class: &'static str, light: u32, dark: u32) -> Swatch {
    Swatch {
        role,
        class,
        light: rgb(light),
        dark: rgb(dark),
    }
}

const fn rgb(hex: u32) -> RGBColor {
    let [_, red, green, blue] = hex.to_be_bytes();
    RGBColor(red, green, blue)
}

/// Modes differ in hue, in lightness, in dash and in marker. Contrast with the background is at least
/// 4.5 in light and in dark; the hues are from the Okabe-Ito palette, darkened or lightened.
const PALETTE: [Swatch; 10] = [
    swatch(Role::Text, "text", 0x1C_1B_19, 0xEC_E8_E1),
    swatch(Role::Quiet, "quiet", 0x5F_5B_55, 0xA8_A2_99),
    swatch(Role::Rule, "rule", 0xDE_DA_D2, 0x35_33_2F),
    swatch(Role::Gap, "gap", 0x80_5C_00, 0xE5_C5_58),
    swatch(Role::Refused, "refused", 0xA8_00_5E, 0xFF_86_C0),
    swatch(Role::Failed, "bad", 0xB3_26_1E, 0xFF_8F_85),
    swatch(Role::Mode(0), "mode-0", 0xB8_4B_00, 0xFF_9A_57),
    swatch(Role::Mode(1), "mode-1", 0x00_62_A3, 0x6F_BB_F2),
    swatch(Role::Mode(2), "mode-2", 0x8A_3F_73, 0xE3_A0_CC),
    swatch(Role::Mode(3), "mode-3", 0x00_6E_52, 0x5F_CD_A8),
];

/// How many modes have colours of their own.
const MODES: usize = 4;

/// What a drawing by itself stands on, in light and in dark: the background of the page.
const BACKGROUND: [RGBColor; 2] = [rgb(0xFB_FA_F7), rgb(0x16_15_13)];

impl Role {
    fn swatch(self) -> &'static Swatch {
        let role = match self {
            Self::Mode(slot) => Self::Mode(slot % MODES),
            other => other,
        };
        let mut swatches = PALETTE.iter();
        swatches
            .find(|swatch| swatch.role == role)
            .expect("every role is in the palette, as a test shows")
    }

    /// The class that a style sheet gives its colour.
    pub(super) fn class(self) -> &'static str {
        self.swatch().class
    }

    /// The role of a colour that plotters hands to the backend.
    pub(super) fn of(colour: BackendColor) -> Option<Self> {
        let mut swatches = PALETTE.iter();
        let found = swatches.find(|swatch| swatch.light.rgb() == colour.rgb)?;
        Some(found.role)
    }
}

/// To plotters a role is its light colour, which no other role has.
impl Color for Role {
    fn to_backend_color(&self) -> BackendColor {
        self.swatch().light.to_backend_color()
    }
}

/// Style sheet of the drawings inside a page.
pub(in crate::report) fn style() -> String {
    let mut css = "svg path,svg text{fill:currentColor}\
                   svg .line{fill:none;stroke:currentColor}\
                   svg .hover path{fill:none;pointer-events:all}"
        .to_owned();
    for dash in Dash::BROKEN {
        write!(
            css,
            "svg .{}{{stroke-dasharray:{}}}",
            dash.class(),
            dash.lengths()
        )
        .expect(STRING);
    }
    colours(&mut css, |swatch| swatch.light);
    css += DARK;
    colours(&mut css, |swatch| swatch.dark);
    css + "}"
}

/// Style sheet of a drawing by itself, which brings its own background and fonts, because nothing around it does.
pub(super) fn style_alone() -> String {
    let [light, dark] = BACKGROUND.map(hex);
    format!(
        "svg{{background:{light};font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}}\
         {}{DARK}svg{{background:{dark}}}}}",
        style()
    )
}

/// Dark colours are for screens alone: paper is light.
const DARK: &str = "@media screen and (prefers-color-scheme:dark){";

const STRING: &str = "a String takes any text";

fn colours(css: &mut String, of: fn(&Swatch) -> RGBColor) {
    for swatch in &PALETTE {
        write!(css, "svg .{}{{color:{}}}", swatch.class, hex(of(swatch))).expect(STRING);
    }
}

fn hex(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLES: [Role; 6] = [
        Role::Text,
        Role::Quiet,
        Role::Rule,
        Role::Gap,
        Role::Refused,
        Role::Failed,
    ];

    #[test]
    fn every_role_survives_the_way_through_plotters() {
        for role in ROLES.into_iter().chain((0..MODES).map(Role::Mode)) {
            assert_eq!(Role::of(role.to_backend_color()), Some(role));
        }
        assert_eq!(Role::of(plotters::style::RED.to_backend_color()), None);
    }

    #[test]
    fn modes_beyond_the_palette_begin_again() {
        assert_eq!(Role::Mode(5).class(), "mode-1");
    }

    fn luminance(RGBColor(red, green, blue): RGBColor) -> f64 {
        let [red, green, blue] = [red, green, blue].map(|channel| {
            let share = f64::from(channel) / 255.0;
            match share {
                dim if dim <= 0.039_28 => dim / 12.92,
                bright => ((bright + 0.055) / 1.055).powf(2.4),
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(one: RGBColor, other: RGBColor) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn words_and_marks_have_contrast_in_light_and_in_dark() {
        let [light, dark] = BACKGROUND;
        for swatch in PALETTE.iter().filter(|swatch| swatch.role != Role::Rule) {
            assert!(contrast(swatch.light, light) >= 4.5, "{}", swatch.class);
            assert!(contrast(swatch.dark, dark) >= 4.5, "{}", swatch.class);
        }
    }

    #[test]
    fn the_page_and_its_drawings_have_the_same_colours() {
        let page = crate::text::PAGE_STYLE.to_lowercase();
        let [light, dark] = page
            .split_once("@media screen and")
            .map(<[_; 2]>::from)
            .unwrap();
        let shared = [
            ("--text", Role::Text),
            ("--quiet", Role::Quiet),
            ("--rule", Role::Rule),
            ("--bad", Role::Failed),
            ("--m0", Role::Mode(0)),
            ("--m1", Role::Mode(1)),
            ("--m2", Role::Mode(2)),
            ("--m3", Role::Mode(3)),
        ];
        for (name, role) in shared {
            let swatch = role.swatch();
            for (css, colour) in [(light, swatch.light), (dark, swatch.dark)] {
                let rule = format!("{name}:{}", hex(colour));
                assert!(css.contains(&rule), "{rule}");
            }
        }
        for (css, colour) in [light, dark].into_iter().zip(BACKGROUND) {
            assert!(css.contains(&format!("--background:{}", hex(colour))));
        }
    }
}

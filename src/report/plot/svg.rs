//! The backend that plotters draws into: SVG with classes instead of colours, and with values shown on hover.
//!
//! plotters knows colours and widths. What it has no word for, dashes and titles, is set here before the shape is drawn.

use std::fmt::Write;

use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use super::dash::Dash;
use super::label::{label, text_width};
use super::outline::Outline;
use super::palette::Role;
use super::picture::Picture;
use crate::text::markup;

const STRING: &str = "a String takes any text";

/// A colour that has no class.
#[derive(Debug, thiserror::Error)]
#[error("the colour {0:?} has no role in the palette")]
pub(super) struct NoRole((u8, u8, u8));

type Drawn = Result<(), DrawingErrorKind<NoRole>>;

/// What shapes of one path have in common.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Look {
    /// `None` for what is only there to be pointed at.
    role: Option<Role>,
    opacity: f64,
    /// Width and dash of a line; `None` for a filled shape.
    stroke: Option<(u32, Dash)>,
}

/// The drawing as it grows.
pub(super) struct Svg {
    size: (u32, u32),
    body: String,
    /// Neighbours of one look share a path, which is a third of the bytes.
    open: Option<(Look, Outline)>,
    /// True between the hover areas of one group.
    in_group: bool,
    dash: Dash,
    title: Option<String>,
}

impl Svg {
    /// An empty drawing of so many units.
    pub(super) fn new(size: (u32, u32)) -> Self {
        Self {
            size,
            body: String::new(),
            open: None,
            in_group: false,
            dash: Dash::Solid,
            title: None,
        }
    }

    /// How the next lines are broken.
    pub(super) fn set_dash(&mut self, dash: Dash) {
        self.dash = dash;
    }

    /// What the next shapes say when they are pointed at.
    pub(super) fn set_title(&mut self, title: Option<&str>) {
        self.close_path();
        self.title = title.map(markup);
    }

    /// What was drawn; the backend begins again.
    pub(super) fn take(&mut self) -> Picture {
        self.close();
        Picture {
            size: self.size,
            body: std::mem::take(&mut self.body),
        }
    }

    fn fill(&mut self, colour: BackendColor) -> Result<&mut Outline, DrawingErrorKind<NoRole>> {
        let role = (colour.alpha > 0.0).then(|| role(colour)).transpose()?;
        Ok(self.outline(Look {
            role,
            opacity: colour.alpha,
            stroke: None,
        }))
    }

    fn stroke(
        &mut self,
        style: &impl BackendStyle,
    ) -> Result<&mut Outline, DrawingErrorKind<NoRole>> {
        let colour = style.color();
        Ok(self.outline(Look {
            role: Some(role(colour)?),
            opacity: colour.alpha,
            stroke: Some((style.stroke_width(), self.dash)),
        }))
    }

    /// The path that shapes of this look are added to.
    fn outline(&mut self, look: Look) -> &mut Outline {
        if self.open.as_ref().is_none_or(|(open, _)| *open != look) {
            self.close_path();
        }
        &mut self
            .open
            .get_or_insert_with(|| (look, Outline::default()))
            .1
    }

    /// Ends the path that neighbours might have joined.
    fn close_path(&mut self) {
        let Some((look, outline)) = self.open.take() else {
            return;
        };
        match look.role {
            Some(role) => self.open_mark(role, look),
            None => self.open_hover(),
        }
        write!(self.body, " d=\"{}\"", outline.text()).expect(STRING);
        match &self.title {
            Some(title) => writeln!(self.body, "><title>{title}</title></path>").expect(STRING),
            None => self.body.push_str("/>\n"),
        }
    }

    fn open_mark(&mut self, role: Role, look: Look) {
        self.close_group();
        write!(self.body, "<path class=\"{}", role.class()).expect(STRING);
        if let Some((width, dash)) = look.stroke {
            let gap = if dash == Dash::Solid { "" } else { " " };
            write!(
                self.body,
                " line{gap}{}\" stroke-width=\"{width}",
                dash.class()
            )
            .expect(STRING);
        }
        if look.opacity < 1.0 {
            write!(self.body, "\" opacity=\"{}", look.opacity).expect(STRING);
        }
        self.body.push('"');
    }

    /// There are many of these, so they share the class of a group.
    fn open_hover(&mut self) {
        if !std::mem::replace(&mut self.in_group, true) {
            self.body.push_str("<g class=\"hover\">\n");
        }
        self.body.push_str("<path");
    }

    fn close_group(&mut self) {
        if std::mem::take(&mut self.in_group) {
            self.body.push_str("</g>\n");
        }
    }

    fn close(&mut self) {
        self.close_path();
        self.close_group();
    }
}

fn role(colour: BackendColor) -> Result<Role, DrawingErrorKind<NoRole>> {
    Role::of(colour).ok_or(DrawingErrorKind::DrawingError(NoRole(colour.rgb)))
}

impl DrawingBackend for Svg {
    type ErrorType = NoRole;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        self.close();
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Drawn {
        self.draw_rect((x, y), (x + 1, y + 1), &colour, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let outline = if fill {
            self.fill(style.color())?
        } else {
            self.stroke(style)?
        };
        outline.points(
            [(left, top), (right, top), (right, bottom), (left, bottom)],
            true,
        );
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        // plotters draws even the axis lines that it was told to leave out, without a colour.
        if style.color().alpha > 0.0 {
            self.stroke(style)?.points(path, false);
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        (x, y): BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let outline = if fill {
            self.fill(style.color())?
        } else {
            self.stroke(style)?
        };
        outline.circle((x, y), radius);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        self.fill(style.color())?.points(corners, true);
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, at: BackendCoord) -> Drawn {
        self.close();
        let class = role(style.color())?.class();
        label(&mut self.body, class, text, style, at, self.size.0);
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<NoRole>> {
        Ok((text_width(text, style.size()) as u32, style.size() as u32))
    }
}

#[cfg(test)]
mod tests {
    use plotters::style::{Color, RED, TRANSPARENT};

    use super::*;

    fn drawn(paint: impl FnOnce(&mut Svg)) -> String {
        let mut svg = Svg::new((400, 200));
        paint(&mut svg);
        svg.take().body
    }

    #[test]
    fn neighbours_of_one_look_become_one_path_and_the_order_stays() {
        let filled = Role::Mode(0).filled();
        let body = drawn(|svg| {
            svg.draw_rect((1, 2), (4, 6), &filled, true).unwrap();
            svg.draw_rect((5, 2), (8, 6), &filled, true).unwrap();
            svg.draw_path([(0, 1), (2, 3)], &Role::Quiet.stroke_width(4))
                .unwrap();
            svg.draw_rect((9, 2), (12, 6), &filled, true).unwrap();
        });
        assert_eq!(
            body,
            "<path class=\"mode-0\" d=\"m1 2h3v4h-3zm4 0h3v4h-3z\"/>\n\
             <path class=\"quiet line\" stroke-width=\"4\" d=\"m0 1l2 2\"/>\n\
             <path class=\"mode-0\" d=\"m9 2h3v4h-3z\"/>\n"
        );
    }

    #[test]
    fn a_dash_is_a_class_and_an_opacity_an_attribute() {
        let body = drawn(|svg| {
            svg.set_dash(Dash::Long);
            svg.draw_line(
                (0, 0),
                (9, 9),
                &Color::stroke_width(&Role::Mode(1).mix(0.5), 8),
            )
            .unwrap();
        });
        let wanted = "<path class=\"mode-1 line long\" stroke-width=\"8\" opacity=\"0.5\" d=\"m0 0l9 9\"/>\n";
        assert_eq!(body, wanted);
    }

    #[test]
    fn a_title_belongs_to_its_own_shapes_alone_and_is_escaped() {
        let filled = Role::Text.filled();
        let body = drawn(|svg| {
            svg.set_title(Some("a < b & c"));
            svg.draw_rect((0, 0), (1, 1), &filled, true).unwrap();
            svg.set_title(None);
            svg.draw_rect((2, 0), (3, 1), &filled, true).unwrap();
        });
        assert_eq!(
            body,
            "<path class=\"text\" d=\"m0 0h1v1h-1z\"><title>a &lt; b &amp; c</title></path>\n\
             <path class=\"text\" d=\"m2 0h1v1h-1z\"/>\n"
        );
    }

    #[test]
    fn places_to_point_at_share_a_group_that_ends_where_something_is_drawn() {
        let body = drawn(|svg| {
            for (x, title) in [(0, "one"), (1, "two")] {
                svg.set_title(Some(title));
                svg.draw_rect((x, 0), (x + 1, 1), &TRANSPARENT, true)
                    .unwrap();
            }
            svg.set_title(None);
            svg.draw_rect((2, 0), (3, 1), &Role::Text.filled(), true)
                .unwrap();
        });
        assert_eq!(
            body,
            "<g class=\"hover\">\n\
             <path d=\"m0 0h1v1h-1z\"><title>one</title></path>\n\
             <path d=\"m1 0h1v1h-1z\"><title>two</title></path>\n</g>\n\
             <path class=\"text\" d=\"m2 0h1v1h-1z\"/>\n"
        );
    }

    #[test]
    fn what_has_no_colour_can_be_pointed_at_but_is_no_line() {
        let body = drawn(|svg| {
            svg.draw_rect((0, 0), (1, 1), &TRANSPARENT, true).unwrap();
            svg.draw_line((0, 0), (9, 9), &TRANSPARENT).unwrap();
        });
        assert_eq!(
            body,
            "<g class=\"hover\">\n<path d=\"m0 0h1v1h-1z\"/>\n</g>\n"
        );
    }

    #[test]
    fn a_colour_outside_the_palette_is_an_error_that_names_it() {
        let error = Svg::new((1, 1))
            .draw_line((0, 0), (1, 1), &RED)
            .unwrap_err();
        assert!(error.to_string().contains("(255, 0, 0)"), "{error}");
    }
}

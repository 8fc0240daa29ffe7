//! The same drawing in fewer bytes: neighbours of one kind and style become one path.

use std::fmt::Write;

/// Shortens what the SVG backend wrote, one element a line; lines that it does not know stay.
pub(super) fn compact(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len() / 2);
    let mut open: Option<(String, String)> = None;
    for line in svg.lines() {
        let shape = shape(line);
        match (&mut open, shape) {
            (Some((style, path)), Some((more, next))) if *style == more => path.push_str(&next),
            (_, shape) => {
                close(&mut out, open.take());
                match shape {
                    Some(shape) => open = Some(shape),
                    None => {
                        out.push_str(line);
                        out.push('\n');
                    }
                }
            }
        }
    }
    close(&mut out, open);
    out
}

fn close(out: &mut String, shape: Option<(String, String)>) {
    if let Some((style, path)) = shape {
        writeln!(out, "<path{style} d=\"{path}\"/>").expect("a String takes any text");
    }
}

/// Style and path of a rectangle, a line or a polygon.
fn shape(line: &str) -> Option<(String, String)> {
    let line = line.strip_suffix("/>")?;
    if let Some(rest) = line.strip_prefix("<rect x=\"") {
        let (x, rest) = rest.split_once("\" y=\"")?;
        let (y, rest) = rest.split_once("\" width=\"")?;
        let (width, rest) = rest.split_once("\" height=\"")?;
        let (height, style) = rest.split_once('"')?;
        return Some((
            style.to_owned(),
            format!("M{x} {y}h{width}v{height}h-{width}z"),
        ));
    }
    let (end, rest) = match line.strip_prefix("<polyline") {
        Some(rest) => ("", rest),
        None => ("z", line.strip_prefix("<polygon")?),
    };
    let (style, points) = rest.split_once(" points=\"")?;
    let points = points.strip_suffix('"')?.trim_end();
    Some((
        style.to_owned(),
        format!("M{}{end}", points.replace(' ', "L").replace(',', " ")),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_one_style_become_one_path_and_the_order_stays() {
        let svg = "<svg>\n<rect x=\"1\" y=\"2\" width=\"3\" height=\"4\" fill=\"#111\"/>\n\
                   <rect x=\"5\" y=\"2\" width=\"3\" height=\"4\" fill=\"#111\"/>\n\
                   <polyline fill=\"none\" stroke=\"#222\" points=\"0,1 2,3 \"/>\n\
                   <rect x=\"9\" y=\"2\" width=\"3\" height=\"4\" fill=\"#111\"/>\n<text>\nwords\n</text>\n</svg>\n";
        assert_eq!(
            compact(svg),
            "<svg>\n<path fill=\"#111\" d=\"M1 2h3v4h-3zM5 2h3v4h-3z\"/>\n\
             <path fill=\"none\" stroke=\"#222\" d=\"M0 1L2 3\"/>\n\
             <path fill=\"#111\" d=\"M9 2h3v4h-3z\"/>\n<text>\nwords\n</text>\n</svg>\n"
        );
    }

    #[test]
    fn words_that_look_like_shapes_stay_words() {
        let svg = "<text>\n&lt;rect x=&quot;1&quot;/&gt;\n</text>\n";
        assert_eq!(compact(svg), svg);
    }
}

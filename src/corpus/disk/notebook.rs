//! The code of a Jupyter notebook.

use serde::Deserialize;

#[derive(Deserialize)]
struct Notebook {
    cells: Vec<Cell>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Cell {
    cell_type: String,
    source: Lines,
}

/// One text, or one for each line.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lines {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    kernelspec: Kernel,
}

#[derive(Deserialize, Default)]
struct Kernel {
    language: Option<String>,
}

/// The code cells of a notebook in Python, one after another, each below a line `# %%`. Lines that are
/// orders to the notebook and not Python become comments.
pub(super) fn code(json: &str) -> Result<String, String> {
    let notebook: Notebook =
        serde_json::from_str(json).map_err(|error| format!("no notebook: {error}"))?;
    if let Some(language) = notebook.metadata.kernelspec.language
        && !language.eq_ignore_ascii_case("python")
    {
        return Err(format!("a notebook in {language}; only Python is read"));
    }
    let mut code = String::new();
    for cell in notebook
        .cells
        .iter()
        .filter(|cell| cell.cell_type == "code")
    {
        let source = match &cell.source {
            Lines::One(text) => text.clone(),
            Lines::Many(lines) => lines.concat(),
        };
        if source.trim().is_empty() {
            continue;
        }
        // A cell that begins with two signs is in another language.
        let is_foreign = source.trim_start().starts_with("%%");
        code.push_str("# %%\n");
        for line in source.lines() {
            if is_foreign || line.trim_start().starts_with(['%', '!', '?']) {
                code.push_str("# ");
            }
            code.push_str(line);
            code.push('\n');
        }
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_cells_count_and_orders_to_the_notebook_are_no_code() {
        let json = r#"{"cells":[
            {"cell_type":"markdown","source":["def no(): pass"]},
            {"cell_type":"code","source":["%matplotlib inline\n","def f():\n","    pass"]},
            {"cell_type":"code","source":"%%bash\necho def g"},
            {"cell_type":"code","source":[]}],
            "metadata":{"kernelspec":{"language":"python","name":"python3"}},"nbformat":4}"#;
        let expected =
            "# %%\n# %matplotlib inline\ndef f():\n    pass\n# %%\n# %%bash\n# echo def g\n";
        assert_eq!(code(json).unwrap(), expected);
        assert!(code("{}").unwrap_err().starts_with("no notebook"));
        let julia = r#"{"cells":[],"metadata":{"kernelspec":{"language":"julia"}}}"#;
        assert!(code(julia).unwrap_err().contains("julia"));
    }
}

//! Answers that are whole, out of order, cut off, doubled, foreign and empty.

use super::super::outline::Grain;
use super::*;

const SOURCE: &str = "import os\n\ndef a(): pass\n\nDOC = '''\ndef not_me(): pass\n'''\n\ndef b(): pass\n\ndef c(): pass\n";

fn entry(name: &str) -> String {
    format!("### `{name}`\n\nabout {name}\n\n")
}

fn check(answer: &str, cut_off: bool) -> Option<Vec<Stretch>> {
    let view = View {
        path: "x.py",
        source: SOURCE,
        outline: None,
    };
    super::check(view, &chunk::whole(SOURCE, None), answer, cut_off)
}

fn open(stretch: &Stretch) -> (&str, usize, usize) {
    match stretch {
        Stretch::Open(chunk, _) => (
            &SOURCE[chunk.range.clone()],
            chunk.first_line,
            chunk.last_line,
        ),
        Stretch::Done(text) => panic!("done: {text}"),
    }
}

#[test]
fn what_is_left_out_is_asked_for_alone_and_strings_are_not_code() {
    let answer = format!("# x\n\n{}{}", entry("a"), entry("c"));
    let stretches = check(&answer, false).unwrap();
    assert_eq!(stretches.len(), 3);
    assert_eq!(
        stretches[0],
        Stretch::Done(format!("# x\n\n{}", entry("a")))
    );
    assert_eq!(open(&stretches[1]), ("def b(): pass\n\n", 9, 10));
    assert_eq!(stretches[2], Stretch::Done(entry("c")));
}

#[test]
fn entries_are_put_in_order() {
    let answer = [entry("c"), entry("a"), entry("b")].concat();
    let whole = [entry("a"), entry("b"), entry("c")].concat();
    assert_eq!(check(&answer, false), Some(vec![Stretch::Done(whole)]));
}

#[test]
fn a_cut_off_answer_is_continued_from_its_last_entry() {
    let answer = format!("{}{}", entry("a"), "### `b`\n\nabo");
    let stretches = check(&answer, true).unwrap();
    assert_eq!(stretches[0], Stretch::Done(entry("a")));
    assert_eq!((open(&stretches[1]).1, open(&stretches[1]).2), (6, 11));
    assert_eq!(check("### `a`\n\nab", true), None);
}

#[test]
fn an_answer_without_entries_cannot_be_judged() {
    assert_eq!(check("It defines a, b and c.", false), None);
}

/// A file whose definitions the grammar tells, and what is asked about all of it.
struct Listed {
    path: &'static str,
    source: &'static str,
    outline: Outline,
}

impl Listed {
    fn new(path: &'static str, source: &'static str) -> Self {
        let grain = Grain {
            lines: 250,
            bytes: 25_000,
        };
        let outline = super::super::outline::read(path, source, grain);
        Self {
            path,
            source,
            outline,
        }
    }

    fn check(&self, answer: &str, cut_off: bool) -> Option<Vec<Stretch>> {
        let view = View {
            path: self.path,
            source: self.source,
            outline: Some(&self.outline),
        };
        let whole = chunk::whole(self.source, Some(&self.outline));
        super::check(view, &whole, answer, cut_off).map(|stretches| named(stretches, view))
    }

    /// What is asked for again.
    fn asked_again(&self, answer: &str) -> Vec<String> {
        let stretches = self.check(answer, false).unwrap_or_default();
        let open = stretches.into_iter().filter_map(|stretch| match stretch {
            Stretch::Open(chunk, _) => Some(chunk.names),
            Stretch::Done(_) => None,
        });
        open.flatten().collect()
    }

    fn put_in_order(&self, answer: &str) -> String {
        let stretches = self.check(answer, false).unwrap();
        let texts = stretches.into_iter().map(|stretch| match stretch {
            Stretch::Done(text) => text,
            Stretch::Open(chunk, _) => panic!("{:?} is asked for again", chunk.names),
        });
        texts.collect()
    }
}

const CLASSES: &str = "class A:\n    def run(self): pass\n    def stop(self): pass\n\nclass B:\n    def run(self): pass\n\ndef stop(): pass\n";

fn classes() -> Listed {
    Listed::new("x.py", CLASSES)
}

#[test]
fn methods_are_matched_by_their_class_in_whatever_order_they_come() {
    let entries = ["A", "A.run", "A.stop", "B", "B.run", "stop"].map(entry);
    let [a, a_run, a_stop, b, b_run, stop] = entries.each_ref();
    assert_eq!(classes().check(&entries.concat(), false), None);
    let mixed = [stop, b, b_run, a_stop, a, a_run]
        .map(String::as_str)
        .concat();
    assert_eq!(classes().put_in_order(&mixed), entries.concat());
}

#[test]
fn bare_names_belong_to_the_class_before_them() {
    let text = |name: &str, about: &str| format!("### `{name}`\n\n{about}\n\n");
    let (a, b) = (text("A", "A"), text("B", "B"));
    let a_methods = text("run", "of A") + &text("stop", "of A");
    let b_methods = text("run", "of B");
    let rest = text("stop", "the function");
    let swapped = [&*b, &b_methods, &a, &a_methods, &rest].concat();
    let sorted = classes().put_in_order(&swapped);
    assert_eq!(sorted, [&*a, &a_methods, &b, &b_methods, &rest].concat());
}

#[test]
fn methods_may_have_deeper_headings_and_parameters_are_no_entries() {
    let source = "class A:\n    def run(self, size): pass\n    def size(self): pass\n";
    let answer = "## `A`\n\na\n\n### `run`\n\nr\n\n#### `size`\n\na number\n\n### `size`\n\ns\n";
    let nested = Listed::new("x.py", source);
    assert_eq!(
        nested.asked_again(answer),
        ["A.size"],
        "twice: nobody can tell which is meant"
    );
    let answer = "### `A`\n\na\n\n### `A.run`\n\nr\n\n#### `size`\n\na number\n\n#### Example\n\ne\n\n### `A.size`\n\ns\n";
    assert_eq!(nested.check(answer, false), None);
    let answer = "## Class `A`\n\na\n\n### `run(self, size)`\n\nr\n\n### `size()`\n\ns\n";
    assert_eq!(nested.check(answer, false), None);
}

#[test]
fn what_is_doubled_or_foreign_is_asked_for_alone_and_its_text_is_kept_till_then() {
    let all = ["A", "A.run", "A.stop", "B", "B.run", "stop"];
    let twice: String = all.iter().chain(&["B"]).map(|name| entry(name)).collect();
    assert_eq!(classes().asked_again(&twice), ["B"]);
    let mut entries: Vec<String> = all.iter().map(|name| entry(name)).collect();
    entries.insert(5, entry("never_heard_of"));
    let stretches = classes().check(&entries.concat(), false).unwrap();
    let kept = entries[4].clone() + &entries[5];
    assert!(
        stretches.iter().any(|stretch| matches!(stretch, Stretch::Open(chunk, Some(text)) if chunk.names == ["B.run"] && *text == kept)),
        "{stretches:?}"
    );
    // What the code mentions may be worth a word of its own.
    entries[5] = entry("self");
    assert_eq!(classes().check(&entries.concat(), false), None);
}

#[test]
fn what_stands_before_the_first_entry_is_kept() {
    let source = "LIMIT = 3\n\ndef f(): pass\n\ndef g(): pass\n";
    let answer = format!("# x\n\n{}{}{}", entry("LIMIT"), entry("g"), entry("f"));
    let sorted = Listed::new("x.py", source).put_in_order(&answer);
    assert_eq!(
        sorted,
        format!("# x\n\n{}{}{}", entry("LIMIT"), entry("f"), entry("g"))
    );
}

#[test]
fn a_heading_in_a_code_block_is_part_of_the_entry_around_it() {
    let source = "def f(): pass\n\ndef g(): pass\n";
    let f = "### `f`\n\n```text\n### `g`\n\nno entry\n```\n\nend of f\n\n";
    let file = Listed::new("x.py", source);
    assert_eq!(file.check(&(f.to_owned() + &entry("g")), false), None);
    assert_eq!(file.asked_again(f), ["g"]);
}

#[test]
fn one_entry_is_enough_for_overloads_and_one_each_is_allowed() {
    let source = "@overload\ndef f(a: int): ...\n@overload\ndef f(a: str): ...\ndef f(a): pass\n\nclass A:\n    @property\n    def x(self): pass\n    @x.setter\n    def x(self, v): pass\n";
    let file = Listed::new("x.py", source);
    let answer = |f| {
        ["f"]
            .repeat(f)
            .into_iter()
            .chain(["A", "A.x"])
            .map(entry)
            .collect::<String>()
    };
    assert_eq!(file.check(&answer(1), false), None);
    assert_eq!(file.check(&answer(3), false), None);
    assert_eq!(file.asked_again(&answer(4)), ["f"]);
    // The line reader has no classes, but it knows equal names.
    let view = View {
        path: "x.py",
        source,
        outline: None,
    };
    assert_eq!(
        super::check(view, &chunk::whole(source, None), &answer(1), false),
        None
    );
    let cut = ["f", "A"].map(entry).concat();
    let stretches = super::check(view, &chunk::whole(source, None), &cut, true).unwrap();
    assert!(
        matches!(&stretches[1], Stretch::Open(open, None) if open.definitions == 5),
        "{stretches:?}"
    );
}

#[test]
fn a_bare_name_may_mean_all_that_share_it_but_a_qualified_one_means_itself() {
    let bare: String = ["A", "run", "stop", "B"].map(entry).concat();
    assert_eq!(classes().asked_again(&bare), [""; 0]);
    let qualified: String = ["A", "A.run", "A.stop", "B"].map(entry).concat();
    assert_eq!(classes().asked_again(&qualified), ["B.run", "stop"]);
}

#[test]
fn nothing_is_not_whole() {
    let all = ["A", "A.run", "A.stop", "B", "B.run", "stop"];
    for answer in ["", " \n\n"] {
        assert_eq!(classes().asked_again(answer), all);
    }
    assert_eq!(classes().asked_again("It defines two classes."), all);
    let nothing = Listed::new("x.py", "x = 1\n");
    assert!(matches!(
        nothing.check("", false).unwrap()[..],
        [Stretch::Open(_, None)]
    ));
    assert_eq!(nothing.check("It sets x.", false), None);
    assert!(matches!(
        check("", false).unwrap()[..],
        [Stretch::Open(_, None)]
    ));
}

#[test]
fn entries_about_other_parts_of_the_file_are_left_to_these() {
    let file = classes();
    let view = View {
        path: file.path,
        source: file.source,
        outline: Some(&file.outline),
    };
    let at = CLASSES.find("class B").unwrap();
    let mut part = chunk::whole(CLASSES, Some(&file.outline));
    part.range = at..CLASSES.len();
    let part = chunk::named(part, CLASSES, Some(&file.outline));
    let all: String = ["A", "A.run", "B", "B.run", "stop"].map(entry).concat();
    let own: String = ["B", "B.run", "stop"].map(entry).concat();
    assert_eq!(
        super::check(view, &part, &all, false),
        Some(vec![Stretch::Done(own)])
    );
    let none: String = ["A", "A.run"].map(entry).concat();
    let stretches = super::check(view, &part, &none, false).unwrap();
    assert!(
        matches!(&stretches[..], [Stretch::Open(_, None)]),
        "{stretches:?}"
    );
}

#[test]
fn operators_are_names_and_no_calls_with_arguments() {
    let text = "class A\n  def ==(other); end\n  def <=>(other); end\n  def [](i); end\n  def total=(v); end\nend\n";
    let outline = super::super::outline::read(
        "a.rb",
        text,
        super::super::outline::Grain {
            lines: 100,
            bytes: 10_000,
        },
    );
    let chunk = chunk::whole(text, Some(&outline));
    let view = View {
        path: "a.rb",
        source: text,
        outline: Some(&outline),
    };
    // A fence makes the answer be read as Markdown.
    let entries = ["A", "A.==", "A.<=>", "A.[]", "A.total="];
    let whole: String = entries
        .iter()
        .map(|name| format!("### `{name}`\n\nText.\n\n```ruby\nx\n```\n\n"))
        .collect();
    assert_eq!(super::check(view, &chunk, &whole, false), None);
    let without = whole.replace("### `A.<=>`", "### Other");
    assert_ne!(super::check(view, &chunk, &without, false), None);
}

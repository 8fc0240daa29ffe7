//! Gives each entry of an answer to the definition that it is about.

use std::collections::{BTreeMap, BTreeSet};

use super::super::answer::{self, Heading};
use super::super::outline::Outline;
use super::Wanted;

/// What an answer says about one definition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Found {
    text: String,
    entries: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Missing,
    Whole,
    /// Said too often, or with something that nobody asked about.
    Doubtful,
}

impl Found {
    /// For what needs no entry of its own.
    pub(super) fn excused() -> Self {
        Self {
            state: State::Whole,
            ..Self::default()
        }
    }

    /// What an earlier answer said, if one did.
    pub(super) fn known(text: Option<String>) -> Self {
        let state = if text.is_some() {
            State::Whole
        } else {
            State::Missing
        };
        Self {
            text: text.unwrap_or_default(),
            entries: 1,
            state,
        }
    }

    pub(super) fn is_missing(&self) -> bool {
        self.state == State::Missing
    }

    pub(super) fn is_whole(&self) -> bool {
        self.state == State::Whole
    }

    /// The text of a whole entry; otherwise what there is of one.
    pub(super) fn into_text(self) -> Result<String, Option<String>> {
        match self.state {
            State::Whole => Ok(self.text),
            State::Doubtful => Err(Some(self.text)),
            State::Missing => Err(None),
        }
    }

    fn add(&mut self, text: &str, times: usize) {
        self.entries += 1;
        self.state = if self.entries <= times && self.state != State::Doubtful {
            State::Whole
        } else {
            State::Doubtful
        };
        self.append(text);
    }

    fn append(&mut self, text: &str) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }
}

/// An answer sorted by definitions.
pub(super) struct Sorted<'a> {
    /// What stands before the first entry.
    pub(super) preamble: &'a str,
    /// By the order of what was wanted.
    pub(super) found: Vec<Found>,
    /// Whether the entries came in that order.
    pub(super) is_in_order: bool,
    /// Whether names were written without what they stand in: then one entry may mean all that
    /// share a last part.
    pub(super) is_bare: bool,
}

impl Sorted<'_> {
    /// Whether nothing that was wanted has an entry.
    pub(super) fn is_empty(&self) -> bool {
        self.found.iter().all(Found::is_missing)
    }
}

/// The start of an entry, and what it is about.
struct Start {
    at: usize,
    about: About,
}

#[derive(Clone, Copy)]
enum About {
    Wanted(usize),
    /// Something that another part of the file defines, and that is documented with that part.
    Elsewhere,
    /// Something that the code does not even mention.
    Foreign,
}

/// What an answer is about.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// What the question asked for.
    pub(super) wanted: &'a [Wanted<'a>],
    pub(super) code: &'a str,
    /// All of the file, if that is known.
    pub(super) outline: Option<&'a Outline>,
}

/// Sorts `answer` by what was wanted. If it is `cut_off`, its last entry is left out.
pub(super) fn sort<'a>(answer: &'a str, subject: Subject<'_>, cut_off: bool) -> Sorted<'a> {
    let wanted = subject.wanted;
    let (mut starts, is_bare) = starts(answer, subject);
    let end = if cut_off {
        starts.pop().map_or(0, |last| last.at)
    } else {
        answer.len()
    };
    let first = starts
        .iter()
        .find(|start| !matches!(start.about, About::Foreign));
    let first = first.map_or(end, |first| first.at);
    let mut found = vec![Found::default(); wanted.len()];
    let (mut last, mut is_in_order) = (None, true);
    for (i, start) in starts.iter().enumerate() {
        let text = &answer[start.at..starts.get(i + 1).map_or(end, |next| next.at)];
        match (start.about, last) {
            (About::Wanted(index), _) => {
                found[index].add(text, wanted[index].times);
                is_in_order &= last.is_none_or(|last| last <= index);
                last = Some(index);
            }
            (About::Foreign, Some(last)) => {
                found[last].append(text);
                found[last].state = State::Doubtful;
            }
            // It stays where it is, before everything.
            (About::Foreign, None) => {}
            (About::Elsewhere, _) => is_in_order = false,
        }
    }
    Sorted {
        preamble: &answer[..first],
        found,
        is_in_order,
        is_bare,
    }
}

/// Where entries begin, and whether all of them have bare names. Other headings belong to the entry
/// that they stand in.
fn starts(answer: &str, subject: Subject<'_>) -> (Vec<Start>, bool) {
    let wanted = subject.wanted;
    let mut headings = answer::headings(answer);
    let names = Names::of(subject);
    // A name like `A.==` or `operator<` is no call with arguments.
    for heading in headings.iter_mut().filter(|h| names.is_defined(&h.spelt)) {
        heading.name.clone_from(&heading.spelt);
    }
    let known = |heading: &Heading| heading.is_code && !names.candidates(&heading.name).is_empty();
    // Entries stand at the level of the highest heading that is one.
    let level = headings.iter().filter(|h| known(h)).map(|h| h.level).min();
    let served = |is_counted: &dyn Fn(&&Heading) -> bool| {
        let mut served: BTreeMap<&str, usize> = BTreeMap::new();
        for heading in headings.iter().filter(is_counted) {
            *served.entry(last_part(&heading.name)).or_default() += 1;
        }
        served
    };
    let at_level = served(&|heading| heading.is_code && Some(heading.level) == level);
    let by_code = served(&|heading| heading.is_code);
    let mut resolver = Resolver {
        names: &names,
        wanted,
        is_qualified: headings
            .iter()
            .any(|h| known(h) && !scope_of(&h.name).is_empty()),
        taken: vec![false; wanted.len()],
        last: None,
    };
    let mut starts = Vec::new();
    for heading in &headings {
        let candidates = names.candidates(&heading.name);
        // A deeper heading may name a parameter; it is an entry only if no better one is there.
        let rivals = match (heading.is_code, Some(heading.level) == level) {
            (true, true) => None,
            (true, false) => Some(&at_level),
            (false, _) => Some(&by_code),
        };
        let rivals = rivals.map_or(0, |served| {
            served.get(last_part(&heading.name)).copied().unwrap_or(0)
        });
        let is_entry = rivals < candidates.len();
        if is_entry {
            let about = About::Wanted(resolver.resolve(&heading.name));
            starts.push(Start {
                at: heading.at,
                about,
            });
        } else if heading.is_code && level.is_none_or(|level| level == heading.level) {
            let about = stranger(&heading.name, subject);
            starts.extend(about.map(|about| Start {
                at: heading.at,
                about,
            }));
        }
    }
    (starts, !resolver.is_qualified)
}

/// What an entry is about that was not asked for; none if it may be a word about the code.
fn stranger(name: &str, subject: Subject<'_>) -> Option<About> {
    let is_it = |defined: &str| {
        defined == name || last_part(defined) == last_part(name) && scope_of(name).is_empty()
    };
    let defined = subject
        .outline
        .map_or(&[][..], |outline| &outline.definitions);
    if defined.iter().any(|definition| is_it(&definition.name)) {
        return Some(About::Elsewhere);
    }
    is_foreign(name, subject.code).then_some(About::Foreign)
}

/// Whether `code` does not mention `name` at all.
fn is_foreign(name: &str, code: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    !last.is_empty() && memchr::memmem::find(code.as_bytes(), last.as_bytes()).is_none()
}

/// What is wanted by the last part of its name.
struct Names<'a> {
    wanted: &'a [Wanted<'a>],
    by_last: BTreeMap<&'a str, Vec<usize>>,
    /// All that the file defines behind something else, if it is known.
    qualified: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(subject: Subject<'a>) -> Self {
        let wanted = subject.wanted;
        let mut by_last: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, want) in wanted.iter().enumerate() {
            by_last.entry(last_part(want.name)).or_default().push(index);
        }
        let defined = subject
            .outline
            .map_or(&[][..], |outline| &outline.definitions);
        let names = defined.iter().map(|definition| definition.name.as_str());
        Self {
            wanted,
            by_last,
            qualified: names.filter(|name| !scope_of(name).is_empty()).collect(),
        }
    }

    /// Whether the file defines something that is spelt in exactly this way.
    fn is_defined(&self, spelt: &str) -> bool {
        self.qualified.contains(spelt) || self.wanted.iter().any(|want| want.name == spelt)
    }

    /// What may be meant by `name`, in the order of the source.
    fn candidates(&self, name: &str) -> Vec<usize> {
        let by_last = self
            .by_last
            .get(last_part(name))
            .map_or(&[][..], Vec::as_slice);
        let spelt = scope_of(name);
        let is_exact = |index: &usize| self.wanted[*index].name == name;
        // Something else in the file has exactly this name.
        let is_elsewhere = self.qualified.contains(name) && !by_last.iter().any(is_exact);
        let may_be = |index: &usize| agree(spelt, scope_of(self.wanted[*index].name));
        by_last
            .iter()
            .copied()
            .filter(|index| !is_elsewhere && may_be(index))
            .collect()
    }
}

/// Whether two spellings of a scope may mean the same: what one leaves out, the other may say.
fn agree(a: &str, b: &str) -> bool {
    parts(a).rev().zip(parts(b).rev()).all(|(a, b)| a == b)
}

/// The last part of a name as [`answer::plain_name`] spells it.
pub(super) fn last_part(name: &str) -> &str {
    if name.ends_with(']') {
        // `[Symbol.iterator]` is one part.
        return &name[name.find('[').unwrap_or(0)..];
    }
    let last = name.rsplit(['.', '/']).next().unwrap_or(name);
    last.trim_start_matches('#').trim_start_matches("r#")
}

struct Resolver<'r, 'a> {
    names: &'r Names<'a>,
    wanted: &'r [Wanted<'a>],
    /// Whether the answer names things behind what they stand in, so that a bare name is a whole one.
    is_qualified: bool,
    taken: Vec<bool>,
    last: Option<usize>,
}

impl Resolver<'_, '_> {
    /// Which of the candidates `name` means: the one whose scope fits best, then the first that has
    /// no entry yet, then the first.
    fn resolve(&mut self, name: &str) -> usize {
        let candidates = self.names.candidates(name);
        let best = candidates
            .iter()
            .copied()
            .max_by_key(|&index| {
                let free = !self.taken[index];
                (self.fit(name, index, free), free, std::cmp::Reverse(index))
            })
            .expect("only names with candidates are resolved");
        self.taken[best] = true;
        self.last = Some(best);
        best
    }

    /// How well `name` fits the wanted `index`: by the parts that both spell, then, for what is not
    /// spelt, by standing where the last entry stands.
    fn fit(&self, name: &str, index: usize, free: bool) -> (usize, usize) {
        let own = scope_of(self.wanted[index].name);
        let spelt = scope_of(name);
        if !spelt.is_empty() {
            let common = parts(spelt)
                .rev()
                .zip(parts(own).rev())
                .take_while(|(a, b)| a == b)
                .count();
            // Of equal ones the less nested, whose scope is spelt whole.
            return (common * 2 + usize::from(common == parts(own).count()), 0);
        }
        if self.is_qualified || !free {
            return (0, usize::from(own.is_empty()));
        }
        let near = self.last.map_or(usize::from(own.is_empty()), |last| {
            let last = self.wanted[last].name;
            if own == last {
                3
            } else if own == scope_of(last) {
                2
            } else {
                usize::from(own.is_empty())
            }
        });
        (0, near)
    }
}

fn scope_of(name: &str) -> &str {
    let last = last_part(name);
    let end = name.len() - last.len().min(name.len());
    name[..end].trim_end_matches(['.', '#'])
}

fn parts(scope: &str) -> impl DoubleEndedIterator<Item = &str> + Clone {
    scope.split('.').filter(|part| !part.is_empty())
}

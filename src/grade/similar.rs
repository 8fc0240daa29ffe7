//! Services that behave alike where most differ: for people to look at, never for points.

use std::collections::BTreeMap;

use super::Grade;
use super::behaviour::Behaviour;
use super::class::Student;

/// In what services are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub(super) enum Sign {
    /// [`Behaviour::prompt`].
    Prompt,
    /// [`Behaviour::text`].
    Text,
    /// [`Behaviour::calls`].
    Calls,
}

impl Sign {
    /// What it is, for people.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Prompt => "the words of the prompt around the code",
            Self::Text => "the words around the API's text",
            Self::Calls => "how a large file is divided into calls",
        }
    }

    fn of(self, behaviour: &Behaviour) -> Option<&String> {
        match self {
            Self::Prompt => behaviour.prompt.as_ref(),
            Self::Text => behaviour.text.as_ref(),
            Self::Calls => behaviour.calls.as_ref(),
        }
    }
}

/// Students whose services are alike in something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alike {
    /// In what.
    pub(super) sign: Sign,
    /// Their ids.
    pub(super) students: Vec<String>,
}

/// What more students than this share, and more than a quarter of the class, comes from the course.
const COMMON: usize = 3;

/// Groups of students whose services are alike, by what they are alike in.
pub(super) fn similar(graded: &[(&Student, &Grade)]) -> Vec<Alike> {
    let common = COMMON.max(graded.len() / 4);
    // Where all are alike, it is what they were given; of two, nobody can tell.
    let most = common.min(graded.len().saturating_sub(1)).max(2);
    let of_sign = |sign: Sign| {
        let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (student, grade) in graded {
            if let Some(digest) = sign.of(&grade.behaviour) {
                groups.entry(digest).or_default().push(student.id.clone());
            }
        }
        let rare = groups
            .into_values()
            .filter(move |ids| (2..=most).contains(&ids.len()));
        rare.map(move |students| Alike { sign, students })
    };
    let signs = <Sign as strum::VariantArray>::VARIANTS.iter();
    signs.flat_map(|sign| of_sign(*sign)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::format::tests::graded;
    use super::*;

    fn student(id: &str) -> Student {
        Student {
            id: id.to_owned(),
            ..Student::default()
        }
    }

    #[test]
    fn what_two_of_many_share_is_listed_and_what_the_course_gave_is_not() {
        let grades: Vec<(Student, Grade)> = (0..8)
            .map(|n| {
                let mut grade = graded(true, "x");
                grade.behaviour = Behaviour {
                    prompt: Some("as in the chapter".to_owned()),
                    text: Some(if n < 2 {
                        "copied".to_owned()
                    } else {
                        n.to_string()
                    }),
                    calls: None,
                };
                (student(&n.to_string()), grade)
            })
            .collect();
        let graded: Vec<_> = grades
            .iter()
            .map(|(student, grade)| (student, grade))
            .collect();
        let expected = Alike {
            sign: Sign::Text,
            students: vec!["0".to_owned(), "1".to_owned()],
        };
        assert_eq!(similar(&graded), [expected]);
    }
}

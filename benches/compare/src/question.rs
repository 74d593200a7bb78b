//! The queries that the peers answer, in the words of each.

/// A query about users, made for one of them.
#[derive(Clone, Copy)]
pub(crate) enum Question {
    /// The user with an e-mail address.
    Point,
    /// The hundred users from an age upwards, by age, read whole.
    RangeWithFetch,
    /// The numbers of all users of a city, which the index alone has.
    CoveringRange,
    /// The users with one of two e-mail addresses.
    OrOfTwo,
    /// The users of a city by their names, for which there is no index.
    SortWithoutIndex,
}

/// All of them, in the order of the columns.
const QUESTIONS: &[Question] = &[
    Question::Point,
    Question::RangeWithFetch,
    Question::CoveringRange,
    Question::OrOfTwo,
    Question::SortWithoutIndex,
];

/// Which of them are asked, and how often.
pub(crate) struct Asked {
    /// Those with this in their head.
    pub(crate) head: String,
    /// At most so often each.
    pub(crate) times_max: usize,
}

impl Asked {
    pub(crate) fn questions(&self) -> impl Iterator<Item = &'static Question> {
        QUESTIONS.iter().filter(|question| question.head().contains(&self.head))
    }

    pub(crate) fn times(&self, question: &Question) -> usize {
        question.times().min(self.times_max)
    }
}

/// How many users a range reads.
pub(crate) const RANGE: usize = 100;

impl Question {
    /// Heads its column.
    pub(crate) fn head(self) -> &'static str {
        match self {
            Question::Point => "point query",
            Question::RangeWithFetch => "range of 100 with fetch",
            Question::CoveringRange => "covering range",
            Question::OrOfTwo => "OR of two",
            Question::SortWithoutIndex => "sort without index",
        }
    }

    /// How often it is asked.
    fn times(self) -> usize {
        match self {
            Question::Point | Question::OrOfTwo => 10_000,
            Question::RangeWithFetch | Question::CoveringRange | Question::SortWithoutIndex => 1_000,
        }
    }
}

//! Random filters over a message.

use record_store::kv::tuple::Element;
use record_store::query::{Comparison, ComparisonKind, Operand, QueryComponent};

use super::chance::Chance;
use super::records::known_value;
use super::shape::{Kind, Message, Path};
use super::value::{Pools, Scalar};

/// Makes filters over one message after another.
pub(crate) struct Filters<'a> {
    pub(crate) chance: &'a mut Chance,
    pub(crate) pools: &'a Pools,
    /// The types of records that can be asked for.
    pub(crate) types: Vec<String>,
}

/// A column of an index, as a filter asks for it.
#[derive(Clone, Debug)]
pub(crate) enum Column {
    /// A scalar of which a record has one.
    Single(Path),
    /// The elements of a repeated field.
    Elements(String),
    /// Columns of the messages in a repeated field.
    OfMessages(String, Vec<Path>),
}

/// A condition that an index may have.
pub(crate) fn of_plain_fields(chance: &mut Chance, message: &Message, pools: &Pools) -> QueryComponent {
    let types = Vec::new();
    let mut filters = Filters { chance, pools, types };
    let paths = message.paths();
    let (path, scalar) = filters.chance.of(&paths).clone();
    let comparison = filters.comparison(&path.concat(), scalar);
    let first = on_path(&path, comparison);
    match filters.chance.below(5) {
        0 => QueryComponent::Not(Box::new(first)),
        1 | 2 => {
            let (path, scalar) = filters.chance.of(&paths).clone();
            let second = on_path(&path, filters.comparison(&path.concat(), scalar));
            match filters.chance.one_in(2) {
                true => QueryComponent::And(vec![first, second]),
                false => QueryComponent::Or(vec![first, second]),
            }
        }
        _ => first,
    }
}

/// A comparison of the scalar at the end of a path.
pub(crate) fn on_path(path: &[String], comparison: Comparison) -> QueryComponent {
    match path {
        [name, rest @ ..] if !rest.is_empty() => QueryComponent::Nested {
            name: name.clone(),
            child: Box::new(on_path(rest, comparison)),
        },
        path => QueryComponent::Field {
            name: path.concat(),
            comparison,
        },
    }
}

impl Filters<'_> {
    /// A filter that is at most so deep.
    pub(crate) fn filter(&mut self, message: &Message, depth: usize) -> QueryComponent {
        match self.chance.below(if depth == 0 { 6 } else { 11 }) {
            6..=8 => QueryComponent::And(self.children(message, depth)),
            9 => QueryComponent::Or(self.children(message, depth)),
            10 => QueryComponent::Not(Box::new(self.filter(message, depth - 1))),
            _ => self.leaf(message, depth),
        }
    }

    fn children(&mut self, message: &Message, depth: usize) -> Vec<QueryComponent> {
        let count = 2 + self.chance.below(2);
        (0..count).map(|_| self.filter(message, depth - 1)).collect()
    }

    fn leaf(&mut self, message: &Message, depth: usize) -> QueryComponent {
        if !self.types.is_empty() && self.chance.one_in(25) {
            return QueryComponent::RecordType(self.chance.of(&self.types).clone());
        }
        if self.chance.one_in(40) {
            return match self.chance.one_in(2) {
                true => QueryComponent::And(Vec::new()),
                false => QueryComponent::Or(Vec::new()),
            };
        }
        let field = self.chance.of(&message.fields).clone();
        let name = field.name.clone();
        match (&field.kind, field.repeated) {
            (_, true) if self.chance.one_in(4) => {
                let kind = self.chance.pick(&[ComparisonKind::IsEmpty, ComparisonKind::NotEmpty]);
                let comparison = Comparison::unary(kind);
                QueryComponent::Field { name, comparison }
            }
            (Kind::Scalar(scalar), false) => {
                let comparison = self.comparison(&name, *scalar);
                QueryComponent::Field { name, comparison }
            }
            (Kind::Scalar(scalar), true) => {
                let comparison = self.comparison(&name, *scalar);
                QueryComponent::OneOfThem { name, comparison }
            }
            (Kind::Message(_), false) if self.chance.one_in(6) => {
                let comparison = self.null_test();
                QueryComponent::Field { name, comparison }
            }
            (Kind::Message(inner), false) => {
                let child = Box::new(self.of_message(inner, depth));
                QueryComponent::Nested { name, child }
            }
            (Kind::Message(inner), true) => {
                let child = Box::new(self.of_message(inner, depth));
                QueryComponent::OneOfThemNested { name, child }
            }
        }
    }

    /// A filter of a message in a field, which has no record type.
    fn of_message(&mut self, message: &Message, depth: usize) -> QueryComponent {
        let types = std::mem::take(&mut self.types);
        let filter = self.filter(message, depth.saturating_sub(1));
        self.types = types;
        filter
    }

    /// A comparison that a value of this type may have.
    fn comparison(&mut self, name: &str, scalar: Scalar) -> Comparison {
        match self.chance.below(20) {
            0 | 1 => self.null_test(),
            2 => Comparison::new(self.chance.pick(&ORDERS), Operand::Value(Element::Null)),
            3 | 4 => {
                let count = self.chance.below(5);
                let values = (0..count).map(|_| self.value(name, scalar)).collect();
                Comparison::new(ComparisonKind::In, Operand::List(values))
            }
            5 | 6 if scalar.has_prefixes() => {
                let prefix = self.value(name, scalar);
                Comparison::new(ComparisonKind::StartsWith, Operand::Value(prefix))
            }
            // SQLite's LIKE stops at a NUL, which only odd texts have.
            7 if scalar == Scalar::Text && !self.pools.odd => {
                let patterns = ["%", "a%", "%b", "_", "a_", "%a%", "é%", "!%%", "", "__", "A%"];
                Comparison::like(self.chance.pick(&patterns), Some('!'))
            }
            8..12 => {
                let bound = self.value(name, scalar);
                Comparison::new(self.chance.pick(&ORDERS), Operand::Value(bound))
            }
            12 => {
                let other = self.value(name, scalar);
                Comparison::new(ComparisonKind::NotEquals, Operand::Value(other))
            }
            _ => {
                let same = self.value(name, scalar);
                Comparison::new(ComparisonKind::Equals, Operand::Value(same))
            }
        }
    }

    fn null_test(&mut self) -> Comparison {
        Comparison::unary(self.chance.pick(&[ComparisonKind::IsNull, ComparisonKind::NotNull]))
    }

    /// A value to ask for, mostly one that some record has.
    fn value(&mut self, name: &str, scalar: Scalar) -> Element {
        let number = self.chance.below(64) as i64;
        let known = if self.chance.one_in(8) {
            None
        } else {
            known_value(name, scalar, number)
        };
        known.unwrap_or_else(|| self.pools.asked(self.chance, scalar)).element()
    }

    /// A filter over first columns of an index: equalities and lists, then perhaps a range. None for columns that the message
    /// does not have.
    pub(crate) fn along(&mut self, message: &Message, columns: &[Column]) -> Option<QueryComponent> {
        let count = 1 + self.chance.below(columns.len().max(1));
        let mut parts = Vec::new();
        for column in columns.iter().take(count) {
            match column {
                Column::Single(path) => parts.push(self.narrow_path(message, path)?),
                Column::Elements(name) => {
                    let Kind::Scalar(scalar) = message.field(name)?.kind else {
                        return None;
                    };
                    let (name, comparison) = (name.clone(), self.narrow(name, scalar));
                    parts.push(QueryComponent::OneOfThem { name, comparison });
                }
                Column::OfMessages(name, paths) => {
                    let Kind::Message(inner) = &message.field(name)?.kind else {
                        return None;
                    };
                    let count = 1 + self.chance.below(paths.len());
                    let of_paths = paths.iter().take(count).map(|path| self.narrow_path(inner, path));
                    let child = Box::new(QueryComponent::and(of_paths.collect::<Option<Vec<_>>>()?));
                    let name = name.clone();
                    parts.push(QueryComponent::OneOfThemNested { name, child });
                }
            }
        }
        self.chance.shuffle(&mut parts);
        (!parts.is_empty()).then(|| QueryComponent::and(parts))
    }

    fn narrow_path(&mut self, message: &Message, path: &[String]) -> Option<QueryComponent> {
        let paths = message.paths();
        let (_, scalar) = paths.iter().find(|(known, _)| known == path)?;
        let comparison = self.narrow(path.last()?, *scalar);
        Some(on_path(path, comparison))
    }

    /// A comparison as indexes answer them.
    fn narrow(&mut self, name: &str, scalar: Scalar) -> Comparison {
        match self.chance.below(6) {
            0 => self.comparison(name, scalar),
            1 => Comparison::new(self.chance.pick(&ORDERS), Operand::Value(self.value(name, scalar))),
            2 => {
                let values = (0..2).map(|_| self.value(name, scalar)).collect();
                Comparison::new(ComparisonKind::In, Operand::List(values))
            }
            _ => Comparison::new(ComparisonKind::Equals, Operand::Value(self.value(name, scalar))),
        }
    }
}

const ORDERS: [ComparisonKind; 4] = [
    ComparisonKind::LessThan,
    ComparisonKind::LessThanOrEquals,
    ComparisonKind::GreaterThan,
    ComparisonKind::GreaterThanOrEquals,
];

//! Random questions to a world.

use std::fmt;

use record_store::KeyExpression;
use record_store::key_expression::{concat, function};
use record_store::query::{Comparison, Operand, ParameterName, Parameters, QueryComponent, RecordQuery};

use super::chance::Chance;
use super::filters::{Column, Filters};
use super::shape::{Message, Path};
use super::sqlite::OrderColumn;
use super::world::{Indexed, ORDERS, World, column};

/// A query, and its order in SQL.
pub(crate) struct Question {
    pub(crate) query: RecordQuery,
    pub(crate) order: Vec<OrderColumn>,
}

impl Question {
    pub(crate) fn random(chance: &mut Chance, world: &World) -> Self {
        // Half of all questions are made to meet an index.
        let met = (!world.indexes.is_empty() && chance.one_in(2)).then(|| chance.of(&world.indexes));
        let types = match met {
            Some(indexed) if !indexed.types.is_empty() => indexed.types.clone(),
            _ => types(chance, world),
        };
        let mut query = RecordQuery::new(types.clone());
        let message = world.shared(&types);
        if let Some(filter) = filter(chance, world, &types, &message, met) {
            query = query.with_filter(filter);
        }
        let names: Vec<String> = world.types.iter().map(|message| message.name.clone()).collect();
        let of_all = world.shared(if types.is_empty() { &names } else { &types });
        let mut order = Vec::new();
        if chance.one_in(3) {
            let reverse = chance.one_in(2);
            let (key, columns) = random_order(chance, world, &of_all, reverse);
            query = query.with_sort(key).with_reverse(reverse);
            order = columns;
        }
        if chance.one_in(5) {
            let mut paths = of_all.paths();
            chance.shuffle(&mut paths);
            paths.truncate(1 + chance.below(2));
            let columns: Vec<KeyExpression> = paths.iter().map(|(path, _)| column(path)).collect();
            query = query.with_required_results(columns);
        }
        Question { query, order }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.query.types())?;
        if let Some(filter) = self.query.filter() {
            write!(f, " WHERE {filter}")?;
        }
        if let Some(sort) = self.query.sort() {
            write!(
                f,
                " ORDER BY {sort}{}",
                if self.query.is_reverse() { " DESC" } else { "" }
            )?;
        }
        for required in self.query.required_results().unwrap_or_default() {
            write!(f, " REQUIRES {required}")?;
        }
        Ok(())
    }
}

fn types(chance: &mut Chance, world: &World) -> Vec<String> {
    let mut names: Vec<String> = world.types.iter().map(|message| message.name.clone()).collect();
    chance.shuffle(&mut names);
    match chance.below(6) {
        0 => names.truncate(2),
        1 => names.clear(),
        _ => names.truncate(1),
    }
    names
}

fn filter(
    chance: &mut Chance,
    world: &World,
    types: &[String],
    message: &Message,
    met: Option<&Indexed>,
) -> Option<QueryComponent> {
    if chance.one_in(12) {
        return None;
    }
    let depth = chance.below(4);
    let mut filters = Filters {
        chance,
        pools: &world.pools,
        types: world.types.iter().map(|message| message.name.clone()).collect(),
    };
    let mut parts = Vec::new();
    if let Some(indexed) = met {
        parts.extend(filters.along(message, &indexed.columns));
        if let Some(predicate) = &indexed.predicate
            && indexed.types == types
        {
            parts.push(predicate.clone());
        }
        // With other indexes, for unions and intersections.
        if filters.chance.one_in(3) {
            for _ in 0..1 + filters.chance.below(2) {
                let other = filters.chance.of(&world.indexes);
                parts.extend(filters.along(message, &other.columns));
            }
        }
    }
    if parts.is_empty() || filters.chance.one_in(4) {
        parts.push(filters.filter(message, depth));
    }
    match filters.chance.one_in(3) {
        true if parts.len() > 1 => Some(QueryComponent::Or(parts)),
        _ => Some(QueryComponent::and(parts)),
    }
}

/// An order by some columns; those of an index are taken often.
fn random_order(
    chance: &mut Chance,
    world: &World,
    message: &Message,
    reverse: bool,
) -> (KeyExpression, Vec<OrderColumn>) {
    let known: Vec<Path> = message.paths().into_iter().map(|(path, _)| path).collect();
    let mut paths = Vec::new();
    if !world.indexes.is_empty() && chance.one_in(2) {
        let indexed = chance.of(&world.indexes);
        let of_index = indexed.columns.iter().filter_map(|column| match column {
            Column::Single(path) if known.contains(path) => Some(path.clone()),
            _ => None,
        });
        paths.extend(of_index.take(1 + chance.below(3)));
    }
    if paths.is_empty() {
        paths.extend((0..1 + chance.below(2)).map(|_| chance.of(&known).clone()));
    }
    let mut keys = Vec::new();
    let mut columns = Vec::new();
    for path in paths {
        let (mut descending, mut nulls_last) = (false, false);
        let mut key = column(&path);
        if chance.one_in(5) {
            let name = chance.pick(&ORDERS);
            descending = name.contains("desc");
            nulls_last = name.contains("last");
            key = function(name, key).expect("there is such a function");
        }
        columns.push(OrderColumn {
            path,
            descending: descending != reverse,
            nulls_last: nulls_last != reverse,
        });
        keys.push(key);
    }
    (concat(keys), columns)
}

impl Question {
    /// The same question with other values, which may be planned as this one was.
    pub(crate) fn with_other_values(&self, chance: &mut Chance, world: &World) -> Option<Self> {
        let mut change = |comparison: &Comparison| match comparison.operand() {
            Operand::Value(value) if chance.one_in(2) => {
                let other = world.pools.alike(chance, value);
                other.map_or_else(
                    || comparison.clone(),
                    |other| comparison.with_operand(Operand::Value(other)),
                )
            }
            _ => comparison.clone(),
        };
        let filter = replace_values(self.query.filter()?, &mut change);
        Some(Question {
            query: self.query.clone().with_filter(filter),
            order: self.order.clone(),
        })
    }
}

/// The query with some of its values given as parameters.
pub(crate) fn with_parameters(chance: &mut Chance, query: &RecordQuery) -> Option<(RecordQuery, Parameters)> {
    let mut parameters = Parameters::new();
    let mut count = 0;
    let filter = replace_values(query.filter()?, &mut |comparison| {
        let Operand::Value(value) = comparison.operand() else {
            return comparison.clone();
        };
        if chance.one_in(2) {
            return comparison.clone();
        }
        let name = format!("p{count}");
        count += 1;
        parameters = std::mem::take(&mut parameters).with(&name, value.clone());
        comparison.with_operand(Operand::Parameter(ParameterName::Named(name)))
    });
    Some((query.clone().with_filter(filter), parameters))
}

fn replace_values(filter: &QueryComponent, change: &mut impl FnMut(&Comparison) -> Comparison) -> QueryComponent {
    let mut child_of = |child: &QueryComponent| Box::new(replace_values(child, change));
    match filter {
        QueryComponent::Not(child) => QueryComponent::Not(child_of(child)),
        QueryComponent::Nested { name, child } => QueryComponent::Nested {
            name: name.clone(),
            child: child_of(child),
        },
        QueryComponent::OneOfThemNested { name, child } => QueryComponent::OneOfThemNested {
            name: name.clone(),
            child: child_of(child),
        },
        QueryComponent::And(children) => {
            QueryComponent::And(children.iter().map(|child| replace_values(child, change)).collect())
        }
        QueryComponent::Or(children) => {
            QueryComponent::Or(children.iter().map(|child| replace_values(child, change)).collect())
        }
        QueryComponent::Field { name, comparison } => QueryComponent::Field {
            name: name.clone(),
            comparison: change(comparison),
        },
        QueryComponent::OneOfThem { name, comparison } => QueryComponent::OneOfThem {
            name: name.clone(),
            comparison: change(comparison),
        },
        other => other.clone(),
    }
}

//! The tables of steps in C.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use record_store_tests::scenario::model::{IndexText, Scenario, SchemaText, Step, Verb};
use record_store_tests::scenario::{Named, value};
use toml::Value;

use super::expected::{self, RecordTypes};
use super::literal;
use crate::step::Failure;

/// The whole file.
pub(super) fn write(scenarios: &[Named]) -> Result<String, Failure> {
    let mut text = "/* Made by `cargo xtask test` from tests/scenarios. */\n#include \"scenario.h\"\n".to_owned();
    let mut table = String::new();
    for Named { file, scenario } in scenarios {
        text += &format!("\n/* {}. */\n", scenario.name);
        for (name, schema) in &scenario.schemas {
            text += &declaration(&format!("{file}_{name}"), schema);
        }
        let steps = Writer::new(file, scenario).steps(&scenario.steps);
        text += &steps.map_err(|why| format!("{file}: {why}"))?;
        let count = scenario.steps.len();
        table += &format!("    {{{}, {file}_steps, {count}}},\n", literal::string(file));
    }
    text += &format!("\nconst scenario scenarios[] = {{\n{table}}};\n");
    text += &format!("const size_t scenario_count = {};\n", scenarios.len());
    Ok(text)
}

/// A function that says to a builder what a schema declares.
fn declaration(name: &str, schema: &SchemaText) -> String {
    let mut text = format!("static void {name}(rs_schema_builder *builder) {{\n");
    let mut call = |function: &str, arguments: &[&str]| {
        text += &format!("    rs_schema_builder_{function}(builder");
        for argument in arguments {
            text += &format!(", rs_str({})", literal::string(argument));
        }
        text += ");\n";
    };
    call("proto", &["schema.proto", &schema.proto]);
    for (record_type, columns) in schema.primary_keys() {
        for column in columns {
            call("primary_key", &[record_type, &column]);
        }
    }
    for index in &schema.indexes {
        declare_index(&mut call, index);
    }
    for index in &schema.drop_indexes {
        call("drop_index", &[index]);
    }
    for record_type in &schema.drop_types {
        call("drop_type", &[record_type]);
    }
    text + &declare_conditions(schema) + "}\n"
}

fn declare_index(call: &mut impl FnMut(&str, &[&str]), index: &IndexText) {
    call("index", &[&index.name, &index.kind]);
    for (function, words) in [
        ("index_column", &index.columns),
        ("index_on", &index.on),
        ("index_group_by", &index.group_by),
        ("index_covering", &index.covering),
    ] {
        for word in words {
            call(function, &[&index.name, word]);
        }
    }
    if index.unique {
        call("index_unique", &[&index.name]);
    }
}

/// What a condition of an index needs: a filter of its text.
fn declare_conditions(schema: &SchemaText) -> String {
    let conditions = schema.indexes.iter().filter(|index| !index.condition.is_empty());
    conditions
        .map(|index| {
            let (name, condition) = (literal::string(&index.name), literal::string(&index.condition));
            format!("    index_where(builder, {name}, {condition});\n")
        })
        .collect()
}

/// Writes the steps of a scenario, and knows the schema of each space at the step that is written.
struct Writer<'a> {
    file: &'a str,
    scenario: &'a Scenario,
    /// The schemas that are stored, by the paths of the spaces.
    stored: BTreeMap<String, &'a str>,
    /// Those of the spaces that are open, by the paths at which they were opened.
    open: BTreeMap<String, &'a str>,
    current: String,
}

impl<'a> Writer<'a> {
    fn new(file: &'a str, scenario: &'a Scenario) -> Self {
        Writer {
            file,
            scenario,
            stored: BTreeMap::new(),
            open: BTreeMap::new(),
            current: String::new(),
        }
    }

    fn steps(mut self, steps: &'a [Step]) -> Result<String, Failure> {
        let mut text = format!("static const step {}_steps[] = {{\n", self.file);
        for (number, step) in steps.iter().enumerate() {
            let written = self.step(step).map_err(|why| format!("step {}: {why}", number + 1))?;
            text += &format!("    {written},\n");
            self.follow(step);
        }
        Ok(text + "};\n")
    }

    /// What a step does to the schemas of spaces.
    fn follow(&mut self, step: &'a Step) {
        if step.error.is_some() {
            return;
        }
        if let (Verb::Open, Some(space)) = (step.verb, &step.space) {
            space.clone_into(&mut self.current);
            if let Some(schema) = &step.schema {
                self.stored.insert(space.clone(), schema);
            }
            if let Some(schema) = self.stored.get(space) {
                self.open.insert(space.clone(), schema);
            }
        } else if step.verb == Verb::MoveSpace {
            let moved = |path: String| match path.strip_prefix(&step.path) {
                Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{}{rest}", step.to),
                _ => path,
            };
            let stored = std::mem::take(&mut self.stored);
            self.stored = stored.into_iter().map(|(path, schema)| (moved(path), schema)).collect();
        }
    }

    /// The record types of the space of a step.
    fn types(&self, step: &Step) -> Result<Option<RecordTypes>, Failure> {
        let path = step.space.as_ref().unwrap_or(&self.current);
        let schema = self.open.get(path).map(|name| &self.scenario.schemas[*name]);
        schema.map(RecordTypes::of).transpose()
    }

    fn step(&self, step: &Step) -> Result<String, Failure> {
        let types = self.types(step)?;
        let mut fields = format!("{{.verb = {}", verb(step.verb));
        let mut field = |name: &str, value: String| {
            write!(fields, ", .{name} = {value}").expect("a string takes any text");
        };
        self.write_place(step, &mut field)?;
        write_records(step, types.as_ref(), &mut field)?;
        write_range(step, &mut field)?;
        write_query(step, &mut field)?;
        write_index_words(step, &mut field)?;
        for (name, count, steps) in [
            ("steps", "step_count", &step.steps),
            ("meanwhile", "meanwhile_count", &step.meanwhile),
        ] {
            if !steps.is_empty() {
                let inner = steps.iter().map(|inner| self.step(inner));
                let inner: Vec<String> = inner.collect::<Result<_, _>>()?;
                field(count, inner.len().to_string());
                field(name, literal::array("step", inner));
            }
        }
        if step.cancel {
            field("cancel", "true".to_owned());
        }
        write_expectation(step, types.as_ref(), &mut field)?;
        Ok(fields + "}")
    }

    fn write_place(&self, step: &Step, field: &mut impl FnMut(&str, String)) -> Result<(), Failure> {
        if let Some(space) = &step.space {
            field("space", literal::string(space));
        }
        if let Some(parent) = &step.below {
            field("below", literal::string(parent));
        }
        if let Some(schema) = &step.schema {
            if !self.scenario.schemas.contains_key(schema) {
                return Err(format!("there is no schema {schema}"));
            }
            field("schema", format!("{}_{schema}", self.file));
        }
        field("path", literal::string(&step.path));
        field("to", literal::string(&step.to));
        field("index", literal::string(&step.index));
        field("index_columns", self.scenario.index_columns(&step.index).to_string());
        Ok(())
    }
}

fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Open => "OPEN",
        Verb::Reopen => "REOPEN",
        Verb::Put => "PUT",
        Verb::PutAll => "PUT_ALL",
        Verb::Insert => "INSERT",
        Verb::Update => "UPDATE",
        Verb::Get => "GET",
        Verb::Exists => "EXISTS",
        Verb::Delete => "DELETE",
        Verb::DeleteWhere => "DELETE_WHERE",
        Verb::Versions => "VERSIONS",
        Verb::Count => "COUNT",
        Verb::Scan => "SCAN",
        Verb::ScanKeys => "SCAN_KEYS",
        Verb::ScanIndex => "SCAN_INDEX",
        Verb::ScanBy => "SCAN_BY",
        Verb::Query => "QUERY",
        Verb::Aggregate => "AGGREGATE",
        Verb::IndexStates => "INDEX_STATES",
        Verb::BuildIndexes => "BUILD_INDEXES",
        Verb::MarkIndex => "MARK_INDEX",
        Verb::RebuildIndex => "REBUILD_INDEX",
        Verb::UniquenessViolations => "UNIQUENESS_VIOLATIONS",
        Verb::ResolveUniqueness => "RESOLVE_UNIQUENESS",
        Verb::Plan => "PLAN",
        Verb::SchemaVersions => "SCHEMA_VERSIONS",
        Verb::Spaces => "SPACES",
        Verb::RemoveSpace => "REMOVE_SPACE",
        Verb::MoveSpace => "MOVE_SPACE",
        Verb::Children => "CHILDREN",
        Verb::Transaction => "TRANSACTION",
        Verb::Run => "RUN",
    }
}

fn write_records(
    step: &Step,
    types: Option<&RecordTypes>,
    field: &mut impl FnMut(&str, String),
) -> Result<(), Failure> {
    let records: Vec<&Value> = step.record.iter().chain(&step.records).collect();
    if records.is_empty() {
        if let Some(record_type) = &step.record_type {
            field("type", literal::string(record_type));
        }
        return Ok(());
    }
    let types = types.ok_or("a record is saved, and no space is open")?;
    field("type", literal::string(&types.named(step.record_type.as_deref())?));
    field("record_count", records.len().to_string());
    let texts = records
        .iter()
        .map(|record| literal::text(&value::record_json(record).to_string()));
    field("records", literal::array("rs_bytes", texts));
    Ok(())
}

fn write_range(step: &Step, field: &mut impl FnMut(&str, String)) -> Result<(), Failure> {
    field("key", literal::columns(&value::tuple(&step.key))?);
    field("group", literal::columns(&value::tuple(&step.group))?);
    for (name, columns) in [("prefix", &step.prefix), ("start", &step.start), ("end", &step.end)] {
        if let Some(columns) = columns {
            let columns = literal::columns(&value::tuple(columns))?;
            field(name, format!("&(const columns){columns}"));
        }
    }
    if step.reverse {
        field("reverse", "true".to_owned());
    }
    field("limit", step.limit.unwrap_or(0).to_string());
    field("page_size", step.page_size.unwrap_or(0).to_string());
    Ok(())
}

fn write_query(step: &Step, field: &mut impl FnMut(&str, String)) -> Result<(), Failure> {
    if step.verb != Verb::Query {
        return Ok(());
    }
    field("where", literal::text(&step.filter));
    field("parameters", literal::columns(&value::tuple(&step.parameters))?);
    field("order_by_count", step.order_by.len().to_string());
    let columns = step.order_by.iter().map(|column| literal::text(column));
    field("order_by", literal::array("rs_bytes", columns));
    for (name, count, words) in [
        ("fields", "field_count", &step.fields),
        ("explain", "explain_count", &step.explain),
    ] {
        field(count, words.len().to_string());
        field(
            name,
            literal::array("char *const", words.iter().map(|word| literal::string(word))),
        );
    }
    Ok(())
}

/// What counts, versions, and states and uniqueness of indexes are asked with.
fn write_index_words(step: &Step, field: &mut impl FnMut(&str, String)) -> Result<(), Failure> {
    if !step.keys.is_empty() {
        let keys = step.keys.iter().map(|key| literal::columns(&value::tuple(key)));
        field("key_count", step.keys.len().to_string());
        field("keys", literal::array("columns", keys.collect::<Result<Vec<_>, _>>()?));
    }
    field("by_count", step.by.len().to_string());
    let by = step.by.iter().map(|column| literal::text(column));
    field("by", literal::array("rs_bytes", by));
    field("value", literal::columns(&value::tuple(&step.value))?);
    if let Some(keep) = &step.keep {
        let keep = literal::columns(&value::tuple(keep))?;
        field("keep", format!("&(const columns){keep}"));
    }
    field("state", literal::string(&step.state));
    if step.allow_unique_pending {
        field("allow_unique_pending", "true".to_owned());
    }
    Ok(())
}

fn write_expectation(
    step: &Step,
    types: Option<&RecordTypes>,
    field: &mut impl FnMut(&str, String),
) -> Result<(), Failure> {
    if let Some(error) = &step.error {
        field("error", literal::string(&error.kind));
        field("says_count", error.says.len().to_string());
        let words = error.says.iter().map(|word| literal::text(word));
        field("says", literal::array("rs_bytes", words));
    } else if let Some(pages) = &step.pages {
        let page = |page| expected::lines(step, types, page).map(|lines| lines + "--\n");
        let pages: String = pages.iter().map(page).collect::<Result<_, _>>()?;
        field("gives", literal::text(&pages));
    } else if let Some(gives) = &step.gives {
        field("gives", literal::text(&expected::lines(step, types, gives)?));
    }
    Ok(())
}

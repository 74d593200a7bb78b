//! [`MetaDataChange`]: what newer meta-data changes, in words, for people who decide about it and for logs.
//!
//! Whether a change is allowed is the evolution validator's matter; a [`SchemaDiff`](super::SchemaDiff) says both.

use std::collections::HashSet;
use std::fmt;

use prost_reflect::{EnumDescriptor, EnumValueDescriptor, FieldDescriptor, Kind, MessageDescriptor, Syntax};

use super::cost::{ChangeCost, RecordEstimate};
use super::evolution::{Violations, is_deprecated};
use super::{Index, RecordMetaData, RecordType};

/// One thing that newer meta-data has otherwise than older.
///
/// ```
/// use record_store::Schema;
/// let schema = |fields: &str| {
///     Schema::builder()
///         .proto("a.proto", format!("message A {{ optional int64 id = 1; {fields} }}"))
///         .record_type("A", |t| t.primary_key("id"))
///         .build()
/// };
/// let old = schema("")?.merge_into(None)?;
/// let new = schema("optional string name = 2;")?.merge_into(Some(&old))?;
/// let changes: Vec<String> = new.changes_since(&old).iter().map(ToString::to_string).collect();
/// assert_eq!(changes, ["field A.name added: no cost"]);
/// # Ok::<(), record_store::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaDataChange {
    /// What kind of thing it is.
    pub subject: Subject,
    /// Its name; the old one when it was renamed.
    pub name: String,
    /// What happened to it.
    pub action: Action,
    /// What that costs, or why it is refused.
    pub cost: ChangeCost,
}

/// A kind of thing that meta-data has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A record type.
    RecordType,
    /// A message, of records or within them.
    Message,
    /// A field of a message.
    Field,
    /// A value of an enum.
    EnumValue,
    /// An index.
    Index,
    /// An index that is no more.
    FormerIndex,
    /// A property of the meta-data as a whole.
    Property,
}

/// What happened to a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another name.
    Renamed {
        /// The new name.
        to: String,
    },
    /// A part of it is otherwise.
    Changed {
        /// Which part.
        part: &'static str,
        /// What it was.
        from: String,
        /// What it is.
        to: String,
    },
    /// It contradicts what was, in a way that has no other word here.
    Contradicts,
}

impl Subject {
    /// Its name in words, such as `record type`.
    pub const fn name(self) -> &'static str {
        match self {
            Subject::RecordType => "record type",
            Subject::Message => "message",
            Subject::Field => "field",
            Subject::EnumValue => "enum value",
            Subject::Index => "index",
            Subject::FormerIndex => "former index",
            Subject::Property => "property",
        }
    }
}

impl Action {
    /// Its name in a word, such as `added`.
    pub const fn name(&self) -> &'static str {
        match self {
            Action::Added => "added",
            Action::Removed => "removed",
            Action::Renamed { .. } => "renamed",
            Action::Changed { .. } => "changed",
            Action::Contradicts => "contradicts",
        }
    }

    fn part(&self) -> Option<&'static str> {
        match self {
            Action::Renamed { .. } => Some("name"),
            Action::Changed { part, .. } => Some(part),
            Action::Added | Action::Removed | Action::Contradicts => None,
        }
    }
}

impl RecordMetaData {
    /// What this meta-data has otherwise than `old`, apart from the version.
    pub fn changes_since(&self, old: &RecordMetaData) -> Vec<MetaDataChange> {
        let mut changes = Changes::default();
        changes.properties(old, self);
        changes.record_types(old, self);
        changes.indexes(old, self);
        changes.found
    }

    /// As [`changes_since`](RecordMetaData::changes_since), with those refused that broke a rule.
    pub(super) fn judged_changes_since(&self, old: &RecordMetaData, violations: &Violations) -> Vec<MetaDataChange> {
        let mut changes = self.changes_since(old);
        for violation in violations.iter() {
            let refused = ChangeCost::Refused {
                rule: violation.error.message().to_owned(),
                way_out: violation.error.fact("way_out").unwrap_or_default().to_owned(),
            };
            let mut is_explained = false;
            for change in &mut changes {
                let same_thing = change.subject == violation.subject && change.name == violation.name;
                if same_thing && (violation.part.is_none() || violation.part == change.action.part()) {
                    is_explained = true;
                    if !change.cost.is_refused() {
                        change.cost = refused.clone();
                    }
                }
            }
            if !is_explained {
                changes.push(MetaDataChange {
                    subject: violation.subject,
                    name: violation.name.clone(),
                    action: Action::Contradicts,
                    cost: refused,
                });
            }
        }
        changes
    }
}

impl fmt::Display for MetaDataChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject {
            Subject::Property => f.write_str(&self.name)?,
            subject => write!(f, "{} {}", subject.name(), self.name)?,
        }
        match &self.action {
            Action::Added => f.write_str(" added")?,
            Action::Removed => f.write_str(" removed")?,
            Action::Renamed { to } => write!(f, " renamed to {to}")?,
            Action::Changed { part, from, to } => write!(f, ": {part} changed from {from} to {to}")?,
            Action::Contradicts => f.write_str(" contradicts what was")?,
        }
        write!(f, ": {}", self.cost)
    }
}

#[derive(Default)]
struct Changes {
    found: Vec<MetaDataChange>,
    /// Messages that were compared: they may contain themselves.
    seen: HashSet<String>,
}

impl Changes {
    fn add(&mut self, subject: Subject, name: impl Into<String>, action: Action) {
        self.add_at(subject, name, action, ChangeCost::Nothing);
    }

    fn add_at(&mut self, subject: Subject, name: impl Into<String>, action: Action, cost: ChangeCost) {
        self.found.push(MetaDataChange {
            subject,
            name: name.into(),
            action,
            cost,
        });
    }

    fn part(
        &mut self,
        subject: Subject,
        name: &str,
        part: &'static str,
        from: impl fmt::Display,
        to: impl fmt::Display,
    ) {
        let (from, to) = (from.to_string(), to.to_string());
        if from != to {
            self.add(subject, name, Action::Changed { part, from, to });
        }
    }

    fn properties(&mut self, old: &RecordMetaData, new: &RecordMetaData) {
        let (from, to) = (old.is_split_long_records(), new.is_split_long_records());
        self.part(Subject::Property, "long records", "splitting", from, to);
        let (from, to) = (old.is_store_record_versions(), new.is_store_record_versions());
        self.part(Subject::Property, "record versions", "storing", from, to);
    }

    fn record_types(&mut self, old: &RecordMetaData, new: &RecordMetaData) {
        for old_type in old.record_types() {
            let Some(new_type) = new.record_type_from_union_field(old_type.union_field_number()) else {
                self.add(Subject::RecordType, old_type.name(), Action::Removed);
                continue;
            };
            self.record_type(old_type, new_type);
        }
        for new_type in new.record_types() {
            if old
                .record_type_from_union_field(new_type.union_field_number())
                .is_none()
            {
                self.add(Subject::RecordType, new_type.name(), Action::Added);
            }
        }
    }

    fn record_type(&mut self, old: &RecordType, new: &RecordType) {
        if old.name() != new.name() {
            let to = new.name().to_owned();
            self.add(Subject::RecordType, old.name(), Action::Renamed { to });
        }
        let subject = Subject::RecordType;
        self.part(subject, old.name(), "primary key", old.primary_key(), new.primary_key());
        self.part(
            subject,
            old.name(),
            "record type key",
            old.record_type_key(),
            new.record_type_key(),
        );
        self.message(old.descriptor(), new.descriptor());
    }

    fn message(&mut self, old: &MessageDescriptor, new: &MessageDescriptor) {
        if !self.seen.insert(old.full_name().to_owned()) {
            return;
        }
        let syntax = |message: &MessageDescriptor| match message.parent_file().syntax() {
            Syntax::Proto2 => "proto2",
            Syntax::Proto3 => "proto3",
        };
        self.part(Subject::Message, old.full_name(), "syntax", syntax(old), syntax(new));
        for old_field in old.fields() {
            match new.get_field(old_field.number()) {
                Some(new_field) => self.field(&old_field, &new_field),
                None => self.add(Subject::Field, old_field.full_name(), Action::Removed),
            }
        }
        for new_field in new.fields() {
            if old.get_field(new_field.number()).is_none() {
                self.add(Subject::Field, new_field.full_name(), Action::Added);
            }
        }
    }

    fn field(&mut self, old: &FieldDescriptor, new: &FieldDescriptor) {
        let subject = Subject::Field;
        let name = old.full_name();
        if old.name() != new.name() {
            let to = new.name().to_owned();
            self.add(subject, name, Action::Renamed { to });
        }
        self.part(subject, name, "type", type_of(old), type_of(new));
        self.part(subject, name, "presence", presence_of(old), presence_of(new));
        let deprecation = |field| if is_deprecated(field) { "deprecated" } else { "in use" };
        self.part(subject, name, "deprecation", deprecation(old), deprecation(new));
        match (old.kind(), new.kind()) {
            (Kind::Message(old_inner), Kind::Message(new_inner)) => self.message(&old_inner, &new_inner),
            (Kind::Enum(old_enum), Kind::Enum(new_enum)) => self.enumeration(&old_enum, &new_enum),
            _ => {}
        }
    }

    fn enumeration(&mut self, old: &EnumDescriptor, new: &EnumDescriptor) {
        if !self.seen.insert(old.full_name().to_owned()) {
            return;
        }
        for value in old.values() {
            match new.get_value(value.number()) {
                None => self.add(Subject::EnumValue, enum_value_name(&value), Action::Removed),
                Some(now) if now.name() != value.name() => {
                    let to = now.name().to_owned();
                    self.add(Subject::EnumValue, enum_value_name(&value), Action::Renamed { to });
                }
                Some(_) => {}
            }
        }
        for value in new.values() {
            if old.get_value(value.number()).is_none() {
                self.add(Subject::EnumValue, enum_value_name(&value), Action::Added);
            }
        }
    }

    fn indexes(&mut self, old: &RecordMetaData, new: &RecordMetaData) {
        for index in old.indexes() {
            match new.index(index.name()) {
                Ok(now) => self.index(index, now),
                Err(_) => self.add_at(Subject::Index, index.name(), Action::Removed, ChangeCost::IndexClear),
            }
        }
        for index in new.indexes() {
            if old.index(index.name()).is_err() {
                let cost = if is_over_new_types_only(index, old, new) {
                    ChangeCost::Nothing
                } else {
                    BUILD
                };
                self.add_at(Subject::Index, index.name(), Action::Added, cost);
            }
        }
    }

    fn index(&mut self, old: &Index, new: &Index) {
        let before = self.found.len();
        self.index_parts(old, new);
        if old.last_modified_version() < new.last_modified_version() {
            for change in self.found.iter_mut().skip(before) {
                change.cost = BUILD;
            }
        }
    }

    fn index_parts(&mut self, old: &Index, new: &Index) {
        let subject = Subject::Index;
        self.part(subject, old.name(), "type", old.kind(), new.kind());
        self.part(subject, old.name(), "key", old.root_expression(), new.root_expression());
        self.part(
            subject,
            old.name(),
            "subspace key",
            old.subspace_key(),
            new.subspace_key(),
        );
        let types = |index: &Index| index.record_types().join(", ");
        self.part(subject, old.name(), "record types", types(old), types(new));
        let options = |index: &Index| {
            let mut options: Vec<String> = index
                .options()
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            options.sort();
            format!("{{{}}}", options.join(", "))
        };
        self.part(subject, old.name(), "options", options(old), options(new));
        let predicate = |index: &Index| format!("{:?}", index.predicate());
        self.part(subject, old.name(), "predicate", predicate(old), predicate(new));
    }
}

/// Whether no store can have a record for the index yet.
fn is_over_new_types_only(index: &Index, old: &RecordMetaData, new: &RecordMetaData) -> bool {
    new.record_types_for_index(index).all(|record_type| {
        old.record_type_from_union_field(record_type.union_field_number())
            .is_none()
    })
}

const BUILD: ChangeCost = ChangeCost::IndexBuild {
    records: RecordEstimate::Unknown,
};

/// The name of the enum and that of the value.
pub(super) fn enum_value_name(value: &EnumValueDescriptor) -> String {
    format!("{}.{}", value.parent_enum().full_name(), value.name())
}

fn presence_of(field: &FieldDescriptor) -> &'static str {
    if field.supports_presence() { "told" } else { "not told" }
}

/// As a .proto file spells it.
pub(super) fn type_of(field: &FieldDescriptor) -> String {
    let name = match field.kind() {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(enumeration) => enumeration.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    };
    if field.is_list() || field.is_map() {
        format!("repeated {name}")
    } else if field.is_required() {
        format!("required {name}")
    } else {
        name
    }
}

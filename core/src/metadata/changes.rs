//! [`MetaDataChange`]: what newer meta-data changes, in words, for people who decide about it and for logs.
//!
//! Whether a change is allowed is the evolution validator's matter.

use std::collections::HashSet;
use std::fmt;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

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
/// assert_eq!(changes, ["field A.name added"]);
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
}

/// A kind of thing that meta-data has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A record type.
    RecordType,
    /// A field of a message.
    Field,
    /// An index.
    Index,
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
}

impl fmt::Display for MetaDataChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = match self.subject {
            Subject::RecordType => "record type ",
            Subject::Field => "field ",
            Subject::Index => "index ",
            Subject::Property => "",
        };
        write!(f, "{subject}{}", self.name)?;
        match &self.action {
            Action::Added => f.write_str(" added"),
            Action::Removed => f.write_str(" removed"),
            Action::Renamed { to } => write!(f, " renamed to {to}"),
            Action::Changed { part, from, to } => write!(f, ": {part} changed from {from} to {to}"),
        }
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
        self.found.push(MetaDataChange {
            subject,
            name: name.into(),
            action,
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
        for old_field in old.fields() {
            let Some(new_field) = new.get_field(old_field.number()) else {
                self.add(Subject::Field, old_field.full_name(), Action::Removed);
                continue;
            };
            if old_field.name() != new_field.name() {
                let to = new_field.name().to_owned();
                self.add(Subject::Field, old_field.full_name(), Action::Renamed { to });
            }
            self.part(
                Subject::Field,
                old_field.full_name(),
                "type",
                type_of(&old_field),
                type_of(&new_field),
            );
            if let (Kind::Message(old_inner), Kind::Message(new_inner)) = (old_field.kind(), new_field.kind()) {
                self.message(&old_inner, &new_inner);
            }
        }
        for new_field in new.fields() {
            if old.get_field(new_field.number()).is_none() {
                self.add(Subject::Field, new_field.full_name(), Action::Added);
            }
        }
    }

    fn indexes(&mut self, old: &RecordMetaData, new: &RecordMetaData) {
        for index in old.indexes() {
            match new.index(index.name()) {
                Ok(now) => self.index(index, now),
                Err(_) => self.add(Subject::Index, index.name(), Action::Removed),
            }
        }
        for index in new.indexes() {
            if old.index(index.name()).is_err() {
                self.add(Subject::Index, index.name(), Action::Added);
            }
        }
    }

    fn index(&mut self, old: &Index, new: &Index) {
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

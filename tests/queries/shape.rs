//! Random messages: which fields the records of a world have, as a `.proto` file says it.

use std::fmt::Write;

use super::chance::Chance;
use super::value::{Pools, Scalar, Value};

/// The fields of a message.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) name: String,
    pub(crate) fields: Vec<Field>,
}

/// A field. `name` is that of no other field of its world, unless the record types share it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) repeated: bool,
    /// What stands for a value that is not set.
    pub(crate) default: Option<Value>,
    /// Whether a value that is proto3's default is not told from none.
    pub(crate) implicit: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Scalar(Scalar),
    Message(Message),
}

/// The way from a record to a scalar that is not repeated.
pub(crate) type Path = Vec<String>;

/// Makes messages whose fields have different names.
pub(crate) struct Shapes<'a> {
    pub(crate) proto3: bool,
    pub(crate) pools: &'a Pools,
    /// How many fields have names.
    pub(crate) named: usize,
}

impl Shapes<'_> {
    /// Some fields, perhaps with messages in them.
    pub(crate) fn fields(&mut self, chance: &mut Chance, count: usize, depth: usize) -> Vec<Field> {
        (0..count).map(|_| self.field(chance, depth)).collect()
    }

    fn field(&mut self, chance: &mut Chance, depth: usize) -> Field {
        self.named += 1;
        let kind = match depth > 0 && chance.one_in(4) {
            true => {
                let fields = 1 + chance.below(3);
                Kind::Message(Message {
                    name: format!("M{}", self.named),
                    fields: self.fields(chance, fields, depth - 1),
                })
            }
            false => Kind::Scalar(Scalar::any(chance)),
        };
        let repeated = chance.one_in(4);
        let prefix = match (&kind, repeated) {
            (Kind::Scalar(_), false) => "f",
            (Kind::Scalar(_), true) => "list",
            (Kind::Message(_), false) => "in",
            (Kind::Message(_), true) => "lines",
        };
        let mut field = Field {
            name: format!("{prefix}{}", self.named),
            kind,
            repeated,
            default: None,
            implicit: false,
        };
        if let Some(scalar) = field.scalar()
            && scalar != Scalar::Uuid
        {
            field.implicit = self.proto3 && chance.one_in(2);
            let spelled = self.pools.value(chance, scalar);
            let can_have = !self.proto3 && scalar != Scalar::Enum && spelled.proto_default().is_some();
            field.default = (can_have && chance.one_in(6)).then_some(spelled);
        }
        field
    }
}

impl Field {
    /// What the field holds, if it holds one scalar.
    pub(crate) fn scalar(&self) -> Option<Scalar> {
        match self.kind {
            Kind::Scalar(scalar) if !self.repeated => Some(scalar),
            _ => None,
        }
    }
}

impl Message {
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The ways to all scalars of which a record has one, with their types.
    pub(crate) fn paths(&self) -> Vec<(Path, Scalar)> {
        let mut found = Vec::new();
        for field in self.fields.iter().filter(|field| !field.repeated) {
            match &field.kind {
                Kind::Scalar(scalar) => found.push((vec![field.name.clone()], *scalar)),
                Kind::Message(inner) => found.extend(inner.paths().into_iter().map(|(mut path, scalar)| {
                    path.insert(0, field.name.clone());
                    (path, scalar)
                })),
            }
        }
        found
    }

    /// Writes the message, and those in its fields, as a `.proto` file has them. Messages that are there already are left.
    pub(crate) fn write(&self, file: &mut String) {
        let head = format!("message {} {{", self.name);
        if file.contains(&head) {
            return;
        }
        let mut body = format!("{head}\n");
        for (at, field) in self.fields.iter().enumerate() {
            let kind = match &field.kind {
                Kind::Scalar(scalar) => scalar.proto().to_owned(),
                Kind::Message(message) => {
                    message.write(file);
                    message.name.clone()
                }
            };
            let label = match field.repeated {
                true => "repeated ",
                false if field.implicit => "",
                false => "optional ",
            };
            let default = match field.default.as_ref().and_then(Value::proto_default) {
                Some(default) => format!(" [default = {default}]"),
                None => String::new(),
            };
            writeln!(body, "  {label}{kind} {} = {}{default};", field.name, at + 1).expect("a string takes all text");
        }
        file.push_str(&body);
        file.push_str("}\n");
    }
}

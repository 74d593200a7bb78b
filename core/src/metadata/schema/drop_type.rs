//! Leaving a record type behind for good: its number is retired, its indexes become former ones.

use prost_reflect::Kind;

use super::union_file::{self, UnionFile};
use crate::error::{Error, ErrorKind, Result};
use crate::metadata::{Descriptors, RecordMetaData, RecordMetaDataBuilder};

impl RecordMetaData {
    /// This meta-data without a record type, one version newer. Its number in the union is retired: no later type gets it.
    ///
    /// The records of the type must be gone from every store before: nothing can read them afterwards. Java's
    /// `MetaDataEvolutionValidator` and this layer's both refuse to follow such a step, which is why it is one of its own.
    ///
    /// **Errors**: `MetaData` for an unknown type and for the only one; `Unsupported` when the union is in a file of the user's
    /// own; `MetaDataEvolution` when an index over several types, or a synthetic type, needs it.
    pub fn without_record_type(&self, name: &str) -> Result<RecordMetaData> {
        self.record_type(name)?;
        let wrong = |kind, message| Err(Error::new(kind, message).with("record_type", name));
        if self.record_types().len() == 1 {
            return wrong(
                ErrorKind::MetaData,
                "the only record type cannot be dropped: remove the whole space",
            );
        }
        if self.descriptors().records().name() != union_file::FILE_NAME {
            return wrong(
                ErrorKind::Unsupported,
                "the union message is in a file of your own: reserve the number of the type there",
            );
        }
        if let Some(index) = self
            .indexes()
            .find(|index| index.record_types().len() > 1 && index.record_types().iter().any(|other| other == name))
        {
            return Err(Error::new(
                ErrorKind::MetaDataEvolution,
                "an index over several types needs the type: drop it first",
            )
            .with("record_type", name)
            .with("index", index.name()));
        }
        if let Some(synthetic) = self
            .synthetic_record_types()
            .iter()
            .find(|synthetic| synthetic.is_made_of(name))
        {
            return Err(Error::new(
                ErrorKind::MetaDataEvolution,
                "a synthetic type needs the type: drop it first",
            )
            .with("record_type", name)
            .with("synthetic", synthetic.name()));
        }
        let mut builder = RecordMetaDataBuilder::from(self);
        let own: Vec<String> = self
            .indexes()
            .filter(|index| index.record_types() == [name.to_owned()])
            .map(|index| index.name().to_owned())
            .collect();
        for index in own {
            builder.remove_index(&index)?;
        }
        builder.replace_union(self.descriptors_without(name)?)?;
        builder.build()
    }

    fn descriptors_without(&self, name: &str) -> Result<Descriptors> {
        let mut union = UnionFile::after(Some(self.union_message()));
        for field in self.union_message().fields() {
            match field.kind() {
                Kind::Message(message) if message.name() != name => {
                    union.keep(field.field_descriptor_proto(), &message)
                }
                _ => union.retire(field.field_descriptor_proto().number()),
            }
        }
        Descriptors::link(
            union.encode(|name| self.descriptors().file_bytes(name).is_some()),
            self.descriptors().dependencies().map(|(_, bytes)| bytes.clone()),
        )
    }
}

//! stub
use prost_reflect::MessageDescriptor;

use crate::error::Result;

/// stub
#[derive(Default)]
pub struct MetaDataEvolutionValidator;

impl MetaDataEvolutionValidator {
    pub(super) fn validate_union(&self, _old: &MessageDescriptor, _new: &MessageDescriptor) -> Result<()> {
        Ok(())
    }
}

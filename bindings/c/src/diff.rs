//! What a schema would change in a space, and the versions of the schemas that it had.

use record_store::metadata::{Action, ChangeCost, MetaDataChange, RecordEstimate, SchemaDiff};

use crate::buffer::{Out, disown, rs_bytes};
use crate::error::{Result, rs_error};
use crate::handle;
use crate::memory::{Memory, keep, rs_buffer, rs_memory};
use crate::panic::{call, call_without_error};
use crate::runtime::wait;
use crate::schema::{Schema, rs_schema};
use crate::space::{Space, rs_space};
use crate::status::{RS_OK, rs_status};

/// One thing that a schema has otherwise than the space.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_change {
    /// What kind of thing it is: "record type", "message", "field", "enum value", "index", "former index" or "property".
    pub subject: rs_bytes,
    /// Its name; the old one when it was renamed.
    pub name: rs_bytes,
    /// What happened to it: "added", "removed", "renamed", "changed" or "contradicts".
    pub action: rs_bytes,
    /// Which part of it changed; may be none.
    pub part: rs_bytes,
    /// What the part was; may be none.
    pub before: rs_bytes,
    /// What the part is now, or the new name; may be none.
    pub after: rs_bytes,
    /// What that costs: "nothing", "index_build", "index_clear", or "refused" for what is not allowed.
    pub cost: rs_bytes,
    /// The rule for which it is refused; may be none.
    pub rule: rs_bytes,
    /// What to do instead of what is refused; may be none.
    pub way_out: rs_bytes,
    /// The change in a line.
    pub text: rs_bytes,
    /// Over how many records an index is built, or at least how many; 0 for no build.
    pub records: u64,
}

/// What a schema would change in a space: free it with `rs_changes_free`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_changes {
    /// The changes: properties, record types with their fields, indexes.
    pub items: *const rs_change,
    /// How many there are.
    pub count: usize,
    /// Not 0: no change is refused.
    pub allowed: u8,
    /// Whose they are: for the library alone.
    pub owner: *mut rs_memory,
}

/// The texts of a change, in the order in which `rs_change` has them.
struct Texts([Option<String>; 10]);

impl Texts {
    fn new(change: &MetaDataChange) -> Self {
        let (part, before, after) = match &change.action {
            Action::Changed { part, from, to } => (Some((*part).to_owned()), Some(from.clone()), Some(to.clone())),
            Action::Renamed { to } => (None, None, Some(to.clone())),
            _ => (None, None, None),
        };
        let (rule, way_out) = match &change.cost {
            ChangeCost::Refused { rule, way_out, .. } => (Some(rule.to_string()), Some(way_out.to_string())),
            _ => (None, None),
        };
        Texts([
            Some(change.subject.name().to_owned()),
            Some(change.name.clone()),
            Some(change.action.name().to_owned()),
            part,
            before,
            after,
            Some(change.cost.name().to_owned()),
            rule,
            way_out,
            Some(change.to_string()),
        ])
    }

    /// What C sees, as long as this stays where it is.
    fn view(&self, records: u64) -> rs_change {
        let view = |text: &Option<String>| {
            text.as_ref()
                .map_or(rs_bytes::NONE, |text| rs_bytes::view(text.as_bytes()))
        };
        let [subject, name, action, part, before, after, cost, rule, way_out, text] = self.0.each_ref().map(view);
        rs_change {
            subject,
            name,
            action,
            part,
            before,
            after,
            cost,
            rule,
            way_out,
            text,
            records,
        }
    }
}

fn records_of(change: &MetaDataChange) -> u64 {
    match change.cost {
        ChangeCost::IndexBuild {
            records: RecordEstimate::Exactly(count) | RecordEstimate::MoreThan(count),
        } => count,
        _ => 0,
    }
}

impl rs_changes {
    fn new(diff: &SchemaDiff) -> Result<Self> {
        let texts: Vec<Texts> = diff.changes().iter().map(Texts::new).collect();
        let views = texts.iter().zip(diff.changes());
        let items: Vec<rs_change> = views.map(|(texts, change)| texts.view(records_of(change))).collect();
        Ok(rs_changes {
            items: items.as_ptr(),
            count: items.len(),
            allowed: diff.is_allowed().into(),
            owner: keep((items, texts))?,
        })
    }
}

/// Frees the changes and makes the struct zero. NULL, and one that is zero, are freed already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_changes_free(changes: *mut rs_changes) -> rs_status {
    call_without_error(|| {
        handle::free::<Memory>(disown(changes, |changes| changes.owner))?;
        Ok(RS_OK)
    })
}

fn diff(space: *mut rs_space, schema: *const rs_schema) -> Result<SchemaDiff> {
    let (space, schema) = (handle::get::<Space>(space)?, handle::get::<Schema>(schema)?);
    Ok(wait(space.core.plan(&schema.0))?)
}

/// What would change if the space got this schema, in words: a line for each change with its cost. It changes nothing. Free
/// the text with `rs_buffer_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_space_plan(
    space: *mut rs_space,
    schema: *const rs_schema,
    plan: *mut rs_buffer,
    error: *mut *mut rs_error,
) -> rs_status {
    let plan = Out::new(plan);
    call(error, || {
        let plan = plan.required("plan")?;
        plan.set(rs_buffer::new(diff(space, schema)?.to_string().into_bytes())?);
        Ok(RS_OK)
    })
}

/// What would change if the space got this schema: each change with its cost, or the rule that it breaks and the way out. It changes
/// nothing. Free the changes with `rs_changes_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_space_changes(
    space: *mut rs_space,
    schema: *const rs_schema,
    changes: *mut rs_changes,
    error: *mut *mut rs_error,
) -> rs_status {
    let changes = Out::new(changes);
    call(error, || {
        let changes = changes.required("changes")?;
        changes.set(rs_changes::new(&diff(space, schema)?)?);
        Ok(RS_OK)
    })
}

/// Versions of schemas: free them with `rs_schema_versions_free`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_schema_versions {
    /// The versions.
    pub items: *const i32,
    /// How many there are.
    pub count: usize,
    /// Whose they are: for the library alone.
    pub owner: *mut rs_memory,
}

/// Frees the versions and makes the struct zero. NULL, and one that is zero, are freed already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_schema_versions_free(versions: *mut rs_schema_versions) -> rs_status {
    call_without_error(|| {
        handle::free::<Memory>(disown(versions, |versions| versions.owner))?;
        Ok(RS_OK)
    })
}

/// The versions of the schemas that the space had, from the oldest to the current one. Free them with `rs_schema_versions_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_space_schema_versions(
    space: *mut rs_space,
    versions: *mut rs_schema_versions,
    error: *mut *mut rs_error,
) -> rs_status {
    let versions = Out::new(versions);
    call(error, || {
        let versions = versions.required("versions")?;
        let items = wait(handle::get::<Space>(space)?.core.schema_versions())?;
        versions.set(rs_schema_versions {
            items: items.as_ptr(),
            count: items.len(),
            owner: keep(items)?,
        });
        Ok(RS_OK)
    })
}

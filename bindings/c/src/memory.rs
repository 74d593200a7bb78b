//! `rs_buffer` and `rs_list`: what the library has given away, until it is given back.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

use crate::buffer::{disown, rs_bytes};
use crate::error::Result;
use crate::handle::{self, Kind, Object, Table};
use crate::panic::call_without_error;
use crate::record::Shown;
use crate::status::{RS_OK, rs_status};

/// Memory of the library that a struct of C looks at.
pub struct rs_memory;

/// What a handle of memory keeps.
pub(crate) enum Memory {
    Record(Shown),
    Bytes(Cow<'static, [u8]>),
    /// What views of C look at, with the views.
    Kept(#[expect(dead_code, reason = "C looks at it")] Box<dyn Any + Send + Sync>),
}

static MEMORY: Table<Memory> = Table::new();

impl Object for Memory {
    type Handle = rs_memory;
    const KIND: Kind = Kind::Memory;

    fn table() -> &'static Table<Self> {
        &MEMORY
    }
}

/// Keeps what views of C look at until its handle is freed.
pub(crate) fn keep(kept: impl Any + Send + Sync) -> Result<*mut rs_memory> {
    handle::insert(Arc::new(Memory::Kept(Box::new(kept))))
}

/// Bytes, or text in UTF-8, that the library has given away: free them with `rs_buffer_free`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_buffer {
    /// Where they begin.
    pub data: *const u8,
    /// How many there are.
    pub len: usize,
    /// Whose they are: for the library alone.
    pub owner: *mut rs_memory,
}

impl rs_buffer {
    pub(crate) fn new(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self> {
        let memory = Arc::new(Memory::Bytes(bytes.into()));
        let view = match memory.as_ref() {
            Memory::Bytes(bytes) => rs_bytes::view(bytes),
            _ => rs_bytes::NONE,
        };
        Ok(rs_buffer {
            data: view.data,
            len: view.len,
            owner: handle::insert(memory)?,
        })
    }
}

/// Frees the bytes and makes the struct zero. NULL, and one that is zero, are freed already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_buffer_free(buffer: *mut rs_buffer) -> rs_status {
    call_without_error(|| {
        handle::free::<Memory>(disown(buffer, |buffer| buffer.owner))?;
        Ok(RS_OK)
    })
}

/// Texts that the library has given away: free them with `rs_list_free`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_list {
    /// The texts.
    pub items: *const rs_bytes,
    /// How many there are.
    pub count: usize,
    /// Whose they are: for the library alone.
    pub owner: *mut rs_memory,
}

impl rs_list {
    pub(crate) fn new(texts: Vec<String>) -> Result<Self> {
        let views: Vec<rs_bytes> = texts.iter().map(|text| rs_bytes::view(text.as_bytes())).collect();
        Ok(rs_list {
            items: views.as_ptr(),
            count: views.len(),
            owner: keep((views, texts))?,
        })
    }
}

/// Frees the texts and makes the struct zero. NULL, and one that is zero, are freed already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_list_free(list: *mut rs_list) -> rs_status {
    call_without_error(|| {
        handle::free::<Memory>(disown(list, |list| list.owner))?;
        Ok(RS_OK)
    })
}

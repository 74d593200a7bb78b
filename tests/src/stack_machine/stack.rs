//! [`Stack`]: what instructions leave behind, results on their way included.

use futures_executor::block_on;
use record_store_kv::tuple::{Element, Tuple};
use record_store_kv::{BoxFuture, Error, Result};

use super::fault::Planted;
use super::{Kind, Wrong};

/// What a read without a result leaves.
pub(super) const NOT_PRESENT: &[u8] = b"RESULT_NOT_PRESENT";

/// An item, and the instruction that left it.
pub(super) struct Item {
    value: Value,
    pub(super) instruction: usize,
}

enum Value {
    Here(Element),
    Coming(BoxFuture<Result<Element>>),
}

#[derive(Default)]
pub(super) struct Stack {
    items: Vec<Item>,
    /// The instruction that runs.
    pub(super) instruction: usize,
    pub(super) planted: Planted,
}

impl Stack {
    pub(super) fn push(&mut self, element: impl Into<Element>) {
        let mut element = element.into();
        if let Element::Bytes(bytes) = &mut element
            && let Some((last, rest)) = bytes.split_last()
            && self.planted.strikes(Kind::FlippedBit)
        {
            *bytes = [rest, &[last ^ 1]].concat().into();
        }
        self.put(Value::Here(element));
    }

    /// A result that is waited for when something needs it.
    pub(super) fn push_future(&mut self, result: impl Future<Output = Result<Element>> + Send + 'static) {
        self.put(Value::Coming(Box::pin(result)));
    }

    fn put(&mut self, value: Value) {
        let instruction = self.instruction;
        self.items.push(Item { value, instruction });
    }

    pub(super) fn pop(&mut self) -> Result<Element, Wrong> {
        Ok(self.pop_item()?.wait())
    }

    pub(super) fn pop_item(&mut self) -> Result<Item, Wrong> {
        self.items.pop().ok_or(Wrong("the stack is empty"))
    }

    /// The item on top is there twice, waited for.
    pub(super) fn duplicate(&mut self) -> Result<(), Wrong> {
        let item = self.pop_item()?;
        let instruction = item.instruction;
        let element = item.wait();
        for value in [element.clone(), element] {
            let value = Value::Here(value);
            self.items.push(Item { value, instruction });
        }
        Ok(())
    }

    /// Waits for the item on top, which stays.
    pub(super) fn wait(&mut self) -> Result<(), Wrong> {
        let item = self.pop_item()?;
        let instruction = item.instruction;
        let value = Value::Here(item.wait());
        self.items.push(Item { value, instruction });
        Ok(())
    }

    /// Exchanges the item on top with the one so many below it.
    pub(super) fn swap(&mut self, depth: usize) -> Result<(), Wrong> {
        let last = self.items.len().checked_sub(1).ok_or(Wrong("the stack is empty"))?;
        let other = last.checked_sub(depth).ok_or(Wrong("the stack is not that deep"))?;
        self.items.swap(last, other);
        Ok(())
    }

    pub(super) fn take(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.items)
    }

    pub(super) fn int(&mut self) -> Result<i64, Wrong> {
        self.pop()?.as_i64().ok_or(Wrong("no integer"))
    }

    pub(super) fn index(&mut self) -> Result<usize, Wrong> {
        usize::try_from(self.int()?).map_err(|_| Wrong("no count"))
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, Wrong> {
        match self.pop()? {
            Element::Bytes(bytes) => Ok(bytes.to_vec()),
            Element::String(text) => Ok(text.into_bytes()),
            _ => Err(Wrong("no byte string")),
        }
    }

    /// Bytes, or nothing where null stands.
    pub(super) fn bytes_if_any(&mut self) -> Result<Option<Vec<u8>>, Wrong> {
        match self.pop()? {
            Element::Null => Ok(None),
            Element::Bytes(bytes) => Ok(Some(bytes.to_vec())),
            _ => Err(Wrong("neither null nor a byte string")),
        }
    }

    /// A count, then so many elements.
    pub(super) fn tuple(&mut self) -> Result<Tuple, Wrong> {
        let count = self.index()?;
        (0..count).map(|_| self.pop()).collect()
    }
}

impl Item {
    /// The element; an error of FoundationDB's is an element too.
    pub(super) fn wait(self) -> Element {
        match self.value {
            Value::Here(element) => element,
            Value::Coming(result) => block_on(result).unwrap_or_else(|error| packed_error(&error)),
        }
    }
}

/// How machines leave an error: the packed tuple of `ERROR` and the code in decimal digits.
pub(super) fn packed_error(error: &Error) -> Element {
    let code = error
        .fdb_code()
        .map_or_else(|| error.to_string(), |code| code.to_string());
    Tuple::from((b"ERROR", code.as_bytes())).pack().into()
}

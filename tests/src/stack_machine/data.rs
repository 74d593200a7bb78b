//! The instructions that read and change data, in the transaction in use, as its snapshot (`_SNAPSHOT`) or in a transaction of
//! their own (`_DATABASE`).

use futures_executor::block_on;
use record_store_kv::tuple::{Element, Tuple};
use record_store_kv::{
    Error, KeyRange, KeySelector, MutationType, RangeRequest, Result, StreamingMode, Transaction, strinc,
};

use super::stack::{NOT_PRESENT, Stack};
use super::{Kind, Machine, Stop, Wrong};

/// An instruction with its arguments.
enum Call {
    Get(Vec<u8>),
    GetKey(KeySelector, Vec<u8>),
    /// The rows of a range, those that begin with a prefix.
    GetRange(RangeRequest, Vec<u8>),
    EstimatedSize(Vec<u8>, Vec<u8>),
    SplitPoints(Vec<u8>, Vec<u8>, i64),
    Set(Vec<u8>, Vec<u8>),
    Clear(Vec<u8>),
    ClearRange(Vec<u8>, Vec<u8>),
    Atomic(MutationType, Vec<u8>, Vec<u8>),
}

impl Machine {
    pub(super) fn data(&mut self, name: &str) -> Result<(), Stop> {
        if let Some(plain) = name.strip_suffix("_DATABASE") {
            let call = &Call::read(plain, &mut self.stack)?;
            if self.forgets(call) {
                self.stack.push(NOT_PRESENT);
                return Ok(());
            }
            let result = self.retry(|transaction| async move { call.make(&transaction, false).await })?;
            self.stack.push(result.unwrap_or_else(|| NOT_PRESENT.into()));
            return Ok(());
        }
        let plain = name.strip_suffix("_SNAPSHOT");
        let call = Call::read(plain.unwrap_or(name), &mut self.stack)?;
        if self.forgets(&call) {
            return Ok(());
        }
        let (transaction, snapshot) = (self.transaction()?, plain.is_some());
        if let Call::Get(key) = &call {
            let value = transaction.get(key, snapshot);
            self.stack
                .push_future(async { Ok(value.await?.map_or_else(|| NOT_PRESENT.into(), Element::Bytes)) });
        } else if let Some(result) = block_on(call.make(&transaction, snapshot))? {
            self.stack.push(result);
        }
        Ok(())
    }

    /// Whether this is the change that a fault leaves out.
    fn forgets(&mut self, call: &Call) -> bool {
        call.changes() && self.stack.planted.strikes(Kind::ForgottenChange)
    }
}

impl Call {
    fn changes(&self) -> bool {
        matches!(
            self,
            Call::Set(..) | Call::Clear(_) | Call::ClearRange(..) | Call::Atomic(..)
        )
    }

    /// Takes the arguments from the stack.
    fn read(name: &str, stack: &mut Stack) -> Result<Self, Wrong> {
        Ok(match name {
            "GET" => Call::Get(stack.bytes()?),
            "GET_KEY" => Call::GetKey(selector(stack)?, stack.bytes()?),
            "GET_RANGE" => {
                let range = RangeRequest::keys(stack.bytes()?, stack.bytes()?);
                Call::GetRange(how(range, stack)?, Vec::new())
            }
            "GET_RANGE_STARTS_WITH" => {
                let range = KeyRange::starting_with(&stack.bytes()?).request();
                Call::GetRange(how(range, stack)?, Vec::new())
            }
            "GET_RANGE_SELECTOR" => {
                let range = RangeRequest::new(selector(stack)?, selector(stack)?);
                Call::GetRange(how(range, stack)?, stack.bytes()?)
            }
            "GET_ESTIMATED_RANGE_SIZE" => Call::EstimatedSize(stack.bytes()?, stack.bytes()?),
            "GET_RANGE_SPLIT_POINTS" => Call::SplitPoints(stack.bytes()?, stack.bytes()?, stack.int()?),
            "SET" => Call::Set(stack.bytes()?, stack.bytes()?),
            "CLEAR" => Call::Clear(stack.bytes()?),
            "CLEAR_RANGE" => Call::ClearRange(stack.bytes()?, stack.bytes()?),
            "CLEAR_RANGE_STARTS_WITH" => {
                let range = KeyRange::starting_with(&stack.bytes()?);
                Call::ClearRange(range.begin.to_vec(), range.end.to_vec())
            }
            "ATOMIC_OP" => {
                let name = stack.bytes()?;
                let (_, mutation) = MUTATIONS
                    .iter()
                    .find(|(known, _)| known.as_bytes() == name)
                    .ok_or(Wrong("no such atomic operation"))?;
                Call::Atomic(*mutation, stack.bytes()?, stack.bytes()?)
            }
            _ => return Err(Wrong("no such instruction")),
        })
    }

    /// Does it; what it leaves on the stack, if that is anything.
    async fn make(&self, transaction: &Transaction, snapshot: bool) -> Result<Option<Element>, Error> {
        Ok(match self {
            Call::Get(key) => transaction.get(key, snapshot).await?.map(Element::Bytes),
            Call::GetKey(selector, prefix) => {
                let key = transaction.get_key(selector, snapshot).await?;
                Some(if key.starts_with(prefix) {
                    Element::Bytes(key)
                } else if key.as_ref() < &prefix[..] {
                    prefix[..].into()
                } else {
                    strinc(prefix).unwrap_or_default().into()
                })
            }
            Call::GetRange(request, prefix) => {
                let rows = transaction.get_range_all(request, snapshot).await?;
                let rows = rows.into_iter().filter(|row| row.key.starts_with(prefix));
                let rows: Tuple = rows
                    .flat_map(|row| [Element::Bytes(row.key), Element::Bytes(row.value)])
                    .collect();
                Some(rows.pack().into())
            }
            Call::EstimatedSize(begin, end) => {
                transaction.estimated_range_size_bytes(begin, end).await?;
                Some(b"GOT_ESTIMATED_RANGE_SIZE".into())
            }
            Call::SplitPoints(begin, end, chunk) => {
                transaction.range_split_points(begin, end, *chunk).await?;
                Some(b"GOT_RANGE_SPLIT_POINTS".into())
            }
            Call::Set(key, value) => {
                transaction.set(key, value);
                None
            }
            Call::Clear(key) => {
                transaction.clear(key);
                None
            }
            Call::ClearRange(begin, end) => {
                transaction.clear_range(begin, end);
                None
            }
            Call::Atomic(mutation, key, operand) => {
                transaction.atomic_op(*mutation, key, operand);
                None
            }
        })
    }
}

fn selector(stack: &mut Stack) -> Result<KeySelector, Wrong> {
    let (key, or_equal, offset) = (stack.bytes()?, stack.int()?, stack.int()?);
    let offset = i32::try_from(offset).map_err(|_| Wrong("no offset"))?;
    Ok(KeySelector::new(key, or_equal != 0, offset))
}

/// A limit, a direction and a streaming mode.
fn how(range: RangeRequest, stack: &mut Stack) -> Result<RangeRequest, Wrong> {
    let (limit, reverse, mode) = (stack.int()?, stack.int()?, stack.int()?);
    let mode = MODES
        .into_iter()
        .find(|known| *known as i64 == mode)
        .ok_or(Wrong("no such streaming mode"))?;
    let limit = i32::try_from(limit).map_err(|_| Wrong("no limit"))?;
    Ok(range.limit(limit).reverse(reverse != 0).mode(mode))
}

pub(super) const MODES: [StreamingMode; 7] = [
    StreamingMode::WantAll,
    StreamingMode::Iterator,
    StreamingMode::Exact,
    StreamingMode::Small,
    StreamingMode::Medium,
    StreamingMode::Large,
    StreamingMode::Serial,
];

pub(super) const MUTATIONS: [(&str, MutationType); 12] = [
    ("ADD", MutationType::Add),
    ("BIT_AND", MutationType::BitAnd),
    ("BIT_OR", MutationType::BitOr),
    ("BIT_XOR", MutationType::BitXor),
    ("APPEND_IF_FITS", MutationType::AppendIfFits),
    ("MAX", MutationType::Max),
    ("MIN", MutationType::Min),
    ("BYTE_MIN", MutationType::ByteMin),
    ("BYTE_MAX", MutationType::ByteMax),
    ("COMPARE_AND_CLEAR", MutationType::CompareAndClear),
    ("SET_VERSIONSTAMPED_KEY", MutationType::SetVersionstampedKey),
    ("SET_VERSIONSTAMPED_VALUE", MutationType::SetVersionstampedValue),
];

//! Input: a choice, and the bytes of a record or of what stands at its keys. A record that is accepted can be decoded, and
//! its key columns are those of the decoded message; stored bytes are a record or an error.

use std::sync::LazyLock;

use futures_executor::block_on;
use prost_reflect::prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use record_store::key_expression::{CompiledExpression, RecordView, Rows};
use record_store::kv::Subspace;
use record_store::kv::tuple::{Element, Versionstamp};
use record_store::{
    Database, ErrorKind, RecordContext, RecordStore, RecordValidator, ScanOptions, StoreKeyspace, StoreOptions, Tuple,
};

use super::schema::{META_DATA, enums, expressions};
use super::{choice, refused};

struct Compiled {
    message: MessageDescriptor,
    validator: RecordValidator,
    expressions: Vec<CompiledExpression>,
    enums: Vec<CompiledExpression>,
}

static COMPILED: LazyLock<[Compiled; 2]> = LazyLock::new(|| {
    [0, 1].map(|which| {
        let record_type = META_DATA[which].record_type("Record").expect("both schemas have it");
        let message = record_type.descriptor().clone();
        let compile = |expression| CompiledExpression::new(expression, &message).expect("both schemas have the fields");
        Compiled {
            validator: RecordValidator::new(&message),
            expressions: expressions().iter().map(compile).collect(),
            enums: enums().iter().map(compile).collect(),
            message,
        }
    })
});

pub(super) fn run(input: &[u8]) {
    let (choice, bytes) = choice(input);
    let which = usize::from(choice & 1);
    match choice >> 1 & 1 {
        0 => check_message(&COMPILED[which], bytes),
        _ => check_stored(which, choice >> 2, bytes),
    }
}

fn check_message(compiled: &Compiled, bytes: &[u8]) {
    let validated = compiled.validator.validate(bytes);
    let rows = evaluate(&compiled.expressions, bytes);
    evaluate(&compiled.enums, bytes);
    if let Err(error) = validated {
        return refused(&error, &[ErrorKind::InvalidRecord]);
    }
    let decoded = DynamicMessage::decode(compiled.message.clone(), bytes).expect("what is accepted can be decoded");
    let encoded = decoded.encode_to_vec();
    assert_eq!(
        evaluate(&compiled.expressions, &encoded),
        rows,
        "the bytes and the message that they are have other key columns"
    );
}

/// The rows of all expressions, packed; none for one that cannot be evaluated.
fn evaluate(expressions: &[CompiledExpression], bytes: &[u8]) -> Vec<Option<Vec<Vec<u8>>>> {
    let key = Element::Int(1);
    let record = RecordView::new(bytes, &key, Some(Versionstamp::complete([1; 10], 2)));
    let rows_of = |expression: &CompiledExpression| {
        let mut rows = Rows::default();
        if let Err(error) = expression.evaluate(&record, &mut rows) {
            refused(&error, &[ErrorKind::InvalidRecord, ErrorKind::TooLarge]);
            return None;
        }
        assert!(!expression.is_single_row() || rows.len() == 1);
        for row in rows.iter() {
            assert_eq!(row.column_count(), expression.column_count());
            let tuple = row.to_tuple().expect("rows are packed tuples");
            assert_eq!(tuple.len(), expression.column_count());
            assert_eq!(row.incomplete_version(), None);
        }
        let mut appended = Vec::new();
        let single = expression.append_key(&record, &mut appended).is_ok();
        assert_eq!(single, rows.len() == 1);
        if let (true, Some(row)) = (single, rows.get(0)) {
            assert_eq!(appended, row.bytes());
        }
        Some(rows.iter().map(|row| row.bytes().to_vec()).collect())
    };
    expressions.iter().map(rows_of).collect()
}

static DATABASE: LazyLock<Database> = LazyLock::new(|| Database::in_memory().expect("the engine is built in"));

/// Writes raw keys below a record, as `shape` says, and reads them in every way.
fn check_stored(which: usize, shape: u8, bytes: &[u8]) {
    block_on(async {
        let context = DATABASE.transaction();
        let subspace = Subspace::from(("fuzz",));
        let store = RecordStore::open(&context, subspace, &META_DATA[which], &StoreOptions::default())
            .await
            .expect("a new store can be opened");
        let primary_key = Tuple::from((1, 42));
        write_raw(&context, store.subspace(), &primary_key, shape, bytes);

        let loaded = store.load_record(&primary_key).await;
        let mut seen = Vec::new();
        for reverse in [false, true] {
            let options = ScanOptions {
                reverse,
                ..ScanOptions::default()
            };
            let mut cursor = store.scan_records(options).expect("a whole scan needs no continuation");
            seen.push(loop {
                match cursor.next().await {
                    Ok(Some(record)) if *record.primary_key() == primary_key => break Some(record),
                    Ok(Some(_)) => {}
                    Ok(None) => break None,
                    Err(error) => {
                        refused(&error, &UNREADABLE);
                        break None;
                    }
                }
            });
        }
        match loaded {
            Ok(Some(record)) => {
                assert_eq!(seen, [Some(record.clone()), Some(record)]);
            }
            Ok(None) => assert_eq!(seen, [None, None]),
            Err(error) => refused(&error, &UNREADABLE),
        }
        let _ = store.load_record_version(&primary_key).await;
        if let Err(error) = store.delete_record(&primary_key).await {
            refused(&error, &UNREADABLE);
        }
    });
}

fn write_raw(context: &RecordContext, store: &Subspace, primary_key: &Tuple, shape: u8, bytes: &[u8]) {
    let record = store.sub(StoreKeyspace::Record.number()).subspace(primary_key);
    let transaction = context.transaction();
    let set = |suffix: i64, value: &[u8]| transaction.set(&record.pack(&Tuple::from((suffix,))), value);
    let (first, second) = bytes.split_at(bytes.len() / 2);
    match shape & 7 {
        0 => set(0, bytes),
        1 => {
            set(1, first);
            set(2, second);
        }
        2 => {
            set(-1, &[&[0x33][..], &[7; 12]].concat());
            set(0, bytes);
        }
        3 => {
            set(-1, first);
            set(0, second);
        }
        4 => {
            set(1, first);
            set(3, second);
        }
        5 => {
            set(0, first);
            set(1, second);
        }
        6 => set(-1, bytes),
        // The rest of the key is input, too.
        _ => transaction.set(&[record.prefix(), first].concat(), second),
    }
}

/// Damage, and the forms of Java's transformed serializer that this release does not read.
const UNREADABLE: [ErrorKind; 2] = [ErrorKind::Corrupt, ErrorKind::Unsupported];

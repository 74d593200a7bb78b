// FoundationDB's client for Node.js (npm foundationdb) on the drop-in library.
'use strict'

const assert = require('node:assert')
const fdb = require('foundationdb')

/** The code with which a call fails. */
async function codeOf(call) {
  try {
    await call()
    return 0
  } catch (error) {
    return error.code
  }
}

async function keysAndRanges(db) {
  await db.set('a', '1')
  assert.strictEqual((await db.get('a')).toString(), '1')
  assert.strictEqual(await db.get('missing'), undefined)
  await db.doTransaction(async (tn) => {
    for (let number = 0; number < 1000; number++) tn.set(fdb.tuple.pack(['rows', number]), Buffer.alloc(100))
  })
  const { begin, end } = fdb.tuple.range(['rows'])
  for (const reverse of [false, true]) {
    const rows = await db.getRangeAll(begin, end, { reverse })
    assert.strictEqual(rows.length, 1000)
    assert.strictEqual(fdb.tuple.unpack(rows[0][0])[1], reverse ? 999 : 0)
  }
  const key = await db.getKey(fdb.keySelector.firstGreaterThan(fdb.tuple.pack(['rows', 1])))
  assert.deepStrictEqual(fdb.tuple.unpack(key), ['rows', 2])
  await db.clearRange(begin, end)
  assert.strictEqual((await db.getRangeAll(begin, end)).length, 0)
}

async function manyAtOnce(db) {
  const increment = () =>
    db.doTransaction(async (tn) => {
      const before = await tn.get('sum')
      tn.set('sum', String(Number(before ?? 0) + 1))
    })
  await Promise.all(Array.from({ length: 100 }, increment))
  assert.strictEqual((await db.get('sum')).toString(), '100')
}

async function watches(db) {
  // A buffer: version 2.0.1 of the addon does not give a text's memory back after a watch.
  const key = Buffer.from('watched')
  const watch = await db.getAndWatch(key)
  assert.strictEqual(watch.value, undefined)
  await db.set(key, 'now')
  assert.strictEqual(await watch.promise, true)
  const cancelled = await db.getAndWatch(key)
  cancelled.cancel()
  assert.strictEqual(await cancelled.promise, false)
}

async function versionstamps(db) {
  await db.doTransaction(async (tn) => tn.setVersionstampSuffixedKey('at', 'x'))
  const [[key, value]] = await db.getRangeAllStartsWith('at')
  assert.strictEqual(key.length, 'at'.length + 10)
  assert.strictEqual(value.toString(), 'x')
}

async function failures(db) {
  assert.strictEqual(await codeOf(() => db.set(Buffer.from([0xff]), 'x')), 2004)
  const tn = db.rawCreateTransaction()
  tn.rawCancel()
  assert.strictEqual(await codeOf(() => tn.get('a')), 1025)
}

async function main() {
  fdb.setAPIVersion(720)
  const db = fdb.open('memory:node')
  await keysAndRanges(db)
  await manyAtOnce(db)
  await watches(db)
  await versionstamps(db)
  await failures(db)
  const users = await fdb.directory.createOrOpen(db, ['app', 'users'])
  await db.at(users).set('k', 'v')
  assert.deepStrictEqual((await fdb.directory.listAll(db, ['app'])).map(String), ['users'])
  db.close()
  fdb.stopNetworkSync()
  console.log('the Node.js client saw what it should')
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})

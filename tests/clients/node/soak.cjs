// A process of the soak (cargo xtask clients soak), with FoundationDB's client for Node.js.
//
// Arguments: the database, the prefix of its logs, the key that it writes, the key of another process that it watches, a seed, and how
// many transactions it runs at a time. It works until key "stop" is there, and says on standard output what it was told and saw.
'use strict'

const fs = require('node:fs')
const { setTimeout: sleep } = require('node:timers/promises')
const fdb = require('foundationdb')

// The worker and the transaction that is held open for too long the first time: it ends with 1007, and is tried again.
const HELD = { worker: 0, serial: 2 }
const TOO_LONG_MS = 6000

const [url, log, beat, watched, seed, workers] = process.argv.slice(2)
fdb.setAPIVersion(720)
const db = fdb.open(url)

/** At once: what was said must have been heard, whatever becomes of the process. */
function say(...words) {
  fs.writeSync(1, words.join(' ') + '\n')
}

/** Mulberry32, from a seed. */
function chanceFrom(state) {
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) % below
  }
}

async function isStopped(tn) {
  return (await tn.snapshot().get('stop')) !== undefined
}

/** All accounts, in one read; together they always hold nothing. */
async function readAccounts(tn) {
  const accounts = await tn.snapshot().getRangeAll('account/', 'account0')
  const sum = accounts.reduce((sum, [, value]) => sum + Number(value), 0)
  if (sum !== 0) throw new Error(`the accounts do not hold what they should: ${accounts}`)
  return accounts.map(([key]) => key)
}

/** Moves an amount from one account to another, and says so in the log; false once everybody shall stop. */
async function move(tn, chance, worker, serial, hold) {
  if (await isStopped(tn)) return false
  const keys = await readAccounts(tn)
  if (hold) await sleep(TOO_LONG_MS)
  const from = chance(keys.length)
  const to = (from + 1 + chance(keys.length - 1)) % keys.length
  const amount = 1 + chance(99)
  for (const [account, change] of [[from, -amount], [to, amount]]) {
    const before = Number(await tn.get(keys[account]))
    tn.set(keys[account], String(before + change))
  }
  await readAccounts(tn)
  tn.setVersionstampSuffixedKey(`${log}${worker}/`, String(serial))
  tn.set(beat, `${serial} of ${worker}`)
  return true
}

/** One transaction, tried until it is known what has become of it; nothing once everybody shall stop. */
async function turn(chance, worker, serial) {
  const tn = db.rawCreateTransaction()
  let hold = worker === HELD.worker && serial === HELD.serial
  for (;;) {
    try {
      const holdNow = hold
      hold = false
      if (!(await move(tn, chance, worker, serial, holdNow))) return undefined
      await tn.rawCommit()
      return 'ack'
    } catch (error) {
      if (!(error instanceof fdb.FDBError)) throw error
      say('error', error.code)
      await tn.rawOnError(error.code)
      if (error.code === 1021) return 'maybe'
    }
  }
}

async function work(chance, worker) {
  for (let serial = 1; ; serial++) {
    const said = await turn(chance, worker, serial)
    if (said === undefined) break
    say(said, worker, serial)
  }
  say('done', worker)
}

async function watch() {
  // A buffer: version 2.0.1 of the addon does not give a text's memory back after a watch.
  const key = Buffer.from(watched)
  for (;;) {
    const change = await db.doTransaction(async (tn) => ((await isStopped(tn)) ? undefined : tn.watch(key)))
    if (change === undefined) return
    await change.promise
    say('fired')
  }
}

async function main() {
  const all = Array.from({ length: Number(workers) }, (_, worker) => work(chanceFrom(Number(seed) + worker), worker))
  await Promise.all([...all, watch()])
  db.close()
  fdb.stopNetworkSync()
}

main().catch((error) => {
  console.error(error)
  process.exit(1)
})

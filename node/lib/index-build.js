// Building indexes, with progress.
"use strict";

const { callback, count, flag, milliseconds, options, signal, text, texts } = require("./argument.js");
const { orAbort } = require("./abort.js");
const { settle } = require("./error.js");

/** How each option is checked on its way to the addon. */
const HOW = {
  ifDisabled: optional(text),
  ifWriteOnly: optional(text),
  ifReadable: optional(text),
  markReadable: optional(flag),
  allowUniquePending: optional(flag),
  byIndex: optional(text),
  reverse: optional(flag),
  limit: count,
  maxWriteBytes: count,
  maxTransactionMs: milliseconds,
  recordsPerSecond: count,
  stopAfter: count,
  timeMaxMs: milliseconds,
  leaseMs: milliseconds,
};

/** What a build is asked for: which indexes, whom to tell, what stops it, and how, as the addon wants to be told. */
function buildArguments(given) {
  const { names, progress, signal: stop, ...how } = options(given, "names", "progress", "signal", ...Object.keys(HOW));
  const checked = Object.entries(how).map(([name, value]) => [name, HOW[name](value, name)]);
  return {
    names: texts(names ?? [], "names"),
    progress: callback(progress, "progress"),
    stop: signal(stop),
    how: Object.fromEntries(checked),
  };
}

function optional(check) {
  return (value, name) => (value === undefined ? undefined : check(value, name));
}

/** Follows a build to its end. What `progress` throws, and the signal, stop it and come out as they are. */
async function follow(build, progress, signal) {
  for (;;) {
    let turn;
    try {
      turn = await orAbort(settle(build.next()), signal);
      if (turn.states) return { ...turn, states: Object.fromEntries(turn.states) };
      await progress?.(turn);
    } catch (stopped) {
      build.stop();
      await drained(build);
      throw stopped;
    }
  }
}

/** Waits until a build that was stopped does nothing any more. */
async function drained(build) {
  let turn;
  do {
    turn = await build.next().catch(nothing);
  } while (turn?.indexes);
}

function nothing() {}

module.exports = { buildArguments, follow };

// Building indexes, with progress.
"use strict";

const { orAbort } = require("./abort.js");
const { checked, settle } = require("./error.js");

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

module.exports = { checked, follow };

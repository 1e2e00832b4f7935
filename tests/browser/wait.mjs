// Waiting for a condition with a deadline: the only way these tests let time pass.

import { AssertionError } from "node:assert";

const EVERY_MS = 50;

/**
 * Asks until the answer is truthy, and returns it; at the deadline it throws a sentence with the last answer. An error
 * while asking is asked again, a failed assertion is final.
 */
export async function until(what, ask, { withinMs = 10_000, everyMs = EVERY_MS } = {}) {
  const deadline = performance.now() + withinMs;
  let last;
  let fault = null;
  do {
    try {
      last = await ask();
      fault = null;
      if (last) return last;
    } catch (error) {
      if (error instanceof AssertionError) throw error;
      fault = error;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  } while (performance.now() < deadline);
  const said = fault === null ? JSON.stringify(last) : String(fault.message ?? fault).split("\n")[0];
  throw new Error(`not within ${withinMs} ms: ${what} (last answer: ${said})`, fault === null ? {} : { cause: fault });
}

/** The answer after watching for `forMs`: throws as soon as the condition is broken. */
export async function throughout(what, forMs, ask, { everyMs = EVERY_MS } = {}) {
  const end = performance.now() + forMs;
  while (performance.now() < end) {
    const now = await ask();
    if (!now) throw new Error(`broken: ${what} (answer: ${JSON.stringify(now)})`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

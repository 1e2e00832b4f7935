// Gives pages eyes and ears (page/eyes.js), and reads what they noted down.

import { readFileSync } from "node:fs";

import { PEOPLE } from "./people.mjs";
import { until } from "./wait.mjs";

const EYES = readFileSync(new URL("page/eyes.js", import.meta.url), "utf8");

/** The source of the script every page runs first. */
export const EYES_SCRIPT = `const people = ${JSON.stringify(PEOPLE)};\n${EYES}`;

export function who(page, testid) {
  return page.evaluate((id) => window.eyes.who(id), testid);
}

/** Whose tones came out of the element over a quarter of a second. */
export async function heard(page, testid, forMs = 300) {
  return page.evaluate(async ([id, span]) => {
    const all = new Set();
    const end = performance.now() + span;
    do {
      for (const name of window.eyes.heard(id)) all.add(name);
      await new Promise((resolve) => setTimeout(resolve, 25));
    } while (performance.now() < end);
    return [...all].sort();
  }, [testid, forMs]);
}

export function sees(page, testid, person, withinMs = 10_000) {
  return until(`${testid} shows ${person}`, async () => {
    const now = await who(page, testid);
    if (now !== person) throw new Error(`it shows ${now}`);
    return true;
  }, { withinMs });
}

export function hears(page, testid, person, withinMs = 10_000) {
  return until(`${testid} sounds of ${person}`, async () => {
    const now = await heard(page, testid);
    if (!now.includes(person)) throw new Error(`it sounds of ${now.join(" and ") || "nobody"}`);
    return true;
  }, { withinMs });
}

export async function openDiary(page, name, videos, voices, everyMs = 25) {
  await page.evaluate(([...all]) => window.eyes.openDiary(...all), [name, videos, voices, everyMs]);
}

export async function closeDiary(page, name) {
  return page.evaluate((book) => window.eyes.closeDiary(book), name);
}

/** When the rows first told `person`, or null. */
export function firstTime(rows, person) {
  const row = rows.find(([, value]) => value === person || (Array.isArray(value) && value.includes(person)));
  return row === undefined ? null : row[0];
}

/** When the rows told `person` for the last time, or null. */
export function lastTime(rows, person) {
  return firstTime([...rows].reverse(), person);
}

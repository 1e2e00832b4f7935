// The bench's own sender and viewers: bare pages, a clock drawn into the picture, its age read when it is shown.

import { readFileSync } from "node:fs";

import { openBarePage } from "./peers.mjs";

const CLOCK = readFileSync(new URL("page/clock.js", import.meta.url), "utf8");

/** A bare page that can draw and read the clock. */
export async function openClockPage(browser, demo) {
  const page = await openBarePage(browser, demo);
  await page.evaluate(CLOCK);
  return page;
}

/** Takes the master's seat with the clock's picture. */
export async function sendClock(page, demo, { width, height, rate, detail = false, hint }) {
  await page.evaluate(async ([lesson, token, picture, contentHint]) => {
    window.sent = window.clock.source(picture);
    await window.peers.publish(lesson, token, window.sent, { hint: contentHint });
  }, [demo.lesson, demo.tokens.master, { width, height, rate, detail }, hint]);
}

/** From now on the ages of the pictures on `whep-video` are noted. */
export async function noteAges(page) {
  await page.evaluate(() => {
    window.ages = window.clock.watchAges(document.querySelector("[data-testid=whep-video]"));
  });
}

export function takeAges(page) {
  return page.evaluate(() => window.ages.take());
}

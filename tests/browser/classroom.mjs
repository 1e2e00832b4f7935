// A lesson's people, each at a browser of their own: opened together, looked after, closed together.

import assert from "node:assert/strict";

import { openChromium } from "./chromium.mjs";

export const POINTS = ["point-1", "point-2", "point-3"];

export function byTestid(testid) {
  return `[data-testid="${testid}"]`;
}

export class Classroom {
  #browsers = new Map();
  #pages = new Map();

  constructor(demo) {
    this.demo = demo;
  }

  /**
   * Opens `person`'s own browser at the demo, as that person; `options` are the browser's, `script` runs first on its page, and
   * `prepare` has the browser before any page.
   */
  async enter(person, path = `/?as=${person}`, { script = null, prepare = async () => undefined, ...options } = {}) {
    await this.#browsers.get(person)?.close();
    const browser = await openChromium(person, options);
    if (script !== null) await browser.context.addInitScript(script);
    this.#browsers.set(person, browser);
    await prepare(browser);
    const page = await browser.open(this.demo.base + path);
    this.#pages.set(person, page);
    return page;
  }

  /** All at once would be one crowd on the processor; a school day opens them one by one too. */
  async enterAll(people) {
    for (const person of people) await this.enter(person);
  }

  page(person) {
    return this.#pages.get(person);
  }

  browser(person) {
    return this.#browsers.get(person);
  }

  pages() {
    return [...this.#pages.entries()];
  }

  /** Nothing was written to a console as an error. `known` are patterns of what a story provokes. */
  nobodyComplains(known = []) {
    for (const [person, browser] of this.#browsers) {
      const unknown = browser.complaints.filter((text) => !known.some((pattern) => pattern.test(text)));
      assert.deepEqual(unknown, [], `${person}'s page complains`);
    }
  }

  async close() {
    for (const browser of this.#browsers.values()) await browser.close();
    this.#browsers.clear();
    this.#pages.clear();
  }
}

/** The master presses the button of the page before the lesson. */
export async function start(master) {
  await master.click(byTestid("start-lesson"));
  await master.waitForSelector(byTestid("wall"));
}

export async function end(master) {
  await master.click(byTestid("end-lesson"));
  await master.click(byTestid("confirm-end"));
}

/** Presses a button inside the page and returns when, in ms since 1970. */
export function pressAt(page, testid) {
  return page.evaluate((selector) => {
    const at = window.eyes.now();
    document.querySelector(selector).click();
    return at;
  }, byTestid(testid));
}

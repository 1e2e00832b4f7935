// Bare pages of the server's origin that watch and publish by themselves (page/peers.js).

import { readFileSync } from "node:fs";

const PEERS = readFileSync(new URL("page/peers.js", import.meta.url), "utf8");

/** A page without the web client. Scripts in it come from the test, so the server's content policy stays untouched. */
export async function openBarePage(browser, demo) {
  const page = await browser.open(`${demo.base}/healthz`);
  await page.evaluate(PEERS);
  return page;
}

/** Watches by WHEP; resolves at the first frame. */
export function watch(page, demo, token) {
  return page.evaluate(([lesson, bearer]) => window.peers.watch(lesson, bearer), [demo.lesson, token]);
}

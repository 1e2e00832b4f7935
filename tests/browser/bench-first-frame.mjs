// first_frame_ms: from a viewer's WHEP POST to the first frame on its page, three viewers at once, many times over.

import { openChromium } from "./chromium.mjs";
import { openClockPage, sendClock } from "./clock.mjs";
import { openBarePage, watch } from "./peers.mjs";
import { measure, sample } from "./sample.mjs";

const VIEWERS = ["point-1", "point-2", "point-3"];
const ROUNDS = 10;

await measure(async (demo, later) => {
  const browser = await openChromium();
  later(() => browser.close());
  await sendClock(await openClockPage(browser, demo), demo, { width: 640, height: 360, rate: 15, hint: "detail" });
  for (let round = 0; round < ROUNDS; round += 1) {
    const pages = [];
    for (const viewer of VIEWERS) pages.push([viewer, await openBarePage(browser, demo)]);
    await Promise.all(pages.map(async ([viewer, page]) => {
      const { firstFrameMs } = await watch(page, demo, demo.tokens[viewer]);
      sample("first_frame_ms", firstFrameMs, "ms", { viewer, round });
    }));
    for (const [, page] of pages) await page.close();
  }
});

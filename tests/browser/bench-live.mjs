// A minute of a running lesson, 640x360 at 15 fps to three viewers: decoded_fps and freezes of each, glass_to_glass_ms
// of every picture shown, and srtp_aead (1 where the connection is sealed by AES-GCM).

import { openChromium } from "./chromium.mjs";
import { noteAges, openClockPage, sendClock, takeAges } from "./clock.mjs";
import { watch } from "./peers.mjs";
import { measure, sample } from "./sample.mjs";
import { cipherOf, inbound, reports } from "./stats.mjs";
import { until } from "./wait.mjs";

const VIEWERS = ["point-1", "point-2", "point-3"];
const FOR_S = Number(process.env.BENCH_SECONDS ?? 60);
/** Players fill their buffers first. */
const SETTLED_FRAMES = 45;

const picture = async (page) => inbound(await reports(page, "subscribe"), "video")[0];

function aead(all) {
  return /AES_(128|256)_GCM/.test(cipherOf(all) ?? "") ? 1 : 0;
}

await measure(async (demo, later) => {
  const browser = await openChromium();
  later(() => browser.close());
  const sender = await openClockPage(browser, demo);
  await sendClock(sender, demo, { width: 640, height: 360, rate: 15, hint: "detail" });
  const pages = [];
  for (const viewer of VIEWERS) {
    const page = await openClockPage(browser, demo);
    await watch(page, demo, demo.tokens[viewer]);
    pages.push([viewer, page]);
  }
  for (const [viewer, page] of pages) {
    await until(`${viewer} has settled`, async () => (await picture(page)).framesDecoded >= SETTLED_FRAMES);
    await noteAges(page);
  }
  const before = await Promise.all(pages.map(([, page]) => picture(page)));
  const end = before[0].timestamp + FOR_S * 1000;
  await until("the minute is over", async () => (await picture(pages[0][1])).timestamp >= end, { withinMs: FOR_S * 2000, everyMs: 500 });
  for (const [index, [viewer, page]] of pages.entries()) {
    const [was, now] = [before[index], await picture(page)];
    const seconds = (now.timestamp - was.timestamp) / 1000;
    sample("decoded_fps", (now.framesDecoded - was.framesDecoded) / seconds, "fps", { viewer, seconds, size: `${now.frameWidth}x${now.frameHeight}` });
    sample("freezes", now.freezeCount - was.freezeCount, "count", { viewer, lost: now.packetsLost, nacks: now.nackCount });
    const { ages, unread } = await takeAges(page);
    for (const age of ages) sample("glass_to_glass_ms", age, "ms", { viewer });
    const buffered = (now.jitterBufferDelay - was.jitterBufferDelay) / (now.jitterBufferEmittedCount - was.jitterBufferEmittedCount);
    sample("jitter_buffer_ms", buffered * 1000, "ms", { viewer, unread });
    const decoding = (now.totalDecodeTime - was.totalDecodeTime) / (now.framesDecoded - was.framesDecoded);
    sample("decode_ms", decoding * 1000, "ms", { viewer });
    sample("srtp_aead", aead(await reports(page, "subscribe")), "bool", { viewer });
  }
  sample("srtp_aead", aead(await reports(sender, "publish")), "bool", { viewer: "master" });
});

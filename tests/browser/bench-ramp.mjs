// ramp_kbit_s: the best second in the first ten of a moving, detailed 1280x720 picture at 25 fps with contentHint
// "detail" and no bitrate in its SDP. It shows that the server's feedback lets a browser's estimate grow.

import { openChromium } from "./chromium.mjs";
import { openClockPage, sendClock } from "./clock.mjs";
import { measure, sample } from "./sample.mjs";
import { reports } from "./stats.mjs";
import { until } from "./wait.mjs";

const ROUNDS = 3;
const WITHIN_MS = 10_000;
const SECOND_MS = 1000;

async function sent(page) {
  const all = await reports(page, "publish");
  const video = all.find((report) => report.type === "outbound-rtp" && report.kind === "video");
  const pair = all.find((report) => report.type === "candidate-pair" && report.nominated);
  return { at: video.timestamp, bytes: video.bytesSent, fps: video.framesPerSecond, size: `${video.frameWidth}x${video.frameHeight}`,
    limited: video.qualityLimitationReason, estimate: pair?.availableOutgoingBitrate ?? null };
}

for (let round = 0; round < ROUNDS; round += 1) {
  await measure(async (demo, later) => {
    const browser = await openChromium();
    later(() => browser.close());
    const page = await openClockPage(browser, demo);
    await sendClock(page, demo, { width: 1280, height: 720, rate: 25, detail: true, hint: "detail" });
    const first = await until("media flows", async () => {
      const now = await sent(page);
      return now.bytes > 0 ? now : null;
    });
    const seconds = [];
    let last = first;
    while (last.at - first.at < WITHIN_MS - SECOND_MS / 2) {
      const now = await until("a second later", async () => {
        const later = await sent(page);
        return later.at - last.at >= SECOND_MS ? later : null;
      });
      seconds.push(Math.round(((now.bytes - last.bytes) * 8) / (now.at - last.at)));
      last = now;
    }
    sample("ramp_kbit_s", Math.max(...seconds), "kbit/s", { round, seconds, ...last });
  });
}

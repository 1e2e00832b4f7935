// A pupil's replay: found in the library, played from its first moment to its last, and sought in.

import assert from "node:assert/strict";

import { byTestid } from "./classroom.mjs";
import { hears, sees } from "./eyes.mjs";
import { until } from "./wait.mjs";

const VIDEO = "replay-video";
/** Playing faster than it was taught keeps the story short. */
const RATE = 2;
/** A picture that stands still for longer is a hole in the recording. */
const STALL_S = 3;

function media(page) {
  return page.evaluate((selector) => {
    const video = document.querySelector(selector);
    const quality = video.getVideoPlaybackQuality();
    return {
      at: video.currentTime, of: video.duration, ended: video.ended, paused: video.paused, error: video.error?.message ?? null,
      frames: quality.totalVideoFrames, size: `${video.videoWidth}x${video.videoHeight}`,
      begins: video.seekable.length > 0 ? video.seekable.start(0) : 0,
    };
  }, byTestid(VIDEO));
}

/** Opens the library as the pupil and the lesson's replay from there. */
export async function openReplay(page, demo) {
  await page.goto(`${demo.base}/?as=student`);
  const item = `${byTestid(`library-item-${demo.lesson}`)}[data-watchable="ready"]`;
  await page.waitForSelector(item, { timeout: 20_000 });
  await page.click(item);
  await page.waitForSelector(byTestid(VIDEO));
}

/** Presses play and waits until picture and sound of `person` come. */
export async function plays(page, person) {
  await page.waitForSelector(byTestid("play"));
  await page.click(byTestid("play"));
  await until("the replay moves", async () => (await media(page)).at > 0.5 && !(await media(page)).paused);
  if (person !== null) await sees(page, VIDEO, person);
  await hears(page, VIDEO, "master");
}

/** Plays on to the end and tells where it went; fails where it stands still. */
export async function playsToTheEnd(page, lengthS) {
  await page.click(byTestid(`rate-${RATE}`));
  let seenS = (await media(page)).at;
  let movedAt = performance.now();
  const end = await until("the replay reaches its end", async () => {
    const now = await media(page);
    assert.equal(now.error, null);
    if (now.at > seenS) movedAt = performance.now();
    else if (!now.ended && performance.now() - movedAt > STALL_S * 1000) assert.fail(`it stands still at ${now.at} s of ${now.of} s`);
    seenS = now.at;
    return now.ended ? now : null;
  }, { withinMs: (lengthS * 1000) / RATE + 30_000, everyMs: 200 });
  assert.ok(Math.abs(end.of - lengthS) < 1.5, `it is ${end.of} s long, the lesson's recording ${lengthS} s`);
  return end;
}

/** Seeks by the time line to a share of the length, and plays on from there. */
export async function seeks(page, share) {
  const at = (await media(page)).of * share;
  const bar = await page.$(byTestid("scrub-bar"));
  const box = await bar.boundingBox();
  await page.mouse.click(box.x + box.width * share, box.y + box.height / 2);
  await until(`the replay is at ${at.toFixed(1)} s`, async () => Math.abs((await media(page)).at - at) < 2.5);
  const before = await media(page);
  if (before.paused) await page.click(byTestid("toggle-play"));
  await until("it plays on from there", async () => (await media(page)).at > before.at + 0.5);
}

export { media as replayed };

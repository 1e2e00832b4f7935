// A minute of lesson with two parties on the floor, then its replay: how soon it can be played after the lesson's end, and
// how soon a picture is there after opening and after a jump, on the product's replay page in Chromium and in Firefox.

import { callOn } from "./call-on.mjs";
import { openChromium } from "./chromium.mjs";
import { Classroom, byTestid, start } from "./classroom.mjs";
import { ask } from "./demo.mjs";
import { hears, sees } from "./eyes.mjs";
import { openFirefox } from "./firefox.mjs";
import { measure, sample } from "./sample.mjs";
import { until } from "./wait.mjs";

const LESSON_MS = Number(process.env.BENCH_SECONDS ?? 60) * 1000;
const OPENINGS = 3;
const SEEKS = 12;
const VIDEO = byTestid("replay-video");

/** In the page: notes when the element knew its size, and when it first had a picture. */
const WATCH = `{
  const note = (video) => {
    if (video.dataset.watched !== undefined) return;
    video.dataset.watched = "";
    video.addEventListener("loadedmetadata", () => (video.dataset.metadata = performance.now()), { once: true });
    video.addEventListener("loadeddata", () => (video.dataset.picture = performance.now()), { once: true });
  };
  new MutationObserver(() => document.querySelectorAll("video").forEach(note)).observe(document, { childList: true, subtree: true });
}`;

/** From the press of a place on the time line until its picture is shown. */
function seekMs(page, share) {
  return page.evaluate(([selector, share]) => new Promise((resolve) => {
    const video = document.querySelector(selector);
    const toS = video.duration * share;
    const began = performance.now();
    const shown = (_now, frame) => {
      if (Math.abs(frame.mediaTime - toS) < 1) resolve(performance.now() - began);
      else video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
    video.currentTime = toS;
  }), [VIDEO, share]);
}

async function replays(browser, name, demo, open) {
  for (let round = 0; round < OPENINGS; round += 1) {
    const page = await open(browser);
    await page.goto(`${demo.base}/library/${demo.lesson}#token=${demo.tokens.student}`);
    const timing = await until("there is a picture", () => page.evaluate((selector) => {
      const video = document.querySelector(selector);
      const { metadata, picture } = video?.dataset ?? {};
      return picture === undefined || metadata === undefined ? null : { metadata: Number(metadata), picture: Number(picture) };
    }, VIDEO));
    sample("open_ms", timing.picture - timing.metadata, "ms", { browser: name, round, ...timing });
    for (let i = 0; round === 0 && i < SEEKS; i += 1) {
      // Golden ratio: everywhere, never the same place twice.
      const share = 0.02 + 0.96 * ((i * 0.618) % 1);
      sample("seek_ms", await seekMs(page, share), "ms", { browser: name, share });
    }
    await page.close();
  }
}

await measure(async (demo, later) => {
  const room = new Classroom(demo);
  later(() => room.close());
  await room.enterAll(["point-1", "point-2", "master"]);
  const master = room.page("master");
  await start(master);
  await sees(room.page("point-1"), "stage-video", "master");
  await hears(room.page("point-1"), "lead-voice", "master");
  const began = performance.now();
  await sees(master, "tile-video-point-1", "point-1");
  await callOn(room, "point-1", ["point-2"]);
  await until("the lesson has lasted", () => performance.now() - began > LESSON_MS, { withinMs: LESSON_MS + 30_000 });
  const token = demo.tokens.student;
  const ready = async () => {
    const { json } = await ask(demo, "GET", `/api/lessons/${demo.lesson}`, { token });
    if (json.recording !== "finished") return null;
    const answer = await ask(demo, "POST", `/api/lessons/${demo.lesson}/playback`, { token });
    return answer.status === 200 ? answer : null;
  };
  await master.click(byTestid("end-lesson"));
  const pressed = performance.now();
  await master.click(byTestid("confirm-end"));
  await until("the replay is there", ready, { everyMs: 20 });
  sample("ready_ms", performance.now() - pressed, "ms");
  await room.close();

  const chromium = await openChromium();
  later(() => chromium.close());
  await replays(chromium, "chromium", demo, async (browser) => {
    const page = await browser.open();
    await page.addInitScript(WATCH);
    return page;
  });
  const firefox = await openFirefox("student");
  later(() => firefox.close());
  await replays(firefox, "firefox", demo, async (browser) => {
    const page = await browser.open();
    await page.evaluateOnNewDocument(WATCH);
    return page;
  });
});

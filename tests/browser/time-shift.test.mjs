// A lesson looked back at while it is on: from the library to its live edge, back to its beginning, and after it again. Then
// what an ffmpeg makes of it once it is over.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";

import { openChromium } from "./chromium.mjs";
import { Classroom, byTestid, end, start } from "./classroom.mjs";
import { ask, startDemo } from "./demo.mjs";
import { hears, sees } from "./eyes.mjs";
import { replayed } from "./replay.mjs";
import { keepScreen } from "./screens.mjs";
import { until } from "./wait.mjs";

/** Three parts behind what is settled, which is two seconds behind what was written, and the way there. */
const NEAR_S = 8;
const LESSON_S = 25;

let demo;
let room;
let pupil;
let page;

before(async () => {
  const ffmpeg = execFileSync("sh", ["-c", "command -v ffmpeg"], { encoding: "utf8" }).trim();
  demo = await startDemo({ points: 1, more: ["--low-latency", "--ffmpeg", ffmpeg] });
  room = new Classroom(demo);
});
after(async () => {
  await pupil?.close();
  await room?.close();
  await demo?.stop();
});

function behindS() {
  return page.getAttribute(byTestid("live-bar"), "data-behind").then(Number);
}

function rate() {
  return page.evaluate((selector) => document.querySelector(selector).playbackRate, byTestid("replay-video"));
}

test("the library opens a running lesson a few seconds behind it", async () => {
  await room.enterAll(["point-1", "master"]);
  await start(room.page("master"));
  await sees(room.page("point-1"), "stage-video", "master");
  const began = performance.now();
  pupil = await openChromium();
  page = await pupil.open();
  await until("the lesson has been on for a while", () => performance.now() - began > LESSON_S * 1000, { withinMs: (LESSON_S + 10) * 1000 });
  await page.goto(`${demo.base}/?as=student`);
  const item = `${byTestid(`library-item-${demo.lesson}`)}[data-watchable="in_progress"]`;
  await page.waitForSelector(item);
  await keepScreen(page, "time-shift-library");
  await page.click(item);
  await page.click(byTestid("play"));
  await until("the replay moves", async () => !(await replayed(page)).paused && (await replayed(page)).frames > 10);
  await sees(page, "replay-video", "master");
  await hears(page, "replay-video", "master");
  await until("it is at the edge", async () => (await behindS()) < 2);
  await keepScreen(page, "time-shift-edge");
});

test("what is seen at the edge happened a few seconds ago", async () => {
  // What was published is on the lesson's clock; the manifest tells how far that has come.
  const { json } = await ask(demo, "POST", `/api/lessons/${demo.lesson}/playback`, { token: demo.tokens.student });
  const camera = json.tracks.find((track) => track.name === "master-camera");
  const recordedS = (camera.starts_at_ms + camera.duration_ms) / 1000;
  const { at } = await replayed(page);
  assert.ok(recordedS - at < NEAR_S, `${(recordedS - at).toFixed(1)} s behind what is recorded`);
});

test("who goes back to the beginning is behind, catches up faster than life, and is back at a press", async () => {
  await page.keyboard.press("Home");
  await until("it plays the beginning", async () => (await replayed(page)).at < 5 && (await behindS()) > 10);
  await sees(page, "replay-video", "master");
  await page.click(byTestid("catch-up"));
  await until("it plays faster", async () => [1.1, 1.25].includes(await rate()));
  await keepScreen(page, "time-shift-catching-up");
  const pace = await page.evaluate(async (selector) => {
    const video = document.querySelector(selector);
    const [at, began] = [video.currentTime, performance.now()];
    while (video.currentTime < at + 5) await new Promise((shown) => video.requestVideoFrameCallback(shown));
    return (video.currentTime - at) / ((performance.now() - began) / 1000);
  }, byTestid("replay-video"));
  assert.ok(pace > 1.05, `it plays at ${pace.toFixed(2)} of life`);
  await page.click(byTestid("to-live"));
  await until("it is at the edge", async () => (await behindS()) < 2 && (await rate()) === 1);
  await sees(page, "replay-video", "master");
});

test("when the lesson ends the replay is whole where it is watched", async () => {
  await end(room.page("master"));
  await room.close();
  await until("nothing is live any more", async () => (await page.$(byTestid("live-bar"))) === null, { withinMs: 40_000 });
  await page.keyboard.press("Home");
  await until("it plays the beginning", async () => (await replayed(page)).at < 5);
  await sees(page, "replay-video", "master");
  assert.deepEqual(pupil.complaints, []);
});

test("a master has a showcase lesson made, and fetches it", async () => {
  const desk = await pupil.open();
  await desk.goto(`${demo.base}/library/${demo.lesson}#token=${demo.tokens.master}`);
  await desk.click(byTestid("showcase"));
  await desk.waitForSelector(byTestid("showcase-dialog"));
  await desk.fill(byTestid("showcase-edition"), "人民音乐出版社");
  await desk.fill(byTestid("showcase-grade"), "三年级");
  await keepScreen(desk, "showcase-order");
  await desk.click(byTestid("showcase-order"));
  await desk.waitForSelector(byTestid("showcase-standing"));
  await keepScreen(desk, "showcase-making");
  const link = await desk.waitForSelector(byTestid("showcase-download"), { timeout: 120_000 });
  await keepScreen(desk, "showcase-done");
  const size = await desk.evaluate(async (href) => {
    const response = await fetch(href);
    return [response.status, response.headers.get("content-type"), (await response.arrayBuffer()).byteLength];
  }, await link.getAttribute("href"));
  assert.deepEqual(size.slice(0, 2), [200, "video/mp4"]);
  assert.ok(size[2] > 100_000, `${size[2]} bytes`);
});

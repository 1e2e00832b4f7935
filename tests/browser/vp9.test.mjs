// A lesson one of whose points is a Firefox without H.264: it runs on VP9, and every browser takes part in it whole.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Classroom, byTestid, end, start } from "./classroom.mjs";
import { startDemo } from "./demo.mjs";
import { heard, hears, sees } from "./eyes.mjs";
import { openFirefox } from "./firefox.mjs";
import { openReplay, plays, seeks } from "./replay.mjs";
import { cipherOf, codecs, inbound, reports } from "./stats.mjs";
import { until } from "./wait.mjs";
import { streamOf } from "./weak.mjs";

let demo;
let room;
let firefox;
let point;

before(async () => {
  demo = await startDemo();
  room = new Classroom(demo);
});
after(async () => {
  await firefox?.close();
  await room?.close();
  await demo?.stop();
});

const master = () => room.page("master");

/** The colour of Firefox's made-up camera drifts: a picture that is there and moves. */
async function drifts(page, testid) {
  const colour = () => page.evaluate((id) => (window.eyes.who(id) === null ? null : window.eyes.colour(id)), testid);
  const first = await until(`${testid} shows a picture`, colour);
  await until(`the picture of ${testid} moves`, async () => {
    const now = await colour();
    return now !== null && Math.hypot(...now.map((part, index) => part - first[index])) > 8;
  });
}

test("a Firefox point joins first and waits", async () => {
  firefox = await openFirefox("point-1");
  point = await firefox.open(`${demo.base}/?as=point-1`);
  await point.waitForSelector(byTestid("waiting"));
  await point.waitForSelector(`${byTestid("status-line")}[data-status="waiting_lead"]`);
});

test("the lesson that Chromium's master then starts runs on VP9", async () => {
  await room.enter("point-2");
  await room.enter("master", "/?as=master", { camera: { width: 1280, height: 720, rate: 25 } });
  await start(master());
  await sees(room.page("point-2"), "stage-video", "master");
  const sent = codecs(await reports(master(), "publish"));
  assert.ok(sent.includes("video/VP9") && !sent.includes("video/H264"), sent.join());
});

test("its camera is one stream of spatial layers, of which each point is given what its screen shows", async () => {
  const cameras = (await reports(master(), "publish")).filter((line) => line.type === "outbound-rtp" && line.mid === "1");
  assert.deepEqual(cameras.map((line) => line.scalabilityMode), ["L3T3_KEY"]);
  const page = room.page("point-2");
  const isShown = (width) => until(`a picture ${width} wide`, async () => (await streamOf(page, "stage-video"))?.frameWidth === width);
  await isShown(1280);
  const whole = page.viewportSize();
  await page.setViewportSize({ width: 400, height: 300 });
  await isShown(320);
  await sees(page, "stage-video", "master");
  await page.setViewportSize(whole);
  await isShown(1280);
  await sees(page, "stage-video", "master");
});

test("Firefox sees and hears the lead", async () => {
  await sees(point, "stage-video", "master");
  await hears(point, "lead-voice", "master");
  const all = await reports(point, "subscribe");
  assert.ok(inbound(all, "video").some((line) => line.framesDecoded > 0));
  assert.match(cipherOf(all), /AES_(128|256)_GCM/);
});

test("the master's wall shows the Firefox point's camera", async () => {
  await drifts(master(), "tile-video-point-1");
});

test("a Firefox point that is called on is seen and heard in Chromium, and let go again", async () => {
  await master().click(byTestid("call-on-point-1"));
  await drifts(room.page("point-2"), "floor-video");
  await hears(room.page("point-2"), "floor-voice", "point-1");
  await hears(master(), "floor-voice", "point-1");
  assert.deepEqual(await heard(point, "lead-voice"), ["master"]);
  await master().click(byTestid("release-point-1"));
  await until("its voice is gone", async () => (await heard(room.page("point-2"), "floor-voice")).length === 0);
});

test("a Chromium point that is called on is seen and heard in Firefox", async () => {
  await master().click(byTestid("call-on-point-2"));
  await sees(point, "floor-video", "point-2");
  await hears(point, "floor-voice", "point-2");
  await master().click(byTestid("release-point-2"));
});

test("the end is told in both browsers, and nobody complained", async () => {
  await end(master());
  for (const page of [point, room.page("point-2"), master()]) await page.waitForSelector(byTestid("ended"));
  room.nobodyComplains([/404.*\/wh[ie]p\//]);
  assert.deepEqual(firefox.complaints, []);
});

test("its recording plays in Firefox and in Chromium", async () => {
  for (const browser of [firefox, room.browser("point-2")]) {
    const page = await browser.open();
    await openReplay(page, demo);
    await plays(page, "master");
    await seeks(page, 0.6);
    await page.close();
  }
});

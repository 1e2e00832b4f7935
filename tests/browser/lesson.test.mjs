// A whole lesson with three teaching points, each person at a Chromium of their own, from open doors to the end.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { callOn, hasFloor, release } from "./call-on.mjs";
import { openChromium, openCourseware } from "./chromium.mjs";
import { Classroom, POINTS, byTestid, end, start } from "./classroom.mjs";
import { ask, startDemo } from "./demo.mjs";
import { heard, hears, sees, who } from "./eyes.mjs";
import { openFirefox } from "./firefox.mjs";
import { PEOPLE } from "./people.mjs";
import { openReplay, plays, playsToTheEnd, seeks } from "./replay.mjs";
import { keepScreen } from "./screens.mjs";
import { cipherOf, inbound, reports } from "./stats.mjs";
import { until } from "./wait.mjs";

/** A class that is called on is there within a second, which `bench.sh call-on` measures; a machine with others to serve is slower. */
const SWITCH_MS = 4000;
const OTHERS = ["point-2", "point-3"];

let demo;
let room;
let pupil;
let firefox;
const at = (person) => room.page(person);

before(async () => {
  demo = await startDemo();
  room = new Classroom(demo);
});
after(async () => {
  await firefox?.close();
  await pupil?.close();
  await room?.close();
  await demo?.stop();
});

async function keepAll(state) {
  for (const [person, page] of room.pages()) await keepScreen(page, `lesson-${state}-${person}`);
}

function status(person, key, withinMs) {
  return at(person).waitForSelector(`${byTestid("status-line")}[data-status="${key}"]`, { timeout: withinMs });
}

test("teaching points join by themselves and wait for the lead", async () => {
  await room.enterAll(POINTS);
  for (const point of POINTS) {
    await at(point).waitForSelector(byTestid("waiting"));
    await status(point, "waiting_lead", 10_000);
  }
});

test("the master is on air after two presses, and every point sees and hears them", async () => {
  const master = await room.enter("master", "/");
  await master.click(byTestid("person-master"));
  for (const point of POINTS) {
    await until(`the master sees ${point} at the door`, async () => (await master.textContent(byTestid(`here-${point}`))).includes("在线"));
  }
  await keepAll("doors-open");
  await start(master);
  for (const point of POINTS) {
    await sees(at(point), "stage-video", "master");
    await hears(at(point), "lead-voice", "master");
    await sees(master, `tile-video-${point}`, point);
  }
  await keepAll("live");
});

test("no class hears another while nobody is called on", async () => {
  for (const point of POINTS) {
    assert.deepEqual(await heard(at(point), "floor-voice", 1000), []);
    assert.deepEqual(await heard(at(point), "lead-voice", 1000), ["master"]);
  }
  assert.deepEqual(await heard(at("master"), "floor-voice", 1000), []);
});

test("media is sealed with AES-GCM on every connection", async () => {
  for (const [person, page] of room.pages()) {
    for (const which of ["publish", "subscribe"]) {
      assert.match(cipherOf(await reports(page, which)), /AES_(128|256)_GCM/, `${person} ${which}`);
    }
  }
});

test("a raised hand is seen by the master and put down again", async () => {
  await at("point-1").click(byTestid("raise-hand"));
  await at("master").waitForSelector(byTestid("hand-point-1"));
  await at("point-3").click(byTestid("raise-hand"));
  await at("master").waitForSelector(byTestid("hand-point-3"));
  await keepAll("hands");
  await at("point-3").click(byTestid("lower-hand"));
  await at("master").waitForSelector(byTestid("hand-point-3"), { state: "detached" });
});

test("a class called on is seen and heard by everyone else", async () => {
  const rows = await callOn(room, "point-1", OTHERS);
  await keepAll("called-on");
  for (const { person, picture_ms, voice_ms } of rows) {
    assert.ok(picture_ms <= SWITCH_MS, `${person} sees it after ${picture_ms} ms`);
    assert.ok(voice_ms <= SWITCH_MS, `${person} hears it after ${voice_ms} ms`);
  }
  await at("master").waitForSelector(byTestid("hand-point-1"), { state: "detached" });
});

test("a class called on does not get itself back, and sees and hears the lead", async () => {
  const page = at("point-1");
  await status("point-1", "on_floor", 2000);
  assert.equal(await who(page, "floor-video"), null);
  assert.deepEqual(await heard(page, "lead-voice", 600), ["master"]);
  const before = inbound(await reports(page, "subscribe"), "video").map((line) => line.framesDecoded);
  await sees(page, "stage-video", "master");
  const own = await page.evaluate(() => window.eyes.heard("floor-voice"));
  assert.deepEqual(own, []);
  const floor = inbound(await reports(page, "subscribe"), "video").map((line) => line.framesDecoded).at(2) ?? 0;
  assert.equal(floor, before.at(2) ?? 0, "its own picture is not sent to it");
});

test("a class that is let go is gone from everyone", async () => {
  const rows = await release(room, "point-1", OTHERS);
  for (const { person, picture_ms, voice_ms } of rows) {
    assert.ok(picture_ms <= SWITCH_MS, `${person} sees it for ${picture_ms} ms more`);
    assert.ok(voice_ms <= SWITCH_MS, `${person} hears it for ${voice_ms} ms more`);
  }
  for (const point of POINTS) await sees(at(point), "stage-video", "master");
});

test("a class may give the floor back itself", async () => {
  await callOn(room, "point-2", ["point-1", "point-3"]);
  await at("point-2").click(byTestid("give-back-floor"));
  await until("the floor is free", async () => !(await hasFloor(at("master"), "point-2")), { withinMs: SWITCH_MS });
});

test("shared courseware is large at every point and the lead stays beside it, until it is stopped", async () => {
  const slides = await openCourseware(room.browser("master"), PEOPLE.courseware.rgb, "《茉莉花》");
  await at("master").bringToFront();
  await at("master").click(byTestid("share-courseware"));
  for (const point of POINTS) {
    await sees(at(point), "stage-video", "courseware");
    await sees(at(point), "inset-video", "master");
  }
  await sees(at("master"), "own-screen", "courseware");
  await keepAll("courseware");
  await callOn(room, "point-3", ["point-1", "point-2"]);
  await keepAll("courseware-called-on");
  await release(room, "point-3", ["point-1", "point-2"]);
  await at("master").click(byTestid("stop-courseware"));
  for (const point of POINTS) await sees(at(point), "stage-video", "master");
  await slides.close();
});

test("a master who reloads the page is back in the same lesson", async () => {
  await at("master").reload();
  await at("master").waitForSelector(byTestid("wall"));
  for (const point of POINTS) {
    await sees(at("master"), `tile-video-${point}`, point);
    await hears(at(point), "lead-voice", "master");
    await sees(at(point), "stage-video", "master");
  }
});

test("the end is told on every page", async () => {
  await end(at("master"));
  for (const [, page] of room.pages()) await page.waitForSelector(byTestid("ended"));
  await keepAll("ended");
});

test("no page complained", () => {
  // Taking leave of a session that ended with the lesson is an error to the browser only.
  room.nobodyComplains([/404.*\/wh[ie]p\//]);
});

async function recordedS() {
  const { json } = await ask(demo, "GET", `/api/lessons/${demo.lesson}`, { token: demo.tokens.student });
  assert.equal(json.recording, "finished");
  return json.duration_ms / 1000;
}

test("a pupil finds the lesson in the library and replays it wholly in Chromium, seeking included", async () => {
  await room.close();
  pupil = await openChromium();
  const page = await pupil.open();
  await openReplay(page, demo);
  await plays(page, "master");
  await keepScreen(page, "lesson-replay-chromium");
  const end = await playsToTheEnd(page, await recordedS());
  assert.ok(end.frames > end.of * 7, `${end.frames} frames were decoded in ${end.of} s`);
  for (const share of [0.3, 0.75, 0.1]) await seeks(page, share);
  assert.deepEqual(pupil.complaints, []);
});

test("and wholly in Firefox", async () => {
  firefox = await openFirefox(null);
  const page = await firefox.open();
  await openReplay(page, demo);
  await plays(page, "master");
  const end = await playsToTheEnd(page, await recordedS());
  for (const share of [0.3, 0.75, 0.1]) await seeks(page, share);
  assert.deepEqual(firefox.complaints, []);
});

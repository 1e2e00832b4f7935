// A point that joins a running lesson without its video codec: it gets the voice, and a sentence instead of a picture.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Classroom, byTestid, start } from "./classroom.mjs";
import { startDemo } from "./demo.mjs";
import { hears, sees } from "./eyes.mjs";
import { openFirefox } from "./firefox.mjs";
import { keepScreen } from "./screens.mjs";
import { codecs, reports } from "./stats.mjs";

let demo;
let room;
let firefox;
let late;

before(async () => {
  demo = await startDemo();
  room = new Classroom(demo);
});
after(async () => {
  await firefox?.close();
  await room?.close();
  await demo?.stop();
});

test("a lesson among browsers that have H.264 runs on H.264", async () => {
  await room.enterAll(["point-1", "master"]);
  await start(room.page("master"));
  await sees(room.page("point-1"), "stage-video", "master");
  assert.ok(codecs(await reports(room.page("master"), "publish")).includes("video/H264"));
});

test("a late point without H.264 hears the lead and reads why there is no picture", async () => {
  firefox = await openFirefox("point-2");
  late = await firefox.open(`${demo.base}/?as=point-2`);
  await late.waitForSelector(byTestid("voice-only"));
  await late.waitForSelector(`${byTestid("status-line")}[data-status="voice_only"]`);
  await hears(late, "lead-voice", "master");
  await keepScreen(late, "late-joiner-point-2");
});

test("the others go on seeing each other, and the master reads that this point has no picture", async () => {
  await sees(room.page("point-1"), "stage-video", "master");
  const tile = room.page("master").locator(byTestid("tile-point-2"));
  await tile.getByText("放不出本课视频").waitFor();
  await keepScreen(room.page("master"), "late-joiner-master");
});

test("it can still be called on and heard", async () => {
  await room.page("master").click(byTestid("call-on-point-2"));
  await hears(room.page("point-1"), "floor-voice", "point-2");
  await hears(room.page("master"), "floor-voice", "point-2");
  await keepScreen(room.page("point-1"), "late-joiner-called-on-point-1");
});

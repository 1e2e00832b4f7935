// Lines that are cut and power that fails in the middle of a lesson: told to the class within five seconds, and mended
// by themselves. A cut line is a browser all of whose processes stand still, so that nothing is said to anyone.

import { after, before, test } from "node:test";

import { Classroom, POINTS, byTestid, start } from "./classroom.mjs";
import { startDemo } from "./demo.mjs";
import { hears, sees } from "./eyes.mjs";
import { keepScreen } from "./screens.mjs";
import { until } from "./wait.mjs";

const DROPPED_MS = 5000;
const BACK_MS = 20_000;

let demo;
let room;
const at = (person) => room.page(person);

before(async () => {
  demo = await startDemo();
  room = new Classroom(demo);
  await room.enterAll([...POINTS, "master"]);
  await start(at("master"));
  for (const point of POINTS) await sees(at(point), "stage-video", "master");
});
after(async () => {
  await room?.close();
  await demo?.stop();
});

function presence(point) {
  return at("master").getAttribute(byTestid(`tile-${point}`), "data-presence");
}

test("a point whose line is cut is shown as dropped within five seconds, and is back by itself", async () => {
  room.browser("point-2").freeze();
  try {
    await until("point-2 is lost", async () => (await presence("point-2")) === "lost", { withinMs: DROPPED_MS });
    await keepScreen(at("master"), "dropped-point-master");
    await sees(at("point-1"), "stage-video", "master");
  } finally {
    room.browser("point-2").thaw();
  }
  await until("point-2 is back", async () => (await presence("point-2")) === "present", { withinMs: BACK_MS });
  await sees(at("point-2"), "stage-video", "master", BACK_MS);
  await hears(at("point-2"), "lead-voice", "master");
  await sees(at("master"), "tile-video-point-2", "point-2", BACK_MS);
});

test("a point whose power fails with a hand up comes back with the hand up", async () => {
  await at("point-3").click(byTestid("raise-hand"));
  await at("master").waitForSelector(byTestid("hand-point-3"));
  await room.browser("point-3").kill();
  await until("point-3 is lost", async () => (await presence("point-3")) === "lost", { withinMs: DROPPED_MS });
  await room.enter("point-3");
  await until("point-3 is back", async () => (await presence("point-3")) === "present", { withinMs: BACK_MS });
  await at("point-3").waitForSelector(byTestid("lower-hand"));
  await sees(at("point-3"), "stage-video", "master");
  await sees(at("master"), "tile-video-point-3", "point-3");
});

test("a lead whose line is cut is told to the classes within five seconds, and is back by itself", async () => {
  room.browser("master").freeze();
  try {
    const away = `${byTestid("status-line")}[data-status="lead_away"]`;
    await Promise.all(POINTS.map((point) => at(point).waitForSelector(away, { timeout: DROPPED_MS })));
    await keepScreen(at("point-1"), "dropped-lead-point-1");
  } finally {
    room.browser("master").thaw();
  }
  for (const point of POINTS) {
    await sees(at(point), "stage-video", "master", BACK_MS);
    await hears(at(point), "lead-voice", "master");
  }
});

test("no page complained but of the line", () => {
  room.nobodyComplains([/net::ERR/, /WebSocket/, /404.*\/wh[ie]p\//]);
});

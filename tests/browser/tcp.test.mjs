// Schools whose network lets no UDP through: the lesson comes over TCP, if need be through the port of the pages alone.

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { after, before, test } from "node:test";

import { callOn } from "./call-on.mjs";
import { WITHOUT_UDP } from "./chromium.mjs";
import { Classroom, byTestid, start } from "./classroom.mjs";
import { startDemo } from "./demo.mjs";
import { hears, sees } from "./eyes.mjs";
import { openFirefox } from "./firefox.mjs";
import { keepScreen } from "./screens.mjs";
import { chosenPair, reports } from "./stats.mjs";
import { until } from "./wait.mjs";

/** From opening the page to picture and voice: five seconds are asked, and told below; a machine with others to serve is slower. */
const JOIN_MS = 20_000;
const BLOCKED = { flags: [WITHOUT_UDP] };

let demo;
let room;
let firefox;
/** Takes whatever is sent to it and says nothing, as a firewall does. */
let silence;
const at = (person) => room.page(person);
const pagesPort = () => Number(new URL(demo.base).port);

before(async () => {
  demo = await startDemo({ points: 4 });
  room = new Classroom(demo);
  silence = createSocket("udp4");
  silence.bind(0, "127.0.0.1");
  await once(silence, "listening");
});
after(async () => {
  silence?.close();
  await firefox?.close();
  await room?.close();
  await demo?.stop();
});

/**
 * What a firewall makes of the server's candidates, at the beginning of a page: it lets only some lines pass, or sends what
 * matches elsewhere. `pattern` and `replacement` are those of `replaceAll`.
 */
function firewall(pattern, replacement) {
  const change = (expression, text) => {
    const original = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function set({ type, sdp }) {
      return original.call(this, { type, sdp: sdp.replaceAll(new RegExp(expression, "g"), text) });
    };
  };
  return { content: `(${change})(${JSON.stringify(pattern)}, ${JSON.stringify(replacement)})` };
}

function swallowed() {
  return firewall("( udp \\d+ \\S+) \\d+", `$1 ${silence.address().port}`);
}

/** Enters and waits for the master's picture and voice; says how long each took. */
async function joins(person, options) {
  const began = performance.now();
  const since = () => Math.round(performance.now() - began);
  const page = await room.enter(person, undefined, options);
  const opened = since();
  const [picture, voice] = await Promise.all([
    sees(page, "stage-video", "master", JOIN_MS * 2).then(since),
    hears(page, "lead-voice", "master", JOIN_MS * 2).then(since),
  ]);
  console.log(`${person}: page ${opened} ms after its browser was started, picture ${picture} ms, voice ${voice} ms`);
  return { picture: picture - opened, voice: voice - opened };
}

async function chosenWay(page, which) {
  const pair = await until(`there is a ${which} path`, async () => chosenPair(await reports(page, which)));
  return { protocol: pair.remote.protocol, port: pair.remote.port };
}

/** The protocol and server's port of both of a person's connections. */
async function ways(person) {
  return [await chosenWay(at(person), "publish"), await chosenWay(at(person), "subscribe")];
}

test("a lesson runs whose lead is reached by UDP", async () => {
  await room.enter("point-3");
  const master = await room.enter("master");
  await master.waitForSelector(byTestid("start-lesson"));
  await start(master);
  await sees(at("point-3"), "stage-video", "master");
  for (const { protocol } of await ways("master")) assert.equal(protocol, "udp", "who reaches us by both takes UDP");
});

test("a class without UDP sees and hears the lead", async () => {
  const { picture, voice } = await joins("point-1", BLOCKED);
  assert.ok(Math.max(picture, voice) <= JOIN_MS, `picture after ${picture} ms, voice after ${voice} ms`);
  for (const { protocol } of await ways("point-1")) assert.equal(protocol, "tcp");
  await keepScreen(at("point-1"), "tcp-point-1");
});

test("a class that reaches nothing but the port of the pages does too", async () => {
  const script = firewall(`a=candidate:(?!\\S+ 1 tcp \\d+ \\S+ ${pagesPort()} ).*\r\n`, "");
  const { picture, voice } = await joins("point-2", { ...BLOCKED, script });
  assert.ok(Math.max(picture, voice) <= JOIN_MS, `picture after ${picture} ms, voice after ${voice} ms`);
  for (const way of await ways("point-2")) assert.deepEqual(way, { protocol: "tcp", port: pagesPort() });
});

test("a class whose firewall swallows UDP in silence does too", async () => {
  const { picture, voice } = await joins("point-3", { script: swallowed() });
  assert.ok(Math.max(picture, voice) <= JOIN_MS, `picture after ${picture} ms, voice after ${voice} ms`);
  for (const { protocol } of await ways("point-3")) assert.equal(protocol, "tcp");
});

test("so does a class at a Firefox, and with UDP it takes UDP", async () => {
  firefox = await openFirefox("point-4");
  const page = await firefox.open();
  const transport = async () => (await chosenWay(page, "subscribe")).protocol;
  await page.goto(`${demo.base}/?as=point-4`);
  await hears(page, "lead-voice", "master");
  assert.equal(await transport(), "udp");
  await page.evaluateOnNewDocument(swallowed().content);
  await page.reload();
  await hears(page, "lead-voice", "master", JOIN_MS);
  assert.equal(await transport(), "tcp");
});

test("a class without UDP that is called on is seen and heard by everyone", async () => {
  await callOn(room, "point-1", ["point-2", "point-3"]);
});

test("a lead without UDP is seen and heard by everyone", async () => {
  await room.enter("master", undefined, BLOCKED);
  await at("master").waitForSelector(byTestid("wall"));
  for (const point of ["point-1", "point-2", "point-3"]) {
    await sees(at(point), "stage-video", "master");
    await hears(at(point), "lead-voice", "master");
  }
  for (const { protocol } of await ways("master")) assert.equal(protocol, "tcp");
});

test("no page complained", () => {
  room.nobodyComplains();
});

// The master's seat taken by an encoder that is no browser, watched by a player that is not the web client.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openChromium } from "./chromium.mjs";
import { byTestid } from "./classroom.mjs";
import { startDemo, ask } from "./demo.mjs";
import { startEncoder } from "./encoder.mjs";
import { hears } from "./eyes.mjs";
import { openBarePage, watch } from "./peers.mjs";
import { cipherOf, codecs, inbound, reports } from "./stats.mjs";
import { until } from "./wait.mjs";

let demo;
let encoder;
let browser;
let player;
let classroom;

before(async () => {
  demo = await startDemo();
});
after(async () => {
  await encoder?.stop();
  await browser?.close();
  await demo?.stop();
});

async function decoded(page) {
  return inbound(await reports(page, "subscribe"), "video").reduce((sum, line) => sum + line.framesDecoded, 0);
}

test("ffmpeg takes the master's seat by WHIP, and the lesson is live", async () => {
  encoder = startEncoder(demo, demo.tokens.master);
  await until("the lesson is live", async () => {
    const { json } = await ask(demo, "GET", `/api/lessons/${demo.lesson}`, { token: demo.tokens.admin });
    if (!encoder.running()) throw new Error(`ffmpeg ended: ${encoder.log()}`);
    return json.phase === "live";
  });
});

test("a plain WHEP page with one voice and one picture decodes both", async () => {
  browser = await openChromium("point-1");
  player = await openBarePage(browser, demo);
  await watch(player, demo, demo.tokens.observer);
  await hears(player, "whep-audio", "master");
  await until("a hundred frames were decoded", async () => (await decoded(player)) >= 100, { withinMs: 20_000 });
  const all = await reports(player, "subscribe");
  assert.ok(codecs(all).includes("video/H264"));
  assert.match(cipherOf(all), /AES_(128|256)_GCM/);
  const [picture] = inbound(all, "video");
  assert.equal(`${picture.frameWidth}x${picture.frameHeight}`, "640x360");
});

test("the classroom's page shows the encoder's picture too", async () => {
  classroom = await browser.open(`${demo.base}/?as=point-1`);
  await classroom.waitForSelector(`[data-place="main"][data-flowing="true"] ${byTestid("stage-video")}`);
  await hears(classroom, "lead-voice", "master");
});

test("when the encoder stops, the classes are told that the lead is away, and it may come back", async () => {
  await encoder.stop();
  const away = `${byTestid("status-line")}[data-status="lead_away"]`;
  await classroom.waitForSelector(away, { timeout: 5000 });
  encoder = startEncoder(demo, demo.tokens.master);
  await classroom.waitForSelector(away, { state: "detached" });
  const before = await decoded(player);
  await until("the player goes on", async () => (await decoded(player)) > before + 15);
});

// What people, encoders and strangers get wrong is answered by a problem document (RFC 9457) that names the fault, and
// costs the lesson nothing.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openChromium } from "./chromium.mjs";
import { Classroom, byTestid, start } from "./classroom.mjs";
import { ask, startDemo } from "./demo.mjs";
import { hears, sees } from "./eyes.mjs";
import { openBarePage } from "./peers.mjs";
import { keepScreen } from "./screens.mjs";

const SDP = "application/sdp";

let demo;
let room;
let stranger;
/** What a browser really offers for publishing and for watching. */
let offers;

before(async () => {
  demo = await startDemo();
  room = new Classroom(demo);
  await room.enterAll(["point-1", "master"]);
  await start(room.page("master"));
  stranger = await openChromium();
  offers = await realOffers(await openBarePage(stranger, demo));
});
after(async () => {
  await stranger?.close();
  await room?.close();
  await demo?.stop();
});

function realOffers(page) {
  return page.evaluate(async () => {
    const offer = async (direction) => {
      const connection = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
      for (const kind of ["audio", "video"]) connection.addTransceiver(kind, { direction });
      const { sdp } = await connection.createOffer();
      connection.close();
      return sdp;
    };
    return { whip: await offer("sendonly"), whep: await offer("recvonly") };
  });
}

function post(protocol, { token = demo.tokens.observer, lesson = demo.lesson, body = offers[protocol], type = SDP } = {}) {
  return ask(demo, "POST", `/${protocol}/${lesson}`, { token, body, type });
}

/** The answer is a problem document of this status that names this field (null: none in particular). */
function isProblem(answer, status, field) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.headers.get("content-type"), /^application\/problem\+json/);
  assert.equal(answer.json.status, status);
  assert.match(answer.json.type, /^\/problems\/[a-z-]+$/);
  assert.ok(answer.json.title.length > 0 && answer.json.detail.length > 0, answer.text);
  if (field !== null) assert.equal(answer.json.field, field, answer.text);
}

function without(pattern) {
  return (sdp) => sdp.split("\r\n").filter((line) => !pattern.test(line)).join("\r\n");
}

test("an offer that cannot be answered is refused, and the attribute at fault is named", async () => {
  const rows = [
    ["an empty body", () => "", "body"],
    ["no SDP at all", () => "{\"type\":\"offer\"}", "body"],
    ["bytes of chance", () => Buffer.from([0, 255, 1, 254, 13, 10]), "body"],
    ["no BUNDLE", without(/^a=group:BUNDLE/), "a=group:BUNDLE"],
    ["no rtcp-mux", without(/^a=rtcp-mux/), "a=rtcp-mux"],
    ["no ICE user", without(/^a=ice-ufrag/), "a=ice-ufrag"],
    ["no ICE password", without(/^a=ice-pwd/), "a=ice-pwd"],
    ["no fingerprint", without(/^a=fingerprint/), "a=fingerprint"],
    ["no known codec", (sdp) => sdp.replace(/^(a=rtpmap:\d+) \S+$/gm, "$1 nothing/90000"), "a=rtpmap"],
  ];
  for (const [name, spoil, field] of rows) {
    for (const [protocol, token] of [["whip", demo.tokens.master], ["whep", demo.tokens.observer]]) {
      const answer = await post(protocol, { token, body: spoil(offers[protocol]) });
      assert.ok(answer.status >= 400 && answer.status < 500, `${protocol} with ${name}: ${answer.status} ${answer.text}`);
      isProblem(answer, answer.status, field);
    }
  }
});

test("an offer in the wrong direction, of the wrong type or too long is refused", async () => {
  isProblem(await post("whip", { token: demo.tokens.master, body: offers.whep }), 422, "direction");
  isProblem(await post("whep", { body: offers.whip }), 422, "direction");
  isProblem(await post("whep", { type: "application/json" }), 415, "Content-Type");
  isProblem(await post("whep", { type: "" }), 415, "Content-Type");
  isProblem(await post("whep", { body: offers.whep + "a=x\r\n".repeat(60_000) }), 413, "body");
});

test("without a token, or with one that nobody has, the answer is 401", async () => {
  for (const path of ["/api/me", "/api/lessons", `/api/lessons/${demo.lesson}`, "/api/library"]) {
    const missing = await ask(demo, "GET", path);
    isProblem(missing, 401, "Authorization");
    assert.match(missing.headers.get("www-authenticate"), /^Bearer/);
    for (const token of ["x", "0".repeat(64), `${demo.tokens.master}0`, "%00", "'--"]) isProblem(await ask(demo, "GET", path, { token }), 401, null);
  }
  isProblem(await post("whip", { token: null }), 401, "Authorization");
  isProblem(await post("whep", { token: "0".repeat(64) }), 401, null);
  isProblem(await ask(demo, "GET", "/api/me", { headers: { authorization: "Basic YTpi" } }), 401, "Authorization");
});

test("a role that may not gets 403, for every seat and page that is not its own", async () => {
  for (const person of ["student", "observer", "admin"]) isProblem(await post("whip", { token: demo.tokens[person] }), 403, null);
  isProblem(await post("whep", { token: demo.tokens.student }), 403, null);
  isProblem(await ask(demo, "GET", "/api/lessons", { token: demo.tokens.student }), 403, null);
  isProblem(await ask(demo, "GET", `/ws?lesson=${demo.lesson}`, { token: demo.tokens.student }), 403, null);
});

test("a lesson, session, page or method there is not gets 404 or 405", async () => {
  for (const lesson of ["nothing", "music-3-20200101-p1", "..%2F..", "%F0%9F%8E%B5", "a".repeat(300)]) {
    isProblem(await post("whep", { lesson }), 404, "lesson");
    isProblem(await ask(demo, "POST", `/api/lessons/${lesson}/playback`, { token: demo.tokens.student }), 404, "lesson");
  }
  const session = `/whep/${demo.lesson}/${"0".repeat(64)}`;
  isProblem(await ask(demo, "DELETE", session, { token: demo.tokens.observer }), 404, null);
  isProblem(await ask(demo, "PATCH", session, { token: demo.tokens.observer, body: "", type: SDP }), 404, null);
  isProblem(await ask(demo, "GET", "/api/nothing", { token: demo.tokens.admin }), 404, null);
  isProblem(await ask(demo, "PUT", "/api/me", { token: demo.tokens.admin }), 405, null);
  isProblem(await ask(demo, "GET", "/replay/nothing/master.m3u8"), 404, null);
});

test("one viewer cannot end or change another's session", async () => {
  const mine = await post("whep", { token: demo.tokens.observer });
  assert.equal(mine.status, 201);
  const path = new URL(mine.headers.get("location"), demo.base).pathname;
  isProblem(await ask(demo, "DELETE", path, { token: demo.tokens.admin }), 404, null);
  isProblem(await ask(demo, "DELETE", path), 401, "Authorization");
  const fragment = { body: "a=ice-ufrag:abcd\r\n", type: "application/trickle-ice-sdpfrag" };
  isProblem(await ask(demo, "PATCH", path, { token: demo.tokens.observer, ...fragment }), 428, "If-Match");
  const stale = { ...fragment, headers: { "if-match": "\"other\"" } };
  isProblem(await ask(demo, "PATCH", path, { token: demo.tokens.observer, ...stale }), 412, "If-Match");
  assert.equal((await ask(demo, "DELETE", path, { token: demo.tokens.observer })).status, 200);
  isProblem(await ask(demo, "DELETE", path, { token: demo.tokens.observer }), 404, null);
});

test("nonsense on the lesson's line is refused in words, and the line stays open", async () => {
  const page = await openBarePage(stranger, demo);
  const answers = await page.evaluate(async ([lesson, token]) => {
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws?lesson=${lesson}`, ["tongke.v1", `bearer.${token}`]);
    const waiting = [];
    const heard = [];
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "clock") return;
      const next = waiting.shift();
      if (next === undefined) heard.push(message);
      else next(message);
    };
    const answer = () => heard.length > 0 ? Promise.resolve(heard.shift()) : new Promise((resolve) => waiting.push(resolve));
    const told = [];
    await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
    const say = async (text) => {
      socket.send(text);
      told.push(await answer());
    };
    for (const text of ["{", "[]", "{}", "null", "{\"type\":\"sing\"}", "{\"type\":\"hello\"}"]) await say(text);
    await say("{\"type\":\"end_lesson\"}");
    await say(`{"type":"hello","capabilities":{"decodes":["${"x".repeat(5000)}"]}}`);
    await say("{\"type\":\"hello\",\"capabilities\":{\"decodes\":[\"h264\"]}}");
    await say("{\"type\":\"grant_floor\",\"point\":\"point-1\"}");
    await say("{\"type\":\"end_lesson\"}");
    const open = socket.readyState === WebSocket.OPEN;
    socket.close();
    return { told, open };
  }, [demo.lesson, demo.tokens.observer]);
  const reasons = answers.told.map((message) => message.reason ?? message.type);
  const malformed = Array(6).fill("malformed");
  assert.deepEqual(reasons, [...malformed, "hello_first", "malformed", "welcome", "not_allowed", "not_allowed"]);
  assert.ok(answers.told.filter(({ reason }) => reason === "malformed").every(({ detail }) => detail.length > 0));
  assert.ok(answers.open);
  await page.close();
});

test("none of it disturbed the lesson", async () => {
  await sees(room.page("point-1"), "stage-video", "master");
  await hears(room.page("point-1"), "lead-voice", "master");
});

test("a second master takes the seat over, the first is told, and may take it back", async () => {
  const first = room.page("master");
  const second = await room.browser("master").open(`${demo.base}/?as=master`);
  await second.waitForSelector(byTestid("wall"));
  await first.waitForSelector(byTestid("replaced"));
  await keepScreen(first, "replaced-master");
  await sees(second, "tile-video-point-1", "point-1");
  await sees(room.page("point-1"), "stage-video", "master");
  await hears(room.page("point-1"), "lead-voice", "master");
  await first.click(byTestid("take-back"));
  await second.waitForSelector(byTestid("replaced"));
  await sees(first, "tile-video-point-1", "point-1");
  await sees(room.page("point-1"), "stage-video", "master");
  await hears(room.page("point-1"), "lead-voice", "master");
});

test("after a restart the tokens of before are as good as none", async () => {
  const { tokens: before, data } = demo;
  await room.close();
  await demo.stop({ keepData: true });
  demo = await startDemo({ data });
  isProblem(await ask(demo, "GET", "/api/me", { token: before.master }), 401, null);
  isProblem(await post("whip", { token: before.master }), 401, null);
  assert.equal((await ask(demo, "GET", "/api/me", { token: demo.tokens.master })).status, 200);
});

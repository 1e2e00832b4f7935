// Every page in every state one can bring it to: pictures on three sizes of screen to look at, nothing wider than the
// screen, and no grave finding of axe-core, in Chinese and in English.

import assert from "node:assert/strict";
import { get } from "node:http";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";

import { graveFindings } from "./axe.mjs";
import { openChromium, openCourseware } from "./chromium.mjs";
import { POINTS, byTestid, end, start } from "./classroom.mjs";
import { startDemo } from "./demo.mjs";
import { sees } from "./eyes.mjs";
import { PEOPLE } from "./people.mjs";
import { keepScreens, tooWide } from "./screens.mjs";
import { until } from "./wait.mjs";

let demo;
let browser;
const open = new Map();
const findings = [];

before(async () => {
  demo = await startDemo();
  browser = await openChromium("master");
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

async function enter(person, path = `/?as=${person}`) {
  const page = open.get(person) ?? (await browser.open());
  open.set(person, page);
  await page.goto(demo.base + path);
  return page;
}

async function inspect(page, name) {
  await page.bringToFront();
  await keepScreens(page, `page-${name}`, async (size) => {
    for (const what of await tooWide(page)) findings.push(`${name} ${size}: ${what}`);
  });
  for (const what of await graveFindings(page)) findings.push(`${name}: ${what}`);
}

/** Looks at the state as it is; with `ready`, again in English, for which the page is loaded anew. */
async function look(page, name, ready = null) {
  const before = findings.length;
  await inspect(page, `${name}-zh`);
  if (ready !== null) {
    await page.evaluate(() => window.localStorage.setItem("tongke.language", "en"));
    await page.reload();
    await page.waitForSelector(ready);
    await inspect(page, `${name}-en`);
    await page.evaluate(() => window.localStorage.setItem("tongke.language", "zh"));
    await page.reload();
    await page.waitForSelector(ready);
  }
  assert.deepEqual(findings.slice(before), []);
}

function tellOfTheGate(selector) {
  const watcher = new MutationObserver(() => {
    if (document.querySelector(selector) === null) return;
    watcher.disconnect();
    console.debug("the gate is there");
  });
  watcher.observe(document, { childList: true, subtree: true });
}

/** The answer to a plain request, its body as it came. */
function fetched(path, headers) {
  return new Promise((resolve, reject) => {
    get(demo.base + path, { headers }, async (answer) => {
      const parts = [];
      for await (const part of answer) parts.push(part);
      resolve({ headers: answer.headers, body: Buffer.concat(parts) });
    }).on("error", reject);
  });
}

test("pages come compressed to those who take that, and are the same to all others", async () => {
  const { body } = await fetched("/", {});
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(body.toString())[1];
  const [whole, small] = [await fetched(script, {}), await fetched(script, { "accept-encoding": "gzip, deflate" })];
  assert.deepEqual([whole.headers["content-encoding"], small.headers["content-encoding"]], [undefined, "gzip"]);
  assert.equal(small.headers["content-type"], whole.headers["content-type"]);
  assert.equal(small.headers.vary, "accept-encoding");
  assert.ok(small.body.length < whole.body.length / 2, `${small.body.length} of ${whole.body.length}`);
  assert.deepEqual(gunzipSync(small.body), whole.body);
});

test("choosing who to be", async () => {
  const page = await enter("anyone", "/");
  await page.waitForSelector(byTestid("person-master"));
  await look(page, "pick", byTestid("person-master"));
});

test("a page there is not", async () => {
  const page = await enter("anyone", "/nothing/here");
  await look(page, "not-found", "main .press, a.press");
});

test("signing in where there is no demo", async () => {
  const page = await enter("anyone", "/nothing/here");
  await page.route("**/api/demo/people", (route) => route.fulfill({
    status: 404, contentType: "application/problem+json",
    body: JSON.stringify({ type: "/problems/not-found", title: "Nothing here", status: 404, detail: "this is not a demo" }),
  }));
  await page.goto(`${demo.base}/`);
  await page.waitForSelector("form input");
  await look(page, "sign-in", "form input");
  await page.unroute("**/api/demo/people");
});

test("the library while nothing was recorded yet", async () => {
  await look(await enter("student"), "library-empty", byTestid("library-empty"));
});

test("before the lesson: the master's desk, a classroom, an observer, the day", async () => {
  const master = await enter("master");
  await master.waitForSelector(`${byTestid("start-lesson")}:not(:disabled)`);
  const point = await enter("point-1");
  await point.waitForSelector(byTestid("waiting"));
  await look(point, "classroom-waiting", byTestid("waiting"));
  await look(master, "teach-setup", `${byTestid("start-lesson")}:not(:disabled)`);
  await look(await enter("observer"), "watch-waiting", byTestid("waiting"));
  await look(await enter("admin"), "admin-doors-open", "table tbody tr");
});

test("a day without lessons", async () => {
  for (const [person, name] of [["master", "teach"], ["point-1", "classroom"], ["observer", "watch"]]) {
    const page = await enter(person);
    await page.route("**/api/me", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...(await answer.json()), current: null } });
    });
    await page.reload();
    await page.waitForSelector(".notice, [class*=notice]");
    await look(page, `${name}-no-lesson`);
    await page.unroute("**/api/me");
    await page.reload();
  }
});

test("a running lesson: the master's desk, a classroom, an observer, the day, the library", async () => {
  for (const point of POINTS) await enter(point);
  const master = await enter("master");
  await start(master);
  for (const point of POINTS) await sees(master, `tile-video-${point}`, "master");
  await look(master, "teach-live", byTestid("tile-point-1"));
  const point = open.get("point-1");
  await sees(point, "stage-video", "master");
  await look(point, "classroom-live", byTestid("raise-hand"));
  await sees(point, "stage-video", "master");
  const observer = await enter("observer");
  await sees(observer, "stage-video", "master");
  await look(observer, "watch-live", byTestid("stage-video"));
  await look(await enter("admin"), "admin-live", "table tbody tr");
  await look(await enter("student"), "library-live", byTestid(`library-item-${demo.lesson}`));
});

test("hands, a class that speaks, courseware, and the question before the end", async () => {
  const master = open.get("master");
  const [first, second, third] = POINTS.map((point) => open.get(point));
  for (const point of POINTS) await until(`${point} is there`, async () => (await master.getAttribute(byTestid(`tile-${point}`), "data-presence")) === "present");
  await first.click(byTestid("raise-hand"));
  await third.click(byTestid("raise-hand"));
  await master.waitForSelector(byTestid("hand-point-3"));
  await look(master, "teach-hands");
  await look(first, "classroom-hand-up");
  await master.click(byTestid("call-on-point-1"));
  await sees(second, "floor-video", "master");
  await look(master, "teach-floor");
  await look(first, "classroom-on-floor");
  await look(second, "classroom-other-on-floor");
  await openCourseware(browser, PEOPLE.courseware.rgb, "《茉莉花》");
  await master.bringToFront();
  await master.click(byTestid("share-courseware"));
  await sees(first, "stage-video", "courseware");
  await look(master, "teach-courseware-floor");
  await look(first, "classroom-on-floor-courseware");
  await look(second, "classroom-other-on-floor-courseware");
  await look(open.get("observer"), "watch-other-on-floor-courseware");
  await master.click(byTestid("release-point-1"));
  await sees(second, "stage-video", "courseware");
  await look(second, "classroom-courseware");
  await master.click(byTestid("end-lesson"));
  await look(master, "teach-end-question");
  await master.click(byTestid("confirm-cancel"));
});

test("a seat taken over, on the master's page and in a classroom", async () => {
  for (const [person, name] of [["master", "teach"], ["point-2", "classroom"]]) {
    const old = open.get(person);
    open.delete(person);
    await enter(person);
    await old.waitForSelector(byTestid("replaced"));
    await look(old, `${name}-replaced`);
    await old.close();
  }
});

test("a computer without camera and microphone, whose browser waits for a press before it plays", async () => {
  const bare = await openChromium(null, { playsAtOnce: false });
  try {
    // To ask the page anything counts as a press in it, so the page tells by itself.
    const panel = await bare.open();
    await panel.addInitScript(tellOfTheGate, byTestid("sound-gate"));
    const gate = panel.waitForEvent("console", (message) => message.text() === "the gate is there");
    await panel.goto(`${demo.base}/?as=point-3`);
    await gate;
    await look(panel, "classroom-sound-gate");
    await panel.click(`${byTestid("sound-gate")} button`);
    await panel.waitForSelector(`${byTestid("status-line")}[data-status="no_equipment"], ${byTestid("status-line")}[data-status="equipment_blocked"]`);
    await look(panel, "classroom-no-equipment");
  } finally {
    await bare.close();
  }
});

test("after the lesson: every page, the library and the replay", async () => {
  await end(open.get("master"));
  for (const person of ["master", "point-1"]) {
    await open.get(person).waitForSelector(byTestid("ended"));
    await look(open.get(person), person === "master" ? "teach-ended" : "classroom-ended");
  }
  await look(open.get("observer"), "watch-ended");
  await look(await enter("admin"), "admin-ended", "table tbody tr");
  const pupil = await enter("student");
  const item = `${byTestid(`library-item-${demo.lesson}`)}[data-watchable="ready"]`;
  await pupil.waitForSelector(item, { timeout: 20_000 });
  await look(pupil, "library", item);
  await pupil.fill(byTestid("library-search"), "没有这样的课");
  await look(pupil, "library-no-match");
  await pupil.fill(byTestid("library-search"), "");
  await pupil.click(item);
  await pupil.waitForSelector(byTestid("play"));
  await until("the picture is there", async () => (await pupil.evaluate(() => window.eyes.colour("replay-video"))) !== null);
  await look(pupil, "replay", byTestid("play"));
  await pupil.click(byTestid("view-master-camera"));
  await sees(pupil, "replay-video", "master");
  await look(pupil, "replay-views");
  await pupil.click(byTestid("view-sound"));
  await pupil.waitForSelector(byTestid("sound-card"));
  await look(pupil, "replay-sound");
});

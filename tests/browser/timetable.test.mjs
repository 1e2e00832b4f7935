// From a school's spreadsheet to the delivery report: an admin imports a timetable with a makeup Saturday, at the bell three
// devices join by themselves, the lesson is taught, and the report says who received it. The demo's clock begins a minute
// before the bell; a period lasts two minutes.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openChromium } from "./chromium.mjs";
import { Classroom, POINTS, byTestid, end, start } from "./classroom.mjs";
import { ask, startDemo } from "./demo.mjs";
import { hears, sees } from "./eyes.mjs";
import { keepScreen, keepScreens, tooWide } from "./screens.mjs";
import { until } from "./wait.mjs";
import { workbook } from "./workbook.mjs";

/** Saturday, which follows the Monday of week 5 that was a holiday. */
const BEGIN = "2026-10-10T07:58:50";
const SATURDAY = "2026-10-10";
const BELL = Date.parse("2026-10-10T08:00:00+08:00");
const LAST_BELL = BELL + 120_000;
/** A point joins within 20 s of open doors, in a moment of its own. */
const JOINED_MS = 30_000;
/** Every edit is on every screen within so long. */
const EVERYWHERE_MS = 10_000;
/** How long the third point's line is cut: more than half of the lesson. */
const CUT_MS = 65_000;

let demo;
let room;
let office;
let admin;
const at = (person) => room.page(person);
const asAdmin = (method, path) => ask(demo, method, path, { token: demo.tokens.admin });

/** What the school made: title rows, merged cells, columns in its own order, a calendar with a makeup day. */
function spreadsheet({ teacher = "陈静" } = {}) {
  return workbook([
    { name: "学期", rows: [["学期", "第一周周一", "开学日期", "结束日期"], ["2026年秋季学期", "2026-08-31", "2026-09-01", "2027-01-22"]] },
    {
      name: "作息",
      rows: [["学校", "节次", "开始", "结束", "起用日期"], ["", 1, "08:00", "08:02", "2026-09-01"], ["", 2, "08:12", "08:52", "2026-09-01"]],
    },
    {
      name: "校历",
      rows: [["日期", "安排", "名称"], ["2026-09-28", "放假", "国庆调休"], [SATURDAY, "补第5周星期一的课", "国庆调休补班"]],
    },
    {
      name: "课程",
      rows: [
        ["课程", "学科", "年级", "主校", "班级", "教师", "主讲教室", "接收教室"],
        ["音乐", "音乐", "三年级", "清溪县实验小学", "三年级", teacher, "主讲教室1", "石门教学点、云岭教学点、柳河教学点"],
      ],
    },
    {
      name: "三年级课表",
      rows: [
        ["清溪县实验小学专递课堂课表", null, null, null, null, null, null],
        ["星期", "节次", "课程", "教师", "班级", "周次", "单双周"],
        ["星期一", 1, "音乐", teacher, "三年级", "1-16周", "单"],
        [null, 2, "音乐", teacher, "三年级", "1-16周", ""],
      ],
      merges: ["A1:G1", "A3:A4"],
    },
  ]);
}

before(async () => {
  demo = await startDemo({ more: ["--now", BEGIN, "--no-lesson"] });
  room = new Classroom(demo);
  office = await openChromium(null);
});
after(async () => {
  await office?.close();
  await room?.close();
  await demo?.stop();
});

async function upload(page, name, bytes) {
  await page.setInputFiles(byTestid("import-input"), { name, mimeType: "application/octet-stream", buffer: bytes });
}

test("a spreadsheet with a name nobody knows is shown with its row, and nothing of it is imported", async () => {
  admin = await office.open(`${demo.base}/admin/import#token=${demo.tokens.admin}`);
  await upload(admin, "秋季课表.xlsx", spreadsheet({ teacher: "陈晶" }));
  await admin.waitForSelector("text=陈静");
  await keepScreens(admin, "import-problems");
  assert.deepEqual(await tooWide(admin), []);
  assert.equal(await admin.isDisabled(byTestid("import-apply")), true);
  const { json } = await asAdmin("GET", "/api/timetable/records?kinds=course,entry,term");
  assert.deepEqual(json.records, []);
});

test("the corrected one is imported in one step", async () => {
  await upload(admin, "秋季课表.xlsx", spreadsheet());
  await until("it can be imported", () => admin.isEnabled(byTestid("import-apply")));
  await keepScreen(admin, "import-preview");
  await admin.click(byTestid("import-apply"));
  await admin.waitForSelector(byTestid("import-done"));
  const week = await asAdmin("GET", "/api/timetable/week");
  const lessons = week.json.lessons.filter((lesson) => lesson.date === SATURDAY);
  assert.deepEqual(lessons.map((lesson) => lesson.period), [1, 2], "the makeup Saturday holds Monday's lessons");
});

test("devices join by themselves, and the master starts with one button", async () => {
  for (const point of POINTS) await room.enter(point);
  const master = await room.enter("master");
  await start(master);
  for (const point of POINTS) await sees(at(point), "stage-video", "master", JOINED_MS);
  await hears(at("point-1"), "lead-voice", "master");
});

test("an edit of the timetable is on the running screens within ten seconds", async () => {
  const week = await asAdmin("GET", "/api/timetable/week");
  const lesson = week.json.lessons.find((one) => one.date === SATURDAY && one.period === 1).id;
  demo.lesson = lesson;
  const edit = { edit: "retitle", lesson, title: "《茉莉花》欣赏与演唱" };
  const body = JSON.stringify({ edit });
  const done = await ask(demo, "POST", "/api/timetable/edits", { token: demo.tokens.admin, type: "application/json", body });
  assert.equal(done.status, 200, done.text);
  await at("point-1").waitForSelector("text=茉莉花", { timeout: EVERYWHERE_MS });
});

test("a lesson is taught while the third point's line is cut for more than half of it", async () => {
  const now = async () => (await asAdmin("GET", "/api/clock")).json.server_time;
  await until("the bell has rung", async () => (await now()) >= BELL + 5000, { withinMs: 90_000, everyMs: 500 });
  room.browser("point-3").freeze();
  const cutAt = await now();
  await until("it was cut long enough", async () => (await now()) >= cutAt + CUT_MS, { withinMs: CUT_MS + 30_000, everyMs: 500 });
  room.browser("point-3").thaw();
  await until("the last bell has rung", async () => (await now()) >= LAST_BELL, { withinMs: 90_000, everyMs: 500 });
  await keepScreen(at("master"), "overrun-master");
  await end(at("master"));
});

test("the record says valid for the master room and for those who received it, and not for the one that was cut off", async () => {
  const record = await until("the lesson is judged", async () => {
    const { json } = await asAdmin("GET", `/api/lessons/${demo.lesson}/ledger`);
    return json.verdict === "not_due" ? null : json;
  }, { withinMs: 60_000, everyMs: 1000 });
  assert.equal(record.verdict, "valid_delivery", JSON.stringify(record.events.slice(0, 5)));
  const verdicts = Object.fromEntries(record.rooms.map((one) => [one.room, one.verdict]));
  assert.deepEqual(verdicts, {
    "point-1": "valid_reception", "point-2": "valid_reception", "point-3": "invalid_reception",
  }, JSON.stringify(record.rooms));
});

test("the report counts them, and its totals add up", async () => {
  const report = await until("the report has them", async () => {
    const { json } = await asAdmin("GET", `/api/report?side=receive&by=school&from=${SATURDAY}&to=${SATURDAY}`);
    return json.total.due >= 3 ? json : null;
  }, { withinMs: 60_000, everyMs: 1000 });
  const sum = (key) => report.rows.reduce((total, row) => total + row[key], 0);
  for (const key of ["planned", "due", "delivered"]) assert.equal(sum(key), report.total[key], key);
  assert.deepEqual([report.total.due, report.total.delivered], [3, 2]);
  await admin.goto(`${demo.base}/report?side=receive&by=school&from=${SATURDAY}&to=${SATURDAY}`);
  await admin.waitForSelector(byTestid("report-table"));
  await keepScreens(admin, "report");
  assert.deepEqual(await tooWide(admin), []);
  await admin.goto(`${demo.base}/report/lessons/${demo.lesson}`);
  await admin.waitForSelector(byTestid("ledger-rooms"));
  await keepScreens(admin, "ledger");
});

test("nobody's page complained but of the line that was cut", () => {
  room.nobodyComplains([/net::ERR/, /WebSocket/, /40[49].*\/wh[ie]p\//, /404.*\/wh[ie]p\//]);
});

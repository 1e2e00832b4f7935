import { expect, test } from "vitest";

import { BELL } from "../fixture";
import { figuresOf, type Figure } from "./ledger-line";

function told(what: string, detail: object | string): Figure[] {
  return figuresOf({ at: BELL, what, whom: "", detail: typeof detail === "string" ? detail : JSON.stringify(detail) });
}

test("each event tells its own figures", () => {
  const rows: [string, object, Figure[]][] = [
    ["started", {}, []],
    ["ended", { cause: "lead" }, [{ kind: "word", word: "lead" }]],
    ["received", { room: "point-1", from: BELL, to: BELL + 5000, picture_ms: 4800, sound_ms: 5000 }, [
      { kind: "span", from: BELL, to: BELL + 5000 }, { kind: "picture", ms: 4800 }, { kind: "sound", ms: 5000 },
    ]],
    ["outage", { room: "point-1", from: BELL, to: BELL + 9, reason: "no_picture" }, [
      { kind: "span", from: BELL, to: BELL + 9 }, { kind: "word", word: "no_picture" },
    ]],
    ["headcount", { room: "point-1", count: 31, by: null }, [{ kind: "count", count: 31 }]],
    ["excused", { reason: "学校停电", by: "admin" }, [{ kind: "text", text: "学校停电" }, { kind: "text", text: "admin" }]],
    ["corrected", { by: "admin", reason: "已补课", correction: { of: "master", verdict: "valid_delivery" } }, [
      { kind: "text", text: "admin" }, { kind: "text", text: "已补课" }, { kind: "word", word: "valid_delivery" },
    ]],
    ["planned", { lesson: "a", title: "小星星", starts_at: BELL, ends_at: BELL + 9, points: [{ room: "point-1" }] }, [
      { kind: "text", text: "小星星" }, { kind: "span", from: BELL, to: BELL + 9 },
    ]],
    ["of_tomorrow", { depth_mm: 3 }, [{ kind: "text", text: "depth_mm 3" }]],
  ];
  for (const [what, detail, figures] of rows) expect(told(what, detail), what).toEqual(figures);
});

test("detail that cannot be read stands as it is", () => {
  expect([told("started", ""), told("started", "half a {"), told("started", '"因故"')]).toEqual([
    [], [{ kind: "text", text: "half a {" }], [{ kind: "text", text: '"因故"' }],
  ]);
});

import { expect, test } from "vitest";

import { BELL } from "../fixture";
import { MESSAGES } from "../lang";
import type { AbsentParty, AbsentReason, Readiness } from "../protocol";
import { agoOf, byNeed, lessonsWanting, pointsReady, wantsHelp } from "./readiness";

const REASONS: AbsentReason[] = ["never_seen", "offline", "not_joined", "no_media", "lost", "in_other_lesson"];

function party(id: string, reason: AbsentReason, isLead = false): AbsentParty {
  return { id, name: id, is_lead: isLead, reason, last_seen: null };
}

const readiness: Readiness = {
  server_time: BELL, ready: 5, of: 8,
  lessons: [
    { lesson: "late", title: "美术", starts_at: BELL + 1, ready: 1, of: 2, absent: [party("b", "lost")] },
    { lesson: "whole", title: "英语", starts_at: BELL, ready: 2, of: 2, absent: [] },
    { lesson: "music", title: "音乐", starts_at: BELL, ready: 2, of: 4, absent: [party("master", "offline", true), party("a", "never_seen")] },
  ],
};

test("a teacher's points are counted without the teacher", () => {
  expect(pointsReady(readiness, "music", 3)).toMatchObject({ ready: 2, of: 3, absent: [{ id: "a" }] });
  expect(pointsReady(readiness, "whole", 1)).toMatchObject({ ready: 1, of: 1, absent: [] });
  expect(pointsReady(readiness, "unknown", 3)).toBeNull();
  expect(pointsReady(null, "music", 3)).toBeNull();
});

test("only lessons with someone missing want words, the nearest bell first", () => {
  expect(lessonsWanting(readiness).map((lesson) => lesson.lesson)).toEqual(["music", "late"]);
});

test("the lead stands first, then whoever can least help themselves", () => {
  const absent = [party("e", "not_joined"), party("c", "offline"), party("b", "never_seen"), party("a", "offline"), party("m", "lost", true)];
  expect(byNeed(absent).map((each) => each.id)).toEqual(["m", "b", "a", "c", "e"]);
});

test("every reason has a sentence and something to do in both languages", () => {
  for (const language of ["zh", "en"] as const) {
    const { absent } = MESSAGES[language].county;
    for (const reason of REASONS) {
      expect(absent.reasons[reason], `${language} ${reason}`).not.toBe("");
      expect(absent.todo[reason], `${language} ${reason}`).not.toBe("");
    }
  }
  expect(REASONS.filter(wantsHelp)).toEqual(["never_seen", "offline", "no_media", "lost"]);
});

test("how long ago is said in minutes, then in hours", () => {
  expect([0, 59_999, 60_000, 3_599_999, 7_200_000, -5].map((ms) => agoOf(BELL, BELL + ms))).toEqual([
    { unit: "now", count: 0 }, { unit: "now", count: 0 }, { unit: "minutes", count: 1 }, { unit: "minutes", count: 59 },
    { unit: "hours", count: 2 }, { unit: "now", count: 0 },
  ]);
});

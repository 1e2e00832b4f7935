import { expect, test } from "vitest";

import { languageFrom, MESSAGES } from ".";
import { CHECK_MESSAGES } from "./check";
import { REPORT_MESSAGES } from "./report";
import { TIMETABLE_MESSAGES } from "./timetable";

const ZH = { ...MESSAGES.zh, timetable: TIMETABLE_MESSAGES.zh, report: REPORT_MESSAGES.zh, check: CHECK_MESSAGES.zh };
const EN = { ...MESSAGES.en, timetable: TIMETABLE_MESSAGES.en, report: REPORT_MESSAGES.en, check: CHECK_MESSAGES.en };

/** Every sentence with its path; functions are called with sample values. */
function sentences(table: object, path = ""): [string, string][] {
  return Object.entries(table).flatMap(([key, value]: [string, unknown]): [string, string][] => {
    const at = path === "" ? key : `${path}.${key}`;
    if (typeof value === "string") return [[at, value]];
    if (typeof value === "function") return [[at, (value as (...values: number[]) => string)(3, 5)]];
    return sentences(value as object, at);
  });
}

test("English leaves no sentence out and no Chinese in", () => {
  const han = /[\u4e00-\u9fff]/;
  const english = sentences(EN).filter(([path]) => path !== "switchLanguage");
  expect(english.filter(([, text]) => han.test(text) || text === "")).toEqual([]);
  expect(english.map(([path]) => path)).toEqual(
    sentences(ZH).map(([path]) => path).filter((path) => path !== "switchLanguage"),
  );
});

test("Chinese uses full-width punctuation between Chinese words", () => {
  const halfWidth = /[\u4e00-\u9fff][,;!?](?=[\u4e00-\u9fff]|$)/;
  expect(sentences(ZH).filter(([, text]) => halfWidth.test(text))).toEqual([]);
});

test("pages speak Chinese unless English was chosen", () => {
  expect([null, "zh", "en", "fr"].map(languageFrom)).toEqual(["zh", "zh", "en", "zh"]);
});

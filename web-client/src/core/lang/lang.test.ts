import { expect, test } from "vitest";

import { languageFrom, MESSAGES } from ".";

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
  const english = sentences(MESSAGES.en).filter(([path]) => path !== "switchLanguage");
  expect(english.filter(([, text]) => han.test(text) || text === "")).toEqual([]);
  expect(english.map(([path]) => path)).toEqual(
    sentences(MESSAGES.zh).map(([path]) => path).filter((path) => path !== "switchLanguage"),
  );
});

test("Chinese uses full-width punctuation between Chinese words", () => {
  const halfWidth = /[\u4e00-\u9fff][,;!?](?=[\u4e00-\u9fff]|$)/;
  expect(sentences(MESSAGES.zh).filter(([, text]) => halfWidth.test(text))).toEqual([]);
});

test("pages speak Chinese unless English was chosen", () => {
  expect([null, "zh", "en", "fr"].map(languageFrom)).toEqual(["zh", "zh", "en", "zh"]);
});

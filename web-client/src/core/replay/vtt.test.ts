import { expect, test } from "vitest";

import { CUE_TEXT_MAX, CUES_MAX, readVtt } from "./vtt";

test("cues are read with their times, whatever stands between them", () => {
  const text = [
    "\uFEFFWEBVTT chapters", "", "STYLE", "::cue { color: red }", "", "NOTE nothing", "",
    "1", "00:00.000 --> 00:09.500 align:start", "复习", "",
    "second", "00:00:09.500 --> 01:00:00.000", "点名：<b>石门</b> &amp; 云岭", "第二行", "",
  ].join("\r\n");
  expect(readVtt(text)).toEqual([
    { fromS: 0, toS: 9.5, text: "复习" },
    { fromS: 9.5, toS: 3600, text: "点名：石门 & 云岭 第二行" },
  ]);
});

test("cues come in the order of their time", () => {
  const text = "WEBVTT\n\n00:10.000 --> 00:20.000\nb\n\n00:00.000 --> 00:10.000\na\n";
  expect(readVtt(text).map((cue) => cue.text)).toEqual(["a", "b"]);
});

test("what is no time, no text or no WebVTT is left out", () => {
  const cue = (time: string, text = "a"): number => readVtt(`WEBVTT\n\n${time}\n${text}\n`).length;
  expect(cue("00:00.000 --> 00:01.000")).toBe(1);
  expect([
    cue("00:01.000 --> 00:01.000"), cue("00:02.000 --> 00:01.000"), cue("0:0.0 --> 1"), cue("00:61.000 --> 02:00.000"),
    cue("-->"), cue("00:00.000 --> 00:01.000", "<i></i>"), cue("99999:00:00.000 --> 99999:00:01.000"),
  ]).toEqual([0, 0, 0, 0, 0, 0, 0]);
  expect([readVtt(""), readVtt("WEBVTTX\n\n00:00.000 --> 00:01.000\na"), readVtt("<html>")]).toEqual([[], [], []]);
});

test("a title never becomes markup that its reader has to distrust, and never grows", () => {
  const [cue] = readVtt(`WEBVTT\n\n00:00.000 --> 00:01.000\n&lt;img src=x&gt;\u202E\u0007${"长".repeat(5000)}\n`);
  expect(cue?.text.startsWith("<img src=x>长")).toBe(true);
  expect(cue?.text.length).toBe(CUE_TEXT_MAX);
});

test("a hostile file is read quickly and to a bound", () => {
  const flood = `WEBVTT\n\n${"00:00.000 --> 00:01.000\na\n\n".repeat(100_000)}`;
  expect(readVtt(flood).length).toBe(CUES_MAX);
  expect(readVtt(`WEBVTT\n\n00:00.000 --> 00:01.000\n${"<".repeat(900_000)}`).length).toBe(1);
  expect(readVtt(`WEBVTT\n${"-->".repeat(300_000)}`)).toEqual([]);
  expect(readVtt(`WEBVTT\n\n${"&".repeat(900_000)}\n${" ".repeat(90_000)}`)).toEqual([]);
});

test("any characters are survived", () => {
  let seed = 7;
  const alphabet = "WEBVTT\n\r \t:.-><&;#=0123456789a课\u0000\uD800";
  for (let round = 0; round < 2000; round += 1) {
    let text = round % 2 === 0 ? "WEBVTT\n" : "";
    for (let length = 0; length < 80; length += 1) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      text += alphabet.charAt(seed % alphabet.length);
    }
    for (const cue of readVtt(text)) expect(cue.toS).toBeGreaterThan(cue.fromS);
  }
});

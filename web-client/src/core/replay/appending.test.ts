import { expect, test } from "vitest";

import { AHEAD_S, cursorAt, dropPlayed, nextAppend, stepOver, type Cursor, type Range } from "./appending";
import type { Part, PartList } from "./parts";

/** Ten minutes of 0.4 s parts with a keyframe each 2 s; a second epoch from the middle on. */
function tenMinutes(ended = true): PartList {
  const parts: Part[] = [];
  for (let index = 0; index < 1500; index += 1) {
    const epoch = index < 750 ? 0 : 1;
    const within = epoch === 0 ? index : index - 750;
    parts.push({ fromS: index * 0.4, toS: (index + 1) * 0.4, offset: 100 + within * 1000, length: 1000, key: index % 5 === 0, epoch });
  }
  const init = { offset: 0, length: 100 };
  return { ended, epochs: [{ mime: "v", url: "0.webm", init }, { mime: "v", url: "1.webm", init }], parts };
}

/** A source buffer: appended stretches melt into ranges, dropped ones leave. */
function bufferWith(ranges: Range[], added: Range): Range[] {
  const all = [...ranges, added].sort((a, b) => a.fromS - b.fromS);
  return all.reduce<Range[]>((melted, range) => {
    const last = melted[melted.length - 1];
    if (last === undefined || range.fromS > last.toS + 0.001) return [...melted, { ...range }];
    last.toS = Math.max(last.toS, range.toS);
    return melted;
  }, []);
}

function bufferWithout(ranges: Range[], gone: Range): Range[] {
  return ranges.flatMap((range) => [
    { fromS: range.fromS, toS: Math.min(range.toS, gone.fromS) }, { fromS: Math.max(range.fromS, gone.toS), toS: range.toS },
  ]).filter((range) => range.toS > range.fromS);
}

/** Appends until there is nothing to do at this playhead; tells what the buffer then holds and how many steps it took. */
function fill(list: PartList, cursor: Cursor, start: Range[], playheadS: number): { cursor: Cursor; buffered: Range[]; steps: number; last: string } {
  let [now, buffered] = [cursor, start];
  for (let steps = 0; steps < 500; steps += 1) {
    const step = nextAppend(list, now, buffered, playheadS);
    if (step.kind === "idle" || step.kind === "done") return { cursor: now, buffered, steps, last: step.kind };
    if (step.kind === "drop") buffered = bufferWithout(buffered, step.range);
    else if (step.kind === "init") now = { ...now, epoch: step.epoch };
    else {
      const [first, last] = [list.parts[now.next], list.parts[step.next - 1]];
      if (first !== undefined && last !== undefined) buffered = bufferWith(buffered, { fromS: first.fromS, toS: last.toS });
      now = { ...now, next: step.next };
    }
  }
  throw new Error("it never comes to rest");
}

test("it begins with the init segment, then takes neighbouring parts together", () => {
  const list = tenMinutes();
  const cursor = cursorAt(list, [], 0, null);
  expect(nextAppend(list, cursor, [], 0)).toEqual({ kind: "init", epoch: 0 });
  expect(nextAppend(list, { ...cursor, epoch: 0 }, [], 0)).toEqual({
    kind: "parts", epoch: 0, bytes: { offset: 100, length: 10_000 }, next: 10,
  });
});

test("it keeps half a minute ahead and no more", () => {
  const filled = fill(tenMinutes(), { next: 0, epoch: null }, [], 0);
  expect(filled.buffered[0]?.fromS).toBe(0);
  expect(filled.buffered[0]?.toS).toBeGreaterThanOrEqual(AHEAD_S);
  expect(filled.buffered[0]?.toS).toBeLessThan(AHEAD_S + 5);
  expect(filled.steps).toBeLessThan(12);
});

test("a seek goes on from the keyframe before the moment", () => {
  const list = tenMinutes();
  expect(list.parts[cursorAt(list, [], 101.3, 0).next]?.fromS).toBe(100);
  const filled = fill(list, cursorAt(list, [], 101.3, 0), [], 101.3);
  expect(filled.buffered[0]?.fromS).toBe(100);
});

test("a seek into what is there goes on at its end", () => {
  const list = tenMinutes();
  const cursor = cursorAt(list, [{ fromS: 0, toS: 34 }], 20, 0);
  expect(list.parts[cursor.next]?.fromS).toBe(34);
});

test("playing through ten minutes holds about a minute, crosses the epochs, and ends", () => {
  const list = tenMinutes();
  let [cursor, buffered, most, last]: [Cursor, Range[], number, string] = [{ next: 0, epoch: null }, [], 0, ""];
  for (let playheadS = 0; playheadS < 600; playheadS += 1) {
    ({ cursor, buffered, last } = fill(list, cursor, buffered, playheadS));
    const here = buffered.find((range) => range.fromS <= playheadS && range.toS > playheadS);
    expect(here, `at ${playheadS}`).toBeDefined();
    most = Math.max(most, buffered.reduce((sum, range) => sum + range.toS - range.fromS, 0));
  }
  expect(most).toBeLessThan(100);
  expect([cursor.epoch, last]).toEqual([1, "done"]);
});

test("after any wild seeks the moment is there, and the buffer stays bounded", () => {
  const list = tenMinutes();
  let [cursor, buffered, seed]: [Cursor, Range[], number] = [{ next: 0, epoch: null }, [], 11];
  for (let round = 0; round < 300; round += 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const playheadS = (seed % 5990) / 10;
    ({ cursor, buffered } = fill(list, cursorAt(list, buffered, playheadS, cursor.epoch), buffered, playheadS));
    expect(buffered.some((range) => range.fromS <= playheadS + 0.002 && range.toS > playheadS), `at ${playheadS}`).toBe(true);
    expect(buffered.reduce((sum, range) => sum + range.toS - range.fromS, 0)).toBeLessThan(160);
  }
});

test("while the lesson is on, the end of the list is not the end", () => {
  expect(nextAppend(tenMinutes(false), { next: 1500, epoch: 1 }, [], 599)).toEqual({ kind: "idle" });
  expect(nextAppend(tenMinutes(), { next: 1500, epoch: 1 }, [], 599)).toEqual({ kind: "done" });
});

test("a full buffer gives up what was played", () => {
  expect(dropPlayed([{ fromS: 5, toS: 40 }], 30)).toEqual({ fromS: 5, toS: 28 });
  expect([dropPlayed([{ fromS: 29, toS: 40 }], 30), dropPlayed([], 30)]).toEqual([null, null]);
});

test("a small hole before the playhead is stepped over, a large one is not", () => {
  expect(stepOver([{ fromS: 10.5, toS: 20 }], 10)).toBeCloseTo(10.502);
  expect([stepOver([{ fromS: 12, toS: 20 }], 10), stepOver([{ fromS: 9, toS: 20 }], 10), stepOver([], 10)]).toEqual([null, null, null]);
});

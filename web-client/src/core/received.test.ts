import { expect, test } from "vitest";

import { EMPTY_TALLY, receivedMessage, tallied, type StreamReport, type Tally } from "./received";

const picture = (id: string, framesDecoded: number): StreamReport =>
  ({ id, framesDecoded, samples: 0, concealed: 0, silent: 0, clockRate: 0 });
const voice = (id: string, seconds: number, concealedS = 0, silentS = 0): StreamReport =>
  ({ id, framesDecoded: 0, samples: seconds * 48_000, concealed: concealedS * 48_000, silent: silentS * 48_000, clockRate: 48_000 });

/** Plays readings of connections, told by number. */
function play(readings: [connection: number, reports: StreamReport[]][]): Tally {
  return readings.reduce((tally, [connection, reports]) => tallied(tally, connection, reports), EMPTY_TALLY);
}

test("pictures and voices of the lesson are summed", () => {
  const tally = play([[1, [picture("camera", 100), picture("screen", 20), voice("lead", 5, 0.5, 0.2), voice("floor", 1)]]]);
  expect(receivedMessage(tally)).toEqual({ type: "received", frames_decoded: 120, sound_ms: 6000, concealed_ms: 300 });
});

test("a new connection begins at nothing and the sum goes on", () => {
  const tally = play([[1, [picture("a", 100), voice("v", 5)]], [1, [picture("a", 150), voice("v", 8)]], [2, [picture("a", 7)]], [3, []]]);
  expect(receivedMessage(tally)).toMatchObject({ frames_decoded: 157, sound_ms: 8000 });
});

test("the sum never goes down, whatever a browser reports", () => {
  const readings: [number, StreamReport[]][] = [
    [1, [picture("a", 100), voice("v", 5, 1)]], [1, [picture("b", 10)]], [1, []], [1, [picture("a", 0), voice("v", 1, 0, 1)]], [2, []],
    [2, [picture("a", 1)]],
  ];
  const sums = readings.map((_, index) => receivedMessage(play(readings.slice(0, index + 1))));
  const frames = sums.map((sum) => (sum.type === "received" ? sum.frames_decoded : -1));
  expect(frames).toEqual([100, 110, 110, 110, 110, 111]);
  expect(sums[sums.length - 1]).toMatchObject({ sound_ms: 5000, concealed_ms: 1000 });
});

test("a late reading of a connection that is gone does not count twice", () => {
  const tally = play([[1, [picture("a", 100)]], [2, [picture("b", 10)]], [1, [picture("a", 105)]]]);
  expect(receivedMessage(tally)).toMatchObject({ frames_decoded: 110 });
});

test("a stream without a clock rate brings no sound", () => {
  expect(receivedMessage(play([[1, [{ ...voice("v", 5), clockRate: 0 }]]]))).toMatchObject({ sound_ms: 0 });
});

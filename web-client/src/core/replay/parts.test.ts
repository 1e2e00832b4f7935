import { expect, test } from "vitest";

import { readParts } from "./parts";

const PATH = "/replay/ticket/t/master-camera/parts.json";
const epoch = { mime: "video/webm; codecs=\"vp8\"", url: "0.webm", init: [0, 200], parts: [[0, 400, 200, 50, 1], [400, 800, 250, 40, 0]] };

test("a list of parts is read with its files beside it", () => {
  expect(readParts({ ended: true, epochs: [epoch, { ...epoch, url: "1.webm", parts: [[900, 1000, 200, 9, 1]] }] }, PATH)).toEqual({
    ended: true,
    epochs: [
      { mime: epoch.mime, url: "/replay/ticket/t/master-camera/0.webm", init: { offset: 0, length: 200 } },
      { mime: epoch.mime, url: "/replay/ticket/t/master-camera/1.webm", init: { offset: 0, length: 200 } },
    ],
    parts: [
      { fromS: 0, toS: 0.4, offset: 200, length: 50, key: true, epoch: 0 },
      { fromS: 0.4, toS: 0.8, offset: 250, length: 40, key: false, epoch: 0 },
      { fromS: 0.9, toS: 1, offset: 200, length: 9, key: true, epoch: 1 },
    ],
  });
});

test("what is no such list is refused whole", () => {
  const refused: unknown[] = [
    null, 5, "x", [], {}, { epochs: {} }, { epochs: [null] }, { epochs: [{ ...epoch, url: "../0.webm" }] },
    { epochs: [{ ...epoch, url: "https://school.example/0.webm" }] }, { epochs: [{ ...epoch, mime: "text/html" }] },
    { epochs: [{ ...epoch, init: [0] }] }, { epochs: [{ ...epoch, init: [0, -1] }] }, { epochs: [{ ...epoch, parts: [5] }] },
    { epochs: [{ ...epoch, parts: [[0, 400, 1.5, 3, 1]] }] }, { epochs: [{ ...epoch, parts: [[400, 0, 1, 3, 1]] }] },
    { epochs: [{ ...epoch, parts: [[0, 400, 1, 1e12, 1]] }] }, { epochs: [{ ...epoch, parts: [[0, 1e12, 1, 3, 1]] }] },
    { epochs: [{ ...epoch, parts: [[500, 600, 1, 3, 1], [100, 200, 4, 3, 1]] }] }, { epochs: Array(1001).fill(epoch) },
    { epochs: [{ ...epoch, parts: [["0", "400", "1", "3", 1]] }] },
  ];
  expect(refused.map((json) => readParts(json, PATH))).toEqual(refused.map(() => null));
});

import { expect, test } from "vitest";

import { whyNot } from "./absence";

test("a recording that is not there is told apart from one that is not there yet", () => {
  const missing = { kind: "status", status: 404 } as const;
  const states = ["recording", "finished", "not_recordable", "failed", "idle", null] as const;
  expect(states.map((state) => whyNot(missing, state))).toEqual(
    ["processing", "processing", "not_recordable", "failed", "none", "none"].map((absence) => ({ kind: "absent", absence })),
  );
});

test("other failures are said as everywhere", () => {
  expect(whyNot({ kind: "network" }, "finished")).toEqual({ kind: "problem", problem: "network" });
  expect(whyNot({ kind: "status", status: 403 }, null)).toEqual({ kind: "problem", problem: "forbidden" });
});

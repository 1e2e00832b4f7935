import { expect, test } from "vitest";

import { isFinal, problemKey, type Failure } from "./problems";

const problem = (type: string, status: number): Failure => ({
  kind: "problem", problem: { type, title: "", status, detail: "" },
});

test("the type decides, the status is the fallback", () => {
  const rows: [Failure, string][] = [
    [problem("/problems/sdp-no-bundle", 400), "sdp"],
    [problem("/problems/lesson-ended", 409), "ended"],
    [problem("/problems/doors-closed", 409), "not_open"],
    [problem("/problems/codec-mismatch", 406), "codec"],
    [problem("/problems/no-recording", 409), "not_found"],
    [problem("/problems/unusable-offer", 422), "sdp"],
    [problem("/problems/token-invalid", 401), "unauthorized"],
    [problem("/problems/lesson-full", 503), "busy"],
    [problem("about:blank", 403), "forbidden"],
    [{ kind: "status", status: 502 }, "server"],
    [{ kind: "status", status: 418 }, "general"],
    [{ kind: "network" }, "network"],
  ];
  for (const [failure, key] of rows) expect(problemKey(failure), key).toBe(key);
});

test("only what asking again cannot change is final", () => {
  expect(isFinal(problem("/problems/doors-closed", 409))).toBe(false);
  expect(isFinal({ kind: "network" })).toBe(false);
  expect(isFinal({ kind: "status", status: 503 })).toBe(false);
  expect(isFinal({ kind: "status", status: 401 })).toBe(true);
});

import { expect, test } from "vitest";

import { homeOf, placesOf, tokenInHash } from "./roles";

test("every role's home is among its places", () => {
  for (const role of ["master_teacher", "classroom_device", "researcher", "student", "admin"] as const) {
    expect(placesOf(role).map((place) => place.path)).toContain(homeOf(role));
  }
});

test("a token is read from the fragment and nothing else", () => {
  const rows: [string, string | null][] = [
    ["#token=abc.def", "abc.def"], ["#x=1&token=a%2Bb", "a+b"], ["", null], ["#token=", null], ["#mytoken=x", null],
  ];
  for (const [hash, token] of rows) expect(tokenInHash(hash), hash).toBe(token);
});

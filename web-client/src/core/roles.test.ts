import { expect, test } from "vitest";

import type { Role } from "./protocol";
import { homeOf, mayExport, placesOf, tokenInHash } from "./roles";

const ROLES: Role[] = ["master_teacher", "classroom_device", "researcher", "student", "admin"];

test("every role's home is among its places", () => {
  for (const role of ROLES) expect(placesOf(role).map((place) => place.path)).toContain(homeOf(role));
});

test("those who research or administer see the report, and only administrators change the timetable", () => {
  const who = (path: string): Role[] => ROLES.filter((role) => placesOf(role).some((place) => place.path === path));
  expect(who("/report")).toEqual(["researcher", "admin"]);
  expect(who("/admin/timetable")).toEqual(["admin"]);
});

test("those who teach, look on or administer may export a recording", () => {
  expect(ROLES.filter(mayExport)).toEqual(["master_teacher", "researcher", "admin"]);
});

test("a token is read from the fragment and nothing else", () => {
  const rows: [string, string | null][] = [
    ["#token=abc.def", "abc.def"], ["#x=1&token=a%2Bb", "a+b"], ["", null], ["#token=", null], ["#mytoken=x", null],
  ];
  for (const [hash, token] of rows) expect(tokenInHash(hash), hash).toBe(token);
});

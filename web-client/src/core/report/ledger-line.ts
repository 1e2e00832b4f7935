// What an event of the record carries (`What` in signaling/ledger), as short facts: each a kind and a value, in the order they
// are told. Fields that are not known here stand as they are: the record may be younger than the page.

import type { LedgerLine, UtcMs } from "../protocol";

export type Figure =
  | { kind: "span"; from: UtcMs; to: UtcMs }
  | { kind: "picture" | "sound" | "doubt"; ms: number }
  | { kind: "count"; count: number }
  /** A word of the record that has one of its own on the page: a cause, a verdict, a stream. */
  | { kind: "word"; word: string }
  | { kind: "text"; text: string };

type Fields = { [name: string]: unknown };

/** Names of rooms stand beside the event, and what an order is about is told by its words. */
const UNTOLD = ["room", "of", "lesson", "term", "course"];

export function figuresOf(line: LedgerLine): Figure[] {
  const fields = fieldsOf(line.detail);
  if (fields === null) return line.detail === "" ? [] : [{ kind: "text", text: line.detail }];
  return line.what === "planned" ? planned(fields) : told(fields);
}

function fieldsOf(detail: string): Fields | null {
  try {
    const value: unknown = JSON.parse(detail);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    return null;
  }
}

/** The whole plan is too much for a line. */
function planned(fields: Fields): Figure[] {
  const { title, starts_at: from, ends_at: to } = fields;
  return [
    ...(typeof title === "string" ? [{ kind: "text", text: title } as const] : []),
    ...(typeof from === "number" && typeof to === "number" ? [{ kind: "span", from, to } as const] : []),
  ];
}

function told(fields: Fields): Figure[] {
  const { from, to, ...rest } = fields;
  const span: Figure[] = typeof from === "number" && typeof to === "number" ? [{ kind: "span", from, to }] : [];
  return [...span, ...Object.entries(rest).flatMap(([name, value]) => figure(name, value))];
}

function figure(name: string, value: unknown): Figure[] {
  if (UNTOLD.includes(name) || value === null || value === "" || value === undefined) return [];
  if (typeof value === "object") return Object.entries(value).flatMap(([inner, part]) => figure(inner, part));
  if (typeof value === "number") return [numbered(name, value)];
  if (typeof value !== "string") return [];
  return [/^[a-z_]+$/.test(value) && name !== "by" ? { kind: "word", word: value } : { kind: "text", text: value }];
}

function numbered(name: string, value: number): Figure {
  switch (name) {
    case "picture_ms": return { kind: "picture", ms: value };
    case "sound_ms": return { kind: "sound", ms: value };
    case "doubt_ms": return { kind: "doubt", ms: value };
    case "count": return { kind: "count", count: value };
    default: return { kind: "text", text: `${name} ${value}` };
  }
}

// Where the bars and points of the report's charts stand. Rates go from 0 to 1 and may be missing where nothing was due.

import type { ReportRow } from "../protocol";

/** Whole percents. Only what is complete is called 100 %, only what is nothing 0 %. */
export function percentOf(ratio: number): number {
  const rounded = Math.round(ratio * 100);
  if (rounded === 100 && ratio < 1) return 99;
  return rounded === 0 && ratio > 0 ? 1 : rounded;
}

/** `label` is the key of its row. */
export type RatePoint = { label: string; x: number; y: number; ratio: number };
export type Rates = {
  points: RatePoint[];
  /** Stretches without a gap, as SVG path data. */
  path: string;
  /** The lowest rate shown. */
  floor: number;
  /** The rates the grid lines stand for, with where they stand. */
  grid: { ratio: number; y: number }[];
};

export type Frame = { width: number; height: number };

/** A line over the rows in their order. Where every rate is high the lower part is left out, so that a fall can be seen. */
export function ratesOf(all: readonly ReportRow[], frame: Frame): Rates {
  const rows = all.slice(0, lastRate(all) + 1);
  const known = rows.flatMap((row) => (row.ratio === null ? [] : [row.ratio]));
  const floor = floorFor(known);
  const yOf = (ratio: number): number => round(frame.height * (1 - (ratio - floor) / (1 - floor)));
  const step = rows.length > 1 ? frame.width / (rows.length - 1) : 0;
  const xOf = (index: number): number => round(rows.length > 1 ? index * step : frame.width / 2);
  const points: RatePoint[] = [];
  let path = "";
  let drawing = false;
  rows.forEach((row, index) => {
    if (row.ratio === null) {
      drawing = false;
      return;
    }
    const point = { label: row.key, x: xOf(index), y: yOf(row.ratio), ratio: row.ratio };
    points.push(point);
    path += `${drawing ? "L" : "M"}${point.x} ${point.y}`;
    drawing = true;
  });
  const middle = (1 + floor) / 2;
  return { points, path, floor, grid: [1, middle, floor].map((ratio) => ({ ratio, y: yOf(ratio) })) };
}

/** Weeks to come have no rate, and the line ends where it is known. */
function lastRate(rows: readonly ReportRow[]): number {
  return rows.reduce((last, row, index) => (row.ratio === null ? last : index), -1);
}

/** A line takes two. */
export function hasLine(rows: readonly ReportRow[]): boolean {
  return rows.filter((row) => row.ratio !== null).length > 1;
}

function floorFor(ratios: readonly number[]): number {
  const lowest = ratios.length === 0 ? 0 : Math.min(...ratios);
  if (lowest >= 0.9) return 0.8;
  return lowest >= 0.6 ? 0.5 : 0;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** At most `most` labels, evenly spread, so that they do not overlap: whether the one at `index` is written. */
export function isLabelled(index: number, count: number, most: number): boolean {
  const every = Math.max(1, Math.ceil(count / most));
  return index % every === 0;
}

/** How the planned lessons of a row divide; the parts add up to what was planned. */
export type Part = { kind: "valid" | "invalid" | "unexcused" | "unjudged" | "excused" | "to_come"; count: number; from: number; share: number };

export function partsOf(row: ReportRow): Part[] {
  const counted = row.valid + row.invalid + row.unexcused + row.unjudged + row.excused;
  const whole = Math.max(row.planned, counted);
  const counts: [Part["kind"], number][] = [
    ["valid", row.valid], ["invalid", row.invalid], ["unexcused", row.unexcused], ["unjudged", row.unjudged], ["excused", row.excused],
    ["to_come", whole - counted],
  ];
  let from = 0;
  return counts.flatMap(([kind, count]) => {
    if (count <= 0) return [];
    const part = { kind, count, from, share: count / whole };
    from += part.share;
    return [part];
  });
}

/** What of the time taught a room received, 0 to 1; nothing taught is nothing received. */
export function shareOf(seconds: number, taught: number): number {
  return taught <= 0 ? 0 : Math.min(1, Math.max(0, seconds / taught));
}

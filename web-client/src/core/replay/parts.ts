// The list of a track's parts, for lessons that HLS does not carry: what stands where in which file.

import { beside } from "./paths";

/** Limits far beyond any school day: a list that exceeds one is not a recording of ours. */
const EPOCHS_MAX = 1000;
const PARTS_MAX = 200_000;
const PART_BYTES_MAX = 16_000_000;
const LESSON_MS_MAX = 24 * 3_600_000;

export type Bytes = { offset: number; length: number };
export type Part = Bytes & { fromS: number; toS: number; key: boolean; epoch: number };
export type Epoch = { mime: string; url: string; init: Bytes };
/** `parts` of all epochs in the order of time. */
export type PartList = { ended: boolean; epochs: Epoch[]; parts: Part[] };

/** Reads the JSON at `path`; null where it is not such a list. */
export function readParts(json: unknown, path: string): PartList | null {
  if (!isRecord(json) || !Array.isArray(json["epochs"]) || json["epochs"].length > EPOCHS_MAX) return null;
  const list: PartList = { ended: json["ended"] === true, epochs: [], parts: [] };
  for (const each of json["epochs"] as unknown[]) {
    const epoch = readEpoch(each, path);
    const rows = isRecord(each) ? each["parts"] : null;
    if (epoch === null || !Array.isArray(rows) || list.parts.length + rows.length > PARTS_MAX) return null;
    for (const row of rows as unknown[]) {
      const part = readPart(row, list.epochs.length, list.parts[list.parts.length - 1]?.fromS ?? 0);
      if (part === null) return null;
      list.parts.push(part);
    }
    list.epochs.push(epoch);
  }
  return list;
}

function readEpoch(each: unknown, path: string): Epoch | null {
  if (!isRecord(each) || typeof each["mime"] !== "string" || typeof each["url"] !== "string") return null;
  const url = beside(path, each["url"], ["webm", "cmaf", "mp4"]);
  const mime = /^(?:video|audio)\/(?:webm|mp4); ?codecs="[\w., -]{1,60}"$/.test(each["mime"]) ? each["mime"] : null;
  const init = Array.isArray(each["init"]) ? bytesOf(each["init"][0], each["init"][1]) : null;
  return url === null || mime === null || init === null ? null : { mime, url, init };
}

function readPart(row: unknown, epoch: number, notBeforeS: number): Part | null {
  if (!Array.isArray(row)) return null;
  const [from, to, offset, length, key] = row as unknown[];
  const bytes = bytesOf(offset, length);
  if (bytes === null || !isCount(from, LESSON_MS_MAX) || !isCount(to, LESSON_MS_MAX)) return null;
  const [fromS, toS] = [from / 1000, to / 1000];
  return toS < fromS || fromS < notBeforeS ? null : { ...bytes, fromS, toS, key: key === 1 || key === true, epoch };
}

function bytesOf(offset: unknown, length: unknown): Bytes | null {
  return isCount(offset, Number.MAX_SAFE_INTEGER - PART_BYTES_MAX) && isCount(length, PART_BYTES_MAX) && length > 0
    ? { offset, length } : null;
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

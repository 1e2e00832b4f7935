// WebVTT (W3C) as far as chapters and thumbnails need it: cues with a time and a line of text. Styles, notes, regions and
// settings are passed over. Whatever the file holds, reading it ends soon and yields plain text.

/** Beyond these the rest of a file is not read: a lesson has some dozens of chapters and some hundreds of thumbnails. */
export const VTT_CHARS_MAX = 1_000_000;
export const CUES_MAX = 5000;
/** UTF-16 units. */
export const CUE_TEXT_MAX = 200;

export type Cue = { fromS: number; toS: number; text: string };

/** The cues in the order of their time; none where the text is no WebVTT. */
export function readVtt(text: string): Cue[] {
  const lines = text.slice(0, VTT_CHARS_MAX).replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  if (!/^WEBVTT(?:[ \t]|$)/.test(lines[0] ?? "")) return [];
  const cues: Cue[] = [];
  for (let at = 1; at < lines.length && cues.length < CUES_MAX; at += 1) {
    const span = spanOf(lines[at] ?? "");
    if (span === null) continue;
    const body: string[] = [];
    while (at + 1 < lines.length && lines[at + 1] !== "") body.push(lines[(at += 1)] ?? "");
    const words = plain(body.join(" "));
    if (words !== "") cues.push({ ...span, text: words });
  }
  return cues.sort((a, b) => a.fromS - b.fromS);
}

function spanOf(line: string): { fromS: number; toS: number } | null {
  const [before, after] = line.split("-->", 2);
  if (before === undefined || after === undefined) return null;
  const fromS = secondsOf(before.trim());
  // Settings of the cue may follow its end.
  const toS = secondsOf(after.trim().split(/[ \t]/, 1)[0] ?? "");
  return fromS === null || toS === null || toS <= fromS ? null : { fromS, toS };
}

/** `01:02.500` or `1:01:02.500` */
function secondsOf(time: string): number | null {
  const parts = /^(?:(\d{1,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})$/.exec(time);
  if (parts === null) return null;
  const [, hours, minutes, seconds, thousandths] = parts;
  return Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(thousandths) / 1000;
}

const ENTITIES: Record<string, string> = {
  "&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&lrm;": "", "&rlm;": "", "&quot;": "\"", "&amp;": "&",
};

/** Without tags, entities and control characters; cut where it is too long to be a title. */
function plain(text: string): string {
  const words = text
    .replace(/<[^<>]*>/g, "")
    .replace(/&(?:lt|gt|nbsp|lrm|rlm|quot|amp);/g, (entity) => ENTITIES[entity] ?? "")
    .replace(/\p{C}/gu, "")
    .replace(/\s+/g, " ")
    .trim();
  // Not through the middle of a character that takes two units.
  return words.slice(0, CUE_TEXT_MAX).replace(/[\uD800-\uDBFF]$/, "");
}

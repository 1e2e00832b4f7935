// Plays tracks by appending their parts: pictures in WebM, sound in CMAF, on the lesson's one clock. What is appended when
// is decided in core/replay/appending.ts.

import { cursorAt, dropPlayed, nextAppend, stepOver, type Append, type Cursor } from "../core/replay/appending";
import { readParts, type Bytes, type PartList } from "../core/replay/parts";
import { troubleOf, type Trouble } from "../core/replay/reopening";
import { files } from "./http";
import { canAppend, edit, openSource, rangesOf } from "./media-source";
import type { Player } from "./player";
import { every } from "./ticking";

/** How often the lists of a running lesson are asked for anew, and how often an idle buffer looks whether it is wanted. */
const REFRESH_MS = 2000;
const LOOK_MS = 250;
/** A player that follows a running lesson stays behind what is written by about five parts. */
const EDGE_HOLD_S = 2;

type Track = { path: string; list: PartList; cursor: Cursor; buffer: SourceBuffer; mime: string; done: boolean };

/** Ends the player and says why. */
class Stopped extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble);
  }
}

export function attachParts(
  video: HTMLVideoElement, paths: string[], startS: number | null, failed: (trouble: Trouble) => void,
): Player {
  const life = new AbortController();
  const { source, opened, release } = openSource(video);
  let tracks: Track[] = [];
  const fail = (error: unknown): void => {
    if (life.signal.aborted) return;
    life.abort();
    failed(error instanceof Stopped ? error.trouble : "media");
  };
  const seek = (): void => {
    for (const track of tracks) track.cursor = cursorAt(track.list, rangesOf(track.buffer.buffered), video.currentTime, track.cursor.epoch);
  };
  const step = (): void => {
    const toS = video.seeking || video.readyState < 3 ? stepOver(rangesOf(video.buffered), video.currentTime) : null;
    if (toS !== null) video.currentTime = toS;
  };
  async function begin(): Promise<void> {
    const lists = await Promise.all(paths.map(load));
    await opened;
    if (life.signal.aborted) return;
    tracks = lists.map((list, index) => trackOf(source, paths[index] ?? "", list));
    source.duration = lengthOf(tracks);
    video.currentTime = startS ?? edgeOf(tracks) ?? 0;
    seek();
    video.addEventListener("seeking", seek);
    await Promise.all(tracks.map((track) => pump(track, { video, source, signal: life.signal, all: tracks })));
  }
  const stopStepping = every(LOOK_MS, step);
  const stopRefreshing = every(REFRESH_MS, () => void refresh(source, tracks).catch(fail));
  begin().catch(fail);
  return {
    destroy: () => {
      life.abort();
      stopStepping();
      stopRefreshing();
      video.removeEventListener("seeking", seek);
      release();
    },
    edgeS: () => edgeOf(tracks),
  };
}

async function load(path: string): Promise<PartList> {
  const answer = await files.json(path);
  if (!answer.ok) throw new Stopped(troubleOf(answer.status));
  const list = readParts(answer.value, path);
  if (list === null || list.epochs.length === 0) throw new Stopped("media");
  return list;
}

function trackOf(source: MediaSource, path: string, list: PartList): Track {
  const mime = list.epochs[0]?.mime ?? "";
  if (!canAppend(mime)) throw new Stopped("unsupported");
  return { path, list, mime, cursor: { next: 0, epoch: null }, buffer: source.addSourceBuffer(mime), done: false };
}

/** A running lesson's lists grow at their ends, so the places in them stay what they are. */
async function refresh(source: MediaSource, tracks: Track[]): Promise<void> {
  for (const track of tracks.filter((each) => !each.list.ended)) track.list = await load(track.path);
  const idle = source.readyState === "open" && tracks.length > 0 && tracks.every((track) => !track.buffer.updating);
  if (idle && lengthOf(tracks) > source.duration) source.duration = lengthOf(tracks);
}

function lengthOf(tracks: Track[]): number {
  return Math.max(...tracks.map((track) => endOf(track.list)));
}

function endOf(list: PartList): number {
  return list.parts[list.parts.length - 1]?.toS ?? 0;
}

function edgeOf(tracks: Track[]): number | null {
  const growing = tracks.some((track) => !track.list.ended);
  return growing ? Math.max(0, Math.min(...tracks.map((track) => endOf(track.list))) - EDGE_HOLD_S) : null;
}

type Stage = { video: HTMLVideoElement; source: MediaSource; signal: AbortSignal; all: Track[] };

/** Appends and drops for one track until the player is gone. */
async function pump(track: Track, stage: Stage): Promise<void> {
  while (!stage.signal.aborted) {
    const next = nextAppend(track.list, track.cursor, rangesOf(track.buffer.buffered), stage.video.currentTime);
    track.done = next.kind === "done";
    if (next.kind === "idle" || next.kind === "done") {
      if (stage.all.every((each) => each.done && !each.buffer.updating) && stage.source.readyState === "open") stage.source.endOfStream();
      await wanted(stage);
    } else {
      await apply(track, next, stage);
    }
  }
}

/** The playhead moved, or some time passed. */
function wanted({ video, signal }: Stage): Promise<void> {
  return new Promise((done) => {
    const go = (): void => {
      stop();
      for (const name of ["seeking", "timeupdate"]) video.removeEventListener(name, go);
      signal.removeEventListener("abort", go);
      done();
    };
    const stop = every(LOOK_MS, go);
    for (const name of ["seeking", "timeupdate"]) video.addEventListener(name, go);
    signal.addEventListener("abort", go);
  });
}

async function apply(track: Track, next: Exclude<Append, { kind: "idle" | "done" }>, stage: Stage): Promise<void> {
  const { buffer, cursor } = track;
  if (next.kind === "drop") {
    await edit(buffer, () => buffer.remove(next.range.fromS, next.range.toS));
    return;
  }
  const epoch = track.list.epochs[next.epoch];
  if (epoch === undefined) throw new Stopped("media");
  if (next.kind === "init" && epoch.mime !== track.mime) {
    if (!canAppend(epoch.mime)) throw new Stopped("unsupported");
    buffer.changeType(epoch.mime);
    track.mime = epoch.mime;
  }
  const data = await bytesOf(epoch.url, next.kind === "init" ? epoch.init : next.bytes, stage.signal);
  // A seek meanwhile wants other parts.
  if (stage.signal.aborted || track.cursor !== cursor) return;
  if (!(await append(buffer, data, stage)) || track.cursor !== cursor) return;
  track.cursor = next.kind === "init" ? { ...cursor, epoch: next.epoch } : { ...cursor, next: next.next };
}

async function bytesOf(url: string, { offset, length }: Bytes, signal: AbortSignal): Promise<ArrayBuffer> {
  const answer = await files.bytes(url, offset, length, signal);
  if (answer.ok) return answer.value;
  if (signal.aborted) return new ArrayBuffer(0);
  throw new Stopped(troubleOf(answer.status));
}

/** Whether it went in; a full buffer first gives up what was played. */
async function append(buffer: SourceBuffer, data: ArrayBuffer, { video, signal }: Stage): Promise<boolean> {
  const edited = await edit(buffer, () => buffer.appendBuffer(data));
  if (edited === "done" || signal.aborted) return edited === "done";
  const played = edited === "full" ? dropPlayed(rangesOf(buffer.buffered), video.currentTime) : null;
  if (played === null) throw new Stopped("media");
  await edit(buffer, () => buffer.remove(played.fromS, played.toS));
  return false;
}

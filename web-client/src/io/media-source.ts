// Media source extensions (W3C) as promises: a source on an element, and one edit of a buffer after the other.

import type { Range } from "../core/replay/appending";

export function canAppend(mime: string): boolean {
  return typeof MediaSource !== "undefined" && MediaSource.isTypeSupported(mime);
}

/** A source on the element, open for buffers; `release` takes it off again. */
export function openSource(video: HTMLVideoElement): { source: MediaSource; opened: Promise<void>; release: () => void } {
  const source = new MediaSource();
  const url = URL.createObjectURL(source);
  const opened = new Promise<void>((done) => source.addEventListener("sourceopen", () => done(), { once: true }));
  video.src = url;
  return {
    source,
    opened,
    release: () => {
      URL.revokeObjectURL(url);
      video.removeAttribute("src");
      video.load();
    },
  };
}

export function rangesOf(buffered: TimeRanges): Range[] {
  return Array.from({ length: buffered.length }, (_, index) => ({ fromS: buffered.start(index), toS: buffered.end(index) }));
}

export type Edit = "done" | "full" | "broken";

/** Does one edit and waits for its end. A full buffer refuses an append; it is then as it was. */
export function edit(buffer: SourceBuffer, begin: () => void): Promise<Edit> {
  return new Promise((settle) => {
    let edited: Edit = "done";
    const broken = (): void => void (edited = "broken");
    const end = (): void => {
      buffer.removeEventListener("error", broken);
      buffer.removeEventListener("updateend", end);
      settle(edited);
    };
    buffer.addEventListener("error", broken);
    buffer.addEventListener("updateend", end);
    try {
      begin();
    } catch (error) {
      edited = error instanceof DOMException && error.name === "QuotaExceededError" ? "full" : "broken";
      end();
    }
  });
}

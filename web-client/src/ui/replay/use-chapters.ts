// Chapters and thumbnails of a replay, fetched beside the recording; a lesson without them plays all the same.

import { computed, onScopeDispose, shallowRef, watch, type ComputedRef, type Ref, type ShallowRef } from "vue";

import type { Playback } from "../../core/protocol";
import { chapterAt, readChapters, type Chapter } from "../../core/replay/chapters";
import { readThumbnails, type Thumbnail } from "../../core/replay/thumbnails";
import { files } from "../../io/http";
import { every } from "../../io/ticking";

export type Chapters = {
  chapters: ShallowRef<Chapter[]>;
  thumbnails: ShallowRef<Thumbnail[]>;
  /** The place in the list of the chapter that is being played. */
  at: ComputedRef<number | null>;
  title: ComputedRef<string | null>;
};

/** A running lesson gets new chapters. */
const REFRESH_MS = 15_000;

export function useChapters(playback: ShallowRef<Playback | null>, timeS: Ref<number>): Chapters {
  const chapters = shallowRef<Chapter[]>([]);
  const thumbnails = shallowRef<Thumbnail[]>([]);
  const at = computed(() => chapterAt(chapters.value, timeS.value));
  const title = computed(() => (at.value === null ? null : (chapters.value[at.value]?.title ?? null)));

  async function fetchChapters(): Promise<void> {
    if (playback.value === null) return;
    const text = await files.text(playback.value.chapters);
    if (text.ok) chapters.value = readChapters(text.value);
  }

  async function fetchThumbnails(): Promise<void> {
    const path = playback.value?.thumbnails ?? null;
    if (path === null) return;
    const text = await files.text(path);
    if (text.ok) thumbnails.value = readThumbnails(text.value, path);
  }

  watch(playback, () => {
    void fetchChapters();
    void fetchThumbnails();
  });
  onScopeDispose(every(REFRESH_MS, () => playback.value?.live === true && void fetchChapters()));
  return { chapters, thumbnails, at, title };
}

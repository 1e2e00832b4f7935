// The records the timetable's pages choose from, read once and again when the timetable has changed.

import { computed, type ComputedRef, type ShallowRef } from "vue";

import type { Failure } from "../../core/problems";
import type { Record as BookRecord } from "../../core/protocol";
import { booksOf, type Books } from "../../core/timetable/records";
import type { Names } from "../../core/timetable/words";
import { monotonicMs } from "../../io/ticking";
import { timetableApi } from "../../io/timetable-api";
import { useAsked } from "./use-asked";

/** A county has thousands of records: what others change may show a minute later in the choosers. */
const AGAIN_AFTER_MS = 60_000;

export type UsedBooks = {
  /** Null until they are read. */
  books: ComputedRef<Books | null>;
  failure: ShallowRef<Failure | null>;
  ask: () => Promise<void>;
  /** The timetable is at this version now. */
  freshen: (version: number) => void;
  names: Names;
};

export function useBooks(kinds: BookRecord["kind"][]): UsedBooks {
  const { value, failure, ask } = useAsked((token) => timetableApi.records(token, kinds));
  const books = computed(() => (value.value === null ? null : booksOf(value.value)));
  let askedAt = monotonicMs();

  function freshen(version: number): void {
    if (value.value === null || version === value.value.version || monotonicMs() - askedAt < AGAIN_AFTER_MS) return;
    askedAt = monotonicMs();
    void ask();
  }

  const names: Names = {
    teacher: (id) => books.value?.teachers.get(id)?.name ?? id,
    room: (id) => books.value?.rooms.get(id)?.name ?? id,
  };
  return { books, failure, ask, freshen, names };
}

// The week that the page's address names: whose, of which term, laid out as a table and kept fresh.

import { computed, ref, watch, type ComputedRef, type ShallowRef } from "vue";
import { useRoute, useRouter } from "vue-router";

import type { Failure } from "../../core/problems";
import type { ConflictList, Term, WeekView } from "../../core/protocol";
import { dateAt, lastWeekOf, termNear, termOn, weekOf } from "../../core/timetable/dates";
import { holderIn, type Books, type Holder } from "../../core/timetable/records";
import { layWeek, type WeekGrid } from "../../core/timetable/week-grid";
import { timetableApi } from "../../io/timetable-api";
import { wallClockMs } from "../../io/wall-clock";
import { ASK_EVERY_MS, useAsked, type UsedAnswer } from "./use-asked";

export type UsedTimetable = {
  holder: ComputedRef<Holder | null>;
  view: ShallowRef<WeekView | null>;
  failure: ShallowRef<Failure | null>;
  grid: ComputedRef<WeekGrid | null>;
  conflicts: ShallowRef<ConflictList | null>;
  today: ComputedRef<string>;
  /** The term and week that are shown or asked for. */
  term: ComputedRef<Term | null>;
  week: ComputedRef<number>;
  lastWeek: ComputedRef<number>;
  isThisWeek: ComputedRef<boolean>;
  /** The answer for another week is on its way. */
  turning: ComputedRef<boolean>;
  show: (holder: Holder | null) => void;
  turnTo: (term: string, week: number) => void;
  turnToNow: () => void;
  ask: () => Promise<void>;
};

export function useTimetable(books: ComputedRef<Books | null>): UsedTimetable {
  const [route, router] = [useRoute(), useRouter()];
  const holder = computed(() => holderIn(route.query));
  const asked = computed(() => ({ term: text(route.query["term"]), week: Number(text(route.query["week"]) ?? 0) }));
  const question = computed(() => JSON.stringify([holder.value, asked.value]));
  const answered = ref("");

  const week = useAsked((token) => {
    const now = question.value;
    const { term, week: number } = asked.value;
    if (holder.value === null) return null;
    const query = { [holder.value.kind]: holder.value.id, term, week: number === 0 ? null : number };
    return timetableApi.week(token, query).then((result) => {
      if (result.ok && now === question.value) answered.value = now;
      return result;
    });
  }, ASK_EVERY_MS);
  const conflicts = useConflicts(week.value);

  const today = computed(() => dateAt(week.value.value?.server_time ?? wallClockMs()));
  const terms = computed(() => books.value?.terms ?? []);
  const term = computed(() =>
    terms.value.find((one) => one.id === asked.value.term) ?? (asked.value.term === null ? week.value.value?.term : null)
    ?? termNear(terms.value, today.value));
  const thisWeek = computed(() => (term.value === null ? 0 : weekOf(term.value, today.value)));
  const number = computed(() => asked.value.week || week.value.value?.week_no || thisWeek.value);

  function turn(to: { [name: string]: string | undefined }): void {
    const kept = holder.value === null ? {} : { [holder.value.kind]: holder.value.id };
    void router.replace({ query: { ...kept, ...to } });
  }

  watch(question, () => void week.ask());
  return {
    holder, view: week.value, failure: week.failure, conflicts: conflicts.value, today, term, week: number,
    grid: computed(() => (week.value.value === null ? null : layWeek(week.value.value, today.value))),
    lastWeek: computed(() => (term.value === null ? 0 : lastWeekOf(term.value))),
    isThisWeek: computed(() => term.value !== null && termOn(terms.value, today.value)?.id === term.value.id && number.value === thisWeek.value),
    turning: computed(() => answered.value !== question.value),
    show: (whose) => {
      const { term: kept, week: same } = route.query;
      void router.replace({ query: { ...(whose === null ? {} : { [whose.kind]: whose.id }), ...(kept ? { term: kept } : {}), ...(same ? { week: same } : {}) } });
    },
    turnTo: (id, to) => turn({ term: id, week: String(to) }),
    turnToNow: () => turn({}),
    ask: async () => {
      await Promise.all([week.ask(), conflicts.ask()]);
    },
  };
}

/** The county's conflicts of the week that is shown: asked for again only when the timetable has changed. */
function useConflicts(view: ShallowRef<WeekView | null>): UsedAnswer<ConflictList> {
  const dates = computed(() => {
    const days = view.value?.days ?? [];
    return { from: days[0]?.date ?? "", to: days[days.length - 1]?.date ?? "", version: view.value?.version ?? 0 };
  });
  const conflicts = useAsked((token) => (dates.value.from === "" ? null : timetableApi.conflicts(token, dates.value.from, dates.value.to)));
  watch(() => JSON.stringify(dates.value), () => void conflicts.ask());
  return conflicts;
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

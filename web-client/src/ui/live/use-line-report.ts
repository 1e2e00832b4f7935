// Tells the server every few seconds how this page's line does, and whoever else wants to know.

import { onScopeDispose, type ShallowRef } from "vue";

import { lineReport, type LineReading, type LineSpan } from "../../core/line-report";
import { every } from "../../io/ticking";
import type { LineReport } from "../../core/protocol";
import type { LessonLine } from "./use-lesson-line";

const TELL_EVERY_MS = 5000;

type Measured = { reading: () => Promise<LineReading | null> };

/** `sessions` are what the page sends and receives through. Whoever has no seat in the lesson is not asked. */
export function useLineReport(
  sessions: readonly ShallowRef<Measured | null>[], { line, view, send }: LessonLine, told: (report: LineReport) => void = () => undefined,
): void {
  const before = new WeakMap<Measured, LineReading>();

  async function spanOf(session: Measured | null): Promise<LineSpan[]> {
    const now = await session?.reading();
    if (session === null || now === undefined || now === null) return [];
    const old = before.get(session);
    before.set(session, now);
    return old === undefined ? [] : [{ before: old, now }];
  }

  async function tell(): Promise<void> {
    const seated = view.value?.lesson.participants.some((participant) => participant.id === view.value?.you) === true;
    if (!seated || line.value.kind !== "open") return;
    const report = lineReport((await Promise.all(sessions.map((session) => spanOf(session.value)))).flat());
    if (report === null) return;
    send({ type: "line", report });
    told(report);
  }

  onScopeDispose(every(TELL_EVERY_MS, () => void tell()));
}

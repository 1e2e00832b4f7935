// Tells the server every few seconds what this page has really decoded, for the ledger.

import { onScopeDispose, watch, type ShallowRef } from "vue";

import { EMPTY_TALLY, receivedMessage, tallied } from "../../core/received";
import type { SubscribeSession } from "../../io/whep";
import { every } from "../../io/ticking";
import type { LessonLine } from "./use-lesson-line";

const TELL_EVERY_MS = 5000;

/** Of the page, not of a lesson or a connection: the server knows a page by its id and expects its counters never to go down. */
let tally = EMPTY_TALLY;
let connections = 0;

export function useReceived(session: ShallowRef<SubscribeSession | null>, { line, view, send }: LessonLine): void {
  let connection = connections;
  watch(session, (now) => {
    if (now !== null) connection = connections += 1;
  }, { immediate: true });

  async function tell(): Promise<void> {
    const [now, number] = [session.value, connection];
    if (now !== null) tally = tallied(tally, number, await now.received());
    const running = view.value?.lesson.phase === "live" || view.value?.lesson.phase === "doors_open";
    if (running && line.value.kind === "open") send(receivedMessage(tally));
  }

  onScopeDispose(every(TELL_EVERY_MS, () => void tell()));
}

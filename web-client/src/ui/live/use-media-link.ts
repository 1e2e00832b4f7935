// Joins the pure media-link machine to real sessions: negotiates, tears down, and ignores what an abandoned attempt
// still brings.

import { onScopeDispose, shallowRef, watch, type ShallowRef } from "vue";

import type { Line } from "../../core/line";
import { MEDIA_OFF, mediaStep, type MediaEvent, type MediaLink, type TransportState } from "../../core/media-link";
import { isFinal, problemKey } from "../../core/problems";
import { onPageHide } from "../../io/page-life";
import { ExchangeRefused } from "../../io/sdp-exchange";
import { chance, every, monotonicMs } from "../../io/ticking";

/** `tell` is false when the server has already closed its side. */
type Closable = { close: (tell: boolean) => void };
type Negotiate<S> = (onState: (state: TransportState) => void) => Promise<S>;

export type UsedMediaLink<S> = {
  link: ShallowRef<MediaLink>;
  session: ShallowRef<S | null>;
  redo: () => void;
};

const TICK_MS = 250;

export function useMediaLink<S extends Closable>(
  wanted: () => boolean,
  line: ShallowRef<Line>,
  negotiate: Negotiate<S>,
  over: () => boolean,
): UsedMediaLink<S> {
  const link = shallowRef<MediaLink>(MEDIA_OFF);
  const session = shallowRef(null) as ShallowRef<S | null>;
  let generation = 0;

  function feed(event: MediaEvent): void {
    const step = mediaStep(link.value, event, monotonicMs(), chance());
    link.value = step.link;
    for (const effect of step.effects) {
      if (effect === "negotiate") void begin();
      else drop();
    }
  }

  function drop(): void {
    generation += 1;
    session.value?.close(!over());
    session.value = null;
  }

  async function begin(): Promise<void> {
    generation += 1;
    const mine = generation;
    const feedMine = (event: MediaEvent): void => {
      if (mine === generation) feed(event);
    };
    try {
      const negotiated = await negotiate((state) => feedMine({ kind: "transport", state }));
      if (mine === generation) session.value = negotiated;
      else negotiated.close(true);
    } catch (error) {
      feedMine(eventOf(error));
    }
  }

  watch(wanted, (now) => feed({ kind: now ? "want" : "leave" }), { immediate: true });
  watch(line, (now, before) => {
    if (now.kind === "open" && before.kind !== "open") feed({ kind: "line_back" });
  });
  const stopTicking = every(TICK_MS, () => feed({ kind: "tick" }));
  const stopListening = onPageHide(() => feed({ kind: "leave" }));
  onScopeDispose(() => {
    stopTicking();
    stopListening();
    feed({ kind: "leave" });
  });
  return { link, session, redo: () => feed({ kind: "redo" }) };
}

function eventOf(error: unknown): MediaEvent {
  if (error instanceof ExchangeRefused && isFinal(error.failure)) {
    return { kind: "refused", problem: problemKey(error.failure) };
  }
  return { kind: "failed" };
}

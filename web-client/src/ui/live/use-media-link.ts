// Joins the pure media-link machine to real sessions: negotiates, mends, tears down, and ignores what an abandoned
// attempt still brings.

import { onScopeDispose, shallowRef, watch, type ShallowRef } from "vue";

import type { Line } from "../../core/line";
import { MEDIA_OFF, mediaStep, type MediaEffect, type MediaEvent, type MediaLink, type TransportState } from "../../core/media-link";
import { isFinal, problemKey } from "../../core/problems";
import { onNetworkBack, onPageHide } from "../../io/page-life";
import { ExchangeRefused, type Exchanged } from "../../io/sdp-exchange";
import { chance, every, monotonicMs } from "../../io/ticking";

/** `tell` is false when the server has already closed its side. */
type Session = Pick<Exchanged, "mend" | "check"> & { close: (tell: boolean) => void };
/** `isWanted` tells whether the attempt has not been given up. */
type Negotiate<S> = (onState: (state: TransportState) => void, isWanted: () => boolean) => Promise<S>;

export type UsedMediaLink<S> = {
  link: ShallowRef<MediaLink>;
  session: ShallowRef<S | null>;
  redo: () => void;
  /** Its line may lead nowhere any more. */
  suspect: () => void;
};

const TICK_MS = 250;

export function useMediaLink<S extends Session>(
  wanted: () => boolean,
  line: ShallowRef<Line>,
  negotiate: Negotiate<S>,
  over: () => boolean,
): UsedMediaLink<S> {
  const link = shallowRef<MediaLink>(MEDIA_OFF);
  const session = shallowRef(null) as ShallowRef<S | null>;
  let generation = 0;
  let questions = 0;

  function feed(event: MediaEvent): void {
    const step = mediaStep(link.value, event, monotonicMs(), chance());
    link.value = step.link;
    step.effects.forEach(perform);
  }

  function perform(effect: MediaEffect): void {
    if (effect === "negotiate") void begin();
    else if (effect === "mend" || effect === "check") void ask(effect);
    else drop(effect === "tear_down" && !over());
  }

  function drop(tell: boolean): void {
    generation += 1;
    session.value?.close(tell);
    session.value = null;
  }

  /** Only the answer to what was asked last, about the session that is still held, counts. */
  async function ask(question: "mend" | "check"): Promise<void> {
    questions += 1;
    const [mine, number] = [generation, questions];
    const answer = await answerTo(question, session.value);
    if (mine === generation && number === questions && answer !== null) feed(answer);
  }

  async function begin(): Promise<void> {
    generation += 1;
    const mine = generation;
    const isWanted = (): boolean => mine === generation;
    const feedMine = (event: MediaEvent): void => {
      if (isWanted()) feed(event);
    };
    try {
      const negotiated = await negotiate((state) => feedMine({ kind: "transport", state }), isWanted);
      if (isWanted()) session.value = negotiated;
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
  const stopListening = [onPageHide(() => feed({ kind: "leave" })), onNetworkBack(() => feed({ kind: "network_back" }))];
  onScopeDispose(() => {
    stopTicking();
    for (const stop of stopListening) stop();
    feed({ kind: "leave" });
  });
  return { link, session, redo: () => feed({ kind: "redo" }), suspect: () => feed({ kind: "network_back" }) };
}

async function answerTo(question: "mend" | "check", held: Session | null): Promise<MediaEvent | null> {
  if (held === null) return { kind: "gone" };
  if (question === "mend") return { kind: await held.mend() };
  const known = await held.check();
  return known === "known" || known === "unreachable" ? null : { kind: known };
}

function eventOf(error: unknown): MediaEvent {
  if (error instanceof ExchangeRefused && isFinal(error.failure)) {
    return { kind: "refused", problem: problemKey(error.failure) };
  }
  return { kind: "failed" };
}

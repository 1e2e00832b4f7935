// Joins the pure line machine and lesson reducer to a real socket and clock.

import { onScopeDispose, shallowRef, watch, type ShallowRef } from "vue";

import { applyMessage, type LessonView } from "../../core/lesson";
import { IDLE_LINE, lineStep, type Line, type LineEvent } from "../../core/line";
import type { ClientMessage, LessonId, ServerMessage } from "../../core/protocol";
import { clockHeard, type ServerClock } from "../../core/server-clock";
import { capabilities } from "../../io/codecs";
import { onNetworkBack } from "../../io/page-life";
import { openSocket, type Socket } from "../../io/socket";
import { chance, every, monotonicMs } from "../../io/ticking";
import { PAGE } from "./page-id";

export type LessonLine = {
  view: ShallowRef<LessonView | null>;
  line: ShallowRef<Line>;
  clock: ShallowRef<ServerClock>;
  send: (message: ClientMessage) => void;
  takeBack: () => void;
};

const TICK_MS = 250;

/** The line's clock while it is open, else the one that was asked for: a line that was closed long ago knows no corrected clock. */
export function clockOf({ line, clock }: Pick<LessonLine, "line" | "clock">, asked: ServerClock): ServerClock {
  return line.value.kind === "open" ? (clock.value ?? asked) : (asked ?? clock.value);
}

export function useLessonLine(lessonId: () => LessonId | null, token: string): LessonLine {
  const view = shallowRef<LessonView | null>(null);
  const line = shallowRef<Line>(IDLE_LINE);
  const clock = shallowRef<ServerClock>(null);
  let socket: Socket | null = null;
  let joined: LessonId | null = null;

  function feed(event: LineEvent): void {
    const step = lineStep(line.value, event, monotonicMs(), chance());
    line.value = step.line;
    for (const effect of step.effects) {
      socket?.close();
      socket = effect === "open_socket" && joined !== null ? open(joined) : null;
    }
  }

  function open(lesson: LessonId): Socket {
    const opened: Socket = openSocket(lesson, token, {
      opened: () => opened.send({ type: "hello", capabilities: capabilities(), page: PAGE }),
      message: (message) => hear(message),
      closed: () => feed({ kind: "closed" }),
    });
    return opened;
  }

  function hear(message: ServerMessage): void {
    if (message.type === "welcome" || message.type === "clock") {
      clock.value = clockHeard(clock.value, message.server_time, monotonicMs());
    }
    view.value = applyMessage(view.value, message);
    feed(message.type === "replaced" ? { kind: "replaced" } : { kind: "heard", welcome: message.type === "welcome" });
    // Nothing may join an ended lesson: a line kept open would only be refused again and again.
    if (view.value?.lesson.phase === "ended") feed({ kind: "stop" });
  }

  watch(lessonId, (next) => {
    if (next === joined) return;
    feed({ kind: "stop" });
    joined = next;
    view.value = null;
    if (next !== null) feed({ kind: "start" });
  }, { immediate: true });

  const stopTicking = every(TICK_MS, () => feed({ kind: "tick" }));
  const stopListening = onNetworkBack(() => feed({ kind: "network_back" }));
  onScopeDispose(() => {
    stopTicking();
    stopListening();
    feed({ kind: "stop" });
  });
  return { view, line, clock, send: (message) => socket?.send(message), takeBack: () => feed({ kind: "take_back" }) };
}

// What this page receives, by m-line.

import type { LessonId } from "../../core/protocol";
import { subscribe, type SubscribeSession } from "../../io/whep";
import { PAGE } from "./page-id";
import type { LessonLine } from "./use-lesson-line";
import { useMediaLink, type UsedMediaLink } from "./use-media-link";

export type ReceiveAsk = {
  lesson: LessonId;
  token: string;
  audioLines: number;
  videoLines: number;
  stereo: boolean;
};

export function useReceiving(
  ask: () => ReceiveAsk | null,
  { line, view }: Pick<LessonLine, "line" | "view">,
): UsedMediaLink<SubscribeSession> {
  return useMediaLink(
    () => ask() !== null,
    line,
    (onState) => {
      const now = ask();
      if (now === null) return Promise.reject(new Error("nothing to receive any more"));
      return subscribe({ ...now, page: PAGE, onState });
    },
    () => view.value?.lesson.phase === "ended",
  );
}

/** The m-lines of a page that follows the lesson, in the order the server fills them. */
export const FOLLOWER_LINES = { audioLines: 2, videoLines: 3 } as const;
export const LEAD_VOICE = 0;
export const FLOOR_VOICE = 1;

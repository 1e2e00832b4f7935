// Tells the server how large this page shows what it receives. The pictures measure themselves and report here.

import { inject, onScopeDispose, provide, shallowRef, watch, type InjectionKey, type ShallowRef } from "vue";

import { NOTHING_SHOWN, shownPictures, showsStep, type ShowsEvent, type Size } from "../../core/shows";
import { isVisible, onVisibility } from "../../io/page-life";
import { onPixelRatio, pixelRatio } from "../../io/sizes";
import { after, monotonicMs } from "../../io/ticking";
import type { SubscribeSession } from "../../io/whep";
import type { LessonLine } from "./use-lesson-line";

type Report = (track: MediaStreamTrack, size: Size | null) => void;
const REPORT: InjectionKey<Report> = Symbol("how large a picture is");

/** Where a picture on this page tells how large its track is shown; null where nobody wants to know. */
export function shownTo(): Report | null {
  return inject(REPORT, null);
}

export function useShows(session: ShallowRef<SubscribeSession | null>, { line, send }: LessonLine): void {
  const sizes = new Map<MediaStreamTrack, Size>();
  const shows = shallowRef(NOTHING_SHOWN);
  let callOff: () => void = () => undefined;

  function feed(kind: ShowsEvent["kind"]): void {
    const now = session.value;
    if (now === null || line.value.kind !== "open") return;
    const pictures = shownPictures(now.video.map((track) => sizes.get(track) ?? null), pixelRatio(), isVisible());
    const step = showsStep(shows.value, { kind, pictures }, monotonicMs());
    shows.value = step.shows;
    if (step.send !== null) send(step.send);
    callOff();
    const due = step.shows.next;
    if (due !== null) callOff = after(Math.max(0, due.atMs - monotonicMs()), () => feed("tick"));
  }

  provide(REPORT, (track, size) => {
    if (size === null) sizes.delete(track);
    else sizes.set(track, size);
    feed("measured");
  });
  watch([session, () => line.value.kind], () => feed("anew"));
  const stop = [onVisibility(() => feed("measured")), onPixelRatio(() => feed("measured"))];
  onScopeDispose(() => {
    callOff();
    for (const each of stop) each();
  });
}

// The lead's courseware: choosing a screen, telling the lesson, and noticing when the browser's own bar stops it.

import { onScopeDispose, shallowRef, type ShallowRef } from "vue";

import { COURSEWARE } from "../../core/capture";
import type { ClientMessage } from "../../core/protocol";
import { shareScreen, type ScreenShare } from "../../io/screen";

export type Courseware = {
  track: ShallowRef<MediaStreamTrack | null>;
  share: () => Promise<void>;
  stop: () => void;
};

export function useCourseware(send: (message: ClientMessage) => void): Courseware {
  const track = shallowRef<MediaStreamTrack | null>(null);
  let sharing: ScreenShare | null = null;

  function stop(): void {
    if (sharing === null) return;
    sharing.stop();
    sharing = null;
    track.value = null;
    send({ type: "stop_courseware" });
  }

  async function share(): Promise<void> {
    const chosen = await shareScreen(COURSEWARE, stop);
    if (chosen === null) return;
    sharing?.stop();
    sharing = chosen;
    track.value = chosen.track;
    send({ type: "start_courseware" });
  }

  onScopeDispose(stop);
  return { track, share, stop };
}

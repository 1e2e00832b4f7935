// What the main player plays: one source after the other on the same element, each taking up where the last one was.

import { onScopeDispose } from "vue";

import type { Trouble } from "../../core/replay/reopening";
import type { Source } from "../../core/replay/views";
import { play } from "../../io/playback";
import { attach, type Player } from "../../io/player";
import type { ElementState } from "./use-element";

export type SourceState = {
  /** `fromS` null opens at the live edge. */
  load: (video: HTMLVideoElement, source: Source, fromS: number | null) => Promise<void>;
  /** The same source again from another moment: for a seek before the element knows its source. */
  again: (video: HTMLVideoElement, fromS: number) => void;
  edgeS: () => number | null;
};

export function useSource({ settling, waiting, playing }: ElementState, met: (trouble: Trouble) => void): SourceState {
  let player: Player | null = null;
  let source: Source | null = null;
  /** Counts what was attached; what an earlier one still says is not heard. */
  let turn = 0;

  async function load(video: HTMLVideoElement, next: Source, fromS: number | null): Promise<void> {
    const mine = (turn += 1);
    source = next;
    settling.value = waiting.value = true;
    player?.destroy();
    player = null;
    const made = await attach(video, next, fromS, (what) => mine === turn && met(what));
    if (mine !== turn) {
      made.destroy();
      return;
    }
    player = made;
    if (playing.value) void play(video);
  }

  onScopeDispose(() => {
    turn += 1;
    player?.destroy();
  });
  return {
    load,
    again: (video, fromS) => source !== null && void load(video, source, fromS),
    edgeS: () => player?.edgeS() ?? null,
  };
}

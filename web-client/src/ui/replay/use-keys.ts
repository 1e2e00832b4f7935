// The keys of the replay page. With the focus on a control, a remote control's arrows go from control to control; otherwise
// they move in time.

import { onMounted, onScopeDispose } from "vue";

import { chapterJump } from "../../core/replay/chapters";
import { directionOf, nextBox, playerKey, type Direction, type PlayerKey } from "../../core/replay/keys";
import type { Chapters } from "./use-chapters";
import type { Replay } from "./use-replay";

const CONTROLS = "button:not(:disabled), a[href], [role=slider]";

export function useReplayKeys(replay: Replay, { chapters }: Chapters, fullscreen: () => void): void {
  function act(action: PlayerKey): void {
    switch (action.kind) {
      case "toggle":
        replay.toggle();
        break;
      case "skip":
        replay.skip(action.byS);
        break;
      case "share":
        replay.seek(action.share * replay.durationS.value);
        break;
      case "chapter":
        replay.seek(chapterJump(chapters.value, replay.timeS.value, action.by) ?? replay.timeS.value);
        break;
      case "begin":
        replay.seek(0);
        break;
      case "end":
        if (replay.edgeS.value === null) replay.seek(replay.durationS.value);
        else replay.toLive();
        break;
      case "mute":
        replay.toggleMute();
        break;
      case "fullscreen":
        fullscreen();
        break;
    }
  }

  function key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const target = event.target instanceof HTMLElement ? event.target : null;
    const control = target?.closest<HTMLElement>(CONTROLS) ?? null;
    const direction = directionOf(event.key);
    const walks = direction === "up" || direction === "down" || (control?.matches(":focus-visible") === true && control.role !== "slider");
    if (direction !== null && walks) {
      if (walk(control, direction)) event.preventDefault();
      return;
    }
    const action = playerKey(event.key);
    if (action === null || (control !== null && event.key === " ")) return;
    event.preventDefault();
    act(action);
  }

  onMounted(() => window.addEventListener("keydown", key));
  onScopeDispose(() => window.removeEventListener("keydown", key));
}

/** Moves the focus that way; without one, to the first control of the player. */
function walk(from: HTMLElement | null, direction: Direction): boolean {
  const scope = document.fullscreenElement ?? document.body;
  const controls = [...scope.querySelectorAll<HTMLElement>(CONTROLS)].filter((each) => each !== from && each.offsetParent !== null);
  const start = document.querySelector<HTMLElement>("[data-first-control]");
  const at = from === null ? null : nextBox(from.getBoundingClientRect(), controls.map((each) => each.getBoundingClientRect()), direction);
  const to = from === null ? start : at === null ? null : (controls[at] ?? null);
  to?.focus();
  to?.scrollIntoView({ block: "nearest" });
  return to !== null;
}

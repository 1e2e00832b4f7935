// A remote control has arrows and OK. Arrows move the focus along the page's buttons; OK presses the focused one.

import { onMounted, onScopeDispose, type Ref } from "vue";

const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

export function useArrowFocus(root: Ref<HTMLElement | null>): void {
  function key(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step === undefined || root.value === null) return;
    const buttons = [...root.value.querySelectorAll<HTMLButtonElement>("button:not(:disabled)")].filter(
      (button) => button.offsetParent !== null,
    );
    if (buttons.length === 0) return;
    event.preventDefault();
    const at = buttons.findIndex((button) => button === document.activeElement);
    const next = at < 0 ? 0 : (at + step + buttons.length) % buttons.length;
    buttons[next]?.focus();
  }
  onMounted(() => window.addEventListener("keydown", key));
  onScopeDispose(() => window.removeEventListener("keydown", key));
}

// How wide an element is, and when that changes.

type Held = { value: HTMLElement | null };

/** Watches the element once it is there. Old panels without observers hear of the window's size. Returns how to stop. */
export function onWidth(held: Held, changed: (widthPx: number) => void): () => void {
  const tell = (): void => {
    if (held.value !== null) changed(held.value.clientWidth);
  };
  window.addEventListener("resize", tell);
  document.addEventListener("fullscreenchange", tell);
  const first = window.requestAnimationFrame(tell);
  return () => {
    window.removeEventListener("resize", tell);
    document.removeEventListener("fullscreenchange", tell);
    window.cancelAnimationFrame(first);
  };
}

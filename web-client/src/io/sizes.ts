// How large an element is, how fine the screen, and when that changes.

import type { Size } from "../core/shows";

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

/** Watches how large the element is in CSS pixels, nothing while it is not displayed. Returns how to stop. */
export function onBox(element: HTMLElement, changed: (size: Size) => void): () => void {
  const tell = (): void => changed({ width: element.clientWidth, height: element.clientHeight });
  const observer = new ResizeObserver(tell);
  observer.observe(element);
  return () => observer.disconnect();
}

/** Screen pixels to a CSS pixel. */
export function pixelRatio(): number {
  return window.devicePixelRatio;
}

/** Zooming, or another screen, changes it together with the window's size. Returns how to stop. */
export function onPixelRatio(changed: () => void): () => void {
  window.addEventListener("resize", changed);
  return () => window.removeEventListener("resize", changed);
}

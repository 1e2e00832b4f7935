// The clipboard. Plain-HTTP installs have no clipboard interface: the older command works there on what is selected.

/** Copies what `field` holds; whether it went well. */
export async function copyFrom(field: HTMLInputElement): Promise<boolean> {
  const clipboard = (navigator as { clipboard?: Clipboard }).clipboard;
  if (clipboard !== undefined) {
    const copied = await clipboard.writeText(field.value).then(() => true, () => false);
    if (copied) return true;
  }
  field.select();
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way without a secure context
  return document.execCommand("copy");
}

export function pageOrigin(): string {
  return window.location.origin;
}

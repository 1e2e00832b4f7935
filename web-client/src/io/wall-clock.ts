// The browser's own clock, for what may be a little wrong until the server has told its time.

export function wallClockMs(): number {
  return Date.now();
}

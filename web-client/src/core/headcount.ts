// 到课人数 told with a remote control: arrows step, OK sends.

/** As many as the server takes. */
export const MOST = 2000;
/** Where nothing was told before in this room. */
export const FIRST_GUESS = 30;

export const STEPS: Readonly<Record<string, number>> = {
  ArrowUp: 1, ArrowDown: -1, ArrowRight: 10, ArrowLeft: -10, PageUp: 10, PageDown: -10,
};

export function stepped(count: number, step: number): number {
  return Math.min(MOST, Math.max(0, count + step));
}

export type HeadcountKey = { kind: "count"; count: number } | { kind: "send" } | { kind: "cancel" };

/** What a key does while the number is asked for; null when it is none of ours. Digits are typed where there are any. */
export function headcountKey(count: number, typed: string, key: string): HeadcountKey | null {
  const step = STEPS[key];
  if (step !== undefined) return { kind: "count", count: stepped(count, step) };
  if (/^\d$/.test(key)) return { kind: "count", count: Math.min(MOST, Number(typed + key)) };
  if (key === "Backspace") return typed === "" ? { kind: "cancel" } : { kind: "count", count: Math.floor(count / 10) };
  if (key === "Enter" || key === " ") return { kind: "send" };
  return key === "Escape" || key === "GoBack" || key === "BrowserBack" ? { kind: "cancel" } : null;
}

/** What this room told last is the best guess of what it will tell now. */
export function firstCount(told: number | undefined, remembered: string | null): number {
  if (told !== undefined) return told;
  const last = Number(remembered ?? NaN);
  return Number.isInteger(last) && last >= 0 && last <= MOST ? last : FIRST_GUESS;
}

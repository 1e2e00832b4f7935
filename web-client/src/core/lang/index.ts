// Typed messages instead of an i18n runtime: a page that names a missing sentence does not compile.

import type { Language } from "../times";
import { en } from "./en";
import { zh } from "./zh";

export type Messages = typeof zh;

export const MESSAGES: Record<Language, Messages> = { zh, en };
export const HTML_LANG: Record<Language, string> = { zh: "zh-CN", en: "en" };

/** Chinese first; English only where the person chose it. */
export function languageFrom(remembered: string | null): Language {
  return remembered === "en" ? "en" : "zh";
}

// Sentences of the check of the line: only classrooms and whoever opens its page load them.

import type { Language } from "../times";
import { checkEn } from "./check-en";
import { checkZh } from "./check-zh";

export type CheckMessages = typeof checkZh;

export const CHECK_MESSAGES: Record<Language, CheckMessages> = { zh: checkZh, en: checkEn };

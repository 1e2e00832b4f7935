// Sentences of the timetable's pages. They are no part of `Messages`, so that only those pages load them.

import type { Language } from "../times";
import { timetableEn } from "./timetable-en";
import { timetableZh } from "./timetable-zh";

export type TimetableMessages = typeof timetableZh;

export const TIMETABLE_MESSAGES: Record<Language, TimetableMessages> = { zh: timetableZh, en: timetableEn };

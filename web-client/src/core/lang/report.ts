// Sentences of the pages of an office. They are no part of `Messages`: a classroom has no use for them and does not load them.

import type { Language } from "../times";
import { reportEn } from "./report-en";
import { reportZh } from "./report-zh";

export type ReportMessages = typeof reportZh;

export const REPORT_MESSAGES: Record<Language, ReportMessages> = { zh: reportZh, en: reportEn };

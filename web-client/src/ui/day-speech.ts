// The language of the page, as sentences about days need it.

import { computed } from "vue";

import type { DaySpeech } from "../core/timetable/words";
import { language, t } from "./lang";

export const daySpeech = computed<DaySpeech>(() => ({ t: t.value, language: language.value }));

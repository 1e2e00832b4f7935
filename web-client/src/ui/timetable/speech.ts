// The language of the page, as the sentences of the timetable need it.

import { computed } from "vue";

import { TIMETABLE_MESSAGES } from "../../core/lang/timetable";
import type { Speech } from "../../core/timetable/words";
import { language, t } from "../lang";

/** The timetable's own sentences. They load with its pages: a classroom has no use for them. */
export const tt = computed(() => TIMETABLE_MESSAGES[language.value]);
export const speech = computed<Speech>(() => ({ t: t.value, tt: tt.value, language: language.value }));

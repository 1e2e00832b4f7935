// The office's own sentences in the language of the page.

import { computed } from "vue";

import { REPORT_MESSAGES } from "../../core/lang/report";
import { language } from "../lang";

export const rt = computed(() => REPORT_MESSAGES[language.value]);

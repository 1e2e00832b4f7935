// The sentences of the check of the line in the language of the page.

import { computed } from "vue";

import { CHECK_MESSAGES } from "../../core/lang/check";
import { language } from "../lang";

export const ct = computed(() => CHECK_MESSAGES[language.value]);

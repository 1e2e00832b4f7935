// The language of the page: chosen once, remembered, and told to the browser for fonts and line breaking.

import { computed, ref, watchEffect } from "vue";

import { HTML_LANG, languageFrom, MESSAGES } from "../core/lang";
import type { Language } from "../core/times";
import { rememberedLanguage } from "../io/storage";

export const language = ref<Language>(languageFrom(rememberedLanguage.read()));
export const t = computed(() => MESSAGES[language.value]);

export function switchLanguage(): void {
  language.value = language.value === "zh" ? "en" : "zh";
  rememberedLanguage.write(language.value);
}

watchEffect(() => {
  document.documentElement.lang = HTML_LANG[language.value];
});

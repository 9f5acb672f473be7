// Texts: one message file per language, Chinese first. The other language is read when somebody wants it.
import { computed } from 'vue'
import { createI18n } from 'vue-i18n'
import zh from './zh-CN'

export type Messages = typeof zh
export type Locale = 'zh-CN' | 'en'
const REMEMBERED = 'wjz.locale'

export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN' as Locale,
  fallbackLocale: 'zh-CN' as Locale,
  messages: { 'zh-CN': zh } as Record<string, Messages>,
  missingWarn: import.meta.env.DEV,
  fallbackWarn: import.meta.env.DEV,
})

export const locale = computed(() => i18n.global.locale.value as Locale)
export const { t, te } = i18n.global

export async function setLocale(wanted: Locale): Promise<void> {
  if (wanted === 'en' && !i18n.global.availableLocales.includes('en')) {
    i18n.global.setLocaleMessage('en', (await import('./en')).default)
  }
  i18n.global.locale.value = wanted
  document.documentElement.lang = wanted
  localStorage.setItem(REMEMBERED, wanted)
}

/** What was chosen here before, else what the account says, else Chinese. */
export function rememberedLocale(account?: string): Locale {
  const chosen = localStorage.getItem(REMEMBERED) ?? account
  return chosen === 'en' ? 'en' : 'zh-CN'
}

// The page's words. Two small files beat a library of 50 KB on a phone: a word is a path, {name} is filled in.
import { computed, ref } from 'vue'
import zh from './messages/zh-CN'

export type Messages = typeof zh
export type Locale = 'zh-CN' | 'en'
const REMEMBERED = 'wjz.citizen.locale'

const messages = ref<Messages>(zh)
export const locale = ref<Locale>('zh-CN')

export async function setLocale(wanted: Locale): Promise<void> {
  messages.value = wanted === 'en' ? (await import('./messages/en')).default : zh
  locale.value = wanted
  document.documentElement.lang = wanted
  localStorage.setItem(REMEMBERED, wanted)
}

export function rememberedLocale(): Locale {
  return localStorage.getItem(REMEMBERED) === 'en' ? 'en' : 'zh-CN'
}

/** The words under a group, for codes that the interface gives: stages, outcomes. The code itself where there are none. */
export function word(group: 'stages' | 'outcomes', code: string): string {
  return (messages.value[group] as Record<string, string>)[code] ?? code
}

export function fill(text: string, values: Record<string, string | number> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole))
}

/** The page's words as they are now: `m.send.submit`. */
export const m = computed(() => messages.value)

const time = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'Asia/Shanghai' }))
const day = computed(() => new Intl.DateTimeFormat(locale.value, { month: 'long', day: 'numeric', weekday: 'short', timeZone: 'Asia/Shanghai' }))
const hour = computed(() => new Intl.DateTimeFormat(locale.value, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: 'Asia/Shanghai' }))

export const timeText = (at: string | number) => time.value.format(new Date(at))
export const dayText = (at: string | number) => day.value.format(new Date(at))
export const hourText = (at: string | number) => hour.value.format(new Date(at))

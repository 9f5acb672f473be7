// Times, spans of time and numbers as people say them. All times are shown as they are in China, wherever the reader is.
import { locale, t } from '@/i18n'
import { dayInChina } from './day'

const ZONE = 'Asia/Shanghai'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const formats = new Map<string, Intl.DateTimeFormat>()
function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale.value + JSON.stringify(options)
  let made = formats.get(key)
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(locale.value, { timeZone: ZONE, ...options })))
  return made
}

const as = (options: Intl.DateTimeFormatOptions) => (at: string | Date) => format(options).format(new Date(at))
export const dateTime = as({ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
export const shortDateTime = as({ month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
export const date = as({ year: 'numeric', month: '2-digit', day: '2-digit' })
export const monthDay = as({ month: 'numeric', day: 'numeric' })
export const time = as({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
export const weekday = as({ weekday: 'short' })
export const monthName = as({ year: 'numeric', month: 'long' })

/** The day in China, YYYY-MM-DD. */
export function day(at: string | Date): string {
  return dayInChina(new Date(at).getTime())
}
/** A day so many days later. */
export function addDays(from: string, days: number): string {
  return new Date(Date.parse(`${from}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10)
}
/** Noon of that day in China: an instant that is on that day for every format. */
export const noon = (of: string): Date => new Date(`${of}T12:00:00+08:00`)

export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(locale.value, { maximumFractionDigits: digits }).format(value)
}
export function percent(value: number | null): string {
  return value === null ? t('common.none') : new Intl.NumberFormat(locale.value, { style: 'percent', maximumFractionDigits: 1 }).format(value)
}
export function bytes(value: number): string {
  if (value < 1024) return `${value} B`
  const kilo = value / 1024
  return kilo < 1024 ? `${number(kilo, 1)} KB` : `${number(kilo / 1024, 1)} MB`
}

/** "3 hours ago", "in 2 days"; the far past and future as a date. */
export function ago(at: string, now: number): string {
  const distance = Date.parse(at) - now
  const size = Math.abs(distance)
  if (size > 30 * DAY) return date(at)
  const words = new Intl.RelativeTimeFormat(locale.value, { numeric: 'auto' })
  if (size < HOUR) return words.format(Math.round(distance / MINUTE), 'minute')
  return size < DAY ? words.format(Math.round(distance / HOUR), 'hour') : words.format(Math.round(distance / DAY), 'day')
}

/** How long a span is, in its largest whole unit. */
export function span(milliseconds: number): string {
  const size = Math.abs(milliseconds)
  if (size < HOUR) return t('span.minutes', { n: Math.max(1, Math.round(size / MINUTE)) })
  return size < 2 * DAY ? t('span.hours', { n: Math.round(size / HOUR) }) : t('span.days', { n: Math.round(size / DAY) })
}

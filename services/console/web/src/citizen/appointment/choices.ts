// The free hours of a station as the half hours that one can choose.
import { dayInChina } from '../../i18n/day'
import type { Schemas } from '../api'

export const MINUTES = 30
const DAYS = 14
const STEP = MINUTES * 60_000

export interface Choice {
  shift: string
  from: number // milliseconds since 1970
}

export function periodFrom(now: number): { from: string; to: string } {
  return { from: dayInChina(now), to: dayInChina(now + (DAYS - 1) * 86_400_000) }
}

/** Ascending; what has begun is left out, and so is a second prosecutor's same half hour. */
export function choicesOf(slots: Schemas['CitizenSlots']['items'], now: number): Choice[] {
  const found = new Map<number, Choice>()
  for (const slot of slots) {
    const end = Date.parse(slot.ends_at)
    for (let from = Date.parse(slot.starts_at); from + STEP <= end; from += STEP) {
      if (from > now && !found.has(from)) found.set(from, { shift: slot.shift, from })
    }
  }
  return [...found.values()].sort((a, b) => a.from - b.from)
}

// Days of a calendar, weeks beginning on Monday. Days are YYYY-MM-DD in China; no clock of the reader's machine is asked.
import { addDays, day } from '@/i18n/format'
import type { Schemas } from '@/api/client'

export type View = 'week' | 'month'
export interface Period {
  from: string
  to: string
}

const weekdayOf = (of: string): number => (new Date(`${of}T00:00:00Z`).getUTCDay() + 6) % 7
export const monday = (of: string): string => addDays(of, -weekdayOf(of))
const firstOfMonth = (of: string): string => `${of.slice(0, 8)}01`

function addMonths(of: string, months: number): string {
  const [year, month] = of.split('-').map(Number)
  const at = new Date(Date.UTC(year, month - 1 + months, 1))
  return at.toISOString().slice(0, 10)
}

/** The whole weeks that a view shows around a day. */
export function periodOf(view: View, around: string): Period {
  if (view === 'week') return { from: monday(around), to: addDays(monday(around), 6) }
  const first = firstOfMonth(around)
  const last = addDays(addMonths(first, 1), -1)
  return { from: monday(first), to: addDays(monday(last), 6) }
}

export function step(view: View, around: string, by: 1 | -1): string {
  return view === 'week' ? addDays(around, 7 * by) : addMonths(firstOfMonth(around), by)
}

export function daysOf(period: Period): string[] {
  const days: string[] = []
  for (let at = period.from; at <= period.to; at = addDays(at, 1)) days.push(at)
  return days
}

/** Things that begin on a day, by day, each day's in the order of time. */
export function byDay<T extends { starts_at: string | null }>(items: T[]): Map<string, T[]> {
  const found = new Map<string, T[]>()
  for (const item of [...items].sort((a, b) => (a.starts_at ?? '').localeCompare(b.starts_at ?? ''))) {
    if (!item.starts_at) continue
    const at = day(item.starts_at)
    found.set(at, [...(found.get(at) ?? []), item])
  }
  return found
}

/** People on leave on a day. */
export function awayOn(leave: Schemas['Leave'][], of: string): Schemas['Leave'][] {
  return leave.filter((one) => day(one.starts_at) <= of && day(new Date(Date.parse(one.ends_at) - 1)) >= of)
}

/** What a shift's time is taken by. */
export function bookingsOf(calendar: Schemas['Calendar'], shift: Schemas['Shift']) {
  const within = (at: string | null) => at !== null && Date.parse(at) >= Date.parse(shift.starts_at) && Date.parse(at) < Date.parse(shift.ends_at)
  return {
    appointments: calendar.appointments.filter((one) => one.shift === shift.id && ['held', 'confirmed', 'completed', 'no_show'].includes(one.state)),
    visits: calendar.visits.filter((one) => one.station === shift.station && one.prosecutor?.code === shift.prosecutor?.code && within(one.starts_at) && one.state !== 'withdrawn'),
  }
}

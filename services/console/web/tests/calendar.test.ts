import { expect, test } from 'vitest'
import { awayOn, byDay, daysOf, monday, periodOf, step } from '@/pages/stations/calendar'

test('a week begins on Monday', () => {
  expect(monday('2026-11-26')).toBe('2026-11-23')
  expect(monday('2026-11-23')).toBe('2026-11-23')
  expect(monday('2026-11-29')).toBe('2026-11-23')
  expect(periodOf('week', '2027-01-01')).toEqual({ from: '2026-12-28', to: '2027-01-03' })
})

test('a month is shown in whole weeks', () => {
  expect(periodOf('month', '2026-11-15')).toEqual({ from: '2026-10-26', to: '2026-12-06' })
  expect(daysOf(periodOf('month', '2026-02-10')).length % 7).toBe(0)
})

test('one step goes to the next week or the next month', () => {
  expect(step('week', '2026-12-30', 1)).toBe('2027-01-06')
  expect(step('month', '2026-01-31', 1)).toBe('2026-02-01')
  expect(step('month', '2026-01-31', -1)).toBe('2025-12-01')
})

test('things are found by their day in China, in the order of time', () => {
  const items = [{ starts_at: '2026-11-26T15:00:00Z' }, { starts_at: '2026-11-26T17:00:00Z' }, { starts_at: null }, { starts_at: '2026-11-26T01:00:00Z' }]
  const found = byDay(items)
  expect(found.get('2026-11-26')).toEqual([items[3], items[0]])
  expect(found.get('2026-11-27')).toEqual([items[1]])
})

test('leave covers its days, and not the one at whose midnight it ends', () => {
  const leave = [{ id: '1', prosecutor: { code: 'p', name: 'n' }, starts_at: '2026-11-25T16:00:00Z', ends_at: '2026-11-27T16:00:00Z', reason: '', recorded_by: { code: 'p', name: 'n' } }]
  expect(['2026-11-25', '2026-11-26', '2026-11-27', '2026-11-28'].map((day) => awayOn(leave, day).length)).toEqual([0, 1, 1, 0])
})

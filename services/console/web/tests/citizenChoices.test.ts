// The half hours that a citizen can choose from a station's free hours.
import { describe, expect, it } from 'vitest'
import { choicesOf, periodFrom } from '@/citizen/appointment/choices'
import { dayInChina } from '@/i18n/day'

const at = (text: string) => Date.parse(`2026-11-27T${text}:00+08:00`)
const slot = (shift: string, from: string, to: string) => ({
  shift,
  starts_at: `2026-11-27T${from}:00+08:00`,
  ends_at: `2026-11-27T${to}:00+08:00`,
})

describe('choices', () => {
  it('are whole half hours within the slot', () => {
    const found = choicesOf([slot('1', '09:00', '10:45')], at('08:00'))
    expect(found.map((choice) => choice.from)).toEqual([at('09:00'), at('09:30'), at('10:00')])
  })

  it('leave out what has begun', () => {
    expect(choicesOf([slot('1', '09:00', '10:00')], at('09:00')).map((choice) => choice.from)).toEqual([at('09:30')])
  })

  it('name a half hour once, however many prosecutors are free, in order of time', () => {
    const found = choicesOf([slot('2', '10:00', '11:00'), slot('1', '09:30', '10:30')], at('08:00'))
    expect(found.map((choice) => [choice.shift, choice.from])).toEqual([
      ['1', at('09:30')],
      ['2', at('10:00')],
      ['2', at('10:30')],
    ])
  })

  it('belong to days of Asia/Shanghai', () => {
    expect(dayInChina(Date.parse('2026-11-26T17:00:00Z'))).toBe('2026-11-27')
    expect(periodFrom(Date.parse('2026-11-26T17:00:00Z'))).toEqual({ from: '2026-11-27', to: '2026-12-10' })
  })
})

import { expect, test } from 'vitest'
import { countOf, filterOf, listOf, queryOf } from '@/pages/clues/query'

test('an address becomes a filter, and everything strange in it is passed over', () => {
  expect(filterOf({ q: ' 垃圾 ', stars: '5,4', mine: 'true', urgent: 'false', evil: '1', domain: '', town: ['510184107', 'x'] })).toEqual({ q: '垃圾', stars: '5,4', mine: true, town: '510184107' })
})

test('a filter becomes the address it came from', () => {
  const filter = filterOf({ q: '河', focus: 'true', sort: 'due' })
  expect(queryOf(filter)).toEqual({ q: '河', focus: 'true', sort: 'due' })
  expect(filterOf(queryOf(filter))).toEqual(filter)
  expect(queryOf({ ...filter, q: '', focus: undefined })).toEqual({ sort: 'due' })
})

test('the order is no filter', () => {
  expect(countOf({ sort: 'due' })).toBe(0)
  expect(countOf({ sort: 'due', stars: '5' })).toBe(1)
})

test('lists inside one word', () => {
  expect(listOf('5,4')).toEqual(['5', '4'])
  expect(listOf('')).toEqual([])
  expect(listOf(undefined)).toEqual([])
})

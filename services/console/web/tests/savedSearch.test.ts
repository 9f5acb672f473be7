import { expect, test } from 'vitest'
import { filterOfSearch, leftOut, searchOf } from '@/pages/clues/savedSearch'

const saved = (part: object) => ({ id: '1', saved_at: '2026-11-26T00:00:00Z', title: 't', digest: 'none' as const, watch: null, ...searchOf({}), ...part }) as never

test('what is saved comes back as the filter it was', () => {
  const filter = { stars: '5,4', domain: 'eco_env,minors', town: '510184107', focus: true }
  expect(filterOfSearch(saved(searchOf(filter)))).toEqual(filter)
  expect(filterOfSearch(saved({}))).toEqual({})
})

test('what a search cannot hold is named', () => {
  expect(leftOut({ q: '河', state: 'open', domain: 'eco_env', sort: 'due' })).toEqual(['q', 'state'])
  expect(leftOut({ stars: '5,3' })).toEqual(['stars'])
  expect(leftOut({ stars: '5' })).toEqual([])
})

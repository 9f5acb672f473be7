import { expect, test } from 'vitest'
import { pieces, quotesOf } from '@/pages/clue/evidence'

const quote = (from: number, to: number, factor: string) => ({ from, to, factor })

test('a text without quotes is one piece', () => {
  expect(pieces('河边垃圾', [])).toEqual([{ text: '河边垃圾', factors: [] }])
  expect(pieces('', [quote(0, 3, 'a')])).toEqual([])
})

test('quotes that overlap share the piece in the middle', () => {
  expect(pieces('abcdef', [quote(1, 4, 'x'), quote(3, 5, 'y')])).toEqual([
    { text: 'a', factors: [] },
    { text: 'bc', factors: ['x'] },
    { text: 'd', factors: ['x', 'y'] },
    { text: 'e', factors: ['y'] },
    { text: 'f', factors: [] },
  ])
})

test('quotes of one factor are named once, and what lies outside is passed over', () => {
  expect(pieces('abc', [quote(0, 2, 'x'), quote(0, 2, 'x'), quote(2, 2, 'y'), quote(5, 9, 'z'), quote(-3, 1, 'w')])).toEqual([
    { text: 'a', factors: ['x', 'w'] },
    { text: 'b', factors: ['x'] },
    { text: 'c', factors: [] },
  ])
})

test('a card’s quotes are found by complaint and field; standings and missing complaints are none', () => {
  const span = (complaint: string | null, field: 'content' | 'status') => ({ complaint, field, from: 0, to: 2, rule: 'r' })
  const factor = { id: 'severity', points: 3, max: 9, notes: [], evidence: [span('7', 'content'), span('7', 'status'), span(null, 'content')] }
  const card = { pack: '', model: '', index: 0, stars: 1, stars_before_gates: 1, factors: [factor], adjustments: [], gates: [], confidence: 1, agencies: [], repeat_count: 0, reporter_count: 0, place: null }
  expect([...quotesOf(card)]).toEqual([['7/content', [quote(0, 2, 'severity')]]])
})

import { expect, test } from 'vitest'
import { partsOf, reasons, type Factor } from '@/pages/clue/scoreCard'

const factor = (id: string, points: number, max = 10): Factor => ({ id, points, max, evidence: [], notes: [] })

test('factors are grouped into the parts of the index, unknown ones at the end', () => {
  const parts = partsOf({ factors: [factor('new_one', 1, 2), factor('severity', 6, 9), factor('source_kind', 7, 8), factor('domain_match', 18, 18)] })
  expect(parts.map((part) => [part.id, part.points, part.max, part.factors.map((f) => f.id)])).toEqual([
    ['source', 7, 8, ['source_kind']],
    ['public_harm', 24, 27, ['severity', 'domain_match']],
    ['other', 1, 2, ['new_one']],
  ])
})

test('the reasons are what earned most, but never the source', () => {
  const card = { factors: [factor('source_kind', 8), factor('severity', 3), factor('scope', 0), factor('domain_match', 18), factor('repetition', 7)] }
  expect(reasons(card, 2).map((f) => f.id)).toEqual(['domain_match', 'repetition'])
})

// The card in the four parts of the index (domain knowledge: source, harm to the public, what the agency did, whether it
// can be checked), so that a star is understood from the top down: parts first, factors beneath.
import type { Schemas } from '@/api/client'

export type Factor = Schemas['Factor']
export interface Part {
  id: string
  points: number
  max: number
  factors: Factor[]
}

const parts: Record<string, string[]> = {
  source: ['source_kind', 'corroboration'],
  public_harm: ['domain_match', 'severity', 'scope', 'persistence'],
  performance: ['agency_identified', 'handled_unsolved', 'dissatisfaction', 'repetition'],
  checkability: ['location', 'subject', 'evidence', 'contact_time'],
}

/** Every factor is in exactly one part; what no part knows is in `other`, which is left out when it is empty. */
export function partsOf(card: Pick<Schemas['ScoreCard'], 'factors'>): Part[] {
  const known = new Set(Object.values(parts).flat())
  const groups = Object.entries(parts).map(([id, ids]) => ({ id, factors: card.factors.filter((factor) => ids.includes(factor.id)) }))
  groups.push({ id: 'other', factors: card.factors.filter((factor) => !known.has(factor.id)) })
  const sum = (list: Factor[], of: (factor: Factor) => number) => list.reduce((total, factor) => total + of(factor), 0)
  return groups
    .filter((group) => group.factors.length > 0)
    .map((group) => ({ ...group, points: sum(group.factors, (f) => f.points), max: sum(group.factors, (f) => f.max) }))
}

/** The factors that say most for the clue, to be said in one sentence. */
export function reasons(card: Pick<Schemas['ScoreCard'], 'factors'>, most = 3): Factor[] {
  return card.factors
    .filter((factor) => factor.points > 0 && factor.id !== 'source_kind')
    .sort((a, b) => b.points - a.points)
    .slice(0, most)
}

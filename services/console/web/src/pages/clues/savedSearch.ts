// A saved search holds what can be watched for; a list can be narrowed by more. What would be left out is said, never dropped
// in silence.
import type { Schemas } from '@/api/client'
import { listOf, queryOf, type ClueFilter } from './query'

type Body = Schemas['SearchBody']
const kept = ['stars', 'kind', 'branch', 'domain', 'town', 'feed', 'subject', 'focus', 'urgent', 'mediation']
const MOST_STARS = 5

/** "5,4" is at least four; a choice with a hole in it cannot be said so. */
function leastStars(stars: string | undefined): number | undefined {
  const chosen = listOf(stars).map(Number)
  if (!chosen.length) return 0
  const least = Math.min(...chosen)
  return chosen.length === MOST_STARS - least + 1 ? least : undefined
}

/** Names of the filters that a saved search cannot hold. */
export function leftOut(filter: ClueFilter): string[] {
  return Object.keys(queryOf(filter)).filter((name) => name !== 'sort' && (!kept.includes(name) || (name === 'stars' && leastStars(filter.stars) === undefined)))
}

export function searchOf(filter: ClueFilter): Omit<Body, 'title' | 'digest'> {
  return {
    least_stars: leastStars(filter.stars) ?? 0,
    kind: listOf(filter.kind) as Body['kind'],
    branch: listOf(filter.branch) as Body['branch'],
    domain: listOf(filter.domain),
    town: listOf(filter.town).map(Number),
    feed: filter.feed ?? '',
    subject: filter.subject ?? '',
    focus: !!filter.focus,
    urgent: !!filter.urgent,
    mediation: !!filter.mediation,
  }
}

export function filterOfSearch(search: Schemas['Search']): ClueFilter {
  const stars = search.least_stars > 1 ? Array.from({ length: MOST_STARS - search.least_stars + 1 }, (_, i) => MOST_STARS - i).join(',') : ''
  const filter = {
    stars, kind: search.kind.join(','), branch: search.branch.join(','), domain: search.domain.join(','), town: search.town.join(','), feed: search.feed, subject: search.subject,
    focus: search.focus || undefined, urgent: search.urgent || undefined, mediation: search.mediation || undefined,
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value)) as ClueFilter
}

// The list's filters live in the address, so that every list can be sent, saved and gone back to. The words are the
// service's own, so that a figure's filter is an address too.
import type { LocationQuery } from 'vue-router'
import type { operations } from '@/api/schema.gen'

type Full = NonNullable<operations['listClues']['parameters']['query']>
export type ClueFilter = Omit<Full, 'cursor' | 'limit'>
export type FilterName = keyof ClueFilter

export const flags = ['mine', 'overdue', 'urgent', 'focus', 'mediation'] as const
export const words = ['q', 'domain', 'branch', 'kind', 'stars', 'organ', 'town', 'station', 'prosecutor', 'state', 'outcome', 'subject', 'feed', 'from', 'to', 'sort'] as const
const isFlag = (name: string): name is (typeof flags)[number] => (flags as readonly string[]).includes(name)
const isWord = (name: string): name is (typeof words)[number] => (words as readonly string[]).includes(name)

const first = (value: unknown): string => String((Array.isArray(value) ? value[0] : value) ?? '').trim()

/** What of an address is a filter; everything else in it is passed over. */
export function filterOf(query: LocationQuery | Record<string, string>): ClueFilter {
  const filter: Record<string, string | boolean> = {}
  for (const [name, value] of Object.entries(query)) {
    const text = first(value)
    if (text === '') continue
    if (isFlag(name)) {
      if (text === 'true') filter[name] = true
    } else if (isWord(name)) filter[name] = text
  }
  return filter as ClueFilter
}

/** The address's form of a filter. */
export function queryOf(filter: ClueFilter): Record<string, string> {
  const query: Record<string, string> = {}
  for (const [name, value] of Object.entries(filter)) {
    if (value !== undefined && value !== '' && value !== false) query[name] = String(value)
  }
  return query
}

/** A list inside one parameter. */
export const listOf = (value: string | undefined): string[] => (value ? value.split(',').filter(Boolean) : [])

/** How many filters are set, not counting the order. */
export const countOf = (filter: ClueFilter): number => Object.keys(queryOf(filter)).filter((name) => name !== 'sort').length

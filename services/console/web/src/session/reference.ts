// Names of codes: domains, organs, towns, people. Read once a session.
import { computed, shallowRef } from 'vue'
import { api, ask, type Schemas } from '@/api/client'
import { locale, t } from '@/i18n'

export type Reference = Schemas['Reference']
const empty: Reference = {
  domains: [], branches: [], kinds: [], factors: [], gates: [], collisions: [], outcomes: [], return_reasons: [],
  organs: [], towns: [], stations: [], people: [], feeds: [], tile_url: null, tile_attribution: null,
}
const reference = shallowRef<Reference>(empty)
let read: Promise<void> | undefined

/** The four branches (四大检察), which are the law's and not a county's. */
const BRANCHES = ['public_interest', 'administrative', 'civil', 'criminal']

/** All of it; empty lists until it has come. */
export const names = computed(() => ({ ...reference.value, branches: BRANCHES.map((id) => ({ id })) }))

export function readReference(): Promise<void> {
  read ??= ask(api.GET('/v1/reference')).then(
    (answer) => void (reference.value = answer),
    (error) => {
      read = undefined
      throw error
    },
  )
  return read
}

export function forgetReference(): void {
  read = undefined
  reference.value = empty
}

type NamedList = 'domains' | 'branches' | 'kinds' | 'factors' | 'gates' | 'collisions' | 'outcomes' | 'return_reasons'

const byId = computed(() => {
  const lists = ['domains', 'kinds', 'factors', 'gates', 'collisions', 'outcomes', 'return_reasons'] as const
  return new Map<NamedList, Map<string, Schemas['Named']>>(lists.map((list) => [list, new Map(reference.value[list].map((named) => [named.id, named]))]))
})
const byCode = computed(() => ({
  town: new Map(reference.value.towns.map((town) => [town.code, town.name])),
  station: new Map(reference.value.stations.map((station) => [station.code, station.name])),
  organ: new Map(reference.value.organs.map((organ) => [organ.code, organ.name])),
  feed: new Map(reference.value.feeds.map((feed) => [feed.name, feed.title])),
}))

/** The name of a code in the reader's language; the code itself when nobody named it. */
export function nameOf(list: NamedList, id: string): string {
  if (list === 'branches') return t(`branch.${id}`)
  const named = byId.value.get(list)?.get(id)
  if (!named) return id
  return (locale.value === 'en' ? named.en : named.zh) || id
}
export const personName = (code: string): string => reference.value.people.find((person) => person.code === code)?.name ?? code
export const townName = (code: number): string => byCode.value.town.get(code) ?? ''
export const stationName = (code: string): string => byCode.value.station.get(code) ?? code
export const organName = (code: string): string => byCode.value.organ.get(code) ?? code
export const feedName = (name: string): string => byCode.value.feed.get(name) ?? name

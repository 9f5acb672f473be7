// What all parts of the page share: what it begins with, who is logged in, whether there is a network, and failures in words.
import { ref, shallowRef } from 'vue'
import { api, Failure, type Schemas } from './api'
import { fill, locale, m } from './texts'

const KEPT = 'wjz.citizen.start'

export const start = shallowRef<Schemas['CitizenStart'] | undefined>(JSON.parse(localStorage.getItem(KEPT) ?? 'null') ?? undefined)
export const me = shallowRef<Schemas['Me'] | undefined>()
export const online = ref(navigator.onLine)

/** From the network; without one what was read the last time stays. */
export async function readStart(): Promise<void> {
  try {
    start.value = await api.start(locale.value)
    localStorage.setItem(KEPT, JSON.stringify(start.value))
    online.value = true
  } catch (failure) {
    if (failure instanceof Failure && failure.status === 0) online.value = false
  }
}

export function takeSession(session: Schemas['Session'] | undefined): void {
  api.useToken(session?.csrf_token ?? '')
  me.value = session?.stage === 'open' ? (session.me ?? undefined) : undefined
}

/** Whoever is logged in already; nobody, mostly. */
export async function readSession(): Promise<void> {
  try {
    takeSession(await api.session())
  } catch {
    takeSession(undefined)
  }
}

export function explain(failure: unknown): string {
  const words = m.value.problems
  if (!(failure instanceof Failure)) return String(failure)
  if (failure.status === 0) return words.unreachable
  if (failure.status === 429) return words.too_many
  if (failure.status >= 500) return words.later
  return fill(words.other, { detail: failure.detail })
}

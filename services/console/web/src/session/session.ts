// Who is at the desk: the session and what it may do, known to every page.
import { computed, shallowRef } from 'vue'
import { api, ask, useToken, type Schemas } from '@/api/client'
import { startEvents, stopEvents } from '@/api/events'
import type { Problem } from '@/api/problem'

export type Me = Schemas['Me']
export type Operation = string

const session = shallowRef<Schemas['Session']>()
export const me = computed(() => session.value?.me ?? undefined)
export const stage = computed(() => session.value?.stage)
export const endsAt = computed(() => session.value?.ends_at)

export function setSession(value: Schemas['Session'] | undefined): void {
  session.value = value
  useToken(value?.csrf_token ?? '')
  if (value?.stage === 'open') startEvents()
  else stopEvents()
}

let tellKnown: () => void
/** Until it is known whether somebody is logged in. */
export const sessionKnown = new Promise<void>((resolve) => (tellKnown = resolve))

/** Finds out whether somebody is logged in; undefined when not. */
export async function findSession(): Promise<Schemas['Session'] | undefined> {
  try {
    setSession(await ask(api.GET('/v1/session')))
  } catch (error) {
    if ((error as Problem).status !== 401) throw error
    setSession(undefined)
  }
  tellKnown()
  return session.value
}

export async function logOut(): Promise<void> {
  try {
    await api.DELETE('/v1/session')
  } finally {
    setSession(undefined)
  }
}

/** Whether this person may ask for it: the service says so by the operation's name in the interface's document. */
export function may(...operations: Operation[]): boolean {
  const granted = me.value?.permissions ?? []
  return operations.some((operation) => granted.includes(operation))
}

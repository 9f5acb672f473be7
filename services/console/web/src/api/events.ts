// What happens elsewhere, live. An event only says what to read again; nobody depends on it. The stream reconnects by
// itself, and everything is read again then, because events in between are lost.
import { onScopeDispose, ref } from 'vue'
import type { Schemas } from './client'

export type LiveEvent = Schemas['Event']
type Listener = (event: LiveEvent) => void

/** whether the stream is open; undefined before it was tried */
export const live = ref<boolean>()

const listeners = new Map<string, Set<Listener>>()
let source: EventSource | undefined

function tell(event: LiveEvent): void {
  listeners.get(event.type)?.forEach((listener) => listener(event))
}

function take(message: MessageEvent<string>): void {
  tell(JSON.parse(message.data) as LiveEvent)
}

const kinds: LiveEvent['type'][] = ['hello', 'inbox', 'clue', 'assignment', 'import', 'feed', 'services', 'session']

export function startEvents(): void {
  if (source) return
  source = new EventSource('/api/v1/events')
  for (const kind of kinds) source.addEventListener(kind, take)
  source.onmessage = take
  source.onopen = () => {
    const again = live.value === false
    live.value = true
    if (again) for (const kind of kinds) tell({ type: kind, subject: null, at: new Date().toISOString() })
  }
  source.onerror = () => {
    live.value = false
    // A stream refused for good (the session ended) is asked for again by the next login.
    if (source?.readyState === EventSource.CLOSED) {
      source = undefined
      setTimeout(() => live.value === false && startEvents(), RETRY_MS)
    }
  }
}

const RETRY_MS = 5000

export function stopEvents(): void {
  source?.close()
  source = undefined
  live.value = undefined
}

/** Calls the listener soon after such an event, once for many that come together. For the life of the component. */
export function onLive(types: LiveEvent['type'][], listener: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = undefined
      listener()
    }, GATHER_MS)
  }
  for (const type of types) {
    if (!listeners.has(type)) listeners.set(type, new Set())
    listeners.get(type)!.add(soon)
  }
  onScopeDispose(() => {
    clearTimeout(timer)
    for (const type of types) listeners.get(type)?.delete(soon)
  })
}

const GATHER_MS = 400

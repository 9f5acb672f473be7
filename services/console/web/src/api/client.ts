// The console's interface as typed calls. Every answer that is not what was asked for becomes a thrown Problem, so that
// pages deal with one kind of failure; what changes something carries the session's token and a key of its own.
import createClient, { type Middleware } from 'openapi-fetch'
import type { components, paths } from './schema.gen'
import { Problem, problemOf } from './problem'

export type Schemas = components['schemas']

let token = ''
let onExpired: () => void = () => {}

/** The token that the session gives; to be called with every new one. */
export function useToken(value: string): void {
  token = value
}

/** What is done when an answer says that the session has ended. */
export function whenExpired(handler: () => void): void {
  onExpired = handler
}

/** Unlike crypto.randomUUID it is there without TLS, too. */
function key(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const changes = new Set(['POST', 'PUT', 'DELETE'])

const guard: Middleware = {
  onRequest({ request }) {
    if (!changes.has(request.method)) return
    if (token) request.headers.set('X-CSRF-Token', token)
    if (request.method === 'POST' && !request.headers.has('Idempotency-Key')) {
      request.headers.set('Idempotency-Key', key())
    }
  },
  async onResponse({ request, response }) {
    if (response.ok) return
    const problem = await problemOf(response)
    if (problem.status === 401 && !request.url.endsWith('/v1/session')) onExpired()
    throw problem
  },
  onError() {
    throw new Problem({ status: 0, title: 'unreachable', code: 'unreachable' })
  },
}

export const api = createClient<paths>({ baseUrl: '/api', credentials: 'same-origin' })
api.use(guard)

/** The answer's body. A failure has been thrown by then; an answer without a body is undefined. */
export async function ask<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T
}

/** The address of a download, with the query's empty values left out. */
export function address(path: string, query: Record<string, unknown> = {}): string {
  const words = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') words.set(name, String(value))
  }
  const text = words.toString()
  return text ? `/api${path}?${text}` : `/api${path}`
}

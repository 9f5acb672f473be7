// The citizen's part of the interface, by fetch alone. What fails becomes a Failure, which knows whether sending the same again may help.
import type { components } from '@/api/schema.gen'

export type Schemas = components['schemas']

export class Failure extends Error {
  constructor(
    readonly status: number, // 0: no answer came
    readonly code: string,
    readonly detail: string,
    readonly field: string = '',
  ) {
    super(detail)
  }
  /** No network, or a server that is busy: the same may work later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

/** 128 random bits. Not crypto.randomUUID, which older web views lack. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

let token = '' // of the session, for changes

async function failureOf(answer: Response): Promise<Failure> {
  const told = (await answer.json().catch(() => ({}))) as Partial<Schemas['Problem']>
  return new Failure(answer.status, told.code ?? '', told.detail ?? told.title ?? String(answer.status), told.field)
}

async function call<T>(method: string, path: string, body?: BodyInit, headers: Record<string, string> = {}): Promise<T> {
  let answer: Response
  if (token && method !== 'GET') headers['X-CSRF-Token'] = token
  try {
    answer = await fetch(`/api${path}`, { method, body, headers, credentials: 'same-origin' })
  } catch {
    throw new Failure(0, 'unreachable', '')
  }
  if (!answer.ok) throw await failureOf(answer)
  return (answer.status === 204 ? undefined : await answer.json()) as T
}

function post<T>(path: string, body: unknown): Promise<T> {
  return call<T>('POST', path, JSON.stringify(body), { 'Content-Type': 'application/json' })
}

export const api = {
  start: (locale: string) => call<Schemas['CitizenStart']>('GET', `/v1/citizen/start?locale=${locale}`),
  storePhoto: (photo: Blob) => call<Schemas['CitizenPhoto']>('POST', '/v1/citizen/photos', photo, { 'Content-Type': photo.type || 'image/jpeg' }),
  submit: (report: Schemas['CitizenReport']) => post<Schemas['CitizenReceipt']>('/v1/citizen/reports', report),
  state: (receipt: string) => post<Schemas['CitizenReportState']>('/v1/citizen/reports/state', { receipt }),
  own: (before?: string) => call<Schemas['CitizenReports']>('GET', `/v1/citizen/reports${before ? `?before=${before}` : ''}`),
  slots: (station: string, from: string, to: string) =>
    call<Schemas['CitizenSlots']>('GET', `/v1/citizen/slots?${new URLSearchParams({ station, from, to })}`),
  book: (wanted: Schemas['CitizenAppointment']) => post<Schemas['CitizenAppointmentMade']>('/v1/citizen/appointments', wanted),
  cancel: (made: Schemas['CitizenAppointmentToken']) => post<Schemas['AppointmentAnswer']>('/v1/citizen/appointments/cancel', made),
  session: () => call<Schemas['Session']>('GET', '/v1/session'),
  logIn: (login: Schemas['Login']) => post<Schemas['Session']>('/v1/session', login),
  giveTotp: (totp: Schemas['Totp']) => post<Schemas['Session']>('/v1/session/totp', totp),
  logOut: () => call<void>('DELETE', '/v1/session'),
  useToken: (value: string) => {
    token = value
  },
}

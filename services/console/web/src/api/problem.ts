// What went wrong, as the service says it (RFC 9457) or as the network lets us know.
export interface ProblemBody {
  status: number
  title: string
  code?: string
  detail?: string
  field?: string
  value?: string
  remedy?: string
}

export class Problem extends Error {
  readonly status: number
  readonly code: string
  readonly body: ProblemBody
  /** seconds in which the service does not want to be asked again; 0: it did not say */
  readonly retryAfter: number

  constructor(body: ProblemBody, retryAfter = 0) {
    super(body.detail ?? body.title)
    this.retryAfter = retryAfter
    this.status = body.status
    this.code = body.code ?? ''
    this.body = body
  }
}

/** Nothing of a header that tells a day and an hour: by whose clock? */
const retryAfterOf = (response: Response): number => Number(response.headers.get('Retry-After')) || 0

export async function problemOf(response: Response): Promise<Problem> {
  const retryAfter = retryAfterOf(response)
  try {
    const body = (await response.json()) as ProblemBody
    if (typeof body.title === 'string') return new Problem({ ...body, status: response.status }, retryAfter)
  } catch {
    // A proxy between us and the service answers in its own words.
  }
  return new Problem({ status: response.status, title: response.statusText || String(response.status) }, retryAfter)
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem({ status: -1, title: error instanceof Error ? error.message : String(error) })
}

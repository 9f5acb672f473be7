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

  constructor(body: ProblemBody) {
    super(body.detail ?? body.title)
    this.status = body.status
    this.code = body.code ?? ''
    this.body = body
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = (await response.json()) as ProblemBody
    if (typeof body.title === 'string') return new Problem({ ...body, status: response.status })
  } catch {
    // A proxy between us and the service answers in its own words.
  }
  return new Problem({ status: response.status, title: response.statusText || String(response.status) })
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem({ status: -1, title: error instanceof Error ? error.message : String(error) })
}

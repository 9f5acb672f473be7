// A problem in the reader's words: what happened and what to do. Codes come from the service; an unknown one falls back
// to its status, and the service's own detail stands beside it only where it says more.
import type { Problem } from '@/api/problem'
import { te, t } from '@/i18n'

function byStatus(status: number): string {
  if (status === 0) return t('problem.unreachable')
  if (status < 0) return t('problem.page')
  const key = `problem.status.${status}`
  return te(key) ? t(key) : t('problem.other', { status })
}

export function problemText(problem: Problem): string {
  const key = `problem.code.${problem.code}`
  const said = problem.code && te(key) ? t(key) : byStatus(problem.status)
  const field = problem.body.field && te(`field.${problem.body.field}`) ? t(`field.${problem.body.field}`) : problem.body.field
  return field ? t('problem.atField', { said, field }) : said
}

export function useProblemText(): (problem: Problem) => string {
  return problemText
}

// A problem in the reader's words: what happened and what to do. Codes come from the service; an unknown one falls back
// to its status, and the service's own detail stands beside it where it says more.
import type { Problem } from '@/api/problem'
import { te, t } from '@/i18n'
import { inLanguage } from '@/i18n/bilingual'

function byStatus(status: number): string {
  if (status === 0) return t('problem.unreachable')
  if (status < 0) return t('problem.page')
  const key = `problem.status.${status}`
  return te(key) ? t(key) : t('problem.other', { status })
}

export function problemText(problem: Problem): string {
  const { field: name, detail } = problem.body
  const key = `problem.code.${problem.code}`
  const known = !!problem.code && te(key)
  const said = known ? t(key) : byStatus(problem.status)
  const field = name && te(`field.${name}`) ? t(`field.${name}`) : name
  const atField = field ? t('problem.atField', { said, field }) : said
  const more = !known && problem.status >= 400 && problem.status < 500 && detail ? inLanguage(detail) : ''
  return more ? t('problem.because', { said: atField, more }) : atField
}

export function useProblemText(): (problem: Problem) => string {
  return problemText
}

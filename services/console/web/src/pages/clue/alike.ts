// Why two matters are alike, in words: what the service names by codes ("domain:eco_env", "words:17") as people say it.
import { t } from '@/i18n'
import { nameOf, townName } from '@/session/reference'

const wordings: Record<string, (value: string) => string> = {
  domain: (value) => t('alike.domain', { name: nameOf('domains', value) }),
  town: (value) => t('alike.town', { name: townName(Number(value)) || value }),
  name: (value) => t('alike.name', { name: value }),
  words: (value) => t('alike.words', { n: value }),
}

/** Rules have no names that a reader knows: how many both meet is said once, last. */
export function alike(reasons: string[]): string {
  const parts = reasons.map((reason) => [reason.slice(0, reason.indexOf(':')), reason.slice(reason.indexOf(':') + 1)] as const)
  const said = parts.filter(([kind]) => kind in wordings).map(([kind, value]) => wordings[kind](value))
  const rules = parts.filter(([kind]) => kind === 'rule').length
  return [...said, ...(rules ? [t('alike.rules', { n: rules })] : [])].join(t('common.comma'))
}

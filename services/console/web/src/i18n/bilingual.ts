// What the services say in both languages at once, "中文 / English", one sentence after the other: the reader's half of it.
import { locale } from '.'

/** Before the first of these the Chinese half ends; what has only one half stays whole. */
const BETWEEN = /\s?\/\s?(?=[\p{Script=Latin}"])/u

export function half(text: string, english: boolean): string {
  const parts = text.split('；').map((part) => {
    const [chinese, ...other] = part.split(BETWEEN)
    if (!other.length || !/\p{Script=Han}/u.test(chinese)) return part
    return english ? other.join('/') : chinese
  })
  return parts.join(english ? '; ' : '；')
}

export const inLanguage = (text: string): string => half(text, locale.value === 'en')

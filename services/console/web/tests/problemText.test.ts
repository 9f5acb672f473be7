import { expect, test } from 'vitest'
import { Problem } from '@/api/problem'
import { inLanguage, problemText } from '@/i18n/problemText'

test('what the service adds is shown, in the reader’s language', () => {
  expect(problemText(new Problem({ status: 422, title: '', code: 'invalid', field: 'files', detail: 'pack.yaml: the domain "x" has no file' }))).toMatch(/规则文件.*pack\.yaml/)
  expect(inLanguage('没有此版本 / no such version', false)).toBe('没有此版本')
  expect(inLanguage('没有此版本 / no such version', true)).toBe('no such version')
  expect(inLanguage('a / b', false)).toBe('a / b')
})

test('what has words of its own needs no more', () => {
  expect(problemText(new Problem({ status: 401, title: '', code: 'login_failed', detail: 'x' }))).not.toMatch(/x/)
})

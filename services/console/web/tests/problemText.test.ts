import { expect, test } from 'vitest'
import { Problem } from '@/api/problem'
import { half } from '@/i18n/bilingual'
import { problemText } from '@/i18n/problemText'

test('what the service adds is shown, in the reader’s language', () => {
  expect(problemText(new Problem({ status: 422, title: '', code: 'invalid', field: 'files', detail: 'pack.yaml: the domain "x" has no file' }))).toMatch(/规则文件.*pack\.yaml/)
  expect(half('没有此版本 / no such version', false)).toBe('没有此版本')
  expect(half('没有此版本 / no such version', true)).toBe('no such version')
  const lost = '工作簿已损坏 / the workbook\'s part "xl/styles.xml" is damaged'
  expect([half(lost, false), half(lost, true)]).toEqual(['工作簿已损坏', 'the workbook\'s part "xl/styles.xml" is damaged'])
  expect(half('a / b', false)).toBe('a / b')
  expect(half('罗天成请假/on leave；按排班替岗/the pattern’s substitute', false)).toBe('罗天成请假；按排班替岗')
  expect(half('已拒绝 1/2 条', false)).toBe('已拒绝 1/2 条')
})

test('what has words of its own needs no more', () => {
  expect(problemText(new Problem({ status: 401, title: '', code: 'login_failed', detail: 'x' }))).not.toMatch(/x/)
})

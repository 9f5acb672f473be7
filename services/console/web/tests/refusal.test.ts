// Every refusal of an item that stands in intake's sources has words in the reader's language.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fieldBeside, remedyOf, saidOf } from '@/pages/feeds/refusal'

const INTAKE = join(__dirname, '../../../intake')
const sources = readdirSync(INTAKE).filter((name) => name.endsWith('.c')).map((name) => readFileSync(join(INTAKE, name), 'utf8'))

const LITERAL = '"(?:[^"\\\\]|\\\\.)*"'
const INNER = `(?:[^()"]|${LITERAL}|\\((?:[^()"]|${LITERAL}|\\((?:[^()"]|${LITERAL})*\\))*\\))*`

/** Texts among the arguments of each call, those in one line after another as one. */
function callsOf(name: string): string[][] {
  const calls = sources.flatMap((source) => [...source.matchAll(new RegExp(`\\b${name}\\((${INNER})\\)`, 'g'))].map((found) => found[1]))
  return calls.map((call) => [...call.matchAll(new RegExp(`${LITERAL}(?:\\s*${LITERAL})*`, 'g'))].map((found) => filled(found[0]))).filter((texts) => texts.length)
}
/** A text of C as it would be said of something. */
const filled = (literal: string): string =>
  literal
    .replace(/(?<!\\)"\s*"/g, '')
    .slice(1, -1)
    .replace(/\\(["\\])/g, '$1')
    .replace(/%(zu|d|u|lld)/g, '12')
    .replace(/%s/g, 'external_id')
const assigned = (what: string): string[] => sources.flatMap((source) => [...source.matchAll(new RegExp(`${what} = (?:wjz_arena_printf\\(arena, )?(${LITERAL})`, 'g'))].map((found) => filled(found[1])))
const sentence = (text: string): boolean => text.includes(' ')
const known = (text: string): boolean => saidOf(text) !== undefined || remedyOf(text) !== undefined

/** What the calls put together from several texts. */
const PARTS = ['the cell holds no external_id', 'the line is no JSON: external_id', 'the row cannot be read: external_id']

test('all that an item is refused for is known', () => {
  const issues = callsOf('issue_add').flat().filter(sentence)
  expect(issues.length).toBeGreaterThan(40)
  expect(issues.filter((text) => !PARTS.includes(text) && !known(text))).toEqual([])
})

test('all that a value of JSON or of a cell is told to be instead is known', () => {
  const wanted = callsOf('fault').flat().filter(sentence)
  expect(wanted.length).toBeGreaterThan(7)
  expect(wanted.filter((text) => remedyOf(text) === undefined)).toEqual([])
  const cells = callsOf('unreadable').map(([what, remedy]) => ({ said: saidOf(`the cell holds no ${what}`), remedy: remedyOf(remedy) }))
  expect(cells.length).toBeGreaterThan(4)
  expect(cells.filter(({ said, remedy }) => said === undefined || remedy === undefined)).toEqual([])
})

test('all that keeps a row or a line from being read, and what the store says, is known', () => {
  const rows = assigned('problem').map((why) => `the row cannot be read: ${why}`)
  expect(rows.length).toBeGreaterThan(4)
  expect(rows.filter((text) => saidOf(text) === undefined || saidOf(text) === saidOf('the row cannot be read: x'))).toEqual([])
  const lines = callsOf('wjz_err_set').flat().filter((text) => text.startsWith('the JSON ') || text.startsWith('line 12, column'))
  expect(lines).toHaveLength(3)
  expect(lines.filter((text) => saidOf(`the line is no JSON: ${text}`) === saidOf('the line is no JSON: x'))).toEqual([])
  const store = [...assigned('item->message'), ...assigned('item->remedy')]
  expect(store.length).toBeGreaterThan(2)
  expect(store.filter((text) => !known(text))).toEqual([])
})

test('numbers and fields are said, and fields by their names here', () => {
  expect(saidOf('external_id is missing')).toBe('缺少工单编号。')
  expect(saidOf('content has 70000 bytes, at most 65536 are taken')).toBe('内容有 70000 字节，至多收 65536 字节。')
  expect(remedyOf('send unspecified, very_satisfied, satisfied')).toMatch(/：unspecified, very_satisfied, satisfied$/)
  expect(saidOf('no row of sheet "台账" has the columns 工单编号, 内容')).toBe('工作表“台账”中没有哪一行有这些列：工单编号, 内容')
})

test('a field is named once', () => {
  expect(fieldBeside({ field: 'external_id', message: 'external_id is missing' })).toBe('')
  expect(fieldBeside({ field: 'nmae', message: 'there is no field of this name' })).toBe('nmae')
  expect(fieldBeside({ field: '', message: 'the item holds nothing' })).toBe('')
})

test('what is not known is left to be shown as it came', () => {
  expect(saidOf('something new')).toBeUndefined()
  expect(remedyOf('send something new')).toBeUndefined()
})

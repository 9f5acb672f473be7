// The two languages have the same keys, and every key that the sources name is there.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import en from '@/i18n/en'
import zh from '@/i18n/zh-CN'

const SOURCES = join(__dirname, '../src')

function keys(messages: object, before = ''): string[] {
  return Object.entries(messages).flatMap(([name, value]) => (typeof value === 'object' ? keys(value, `${before}${name}.`) : [before + name]))
}
function texts(messages: object): [string, string][] {
  return Object.entries(messages).flatMap(([name, value]) => (typeof value === 'object' ? texts(value).map(([key, text]) => [`${name}.${key}`, text] as [string, string]) : [[name, String(value)] as [string, string]]))
}
function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? sources(path) : /(?<!\.gen)\.(ts|vue)$/.test(entry.name) && !path.includes('/citizen/') ? [path] : []
  })
}
const code = sources(SOURCES).map((path) => readFileSync(path, 'utf8')).join('\n')
const known = keys(zh)

test('both languages have the same keys in the same order', () => {
  expect(keys(en)).toEqual(known)
})

test('both languages fill the same places of a text', () => {
  const english = new Map(texts(en))
  const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()
  for (const [key, text] of texts(zh)) expect([key, places(english.get(key)!)]).toEqual([key, places(text)])
})

test('every key that a source names is known', () => {
  const named = [...code.matchAll(/\bt\(\s*'([\w.]+)'/g), ...code.matchAll(/(?:title|does): '([a-z]\w*\.[\w.]+)'/g), ...code.matchAll(/\? '([a-z]+\.\w+)'/g), ...code.matchAll(/'(span\.\w+)'/g)].map((match) => match[1])
  expect(named.length).toBeGreaterThan(300)
  expect(named.filter((key) => !known.includes(key))).toEqual([])
})

test('every key that a source makes from a code has texts', () => {
  const prefixes = [...code.matchAll(/\bt\(`([\w.]+[._])\$\{/g)].map((match) => match[1])
  expect(prefixes.length).toBeGreaterThan(20)
  expect(prefixes.filter((prefix) => !known.some((key) => key.startsWith(prefix)))).toEqual([])
})

test('no text stands in a source outside the message files', () => {
  const loose = sources(SOURCES)
    .filter((path) => !path.includes('/i18n/'))
    .flatMap((path) => readFileSync(path, 'utf8').split('\n').map((line, i) => ({ at: `${path.slice(SOURCES.length)}:${i + 1}`, line })))
    // Names of languages are written in themselves; the station's mark is a sign, not a word; comments may name a thing.
    .filter(({ line }) => /\p{Script=Han}/u.test(line.replace(/\/\/.*|^\s*\/?\*.*/, '').replace(/'中文'|'站'/g, '')))
  expect(loose).toEqual([])
})

test('every message is used', () => {
  const prefixes = [...code.matchAll(/[`']([\w.]+[._])\$\{/g)].map((match) => match[1])
  const unused = known.filter((key) => !code.includes(`'${key}'`) && !prefixes.some((prefix) => key.startsWith(prefix)))
  expect(unused).toEqual([])
})

// Colours and sizes stand in the theme alone.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const SOURCES = join(__dirname, '../src')
const BREAKPOINTS = ['640px', '1024px', '1360px']

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? files(path) : [path]
  })
}
const styles = files(SOURCES)
  .filter((path) => /\.(vue|css)$/.test(path) && !path.endsWith('theme/theme.css') && !path.includes('/citizen/'))
  .map((path) => {
    const text = readFileSync(path, 'utf8')
    return { path: path.slice(SOURCES.length), css: path.endsWith('.css') ? text : [...text.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].map((match) => match[1]).join('\n') }
  })
const theme = readFileSync(join(SOURCES, 'theme/theme.css'), 'utf8')

test('no colour outside the theme', () => {
  const found = styles.flatMap(({ path, css }) => [...css.matchAll(/#[0-9a-f]{3,8}\b|\b(?:rgb|hsl|oklch)a?\(/gi)].map((match) => `${path}: ${match[0]}`))
  expect(found).toEqual([])
})

test('no size in pixels or root ems outside the theme but the breakpoints', () => {
  const found = styles.flatMap(({ path, css }) => [...css.matchAll(/\b[\d.]+(?:px|rem)\b/g)].filter((match) => !BREAKPOINTS.includes(match[0])).map((match) => `${path}: ${match[0]}`))
  expect(found).toEqual([])
})

test('every custom property that is named exists', () => {
  const known = new Set([...theme.matchAll(/(--[\w-]+):/g)].map((match) => match[1]))
  const found = styles.flatMap(({ path, css }) => [...css.matchAll(/var\((--[\w-]+)/g)].filter((match) => !match[1].startsWith('--el-') && !known.has(match[1])).map((match) => `${path}: ${match[1]}`))
  expect(found).toEqual([])
})

// The built pages, when there are any: what the desk loads first, and what the content security policy would refuse.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const DIST = join(__dirname, '../dist')
const MOST = 500_000 // bytes, compressed
const manifest = join(DIST, '.vite/manifest.json')

interface Chunk {
  file: string
  css?: string[]
  imports?: string[]
}

test.skipIf(!existsSync(manifest))('the desk loads less than 500 KB, compressed', () => {
  const chunks = JSON.parse(readFileSync(manifest, 'utf8')) as Record<string, Chunk>
  const wanted = new Set<string>(['index.html'])
  const visit = (key: string) => {
    const chunk = chunks[key]
    wanted.add(chunk.file)
    chunk.css?.forEach((file) => wanted.add(file))
    chunk.imports?.forEach((next) => !wanted.has(chunks[next].file) && visit(next))
  }
  visit('index.html')
  visit('src/pages/desk/Desk.vue')
  const size = (file: string) => readFileSync(existsSync(join(DIST, `${file}.br`)) ? join(DIST, `${file}.br`) : join(DIST, file)).length
  const total = [...wanted].reduce((sum, file) => sum + size(file), 0)
  expect(total).toBeGreaterThan(50_000)
  expect(total).toBeLessThan(MOST)
})

test.skipIf(!existsSync(manifest))('no page has a script or a style of its own inside', () => {
  for (const page of ['index.html', 'citizen.html'].filter((name) => existsSync(join(DIST, name)))) {
    const html = readFileSync(join(DIST, page), 'utf8')
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/)
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=/)
  }
})

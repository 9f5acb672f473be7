import assert from 'node:assert/strict'
import { eventually, look, settled, visit } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

/** Every figure with the rows that it opens: [what it says, its address]. */
const figures = (page, within) =>
  page.locator(`${within} a[href*="/clues?"]`).evaluateAll((links) => links.map((link) => [Number(link.textContent.replace(/\D/g, '')), link.getAttribute('href')]))

/** How many clues the service lists at an address of the pages, and how many complaints these hold. */
async function rowsBehind(page, address) {
  const rows = { clues: 0, complaints: 0 }
  const query = new URLSearchParams(address.split('?')[1])
  query.set('limit', '200')
  for (let cursor; cursor !== null; ) {
    if (cursor) query.set('cursor', cursor)
    const answer = await page.request.get(`/api/v1/clues?${query}`)
    assert.equal(answer.status(), 200, `${address}: ${await answer.text()}`)
    const { items, next } = await answer.json()
    rows.clues += items.length
    rows.complaints += items.reduce((sum, clue) => sum + clue.complaint_count, 0)
    cursor = next
  }
  return rows
}

/** Visits the page and holds its figures against the rows; both anew when a clue changed between the two. */
async function compare(page, path, parts) {
  await eventually(page, async () => {
    await visit(page, path)
    const wrong = []
    for (const within of parts) {
      for (const [said, address] of await figures(page, within)) {
        const { clues, complaints } = await rowsBehind(page, address)
        if (said !== clues && said !== complaints) wrong.push(`${within} says ${said}, ${address} has ${clues} clues, ${complaints} complaints`)
      }
    }
    assert.deepEqual(wrong, [])
  })
}

suite([
  ['the funnel, and every figure opens as many rows as it says', { login: 'jianchazhang' }, async (page) => {
    await visit(page, '/statistics')
    await look(page, 'statistics')
    if (page.size === 'desktop') await compare(page, '/statistics', ['.funnel', '.mix', 'tbody'])
    await page.locator('.funnel li', { hasText: '五星' }).getByRole('link').click()
    await page.waitForURL(/\/clues\?/)
    await settled(page)
    assert.ok((await page.locator('section.list article').count()) > 0)
  }],
  ['the same by domain, branch, organ and month', { login: 'jianchazhang', sizes: ['desktop'] }, async (page) => {
    for (const by of ['domain', 'branch', 'organ', 'month']) {
      await compare(page, `/statistics?by=${by}`, ['tbody'])
    }
  }],
  ['by month, with its course', { login: 'jianchazhang' }, async (page) => {
    await visit(page, '/statistics?by=month')
    await page.locator('canvas').waitFor()
    await look(page, 'statistics-month')
  }],
  ['CSV and XLSX', { login: 'jianchazhang', sizes: ['desktop'] }, async (page) => {
    await visit(page, '/statistics')
    for (const [name, sign] of [['CSV', /,/], ['XLSX', /^PK/]]) {
      const answer = await page.request.get(await page.getByRole('link', { name }).getAttribute('href'))
      assert.equal(answer.status(), 200)
      assert.match((await answer.body()).toString('latin1'), sign)
    }
  }],
])

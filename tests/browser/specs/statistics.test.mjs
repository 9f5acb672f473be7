import assert from 'node:assert/strict'
import { look, settled, visit } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

suite([
  ['the funnel, and every figure opens its rows', { login: 'jianchazhang' }, async (page) => {
    await visit(page, '/statistics')
    await look(page, 'statistics')
    const figure = page.locator('.funnel li', { hasText: '五星' }).getByRole('link')
    const count = Number((await figure.innerText()).replace(/\D/g, ''))
    await figure.click()
    await page.waitForURL(/\/clues\?/)
    await settled(page)
    const rows = await page.locator('section.list article').count()
    assert.ok(count > 50 ? rows === 50 : rows === count, `${count} in the funnel, ${rows} in the list`)
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

import assert from 'node:assert/strict'
import { look, settled, visit } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

suite([
  ['towns are shaded, a town is chosen, a figure opens its rows', { login: 'jianchazhang' }, async (page) => {
    await visit(page, '/map')
    await page.locator('.map path.leaflet-interactive').nth(14).waitFor({ state: 'attached' })
    assert.equal(await page.locator('.town-label').count(), 15)
    await look(page, 'map')
    await page.locator('.ranking .plain-button').first().click()
    await page.waitForURL(/town=\d{9}/)
    await settled(page)
    await page.locator('.ranking td.number a').first().click()
    await page.waitForURL(/\/clues\?/)
    await settled(page)
  }],
  ['the measure changes, time is moved, a picture is made', { login: 'jianchazhang', sizes: ['desktop'] }, async (page) => {
    await visit(page, '/map?measure=complaints')
    await page.getByRole('slider', { name: '截至日期' }).focus()
    const asked = page.waitForRequest(/map\/towns/)
    await page.keyboard.press('Home')
    await asked
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: '导出图片' }).click()
    assert.match((await download).suggestedFilename(), /\.png$/)
  }],
  ['nothing is asked of any other server', { login: 'jianchazhang', sizes: ['desktop'] }, async (page) => {
    const strange = []
    page.on('request', (request) => !request.url().startsWith(process.env.WJZ_URL) && !/^(data|blob):/.test(request.url()) && strange.push(request.url()))
    await visit(page, '/map')
    assert.deepEqual(strange, [])
  }],
])

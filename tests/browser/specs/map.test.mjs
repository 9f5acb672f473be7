import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { eventually, look, reason, settled, told, visit } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

const county = (page) => page.locator('.map path.leaflet-interactive').nth(14).waitFor({ state: 'attached' })

suite([
  ['towns are shaded, a town is chosen, a figure opens its rows', { login: 'jianchazhang' }, async (page) => {
    await visit(page, '/map')
    await county(page)
    assert.equal(await page.locator('.town-label').count(), 15)
    assert.equal(await page.locator('.clue-mark, .station-mark').count(), 0) // towns alone, until one looks nearer
    await look(page, 'map')
    await page.locator('.ranking .plain-button').first().click()
    await page.waitForURL(/town=\d{9}/)
    await page.locator('.clue-mark').first().waitFor()
    await settled(page)
    await look(page, 'map-town')
    const town = page.url()
    await eventually(page, async () => {
      await visit(page, town)
      const figure = page.locator('.ranking td.number a').first()
      const count = Number(await figure.innerText())
      await figure.click()
      await page.waitForURL(/\/clues\?/)
      await settled(page)
      assert.equal(await page.locator('section.list article').count(), Math.min(50, count))
    })
  }],
  ['what lies together is one mark that parts from nearer, and a mark opens its clue', { login: 'jianchazhang', sizes: ['desktop'] }, async (page) => {
    await visit(page, '/map')
    await county(page)
    await page.locator('.ranking .plain-button').first().click()
    await page.locator('.clue-mark').first().waitFor()
    for (let i = 0; i < 5 && (await page.locator('.clue-mark:not(.many)').count()) === 0; i++) {
      const asked = page.waitForResponse(/map\/points/)
      await page.locator('.clue-mark.many').first().press('Enter')
      await asked
    }
    await look(page, 'map-near')
    await page.locator('.clue-mark:not(.many)').first().press('Enter')
    await page.waitForURL(/\/clues\/\d+/)
  }],
  ['the measure changes, time is moved and plays, a picture is made, the map is printed', { login: 'jianchazhang', sizes: ['desktop'] }, async (page) => {
    await visit(page, '/map?measure=complaints')
    await page.getByRole('slider', { name: '截至日期' }).focus()
    let asked = page.waitForRequest(/map\/towns/)
    await page.keyboard.press('Home')
    await asked
    asked = page.waitForRequest(/map\/towns/)
    await page.getByRole('button', { name: '播放' }).click()
    await asked
    await page.getByRole('button', { name: '暂停' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: '导出图片' }).click()
    const file = await download
    assert.match(file.suggestedFilename(), /\.png$/)
    const picture = readFileSync(await file.path())
    assert.equal(picture.toString('latin1', 1, 4), 'PNG')
    assert.deepEqual([picture.readUInt32BE(16), picture.readUInt32BE(20)], [1600, 1200])
    await page.evaluate(() => (window.print = () => (window.printed = true)))
    await page.getByRole('button', { name: '打印' }).click()
    assert.equal(await page.evaluate(() => window.printed), true)
    await page.emulateMedia({ media: 'print' })
    assert.equal(await page.getByRole('navigation').first().isVisible(), false)
    await page.screenshot({ path: `${process.env.WJZ_SCREENSHOTS}/map-print.png` })
  }],
  ['outlines alone: nothing is asked of any other server', { login: 'jianchazhang', sizes: ['desktop'] }, async (page) => {
    const strange = []
    page.on('request', (request) => !request.url().startsWith(process.env.WJZ_URL) && !/^(data|blob):/.test(request.url()) && strange.push(request.url()))
    await visit(page, '/map')
    await county(page)
    assert.deepEqual(strange, [])
    assert.equal(await page.locator('.leaflet-tile').count(), 0)
  }],
  ['an area warning is issued, acknowledged and cleared', { login: 'jianchazhang' }, async (page) => {
    await visit(page, '/map')
    const warnings = page.getByRole('region', { name: '区域预警' })
    const warning = warnings.getByRole('listitem').filter({ has: page.getByRole('button', { name: '发出预警' }) }).first()
    const strong = warning.locator('.strong')
    await strong.first().waitFor()
    const name = await ((await strong.count()) > 1 ? strong.nth(1) : strong.first()).innerText()
    await warning.getByRole('button', { name: '发出预警' }).click()
    await page.getByLabel('主管部门').fill('市生态环境局')
    await page.getByLabel('上级机关').fill('市人民政府')
    await look(page, 'map-warning')
    await reason(page, '请于十日内反馈', '发出预警')
    await told(page, '已完成')
    const it = warnings.getByRole('listitem').filter({ hasText: name }).filter({ hasText: '市生态环境局' }).first()
    for (const [verb, state] of [['签收', '已签收'], ['解除', '已解除']]) {
      await it.getByRole('button', { name: verb, exact: true }).click()
      await reason(page, '已收到并处理', verb)
      await it.getByText(state).waitFor()
    }
    await settled(page)
    await look(page, 'map-warnings')
  }],
])

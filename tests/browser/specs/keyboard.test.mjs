// With the keyboard alone, from the login to a star of one's own with its reason: no pointer anywhere.
import assert from 'node:assert/strict'
import { eventually, look, passwordOf, settled, told } from '../lib/browser.mjs'
import { clueOf, makeFeed, sql } from '../lib/house.mjs'
import { suite } from '../lib/suite.mjs'

const focused = (page, what) => page.waitForFunction((wanted) => document.activeElement?.matches(wanted), what)

/** Goes on by Tab until the thing of that name has the focus. */
async function tabTo(page, name, most = 60) {
  for (let i = 0; i < most; i++) {
    const here = await page.evaluate(() => [document.activeElement.getAttribute('aria-label'), document.activeElement.textContent, document.activeElement.labels?.[0]?.textContent].map((text) => text?.trim()))
    if (here.includes(name)) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`Tab does not come to "${name}"`)
}

suite([
  ['from the login to a star of one’s own', { sizes: ['desktop'] }, async (page) => {
    const firm = '翠屏建材有限公司'
    const feed = `keyboard-${page.mark}`
    await makeFeed(feed, `键盘试用 ${page.mark}`)('complaints', {
      external_id: 'one', title: `羊马街道${firm}扬尘污水`, content: `羊马街道的${firm}把废渣和污水排入河道，已经一年，周边四十多户村民受影响，环保局投诉多次至今未处理。`, received_at: '2026-10-12T09:00:00+08:00', satisfaction: 'dissatisfied',
    })
    const clue = await eventually(page, async () => clueOf(feed, 'one') ?? assert.fail('no clue yet'))
    await page.goto('/login')
    await tabTo(page, '账号')
    await page.keyboard.type('jianchazhang')
    await tabTo(page, '密码')
    await page.keyboard.type(passwordOf('jianchazhang'))
    await page.keyboard.press('Enter')
    await page.waitForURL((at) => at.pathname === '/')
    page.errors.length = 0 // the browser itself reports that nobody was there yet
    await settled(page)
    await page.keyboard.press('/')
    await page.keyboard.type(firm)
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/clues\?q=/)
    await settled(page)
    await page.locator('article.current').waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(new RegExp(`/clues/${clue}`))
    await settled(page)
    await page.keyboard.press('s')
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    await focused(page, '[role=dialog] *, [role=dialog]') // where the keys go now
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    await page.keyboard.press('s')
    await dialog.waitFor()
    await look(page, 'keyboard-dialog')
    await focused(page, '[role=dialog] *, [role=dialog]')
    for (let i = 0; i < 10 && !(await page.evaluate(() => document.activeElement.matches('input[type=radio]'))); i++) await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    await tabTo(page, '理由（必填）')
    await page.keyboard.type('现场看过')
    await tabTo(page, '保存')
    await page.keyboard.press('Enter')
    await told(page, '星级已保存')
    assert.ok(Number(sql(`SELECT own_stars FROM scoring.clue WHERE id = ${clue}`)[0][0]) > 0)
    await page.keyboard.press('Backspace')
    await page.waitForURL(/\/clues\?q=/)
  }],
])

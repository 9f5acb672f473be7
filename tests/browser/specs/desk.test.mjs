import assert from 'node:assert/strict'
import { eventually, look, settled, told, visit } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

suite([
  ['the next thing to do is on top, can be accepted here, and every open desk sees that', { login: 'jianchaguan' }, async (page, openAs) => {
    await visit(page, '/')
    await look(page, 'desk')
    const elsewhere = await openAs('jianchaguan')
    await visit(elsewhere, '/')
    const accept = (desk) => desk.getByRole('button', { name: '受理', exact: true })
    const clue = await page.locator('article.line', { has: accept(page) }).first().locator('.title').getAttribute('href')
    const waiting = (desk) => desk.locator('article.line', { has: desk.locator(`.title[href="${clue}"]`) }).filter({ has: accept(desk) })
    await accept(waiting(page).first()).click()
    await told(page, '已受理')
    for (const desk of [page, elsewhere]) await eventually(desk, async () => assert.equal(await waiting(desk).count(), 0)) // it stood in two lists; the other desk is told
  }],
  ['a figure opens its rows', { login: 'jianchaguan', sizes: ['desktop'] }, async (page) => {
    await visit(page, '/')
    await page.getByRole('link', { name: /待受理/ }).first().click()
    await page.waitForURL(/\/clues\?.*state=assigned/)
    await settled(page)
  }],
  ['every role has a desk', { login: 'lianluozhan', sizes: ['desktop'] }, async (page) => {
    await visit(page, '/')
    await look(page, 'desk-station-staff')
  }],
  ['the chief procurator sees the county', { login: 'jianchazhang', locale: 'en', sizes: ['desktop'] }, async (page) => {
    await page.addInitScript(() => localStorage.setItem('wjz.locale', 'en'))
    await visit(page, '/')
    await look(page, 'desk-english')
  }],
  ['the keyboard reaches everything: skip link, shortcuts, search', { login: 'jianchaguan', sizes: ['desktop'] }, async (page) => {
    await visit(page, '/')
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate(() => document.activeElement.textContent), '跳到正文')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: '快捷键' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await page.keyboard.press('/')
    await page.keyboard.type('垃圾')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/clues\?q=/)
  }],
  ['what cannot be reached is said, and comes back by itself', { login: 'jianchaguan', sizes: ['desktop'] }, async (page) => {
    await page.route('**/api/v1/desk', (route) => route.abort())
    await page.goto('/')
    await page.getByRole('alert').getByText('连不上服务').waitFor()
    await look(page, 'desk-unreachable', { refused: true })
    await page.unroute('**/api/v1/desk')
    await page.getByRole('button', { name: '重试' }).click()
    await settled(page)
    await page.getByText('今日到岗').waitFor()
  }],
  ['a page that is none is said to be none', { login: 'jianchaguan', sizes: ['desktop'] }, async (page) => {
    await visit(page, '/nowhere/at/all')
    await look(page, 'missing')
  }],
])

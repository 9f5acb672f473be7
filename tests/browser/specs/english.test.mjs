// Every page in English: it fits, and nothing of it is left in Chinese but what people, places and texts are called.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { look, visit } from '../lib/browser.mjs'
import { sql } from '../lib/house.mjs'
import { suite } from '../lib/suite.mjs'

const PAGES = [
  ['desk', 'jianchaguan', '/'],
  ['clues', 'jianchazhang', '/clues'],
  ['clue', 'jianchazhang', () => `/clues/${sql('SELECT clue FROM console.clue_copy WHERE merged_into = 0 ORDER BY rank DESC, clue LIMIT 1')[0][0]}`],
  ['review-repeats', 'jianchazhang', '/review?of=repeats'],
  ['review-clues', 'jianchazhang', '/review?of=clues'],
  ['map', 'jianchazhang', '/map'],
  ['stations-week', 'lianluozhan', '/stations'],
  ['stations-month', 'lianluozhan', '/stations?view=month'],
  ['statistics', 'jianchazhang', '/statistics'],
  ['feeds', 'guanli', '/feeds'],
  ['feed', 'guanli', '/feeds/demo-hotline'],
  ['imports', 'guanli', '/feeds/imports'],
  ['routing', 'guanli', '/admin/routing'],
  ['rules', 'guanli', '/admin/rules'],
  ['watch', 'guanli', '/admin/watch'],
  ['holidays', 'guanli', '/admin/holidays'],
  ['accounts', 'anquan', '/admin/accounts'],
  ['people', 'xitong', '/admin/people'],
  ['services', 'xitong', '/admin/services'],
  ['audit', 'shenji', '/admin/audit'],
  ['account', 'jianchaguan', '/account'],
]
const textsOf = (file) => [...readFileSync(new URL(`../../../services/console/web/src/i18n/${file}.ts`, import.meta.url), 'utf8').matchAll(/'([^'{}]*\p{Script=Han}[^'{}]*)'/gu)].map((found) => found[1])
const kept = new Set(textsOf('en')) // names that stay as they are
const CHINESE = textsOf('zh-CN').filter((text) => !kept.has(text))

/** What the page itself says — headings, buttons, labels, hints — word for word as in the Chinese file; what people wrote is theirs. */
const untranslated = (page) =>
  page.evaluate((chinese) => {
    const known = new Set(chinese)
    const own = [...document.querySelectorAll('nav a, h1, h2, h3, button, label, th, dt, legend, summary, [role=tab], [placeholder]')]
    const said = own.flatMap((one) => [one.childElementCount === 0 ? one.textContent : '', one.getAttribute('placeholder')])
    return [...new Set(said.map((text) => text?.trim()).filter((text) => text && known.has(text)))]
  }, CHINESE)

suite(PAGES.map(([name, login, address]) => [`${name} in English`, { login, locale: 'en-US' }, async (page) => {
  await page.addInitScript(() => localStorage.setItem('wjz.locale', 'en'))
  await visit(page, typeof address === 'function' ? address() : address)
  assert.equal(await page.locator('html').getAttribute('lang'), 'en')
  await look(page, `english-${name}`)
  assert.deepEqual(await untranslated(page), [])
}]).concat([['the citizen’s page in English', { locale: 'en-US' }, async (page) => {
  await page.addInitScript(() => localStorage.setItem('wjz.citizen.locale', 'en'))
  for (const tab of ['', '#state', '#appointment']) {
    await page.goto(`/citizen${tab}`)
    await page.reload()
    await page.locator('main form, main section').first().waitFor()
    assert.equal(await page.locator('html').getAttribute('lang'), 'en')
    await look(page, `english-citizen${tab.replace('#', '-')}`, { refused: true }) // that nobody is logged in is no error of its own
  }
}]]))

import { look, settled, visit } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

const show = (section) => async (page) => {
  await visit(page, `/admin/${section}`)
  await look(page, `admin-${section}`)
}

suite([
  ['accounts and roles', { login: 'anquan' }, show('accounts')],
  ['services and queues', { login: 'xitong' }, show('services')],
  ['the audit, and its chain is whole', { login: 'shenji' }, async (page) => {
    await show('audit')(page)
    await page.getByRole('button', { name: '校验哈希链' }).click()
    await page.getByText(/未被改动/).waitFor()
  }],
  ['routing rules with their test table, and a trace', { login: 'guanli' }, async (page) => {
    await show('routing')(page)
    await page.getByRole('button', { name: '试分派' }).click()
    await page.locator('.answer li').first().waitFor()
  }],
  ['rule packs', { login: 'guanli' }, show('rules')],
  ['the watch list', { login: 'guanli' }, show('watch')],
  ['holidays', { login: 'guanli' }, show('holidays')],
  ['the directory', { login: 'guanli' }, show('people')],
  ['one’s own account', { login: 'jianchaguan' }, async (page) => {
    await visit(page, '/account')
    await look(page, 'account')
  }],
  ['who may not see a page is told so', { login: 'shenji', sizes: ['desktop'] }, async (page) => {
    await page.goto('/clues')
    await settled(page)
    await page.getByText('无权查看').waitFor()
    await look(page, 'refused')
  }],
])

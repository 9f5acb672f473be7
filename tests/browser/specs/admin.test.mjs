import { look, settled, told, visit } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

const show = (section) => async (page) => {
  await visit(page, `/admin/${section}`)
  await look(page, `admin-${section}`)
}

suite([
  ['accounts and roles', { login: 'anquan' }, show('accounts')],
  ['the audit, and its chain is whole', { login: 'shenji' }, async (page) => {
    await show('audit')(page)
    await page.getByRole('button', { name: '校验哈希链' }).click()
    await page.getByText(/未被改动/).waitFor()
  }],
  ['the watch list: a topic is watched, and no longer', { login: 'guanli' }, async (page) => {
    await visit(page, '/admin/watch')
    await page.getByLabel('名称').fill(`秸秆 ${page.mark}`)
    await page.getByLabel('词语').fill('秸秆 焚烧')
    await page.getByRole('button', { name: '增加关注' }).click()
    const row = page.getByRole('row', { name: new RegExp(`秸秆 ${page.mark}`) })
    await row.waitFor()
    await look(page, 'admin-watch')
    await row.getByRole('button', { name: '删除' }).click()
    await told(page, '已完成')
    await row.getByText('已结束').waitFor()
  }],
  ['the calendar: a holiday is set, and removed', { login: 'guanli' }, async (page) => {
    await visit(page, '/admin/holidays')
    const day = `${new Date().getFullYear()}-12-${page.size === 'phone' ? 30 : 31}`
    await page.getByLabel('日期').fill(day)
    await page.getByLabel('名称').fill('测试假日')
    await page.getByRole('button', { name: '保存' }).click()
    const row = page.getByRole('row', { name: /测试假日/ })
    await row.waitFor()
    await look(page, 'admin-holidays')
    await row.getByRole('button', { name: '删除' }).click()
    await row.waitFor({ state: 'detached' })
  }],
  ['rule packs', { login: 'guanli' }, show('rules')],
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

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { look, reason, settled, told, visit } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

const RULES = new URL('../../../deploy/rules/', import.meta.url)

/** The pack of the installation under a new name, as files to choose. */
function files(version) {
  const named = (text) => text.replace(/^version:.*$/m, `version: ${version}`)
  return readdirSync(RULES)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => ({ name, text: readFileSync(new URL(name, RULES), 'utf8') }))
    .map(({ name, text }) => ({ name, mimeType: 'application/yaml', buffer: Buffer.from(name === 'pack.yaml' ? named(text) : text) }))
}

suite([
  ['a rule pack: submitted, rehearsed, approved by somebody else, activated, rolled back', { login: 'zhuren' }, async (page, openAs) => {
    const version = `browser-${page.mark}`
    await visit(page, '/admin/rules')
    await page.getByLabel('改了什么，为什么').fill('只改了版本名')
    await page.getByLabel('规则文件（YAML）').setInputFiles(files(version))
    await page.getByRole('button', { name: '提交新版本' }).click()
    await told(page, '新版本已提交')
    const pack = page.locator('.pack', { hasText: version })
    await pack.getByRole('button', { name: '演练' }).click()
    await told(page, '演练已开始')
    await pack.locator('summary').filter({ hasNotText: '：0/' }).waitFor()
    await pack.locator('summary').click()
    await look(page, 'admin-rules-rehearsed')
    await pack.getByRole('button', { name: '批准' }).click()
    await reason(page, '自己批准', '批准')
    await page.locator('.el-message--error').waitFor() // who submitted does not approve
    await page.keyboard.press('Escape')
    page.errors.length = 0 // the browser itself reports the refused request

    const chief = await openAs('jianchazhang')
    await visit(chief, '/admin/rules')
    const theirs = chief.locator('.pack', { hasText: version })
    await theirs.getByRole('button', { name: '批准' }).click()
    await look(chief, 'admin-rules-approve')
    await reason(chief, '演练无异常', '批准')
    await told(chief, '已完成')
    await theirs.getByText('已批准').waitFor()

    await theirs.getByRole('button', { name: '启用' }).click()
    await reason(chief, '按计划启用', '启用')
    await theirs.getByText('在用').waitFor()
    await look(chief, 'admin-rules')
    await chief.locator('.pack', { hasText: '已停用' }).first().getByRole('button', { name: '退回此版本' }).click()
    await reason(chief, '恢复原版本', '退回此版本')
    await theirs.getByText('已停用').waitFor()
  }],
  ['files that are no pack are refused in words', { login: 'guanli', sizes: ['desktop'] }, async (page) => {
    await visit(page, '/admin/rules')
    await page.getByLabel('改了什么，为什么').fill('写错了')
    await page.getByLabel('规则文件（YAML）').setInputFiles([{ name: 'pack.yaml', mimeType: 'application/yaml', buffer: Buffer.from('version: [') }])
    await page.getByRole('button', { name: '提交新版本' }).click()
    await told(page, 'pack.yaml')
  }],
  ['routing: every case of the test table holds, and a trace says why', { login: 'guanli' }, async (page) => {
    await visit(page, '/admin/routing')
    await page.getByRole('button', { name: '试分派' }).click()
    await page.locator('.answer li').first().waitFor()
    const cases = await page.getByRole('region', { name: '用例' }).locator('tbody tr').count()
    await page.getByRole('button', { name: '逐条验证' }).click()
    await page.waitForFunction((n) => document.querySelectorAll('[aria-label="用例"] tbody .tag').length === n, cases)
    assert.equal(await page.getByRole('region', { name: '用例' }).getByText('不符').count(), 0)
    await settled(page)
    await look(page, 'admin-routing')
  }],
])

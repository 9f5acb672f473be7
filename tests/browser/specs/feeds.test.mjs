import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { choose, look, settled, visit } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

function makeFile(page) {
  const path = join(process.env.WJZ_SCRATCH, `export-${page.size}.csv`)
  writeFileSync(path, '工单编号,标题,内容,受理时间,不认识的列\nT-1,路灯不亮,村口路灯三天不亮,2026-10-01 08:00,x\n,没有编号,这一行没有编号,2026-10-01,x\n')
  return path
}

suite([
  ['feeds and their health', { login: 'guanli' }, async (page) => {
    await visit(page, '/feeds')
    await look(page, 'feeds')
    await page.locator('tbody th a').first().click()
    await page.waitForURL(/\/feeds\/[a-z0-9-]+/)
    await settled(page)
    await look(page, 'feed')
  }],
  ['a file is tried, and what is wrong in it is shown', { login: 'guanli' }, async (page) => {
    await visit(page, '/feeds/imports')
    await choose(page, '数据源', '12345')
    await page.getByLabel('文件', { exact: true }).setInputFiles(makeFile(page))
    await page.getByText('不认识的列').waitFor()
    await page.getByRole('button', { name: '试导入' }).click()
    const item = page.locator('.import', { hasText: `export-${page.size}.csv` })
    await item.getByText('已完成').waitFor()
    await item.getByRole('button', { name: '行错误' }).click()
    await item.locator('tbody tr').first().waitFor()
    await look(page, 'imports')
    assert.equal((await page.request.get(await item.getByRole('link', { name: '下载行错误' }).getAttribute('href'))).status(), 200)
  }],
])

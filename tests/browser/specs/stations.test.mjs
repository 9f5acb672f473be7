import assert from 'node:assert/strict'
import { look, settled, told, visit } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

suite([
  ['the rota by week and month', { login: 'lianluozhan' }, async (page) => {
    await visit(page, '/stations')
    await look(page, 'stations-week')
    await page.locator('.el-radio-button', { hasText: '月' }).click()
    await page.waitForURL(/view=month/)
    await settled(page)
    assert.ok((await page.locator('.chip').count()) > 0)
    await look(page, 'stations-month')
  }],
  ['an appointment is booked into a free slot', { login: 'lianluozhan' }, async (page) => {
    await visit(page, '/stations')
    await page.getByRole('button', { name: '预约到岗' }).first().click()
    await page.locator('.slot').first().waitFor()
    await page.locator('.slot').first().click()
    await page.getByLabel('来访人姓名').fill('测试来访人')
    await page.getByLabel('联系电话').fill('13800000000')
    await page.getByLabel('事由').fill('咨询河道垃圾')
    await look(page, 'stations-book')
    await page.getByRole('dialog').getByRole('button', { name: '预约到岗' }).click()
    await told(page, '预约成功')
  }],
])

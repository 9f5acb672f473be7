import assert from 'node:assert/strict'
import { book, choose, look, reason, settled, told, visit } from '../lib/browser.mjs'
import { sql } from '../lib/house.mjs'
import { suite } from '../lib/suite.mjs'

/** Planned shifts from a week ahead on: {day, station, prosecutor, name}; each size takes others. */
function shiftsAhead(page, also = 'true') {
  const rows = sql(`SELECT (s.starts_at AT TIME ZONE 'Asia/Shanghai')::date, st.name, s.prosecutor, p.name, s.id FROM scheduling.shift s
    JOIN directory.station st ON st.code = s.station JOIN directory.person p ON p.code = s.prosecutor
    WHERE s.state = 'planned' AND s.starts_at > now() + interval '6 days' AND ${also} ORDER BY s.starts_at, s.station`)
  const shifts = rows.map(([day, station, prosecutor, name]) => ({ day, station, prosecutor, name }))
  return page.size === 'phone' ? shifts.slice(shifts.length / 2) : shifts
}

/** Opens the shift of that person on that day. */
async function openShift(page, { day, name, prosecutor }) {
  await visit(page, `/stations?day=${day}&prosecutor=${prosecutor}`)
  await page.locator('.chip', { hasText: name }).first().click()
  return page.getByRole('dialog')
}

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
  ['an appointment is booked into a free slot, and cancelled', { login: 'lianluozhan' }, async (page) => {
    await visit(page, '/stations')
    await page.getByRole('button', { name: '预约到岗' }).first().click()
    await page.locator('.slot').first().waitFor()
    await page.locator('.slot').first().click()
    await page.getByLabel('来访人姓名').fill('测试来访人')
    await page.getByLabel('联系电话').fill('13800000000')
    await page.getByLabel('事由').fill('咨询河道垃圾')
    await look(page, 'stations-book')
    const appointment = await book(page)
    await told(page, '预约成功')
    const [[day, prosecutor, name, hour]] = sql(`SELECT (s.starts_at AT TIME ZONE 'Asia/Shanghai')::date, s.prosecutor, p.name, to_char(a.starts_at AT TIME ZONE 'Asia/Shanghai', 'HH24:MI')
      FROM scheduling.appointment a JOIN scheduling.shift s ON s.id = a.shift JOIN directory.person p ON p.code = s.prosecutor WHERE a.id = ${appointment}`)
    const dialog = await openShift(page, { day, prosecutor, name })
    const row = dialog.locator('li', { hasText: new RegExp(`^\\s*${hour}–`) }).filter({ hasText: '已确认' })
    await row.waitFor()
    await look(page, 'stations-shift')
    await row.getByRole('button', { name: '取消预约' }).click()
    await page.getByLabel('理由（必填）').fill('来访人改日再来')
    await page.getByRole('button', { name: '保存', exact: true }).click()
    await told(page, '已完成')
  }],
  ['somebody else comes to a shift', { login: 'zhuren' }, async (page) => {
    const [shift] = shiftsAhead(page, "s.prosecutor <> 'P-510184-007'")
    const dialog = await openShift(page, shift)
    await dialog.getByRole('button', { name: '安排替班' }).click()
    await choose(page, '由谁到岗', '尹仲山')
    await look(page, 'stations-substitute')
    await page.getByLabel('理由（必填）').fill('外出培训')
    await page.getByRole('dialog').last().getByRole('button', { name: '安排替班' }).click()
    await told(page, '替班已安排')
    await visit(page, `/stations?day=${shift.day}&prosecutor=P-510184-007`)
    await page.locator('.chip', { hasText: /尹仲山\s*替/ }).first().waitFor()
  }],
  ['leave is recorded, and who comes instead is said', { login: 'jianchaguan' }, async (page) => {
    const [, shift] = shiftsAhead(page, "s.prosecutor = 'P-510184-003'")
    await visit(page, '/stations')
    await page.getByRole('button', { name: '请假' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('自', { exact: true }).fill(shift.day)
    await dialog.getByLabel('至（含）').fill(shift.day)
    await look(page, 'stations-leave')
    await reason(page, '年休假', '保存')
    const done = page.getByRole('dialog', { name: '替班安排' })
    await done.getByText(shift.station).waitFor()
    await look(page, 'stations-leave-done')
    await page.keyboard.press('Escape')
    await visit(page, `/stations?day=${shift.day}`)
    await page.getByText('请假：罗天成').first().waitFor()
  }],
  ['the rota is planned anew, and says what changed', { login: 'zhuren' }, async (page) => {
    await visit(page, '/stations')
    await page.getByRole('button', { name: '排班' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '排班' }).click()
    await page.getByRole('dialog').getByText(/新增 \d+，不变 \d+，取消 \d+/).waitFor()
    await look(page, 'stations-plan')
  }],
  ['a proposed visit is taken, another declined', { login: 'jianchaguan' }, async (page) => {
    await visit(page, '/')
    const agenda = page.getByRole('region', { name: '预约与走访' })
    await agenda.getByRole('button', { name: '接受' }).first().click()
    await told(page, '走访已排入')
    await settled(page)
    await agenda.getByRole('button', { name: '婉拒' }).first().click()
    await look(page, 'desk-decline')
    await reason(page, '当天开庭', '婉拒')
    await told(page, '已婉拒')
  }],
])

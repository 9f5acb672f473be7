import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { change, choose, eventually, look, settled, told, visit, visitLive } from '../lib/browser.mjs'
import { makeDoorFeed, makeHttpFeed } from '../lib/house.mjs'
import { suite } from '../lib/suite.mjs'

function makeFile(page) {
  const path = join(process.env.WJZ_SCRATCH, `export-${page.mark}.csv`)
  writeFileSync(path, '工单编号,标题,内容,受理时间,不认识的列\nT-1,路灯不亮,村口路灯三天不亮,2026-10-01 08:00,x\n,没有编号,这一行没有编号,2026-10-01,x\n')
  return path
}

const WORKBOOK = `
import json, sys, openpyxl
book = openpyxl.Workbook()
book.active.append(["不给人看的", "备注"])
book.active.sheet_state = "hidden"
sheet = book.create_sheet("台账")
for row in json.loads(sys.argv[2]):
    sheet.append(row)
book.save(sys.argv[1])`
/** The same rows as a CSV file, and as a workbook with a sheet that nobody is shown and a title above its header. */
const writers = {
  csv: (path, rows) => writeFileSync(path, rows.map((row) => row.join(',')).join('\n') + '\n'),
  xlsx: (path, rows) => execFileSync('/usr/bin/python3', ['-c', WORKBOOK, path, JSON.stringify([['某镇民情台账'], ...rows])]),
}

/** A feed that no other test knows, read by a profile of its own once that is saved. */
async function makeFeed(page, name, title) {
  const body = { name, title, profile: 'hotline-12345', legal_basis: '数据共享协议', clue_source: 'complaint', region: 510184 }
  const made = await change(page, 'PUT', `/api/v1/feeds/${name}`, body)
  assert.equal(made.status(), 200, await made.text())
}

/** What the receipts in sight say: batch or push, then new, revised, duplicate, rejected. */
const receiptsOn = (page) =>
  page.getByRole('region', { name: '回执' }).first().locator('tbody tr:has(td.number)').evaluateAll((rows) => rows.map((row) => [...row.cells].filter((_, i) => i !== 1).map((cell) => cell.textContent)))

/** The next column's options are looked for only once this column's are gone. */
async function map(page, header, field) {
  await choose(page, header, field)
  await page.locator('.el-select-dropdown__item:visible').first().waitFor({ state: 'hidden' })
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
  ['a gap in the numbers of batches is seen until it closes, without a touch, and what the platform was answered', { login: 'guanli' }, async (page, openAs) => {
    const name = `numbered-${page.mark}`
    const push = makeDoorFeed(name, `编号推送 ${page.mark}`)
    const complaint = (number) => ({ complaint: { external_id: `${name}-${number}`, title: '路灯不亮', content: `第 ${number} 盏路灯三天不亮。`, received_at_us: 1790000000000000 + number } })
    const [, , last] = push(
      { sequence: 1, items: [complaint(1), complaint(2)] },
      { sequence: 2, items: [complaint(1), { complaint: { external_id: `${name}-0` } }] }, // one known, one without a text
      { sequence: 6, items: [complaint(6)] },
    )
    assert.deepEqual(last.missing, [{ first: '3', last: '5' }])
    await visitLive(page, '/feeds')
    const row = page.getByRole('row', { name: new RegExp(name) })
    await row.getByText('有缺口').waitFor()
    await row.getByRole('link').click()
    await page.waitForURL(new RegExp(`/feeds/${name}`))
    await settled(page)
    const gaps = page.getByRole('region', { name: '缺失的批次' })
    await gaps.getByText('3–5', { exact: true }).waitFor()
    const receipts = page.getByRole('region', { name: '回执' }).first()
    assert.deepEqual(await receiptsOn(page), [['6', '1', '0', '0', '0'], ['2', '0', '0', '1', '1'], ['1', '2', '0', '0', '0']]) // the latest first
    await receipts.getByText('被拒 1 件的答复').click()
    const refused = receipts.getByRole('listitem').filter({ hasText: '第 2 件' })
    await refused.getByText('标题和内容都没有。').waitFor()
    await refused.getByText('请把所反映的事项作为内容发送。').waitFor()
    await refused.getByText('both title and content are missing; send what was reported as content', { exact: true }).waitFor() // as the platform has it
    await look(page, 'feed-gap')
    const list = await openAs('guanli')
    await visitLive(list, '/feeds')
    const listed = list.getByRole('row', { name: new RegExp(name) })
    await listed.getByText('有缺口').waitFor()
    push({ sequence: 4, items: [complaint(4)] })
    await eventually(page, async () => assert.deepEqual(await gaps.getByRole('listitem').allInnerTexts(), ['3', '5']))
    await refused.getByText('标题和内容都没有。').waitFor() // what was opened stays open
    push({ sequence: 3, items: [complaint(3)] }, { sequence: 5, items: [complaint(5)] })
    await gaps.getByText('批次连续，没有缺口。').waitFor()
    await listed.getByText('正常').waitFor()
  }],
  ['pushes over HTTP have receipts as batches have, seen as they come', { login: 'guanli' }, async (page) => {
    const name = `pushed-${page.mark}`
    const push = makeHttpFeed(name, `网络推送 ${page.mark}`)
    const complaint = (number) => ({ external_id: `${name}-${number}`, title: '路灯不亮', content: `第 ${number} 盏路灯三天不亮。`, received_at: '2026-10-01T08:00:00+08:00' })
    await visitLive(page, `/feeds/${name}`)
    await page.getByText('还没有回执。').waitFor()
    assert.deepEqual(await push('complaints', [complaint(1), complaint(2)]), ['accepted', 'accepted'])
    await eventually(page, async () => assert.deepEqual(await receiptsOn(page), [['HTTP 推送 没有幂等键', '2', '0', '0', '0']]))
    const key = `${name}-${'0123456789'.repeat(8)}`
    assert.deepEqual(await push('complaints', [complaint(2), { ...complaint(3), urge_count: 'x' }], { 'Idempotency-Key': key }), ['duplicate', 'rejected'])
    const rows = [[`HTTP 推送 ${key}`, '0', '0', '1', '1'], ['HTTP 推送 没有幂等键', '2', '0', '0', '0']]
    await eventually(page, async () => assert.deepEqual(await receiptsOn(page), rows))
    await page.getByText('被拒 1 件的答复').click()
    await page.getByText('催办次数的值类型不对。').waitFor()
    await page.getByText('urge_count has a value of another kind; send a whole number', { exact: true }).waitFor()
    await look(page, 'feed-pushed')
  }],
  ['a file is tried, and what is wrong in it is shown', { login: 'guanli' }, async (page) => {
    await visit(page, '/feeds/imports')
    await choose(page, '数据源', '12345')
    await page.getByLabel('文件', { exact: true }).setInputFiles(makeFile(page))
    await page.getByText('不认识的列').waitFor()
    await page.getByRole('button', { name: '试导入' }).click()
    const item = page.locator('.import', { hasText: `export-${page.mark}.csv` })
    await item.getByText('已完成').waitFor()
    await item.getByRole('button', { name: '行错误' }).click()
    await item.locator('tbody tr', { hasText: '缺少工单编号。' }).getByText('external_id is missing').waitFor()
    await look(page, 'imports')
    assert.equal((await page.request.get(await item.getByRole('link', { name: '下载行错误' }).getAttribute('href'))).status(), 200)
  }],
  ...Object.entries(writers).map(([kind, write]) => [`a column that no profile knows is mapped, tried, and imported: ${kind}`, { login: 'guanli' }, async (page) => {
    const name = `ledger-${kind}-${page.mark}`
    await visit(page, '/feeds')
    const title = `村级台账 ${kind} ${page.mark}`
    await makeFeed(page, name, title)
    const file = join(process.env.WJZ_SCRATCH, `${name}.${kind}`)
    write(file, [
      ['流水编码', '标题', '反映的情况', '受理时间'],
      [`${name}-1`, '路灯不亮', '村口路灯三天不亮', '2026-10-01 08:00'],
      ['', '没有编号', '这一行没有编号', '2026-10-01'],
    ])
    await visit(page, '/feeds/imports')
    await choose(page, '数据源', title)
    await page.getByLabel('文件', { exact: true }).setInputFiles(file)
    await page.getByText('缺少必需的列').waitFor()
    await page.getByRole('button', { name: '修改映射' }).press('Enter')
    await map(page, '流水编码', '工单编号')
    await map(page, '反映的情况', '内容')
    await page.getByLabel('保存为方案').fill(name)
    await page.getByLabel('理由（必填）').fill('村级平台的表头')
    await look(page, `mapping-${kind}`)
    await page.getByRole('button', { name: '保存映射' }).click()
    await told(page, '映射方案已保存')
    await page.getByRole('button', { name: `映射方案 ${name}` }).waitFor()
    await page.getByText('缺少必需的列').waitFor({ state: 'detached' })
    const items = page.locator('.import', { hasText: `${name}.${kind}` })
    const trial = items.filter({ hasText: '试导入' })
    await page.getByRole('button', { name: '试导入' }).click()
    await trial.getByText('已完成').waitFor()
    await page.getByRole('button', { name: '正式导入' }).click()
    const real = items.filter({ hasNotText: '试导入' })
    await real.getByText('已完成').waitFor()
    await real.getByRole('button', { name: '行错误' }).click()
    await real.locator('tbody tr').first().waitFor()
    await page.getByRole('button', { name: `映射方案 ${name}` }).click()
    await page.getByRole('dialog').getByText('村级平台的表头').waitFor()
    await page.getByRole('dialog').getByRole('row', { name: /流水编码/ }).waitFor()
    await look(page, `mapped-${kind}`)
  }]),
])

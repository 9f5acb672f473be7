// The machinery: what runs, what waits, what died; and what somebody sees whose page stays open while a service is gone.
import assert from 'node:assert/strict'
import { look, reason, settled, told, visit } from '../lib/browser.mjs'
import { pidsOf, sql } from '../lib/house.mjs'
import { suite } from '../lib/suite.mjs'

suite([
  ['a service that is gone is said to be, and that it is back, without a touch', { login: 'jianchaguan', sizes: ['desktop'] }, async (page, openAs) => {
    await visit(page, '/')
    const system = await openAs('xitong')
    await visit(system, '/admin/services')
    const line = system.getByRole('row', { name: /scoring|评分/ })
    try {
      for (const pid of pidsOf('scoring')) process.kill(pid, 'SIGSTOP') // it hangs: the supervisor has no reason to act
      await page.getByRole('status').getByText(/没有应答.*评分/).waitFor()
      await line.locator('.tag.bad').first().waitFor()
      await look(page, 'desk-service-down')
      await look(system, 'admin-services-down')
    } finally {
      for (const [pid] of sql("SELECT pid FROM bus.instance WHERE service = 'scoring'")) process.kill(Number(pid), 'SIGCONT')
    }
    await page.getByText(/没有应答.*评分/).waitFor({ state: 'detached' })
    await line.locator('.tag.good').first().waitFor()
  }],
  ['a process that is killed is replaced, and the page shows the new one', { login: 'xitong', sizes: ['desktop'] }, async (page) => {
    await visit(page, '/admin/services')
    const [pid] = pidsOf('scoring')
    await page.getByText(`· ${pid} ·`).waitFor()
    process.kill(pid, 'SIGKILL')
    await page.getByText(`· ${pid} ·`).waitFor({ state: 'detached' })
    const line = page.getByRole('row', { name: /scoring|评分/ })
    await line.locator('.tag.good').first().waitFor()
  }],
  ['services, queues, and dead letters sent again or dropped', { login: 'xitong' }, async (page) => {
    const kind = (name) => `wjz.test.${name}${page.mark}`
    for (const name of ['Again', 'Dropped']) {
      // for a service that there is not, so that what is sent again is seen to wait
      sql(`INSERT INTO assignment.dead_letter (region, id, destination, type, envelope, created_at, attempts, error)
           SELECT 510184, coalesce(max(id), 0) + 1, 'archive', '${kind(name)}', '\\x00', now(), 8, 'could not store record "A-17": for a test' FROM assignment.dead_letter`)
    }
    await visit(page, '/admin/services')
    await look(page, 'admin-services')
    const finish = async (name, verb) => {
      const row = page.getByRole('region', { name: '死信' }).getByRole('row', { name: new RegExp(kind(name)) })
      await row.locator('.el-checkbox').click()
      await page.getByRole('button', { name: verb }).click()
      await look(page, `admin-dead-letters-${name.toLowerCase()}`)
      await reason(page, '测试所用', '确定')
      await told(page, '已完成')
      await row.waitFor({ state: 'detached' })
    }
    await finish('Again', '重投 1 条')
    await page.getByRole('region', { name: '队列' }).getByRole('row', { name: new RegExp(kind('Again')) }).waitFor()
    await finish('Dropped', '丢弃 1 条')
    assert.equal(sql(`SELECT count(*) FROM assignment.dead_letter WHERE type LIKE 'wjz.test.%${page.mark}'`)[0][0], '0')
    sql(`DELETE FROM assignment.outbox WHERE type = '${kind('Again')}'`)
  }],
])

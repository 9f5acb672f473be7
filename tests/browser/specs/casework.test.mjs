import assert from 'node:assert/strict'
import { choose, look, reason, settled, told, visit } from '../lib/browser.mjs'
import { handled, sql } from '../lib/house.mjs'
import { suite } from '../lib/suite.mjs'

/** Citizens and other tests report meanwhile, and what they report joins what is alike: matters of the demonstration, which comes no more. */
const FED = "feed = 'demo-hotline'"
/** Clues of that person in that state, the least valuable first, so that what others test stays. */
async function cluesOf(person, state, also = 'true') {
  await handled() // a clue that is still on its way to somebody would change in one's hands
  return sql(`SELECT clue FROM console.clue_copy WHERE prosecutor = '${person}' AND state = '${state}' AND merged_into = 0 AND ${FED} AND ${also} ORDER BY rank, clue`).map(([clue]) => clue)
}
const ME = 'P-510184-003'

async function open(page, clue) {
  await visit(page, `/clues/${clue}`)
  return page.locator('.history')
}

async function more(page, item) {
  await page.getByRole('main').getByRole('button', { name: '更多', exact: true }).click()
  await page.getByRole('menuitem', { name: item }).click()
}

/** Waits until the page shows these complaints and not those; of others there may be some, which have come meanwhile. By their numbers on the platform. */
const holds = (page, there, gone = []) =>
  page.waitForFunction(
    ([there, gone]) => {
      const shown = [...document.querySelectorAll('.complaint header .code')].map((code) => code.textContent)
      return there.every((id) => shown.includes(id)) && !gone.some((id) => shown.includes(id))
    },
    [there, gone],
  )
/** At least that many of them have come. */
async function complaintsOf(page, atLeast = 1) {
  await page.locator('.complaint').nth(atLeast - 1).waitFor()
  return page.locator('.complaint header .code').allInnerTexts()
}

suite([
  ['a clue is merged into another, and the merge taken back', { login: 'jianchaguan' }, async (page) => {
    const [one, other] = await cluesOf(ME, 'assigned', 'complaint_count = 1')
    await open(page, other)
    const theirs = await complaintsOf(page)
    await open(page, one)
    const ours = await complaintsOf(page)
    await more(page, '并入另一线索')
    await page.getByLabel('并入的线索').fill(`${process.env.WJZ_URL}/clues/${other}`)
    await look(page, 'clue-merge')
    await reason(page, '同一处、同一家', '并入另一线索')
    await told(page, '已并入')
    const history = await open(page, other)
    await history.getByText('同一处、同一家').first().waitFor()
    // Which of the two keeps its number is the matter's business: the other one leads there.
    const gone = page.getByRole('link', { name: '已并入另一线索' })
    await gone.or(page.locator('.complaint').nth(1)).first().waitFor()
    if (await gone.isVisible()) await gone.click()
    await holds(page, [...ours, ...theirs])
    await history.locator('li', { hasText: '同一处、同一家' }).getByRole('button', { name: '撤销' }).last().click()
    await reason(page, '并错了', '撤销')
    await told(page, '已撤销')
    await page.waitForFunction((both) => {
      const shown = [...document.querySelectorAll('.complaint header .code')].map((code) => code.textContent)
      return both.filter((id) => shown.includes(id)).length === 1
    }, [...ours, ...theirs])
    await history.getByText('并错了').first().waitFor()
    await look(page, 'clue-undone')
  }],
  ['a complaint is taken out as a matter of its own, and back', { login: 'jianchaguan' }, async (page) => {
    // What is left of it is not to be found alike with another matter there, which it would become part of.
    const [clue] = await cluesOf(ME, 'assigned', "complaint_count > 1 AND place <> '' AND NOT EXISTS (SELECT FROM console.clue_copy o WHERE o.merged_into = 0 AND o.clue <> clue_copy.clue AND o.place = clue_copy.place)")
    const history = await open(page, clue)
    const complaints = await complaintsOf(page, 2)
    const apart = complaints.pop()
    await page.getByRole('button', { name: '拆分', exact: true }).click()
    await page.getByRole('listitem').filter({ has: page.locator('.code', { hasText: apart }) }).locator('.el-checkbox').click()
    await look(page, 'clue-split')
    await page.getByRole('button', { name: '拆出选中的 1 条' }).click()
    const why = `这一条说的是另一家 ${page.mark}`
    await reason(page, why, '拆分')
    await told(page, '已拆分')
    await holds(page, complaints, [apart])
    await history.locator('li', { hasText: why }).getByRole('button', { name: '撤销' }).click()
    await reason(page, '原来是一家', '撤销')
    await told(page, '已撤销')
    await holds(page, [...complaints, apart])
  }],
  ['accept, own star, return with reason, and the history says so', { login: 'jianchaguan' }, async (page) => {
    const [clue] = await cluesOf(ME, 'assigned')
    const history = await open(page, clue)
    await page.getByRole('button', { name: /^受理/ }).click()
    await told(page, '已受理')
    await more(page, '自定星级')
    await page.getByRole('dialog').getByText('4 ★').click()
    await reason(page, '现场已看过', '保存')
    await page.getByText(/定为 4 星/).first().waitFor()
    await page.getByRole('button', { name: /^退回/ }).click()
    await choose(page, '退回原因', '力量不足')
    await page.getByLabel('理由（必填）').fill('本周满负荷')
    await look(page, 'clue-return')
    await page.getByRole('dialog').getByRole('button', { name: '退回' }).click()
    await told(page, '已退回')
    await history.getByText('本周满负荷').first().waitFor()
  }],
  ['a clue goes to a colleague, who finds it on the desk', { login: 'jianchaguan' }, async (page, openAs) => {
    const [clue] = await cluesOf(ME, 'assigned')
    await open(page, clue)
    const title = await page.getByRole('heading', { level: 1 }).innerText()
    await page.getByRole('button', { name: /^移送/ }).click()
    await choose(page, '检察官', '沈若兰')
    await look(page, 'clue-transfer')
    await reason(page, '沈检察官熟悉这家企业', '移送')
    await told(page, '已移送')
    const colleague = await openAs('zhuren')
    await visit(colleague, '/clues?mine=true&state=assigned&sort=newest')
    await colleague.getByRole('link', { name: title }).first().waitFor()
  }],
  ['a clue goes to another procuratorate', { login: 'jianchaguan', sizes: ['desktop'] }, async (page) => {
    const [clue] = await cluesOf(ME, 'assigned')
    await open(page, clue)
    await page.getByRole('button', { name: /^移送/ }).click()
    await page.getByText('其他检察院', { exact: true }).click()
    await choose(page, '检察院', '大邑县')
    await reason(page, '事发地在大邑', '移送')
    await told(page, '已移送')
    await page.waitForURL(/\/clues\?mine=true/) // it is no longer one's own to see
    assert.deepEqual(sql(`SELECT organ FROM assignment.assignment WHERE clue = ${clue} AND ended_at IS NULL`), [['JCY-510129']])
  }],
  ['verified, and the first outcome recorded', { login: 'jianchaguan' }, async (page) => {
    const [clue] = [...(await cluesOf(ME, 'accepted')), ...(await cluesOf(ME, 'assigned'))]
    await open(page, clue)
    for (const [verb, done] of [[/^受理/, '已受理'], [/^开始核查/, '已开始核查']]) {
      const button = page.getByRole('button', { name: verb })
      if (!(await button.count())) continue
      await button.click()
      await told(page, done)
    }
    await page.getByRole('button', { name: /^记录结果/ }).click()
    await choose(page, '处理结果', '立案')
    await look(page, 'clue-outcome')
    await reason(page, '事实清楚', '记录')
    await told(page, '结果已记录')
    await page.locator('.outcome').getByText('事实清楚').waitFor()
    await look(page, 'clue-closed')
  }],
  ['who should keep away says so, and the chief procurator decides', { login: 'jianchaguan' }, async (page, openAs) => {
    const [clue] = await cluesOf(ME, 'assigned')
    await open(page, clue)
    await more(page, '申请回避')
    await choose(page, '适用程序', '公益诉讼')
    await reason(page, '与该企业负责人是近亲属', '申请回避')
    await told(page, '回避申请已提交')
    const chief = await openAs('jianchazhang')
    await open(chief, clue)
    await chief.locator('.recusal').waitFor()
    await look(chief, 'clue-recusal')
    await chief.getByRole('button', { name: '决定回避' }).click()
    await chief.getByText('准许', { exact: true }).click()
    await reason(chief, '属实', '记录')
    await told(chief, '回避已决定')
    const [[prosecutor]] = sql(`SELECT prosecutor FROM assignment.assignment WHERE clue = ${clue} AND ended_at IS NULL UNION ALL SELECT '' LIMIT 1`)
    assert.notEqual(prosecutor, ME)
  }],
  ['a reporter is shown for a reason, and the auditor sees that', { login: 'jianchaguan' }, async (page, openAs) => {
    const [clue] = await cluesOf(ME, 'assigned')
    await open(page, clue)
    const complaint = page.locator('.complaint').first()
    assert.doesNotMatch(await complaint.innerText(), /130\d{8}/)
    await complaint.getByRole('button', { name: '查看反映人' }).click()
    await look(page, 'clue-reveal')
    await reason(page, `核实污染源 ${page.mark}`, '查看')
    await complaint.getByText(/130\d{8}/).waitFor()
    const auditor = await openAs('shenji')
    await visit(auditor, '/admin/audit')
    await auditor.getByRole('row', { name: new RegExp(`查看反映人.*核实污染源 ${page.mark}`) }).waitFor()
  }],
  ['somebody was quicker: one is told, and sees how it stands', { login: 'jianchaguan', sizes: ['desktop'] }, async (page, openAs) => {
    const [clue] = await cluesOf(ME, 'assigned')
    await open(page, clue)
    const later = await openAs('jianchaguan')
    await later.route('**/api/v1/events*', (route) => route.abort()) // hears of nothing
    await open(later, clue)
    await page.getByRole('button', { name: /^受理/ }).click()
    await told(page, '已受理')
    await later.getByRole('button', { name: /^受理/ }).click()
    await later.getByRole('alert').getByText(/先行改动|最新情况/).waitFor()
    await settled(later)
    await later.getByRole('button', { name: /^开始核查/ }).waitFor()
  }],
])

// What the README promises somebody who has just run quickstart and knows nothing else: its words are what is clicked here.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { book, eventually, look, settled, told } from '../lib/browser.mjs'
import { sql, wjz } from '../lib/house.mjs'
import { suite } from '../lib/suite.mjs'

const README = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
const WANTED = 'xinlai-9-qingxi-3-qiao'
const OTHERS = "'苏映雪', '段伯川'" // get accounts elsewhere

/** What the README says must be there to be found. */
function promised(page, words) {
  assert.ok(README.includes(words), `the README does not say "${words}"`)
  return page
}

/** An account of somebody who has none, with its first password, as the operator is shown it once. */
function newcomer(page, role, among) {
  const people = sql(`SELECT p.code, p.name FROM directory.person p WHERE p.region = 510184 AND p.active AND p.name NOT IN (${OTHERS})
    AND NOT EXISTS (SELECT FROM console.account a WHERE a.person = p.code) AND ${among} ORDER BY p.code`)
  const [person, name] = page.size === 'phone' ? people.at(-1) : people[0]
  const login = `xin.${role.replace('_', '-')}.${page.mark}`
  const { password } = JSON.parse(wjz('--json', 'accounts', 'create', login, '--person', person, '--role', role))
  return { login, name, person, password }
}

/** The console's address, a login, the first password, and one's own. */
async function enter(page, { login, password }) {
  await page.goto('/')
  await page.getByLabel('账号').fill(login)
  await page.getByLabel('密码', { exact: true }).fill(password)
  await page.getByRole('button', { name: '登录' }).click()
  await page.getByLabel('当前密码').fill(password)
  await page.getByLabel('新密码', { exact: true }).fill(WANTED)
  await page.getByLabel('再输一次新密码').fill(WANTED)
  await look(page, 'newcomer-password', { refused: true }) // the browser itself reports that nobody was there yet
  page.errors.length = 0
  await page.locator('form button[type=submit]').click()
  await page.getByLabel('当前密码').waitFor({ state: 'detached' })
  await settled(page)
}

suite([
  ['from the first login to a clue that is accepted and understood', {}, async (page) => {
    promised(page, '受理一条线索')
    const me = newcomer(page, 'prosecutor', "EXISTS (SELECT FROM assignment.assignment a WHERE a.prosecutor = p.code AND a.state = 'assigned')")
    await enter(page, me)
    await look(page, 'newcomer-desk')
    const accept = page.getByRole('button', { name: '受理', exact: true })
    const clue = (await page.locator('article.line', { has: accept }).first().locator('.title').getAttribute('href')).match(/\d+/)[0]
    await page.locator('article.line', { has: page.locator(`.title[href$="/${clue}"]`) }).filter({ has: accept }).first().getByRole('button', { name: '受理', exact: true }).click()
    await told(page, '已受理')
    await eventually(page, async () => assert.equal(sql(`SELECT state FROM assignment.assignment WHERE clue = ${clue} AND ended_at IS NULL`)[0][0], 'accepted'))
    promised(page, '看懂一个星级')
    await page.goto(`/clues/${clue}`)
    await settled(page)
    await page.getByText('为何是这个星级').first().waitFor()
    await look(page, 'newcomer-clue')
  }],
  ['from the first login to an appointment that is booked', {}, async (page) => {
    promised(page, '约一次到岗')
    const me = newcomer(page, 'station_staff', "cardinality(p.stations) > 0 AND NOT EXISTS (SELECT FROM assignment.assignment a WHERE a.prosecutor = p.code)")
    await enter(page, me)
    if (page.size === 'phone') await page.goto('/stations')
    else await page.getByRole('navigation').getByRole('link', { name: '联络站' }).first().click()
    await settled(page)
    await page.getByRole('button', { name: '预约到岗' }).first().click()
    const guest = `新来访人${page.mark}`
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('来访人姓名').fill(guest)
    await dialog.getByLabel('联系电话').fill('13800000001')
    await dialog.getByLabel('事由').fill('咨询占道经营')
    await book(page)
    assert.deepEqual(sql(`SELECT DISTINCT event FROM console.audit WHERE person = '${me.person}' AND result = 'done' AND event LIKE 'appointment%' ORDER BY 1`).flat(), ['appointment_confirm', 'appointment_hold'])
    await look(page, 'newcomer-booked')
  }],
])

import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { choose, look, reason, told, visit } from '../lib/browser.mjs'
import { sql } from '../lib/house.mjs'
import { suite } from '../lib/suite.mjs'

/** The code of RFC 6238 for a secret in base 32, some steps of half a minute from now. */
function codeOf(secret, steps = 0) {
  const bits = [...secret.replace(/\s|=/g, '')].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps))
  const hash = createHmac('sha1', key).update(counter).digest()
  return String((hash.readUInt32BE(hash.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

const NEW_PASSWORD = 'chongyang-7-heliu-4-qiao'
const logins = {
  desktop: { login: 'suyingxue', name: '苏映雪' },
  phone: { login: 'duanbochuan', name: '段伯川' },
  'desktop-2': { login: 'zhumingyuan', name: '祝明远' },
  'phone-2': { login: 'peizhixing', name: '裴知行' },
}

async function find(page, login) {
  await visit(page, '/admin/accounts')
  await page.getByLabel('账号或姓名').fill(login)
  await page.getByLabel('账号或姓名').press('Enter')
  // The answer to the search takes the place of the whole list, and of a menu that is open on one of its rows.
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1)
  return page.getByRole('row', { name: new RegExp(login) })
}

async function act(page, login, item) {
  await page.getByRole('button', { name: `更多 ${login}`, exact: true }).click()
  await page.getByRole('menuitem', { name: item, exact: true }).click()
}

async function enter(page, login, password) {
  await page.goto('/login')
  await page.getByLabel('账号').fill(login)
  await page.getByLabel('密码', { exact: true }).fill(password)
  await page.getByRole('button', { name: '登录' }).click()
  page.errors.length = 0 // the browser itself reports that nobody was there yet
}

/** What the dialog shows this once. */
async function shownOnce(page) {
  const dialog = page.getByRole('dialog', { name: '只显示这一次' })
  const password = await dialog.locator('dd').last().innerText()
  await look(page, 'accounts-password')
  await dialog.getByRole('button', { name: '已妥善记下' }).click()
  return password
}

suite([
  ['an account: made, given a role, entered, bound to an authenticator, locked, unlocked, reset', { login: 'xitong' }, async (page, openAs) => {
    const { login, name } = logins[page.mark]
    await visit(page, '/admin/accounts')
    await page.getByRole('button', { name: '新建账号' }).click()
    await choose(page, '人员', name)
    await page.getByRole('dialog').getByLabel('账号').fill(login)
    await look(page, 'accounts-new')
    await page.getByRole('dialog').getByRole('button', { name: '新建账号' }).click()
    const first = await shownOnce(page)

    const security = await openAs('anquan')
    const row = await find(security, login)
    await row.getByRole('button', { name: '角色' }).click()
    await security.getByText('检察官', { exact: true }).click()
    await look(security, 'accounts-roles')
    await security.getByRole('dialog').getByRole('button', { name: '保存' }).click()
    await told(security, '已保存')

    const person = await openAs()
    await enter(person, login, first)
    await person.getByLabel('当前密码').fill(first)
    await person.getByLabel('新密码', { exact: true }).fill(NEW_PASSWORD)
    await person.getByLabel('再输一次新密码').fill(NEW_PASSWORD)
    await look(person, 'login-change')
    await person.getByRole('button', { name: '修改密码' }).click()
    await person.waitForURL((at) => at.pathname === '/')

    await visit(person, '/account')
    await person.getByRole('button', { name: '绑定验证器' }).click()
    const secret = await person.locator('.secret').innerText()
    await look(person, 'account-enrol')
    await person.getByLabel('六位验证码').fill('000000')
    await person.getByRole('button', { name: '绑定验证器' }).click()
    await person.getByRole('alert').waitFor()
    person.errors.length = 0 // the browser itself reports the refused request
    await person.getByLabel('六位验证码').fill(codeOf(secret))
    await person.getByRole('button', { name: '绑定验证器' }).click()
    await person.getByText('已绑定').waitFor()

    const again = await openAs()
    await enter(again, login, NEW_PASSWORD)
    await again.getByLabel('六位验证码').fill(codeOf(secret, 1)) // no code counts twice
    await look(again, 'login-totp')
    await again.getByRole('button', { name: '登录' }).click()
    await again.waitForURL((at) => at.pathname === '/')

    await act(security, login, '锁定')
    await reason(security, '离岗', '锁定')
    await told(security, '已完成')
    await row.getByText('已锁定').waitFor()
    await look(security, 'accounts-locked')
    await again.goto('/clues')
    await again.waitForURL(/\/login/) // a locked account's sessions end
    again.errors.length = 0
    await act(security, login, '解锁')
    await told(security, '已完成')
    await row.getByText('可用').waitFor()
    await act(security, login, '重置验证器')
    await told(security, '已完成')

    await find(page, login)
    await act(page, login, '重置密码')
    const second = await shownOnce(page)
    assert.notEqual(second, first)
    await enter(again, login, second)
    await again.getByLabel('当前密码').waitFor() // no code is asked for, a new password is
    assert.equal(sql(`SELECT count(*) FROM console.audit WHERE object = '${login}' AND event IN ('account_create', 'roles', 'account_lock', 'account_unlock', 'totp_enrol', 'totp_reset', 'password_reset')`)[0][0], '7')
  }],
])

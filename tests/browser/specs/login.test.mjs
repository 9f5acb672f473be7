import assert from 'node:assert/strict'
import { look, passwordOf, settled, visit } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

async function enter(page, password) {
  await page.getByLabel('账号').fill('jianchaguan')
  await page.getByLabel('密码').fill(password)
  await page.getByRole('button', { name: '登录' }).click()
}

suite([
  ['a wrong password is refused in words', {}, async (page) => {
    await page.goto('/login')
    await enter(page, 'not the password')
    await page.getByRole('alert').waitFor()
    assert.match(await page.getByRole('alert').innerText(), /账号或密码不对/)
    await look(page, 'login-refused', { refused: true })
  }],
  ['one comes to where one wanted to go, and out again', {}, async (page) => {
    await page.goto('/clues?stars=5')
    await page.waitForURL(/\/login\?next=/)
    await look(page, 'login', { refused: true })
    page.errors.length = 0
    await enter(page, passwordOf('jianchaguan'))
    await page.waitForURL(/\/clues\?stars=5/)
    await settled(page)
    await page.getByRole('button', { name: /的菜单/ }).click()
    await page.getByRole('menuitem', { name: '退出登录' }).click()
    await page.waitForURL(/\/login/)
    assert.equal((await page.request.get('/api/v1/desk')).status(), 401)
  }],
  ['English is one click away and remembered', { sizes: ['desktop'] }, async (page) => {
    await page.goto('/login')
    await page.getByRole('button', { name: 'English' }).click()
    await page.getByRole('button', { name: 'Log in' }).waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'Log in' }).waitFor()
    assert.equal(await page.locator('html').getAttribute('lang'), 'en')
  }],
  ['an address outside is no way to go after login', { sizes: ['desktop'] }, async (page) => {
    await page.goto('/login?next=//example.org/x')
    await enter(page, passwordOf('jianchaguan'))
    await page.waitForURL((at) => at.pathname === '/')
  }],
])

// Chromium with somebody logged in, and the look that every page is given: nothing wider than the screen, no bare message
// key, no serious finding of axe, no error in the console; a picture of it in build/screenshots.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const url = process.env.WJZ_URL
const logins = JSON.parse(process.env.WJZ_LOGINS)
const pictures = process.env.WJZ_SCREENSHOTS
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const messages = readFileSync(new URL('../../../services/console/web/src/i18n/zh-CN.ts', import.meta.url), 'utf8')
const KEY = new RegExp(`(?<![\\w/.-])(${[...messages.matchAll(/^ {2}(\w+): \{/gm)].map((found) => found[1]).join('|')})\\.[a-z]\\w+`)
export const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }

export const PATIENCE_MS = Number(process.env.WJZ_BROWSER_PATIENCE_MS ?? 120_000)

export async function openBrowser() {
  return chromium.launch({ executablePath: '/usr/bin/chromium', timeout: PATIENCE_MS, env: { ...process.env, LANGUAGE: 'zh_CN' }, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--lang=zh-CN'] })
}

/** In the page: what it says for some seconds is kept for `told`, who may come late. */
function keepWhatIsSaid() {
  const known = new WeakSet()
  window.said = []
  new MutationObserver(() => {
    for (const one of document.querySelectorAll('.el-message')) {
      if (known.has(one) || !one.textContent.trim()) continue
      known.add(one)
      window.said.push(one.textContent)
    }
  }).observe(document, { childList: true, subtree: true, characterData: true })
}

/** A page at that size; logged in when a login is named. Its errors are collected and fail `look`. */
export async function openPage(browser, { login, size = 'desktop', locale = 'zh-CN' } = {}) {
  const context = await browser.newContext({ viewport: SIZES[size], baseURL: url, locale, timezoneId: 'Asia/Shanghai', acceptDownloads: true })
  context.setDefaultTimeout(PATIENCE_MS) // of its requests, too
  await context.addInitScript(keepWhatIsSaid)
  const page = await context.newPage()
  page.size = size
  page.errors = []
  page.on('pageerror', (error) => page.errors.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && page.errors.push(message.text()))
  if (login) {
    const answer = await context.request.post('/api/v1/session', { data: { login, password: logins[login] } })
    assert.equal(answer.status(), 200, await answer.text())
    assert.equal((await answer.json()).stage, 'open')
  }
  return page
}

export const passwordOf = (login) => logins[login]

/** Goes there and waits until all that is read has come. */
export async function visit(page, path) {
  await page.goto(path)
  await settled(page)
}

/** The same for a page that is to follow what happens next: once its stream of events is open, nothing is missed. */
export async function visitLive(page, path) {
  const stream = page.waitForResponse((answer) => answer.url().endsWith('/api/v1/events') && answer.ok())
  await visit(page, path)
  await stream
}

/** What a service answers that is too busy, for route.fulfill. */
export const tooBusy = (headers = {}) => ({ status: 503, headers, contentType: 'application/problem+json', body: JSON.stringify({ status: 503, title: 'Service Unavailable', code: 'retry_later' }) })

export async function settled(page) {
  await page.waitForSelector('main h1, main h2, main form')
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"], .el-loading-mask'))
  await page.waitForFunction(() => document.fonts.status === 'loaded')
}

/** Repeats what may fail only because others work in the same county meanwhile, until it holds; then its last error counts. */
export async function eventually(page, holds) {
  for (const end = Date.now() + PATIENCE_MS; ; await page.waitForTimeout(500)) {
    try {
      return await holds()
    } catch (error) {
      if (Date.now() > end) throw error
    }
  }
}

/** What axe finds wrong, the serious and critical alone. */
async function seriousFindings(page) {
  await page.evaluate(axe)
  const found = await page.evaluate(async () => {
    // Bars that stay where they are lie over whatever is under them at this moment; scrolling brings it out.
    const bars = [...document.querySelectorAll('body *')].filter((one) => !one.closest('.el-overlay, .el-popper') && ['fixed', 'sticky'].includes(getComputedStyle(one).position))
    for (const bar of bars) bar.style.position = 'relative'
    // Marks on a map lie where things are, over each other where these are near; what they open stands in lists, too, which
    // is the exception that WCAG 2.5.8 makes for target sizes.
    const answer = await window.axe.run({ exclude: ['.leaflet-marker-pane'] }, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
    for (const bar of bars) bar.style.position = ''
    return answer.violations
  })
  return found.filter((one) => ['serious', 'critical'].includes(one.impact)).map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).slice(0, 3)} — ${one.nodes[0].failureSummary}`)
}

/** Looks at the page as it is. refused: the browser itself reports requests that a test had refused, and these alone are no errors. */
export async function look(page, name, { refused = false } = {}) {
  mkdirSync(pictures, { recursive: true })
  await page.waitForFunction(() => !document.querySelector('.el-message')) // what was said a moment ago lies over the page
  await page.screenshot({ path: join(pictures, `${name}-${page.viewportSize().width}.png`), animations: 'disabled' })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  assert.ok(wide <= 0, `${name}: ${wide} px wider than the screen`)
  const text = await page.locator('body').innerText()
  assert.doesNotMatch(text, KEY, `${name}: a message key is shown`)
  assert.doesNotMatch(text, /\b(undefined|NaN|Invalid Date|\[object Object\])/, `${name}: a value is missing`)
  assert.deepEqual(await seriousFindings(page), [], `${name}: axe`)
  const errors = refused ? page.errors.filter((error) => !error.startsWith('Failed to load resource')) : page.errors
  assert.deepEqual(errors, [], `${name}: errors`)
}

/** A picture that is drawn, not kept in the repository: its bytes. */
export async function drawPicture(page, width, height, type = 'image/jpeg') {
  const bytes = await page.evaluate(async ([width, height, type]) => {
    const canvas = Object.assign(document.createElement('canvas'), { width, height })
    const pen = canvas.getContext('2d')
    pen.fillStyle = '#e8efe3'
    pen.fillRect(0, 0, width, height)
    pen.strokeStyle = '#b7c9ab'
    for (let at = 0; at < width; at += 32) pen.strokeRect(at, at / 2, 64, 48)
    return Array.from(new Uint8Array(await (await new Promise((resolve) => canvas.toBlob(resolve, type))).arrayBuffer()))
  }, [width, height, type])
  return Buffer.from(bytes)
}

/** A change, asked for as the pages do it; its answer. version: what was seen, where the interface wants to know it. */
export async function change(page, method, path, data, version) {
  const session = await (await page.request.get('/api/v1/session')).json()
  return page.request.fetch(path, { method, data, headers: { 'X-CSRF-Token': session.csrf_token, ...(version ? { 'If-Match': `"${version}"` } : {}) } })
}

/** The form control of that label, in a dialog when one is open. */
export async function choose(page, label, option) {
  const box = page.getByRole('combobox', { name: label })
  await box.locator('xpath=ancestor::*[contains(@class, "el-select__wrapper")]').click()
  await page.locator('.el-select-dropdown__item:visible', { hasText: option }).first().click()
}

/** Books, in the open dialog with everything else filled in; the appointment. Others book in the same calendar at the same time: an hour that
 * has gone meanwhile is told, and another chosen. */
export async function book(page) {
  const dialog = page.getByRole('dialog')
  const slots = dialog.locator('.slot')
  let appointment
  page.on('response', (answer) => answer.ok() && (appointment = answer.url().match(/appointments\/(\d+)\/confirm$/)?.[1] ?? appointment))
  await eventually(page, async () => {
    if (await dialog.isVisible()) {
      await slots.first().waitFor()
      await slots.nth(Math.floor(Math.random() * (await slots.count()))).click()
      await dialog.getByRole('button', { name: '预约到岗' }).click()
    }
    await dialog.waitFor({ state: 'hidden', timeout: 5000 })
  })
  return appointment
}

/** Waits until the page says that something was done; what it has said until then is used up. */
export async function told(page, text, timeout = PATIENCE_MS) {
  await page.waitForFunction((wanted) => {
    const at = window.said.findIndex((text) => text.includes(wanted))
    return at >= 0 && window.said.splice(0, at + 1).length > 0
  }, text, { timeout })
}

/** Gives the reason in the open dialog and does what its button says. */
export async function reason(page, text, verb) {
  await page.getByRole('dialog').getByLabel(/理由（必填）|说明（可不填）/).fill(text)
  await page.getByRole('dialog').getByRole('button', { name: verb, exact: true }).click()
}

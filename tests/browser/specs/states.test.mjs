// Every page while its answers are on their way, when they do not come, and when there is nothing to show. The answers are held back or changed on their
// way to this browser alone: nobody else notices.
import assert from 'node:assert/strict'
import { eventually, look, settled, tooBusy, visit } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

const PAGES = [
  // name, login, address, and the address at which there is nothing where a real one has it
  ['desk', 'jianchazhang', '/'],
  ['clues', 'jianchazhang', '/clues', '/clues?q=绝无此词'],
  ['review', 'jianchazhang', '/review?of=clues'],
  ['map', 'jianchazhang', '/map', '/map?from=2001-01-01&to=2001-01-31'],
  ['stations', 'jianchazhang', '/stations'],
  ['statistics', 'jianchazhang', '/statistics', '/statistics?from=2001-01-01&to=2001-01-31'],
  ['feeds', 'guanli', '/feeds'],
  ['imports', 'guanli', '/feeds/imports'],
  ['accounts', 'anquan', '/admin/accounts'],
  ['audit', 'shenji', '/admin/audit'],
]
const READING = '**/api/v1/**'
// One of each way to read: things at once, a list by pages.
const BUSY = ['desk', 'clues', 'feeds']
// Those who work on a phone work with these.
const ON_A_PHONE = ['desk', 'clues', 'map', 'stations', 'statistics']
// Who is there and what things are called is known before there is a page.
const KNOWN = /\/v1\/(session|me|reference|events)\b/
const reads = (route) => route.request().method() === 'GET' && !KNOWN.test(route.request().url())

/** The answer without its rows. */
const emptied = (value) =>
  Array.isArray(value) ? (value.some((one) => one && typeof one === 'object') ? [] : value)
  : value && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, name === 'next' ? null : emptied(inner)]))
  : value

const sizesOf = (name) => (ON_A_PHONE.includes(name) ? ['desktop', 'phone'] : ['desktop'])

const SESSION = '**/api/v1/session'
/** The first reading of who is there is refused; the page that was asked for comes when it is answered. */
const arrives = async (page, refusal, name, then) => {
  await page.route(SESSION, (route) => route.fulfill(refusal))
  await page.goto('/clues?stars=4')
  const said = page.getByRole('alert').first()
  await said.getByRole('button', { name: '重试' }).waitFor()
  assert.doesNotMatch(page.url(), /login/)
  await look(page, `states-session-${name}`, { refused: true })
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await then(said)
  await page.locator('#content').waitFor()
  await settled(page)
  assert.match(page.url(), /\/clues\?stars=4$/)
  assert.equal(await page.getByRole('alert').count(), 0)
}

/** What a service answers that has failed, for route.fulfill. */
const failed = { status: 500, contentType: 'application/problem+json', body: JSON.stringify({ status: 500, title: 'Internal Server Error', code: 'internal' }) }

const tests = PAGES.flatMap(([name, login, address, emptyAddress]) => [
  [`${name}: on its way, then there`, { login, sizes: sizesOf(name) }, async (page) => {
    let release
    const held = new Promise((resolve) => (release = resolve))
    await page.route(READING, async (route) => {
      if (reads(route)) await held
      await route.continue()
    })
    await page.goto(address)
    await page.locator('[aria-busy="true"]').first().waitFor()
    await look(page, `states-${name}-loading`)
    release()
    await settled(page)
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  }],
  [`${name}: failed, said so, and there when it is asked for again`, { login, sizes: sizesOf(name) }, async (page) => {
    await page.route(READING, (route) => (reads(route) ? route.fulfill(failed) : route.continue()))
    await page.goto(address)
    await page.getByRole('alert').first().waitFor()
    await look(page, `states-${name}-failed`, { refused: true })
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    const again = page.getByRole('alert').getByRole('button', { name: '重试' })
    await eventually(page, async () => {
      if (await again.count()) await again.first().click({ timeout: 2000 })
      assert.equal(await page.getByRole('alert').count(), 0)
    })
  }],
  ...(BUSY.includes(name) ? [[`${name}: busy, said so, and there by itself`, { login, sizes: sizesOf(name) }, async (page) => {
    await page.route(READING, (route) => (reads(route) ? route.fulfill(tooBusy({ 'Retry-After': '1' })) : route.continue()))
    await page.goto(address)
    const busy = page.getByRole('alert').first()
    await busy.getByText(/秒后自动重试/).waitFor()
    await busy.getByRole('button', { name: '重试' }).waitFor()
    await look(page, `states-${name}-busy`, { refused: true })
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await eventually(page, async () => assert.equal(await page.getByRole('alert').count(), 0))
    await settled(page)
  }]] : []),
  [`${name}: nothing there`, { login, sizes: sizesOf(name) }, async (page) => {
    if (!emptyAddress) {
      await page.route(READING, async (route) => {
        if (!reads(route)) return route.continue()
        const answer = await route.fetch()
        const json = answer.headers()['content-type']?.startsWith('application/json') ? await answer.json() : undefined
        return json === undefined ? route.fulfill({ response: answer }) : route.fulfill({ response: answer, json: emptied(json) })
      })
    }
    await visit(page, emptyAddress ?? address)
    assert.ok((await page.locator('main').innerText()).trim().length > 10)
    await look(page, `states-${name}-empty`)
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  }],
])
suite([
  ...tests,
  ['who is there: busy, said so, and the page by itself', { login: 'jianchazhang' }, (page) => arrives(page, tooBusy({ 'Retry-After': '1' }), 'busy', () => undefined)],
  ['who is there: failed, said so, and the page when it is asked for again', { login: 'jianchazhang' }, (page) =>
    arrives(page, failed, 'failed', (said) => said.getByRole('button', { name: '重试' }).click())],
])

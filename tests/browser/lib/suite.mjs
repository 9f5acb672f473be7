// A file of tests: one browser for all, closed at the end whatever happened.
import { after, before, test } from 'node:test'
import { openBrowser, openPage } from './browser.mjs'

/** tests: [name, {login, sizes, locale}, run]; run gets the page, and `open(login)` for somebody else beside it. */
export function suite(tests) {
  let browser
  before(async () => (browser = await openBrowser()))
  after(async () => browser?.close())
  for (const [name, { login, sizes = ['desktop', 'phone'], locale }, run] of tests) {
    for (const size of sizes) {
      test(`${name} (${size})`, async () => {
        const page = await openPage(browser, { login, size, locale })
        const others = []
        const open = async (other) => {
          others.push(await openPage(browser, { login: other, size, locale }))
          return others.at(-1)
        }
        try {
          await run(page, open)
        } catch (error) {
          await page.screenshot({ path: `${process.env.WJZ_SCREENSHOTS}/failed-${name.replace(/\W+/g, '-')}-${size}.png` }).catch(() => undefined)
          throw error
        } finally {
          for (const one of [page, ...others]) await one.context().close()
        }
      })
    }
  }
}

// A file of tests: one browser for all, closed at the end whatever happened.
import { appendFileSync } from 'node:fs'
import { basename } from 'node:path'
import { after, before, test } from 'node:test'
import { openBrowser, openPage } from './browser.mjs'

const SECOND_TRIES = process.env.WJZ_SECOND_TRIES // the file in which they are noted; none: a test has one try alone
const firstLine = (error) => String(error?.message ?? error).split('\n')[0]

/** Where the page stood when its test failed: its address, what it says went wrong, its own errors. */
async function standing(page) {
  const alerts = await page.getByRole('alert').allInnerTexts().catch(() => [])
  return [`\nat ${page.url()}`, ...alerts.map((text) => `alert: ${text}`), ...page.errors.map((text) => `error: ${text}`)].join('\n')
}

/** One try, with pages of its own. page.mark is another for each try: what is made here can be named by it. */
async function attempt(browser, { name, login, size, locale, run }, number) {
  const page = await openPage(browser, { login, size, locale })
  page.mark = number === 1 ? size : `${size}-${number}`
  const others = []
  const open = async (other) => {
    others.push(await openPage(browser, { login: other, size, locale }))
    return others.at(-1)
  }
  try {
    await run(page, open)
  } catch (error) {
    error.message += await standing(page)
    await page.screenshot({ path: `${process.env.WJZ_SCREENSHOTS}/failed-${name.replace(/\W+/g, '-')}-${page.mark}.png` }).catch(() => undefined)
    throw error
  } finally {
    for (const one of [page, ...others]) await one.context().close()
  }
}

/** Once more, when that is allowed; it is said and noted, and to be mended. */
async function tryAgain(alive, it, error, context) {
  if (!SECOND_TRIES) throw error
  const title = `${basename(process.argv[1])}: ${it.name} (${it.size})`
  context.diagnostic(`SECOND TRY ${title}: ${firstLine(error)}`)
  const details = `${error?.message ?? error}\n${error?.stack ?? ''}`.split('\n').slice(0, 60)
  appendFileSync(SECOND_TRIES, [`${title}: ${firstLine(error)}`, ...details.map((line) => `    ${line}`)].join('\n') + '\n')
  await attempt(await alive(), it, 2)
}

/**
 * tests: [name, {login, sizes, locale}, run]; run gets the page, and `open(login)` for somebody else beside it. Others work in the same
 * county meanwhile, and a second try finds what the first one left: a test chooses what it works on when it begins.
 */
export function suite(tests) {
  let browser
  const alive = async () => (browser?.isConnected() ? browser : (browser = await openBrowser()))
  before(alive)
  after(async () => browser?.close())
  for (const [name, { login, sizes = ['desktop', 'phone'], locale }, run] of tests) {
    for (const size of sizes) {
      test(`${name} (${size})`, async (context) => {
        const it = { name, login, size, locale, run }
        await attempt(await alive(), it, 1).catch((error) => tryAgain(alive, it, error, context))
      })
    }
  }
}

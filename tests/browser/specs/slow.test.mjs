// The desk over a slow line: what is loaded until the next thing to do is seen, and how long that takes.
import assert from 'node:assert/strict'
import { told } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

// What Chromium's tools call "Slow 3G" without its exaggerated delay: 400 kbit/s, 400 ms there and back.
const SLOW = { offline: false, downloadThroughput: 400_000 / 8, uploadThroughput: 400_000 / 8, latency: 400 }
const LEAST_SECONDS = 1 // less, and the line was not slow
const MOST_SECONDS = 60 // of a machine that does other things besides; bytes are what counts
const MOST_BYTES = 500_000

suite([
  ['the desk over a slow line: within its bounds, and usable', { login: 'jianchaguan' }, async (page) => {
    const line = await page.context().newCDPSession(page)
    await line.send('Network.enable')
    await line.send('Network.emulateNetworkConditions', SLOW)
    let bytes = 0
    line.on('Network.loadingFinished', (event) => (bytes += event.encodedDataLength))
    const began = Date.now()
    await page.goto('/', { waitUntil: 'commit' })
    await page.getByRole('button', { name: '受理', exact: true }).first().waitFor()
    const seconds = (Date.now() - began) / 1000
    console.log(`desk (${page.size}): ${seconds.toFixed(1)} s, ${(bytes / 1000).toFixed(0)} kB`)
    assert.ok(seconds > LEAST_SECONDS && seconds < MOST_SECONDS, `the first thing to do is seen after ${seconds} s`)
    assert.ok(bytes > 0 && bytes < MOST_BYTES, `${bytes} bytes until then`)
    await page.getByRole('button', { name: '受理', exact: true }).first().click()
    await told(page, '已受理')
  }],
])

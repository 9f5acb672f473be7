// The map on tiles of a server that an operator names: drawn below the outlines, named as the source, and the only thing that is let in from
// outside; and what is left when that server is away. Without one see map.test.mjs.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { drawPicture, look, settled, visit } from '../lib/browser.mjs'
import { freePort, sql, withConsole } from '../lib/house.mjs'
import { suite } from '../lib/suite.mjs'

/** {port, asked, stop}: a server of tiles, and what it was asked for. */
async function serveTiles(tile) {
  const asked = []
  const server = createServer((request, answer) => {
    asked.push(request.url)
    const found = /^\/tiles\/\d+\/\d+\/\d+\.png$/.test(request.url)
    answer.writeHead(found ? 200 : 404, { 'Content-Type': 'image/png' }).end(found ? tile : undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = () => {
    server.closeAllConnections()
    return new Promise((done) => server.close(done))
  }
  return { port: server.address().port, asked, stop }
}

const allDrawn = (page) => page.waitForFunction(() => { const tiles = [...document.querySelectorAll('img.leaflet-tile')]; return tiles.length > 0 && tiles.every((tile) => tile.complete && tile.naturalWidth === 256) })
const outlines = (page) => page.locator('.map path.leaflet-interactive').nth(14).waitFor({ state: 'attached' })
const source = (page) => page.locator('.leaflet-control-attribution')

/** Whether the page is let load that picture. */
const loads = (page, address) =>
  page.evaluate((src) => new Promise((done) => Object.assign(new Image(), { onload: () => done(true), onerror: () => done(false), src })), address)

suite([
  ['tiles below the outlines, their source named, and nothing else let in', { login: 'jianchazhang' }, async (page) => {
    await page.goto('/map')
    const tiles = await serveTiles(await drawPicture(page, 256, 256, 'image/png'))
    const address = `http://127.0.0.1:${tiles.port}/tiles/`
    try {
      await withConsole({ WJZ_CONSOLE_TILE_URL: `${address}{z}/{x}/{y}.png`, WJZ_CONSOLE_TILE_ATTRIBUTION: '© 天地图 <测试>' }, async (url) => {
        await visit(page, `${url}/map`)
        await outlines(page)
        await allDrawn(page)
        assert.equal(await source(page).innerText(), '© 天地图 <测试>') // as it was written: no markup
        await look(page, 'map-tiles')
        await page.getByRole('button', { name: '放大' }).click()
        await page.locator('.clue-mark').first().waitFor()
        await allDrawn(page)
        await settled(page)
        await look(page, 'map-tiles-near')
        const [[clue]] = sql("SELECT clue FROM console.clue_copy WHERE longitude IS NOT NULL AND merged_into = 0 AND organ = 'JCY-510184' ORDER BY rank DESC, clue LIMIT 1")
        await visit(page, `${url}/clues/${clue}`)
        await page.getByRole('region', { name: '地点' }).scrollIntoViewIfNeeded()
        await allDrawn(page)
        const policy = (await page.request.get(`${url}/map`)).headers()['content-security-policy']
        assert.ok(policy.includes(`img-src 'self' data: blob: ${address};`), policy)
        assert.equal(await loads(page, `${address}1/2/3.png`), true)
        const before = tiles.asked.length
        assert.equal(await loads(page, `http://127.0.0.1:${tiles.port}/elsewhere/1/2/3.png`), false)
        assert.equal(await loads(page, `http://localhost:${tiles.port}/tiles/1/2/3.png`), false)
        assert.equal(await page.evaluate((at) => fetch(at).then(() => true, () => false), `${address}1/2/3.png`), false) // pictures alone
        assert.equal(tiles.asked.length, before)
        assert.ok(tiles.asked.every((path) => path.startsWith('/tiles/')))
      })
    } finally {
      await tiles.stop()
    }
  }],
  ['a tile server that is away: the outlines stay, the map says so, and it is not asked on', { login: 'jianchazhang' }, async (page) => {
    const away = await freePort()
    await withConsole({ WJZ_CONSOLE_TILE_URL: `http://127.0.0.1:${away}/tiles/{z}/{x}/{y}.png` }, async (url) => {
      let asked = 0
      page.on('request', (request) => (asked += request.url().includes(`:${away}/`)))
      await visit(page, `${url}/map`)
      await outlines(page)
      await page.getByText(`底图暂时取不到（127.0.0.1:${away}），只显示轮廓`).waitFor()
      assert.equal(await page.locator('img.leaflet-tile').count(), 0)
      await look(page, 'map-tiles-away', { refused: true })
      const once = asked
      const points = page.waitForResponse(/map\/points/)
      await page.getByRole('button', { name: '放大' }).click()
      await points
      await settled(page)
      assert.equal(asked, once)
      assert.ok(page.errors.length <= once, page.errors.join('\n')) // at most what the browser itself says of each tile
      assert.equal(await page.locator('.town-label').count(), 15)
    })
  }],
])

import assert from 'node:assert/strict'
import { drawPicture, look, passwordOf, tooBusy } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

const TEXT = '隆兴镇黎坝村3组河边有人倾倒建筑垃圾，反映两次没有人管'

async function open(page, tab = '') {
  await page.goto(`/citizen${tab}`)
  await page.locator('main form, main section').first().waitFor()
  // Nobody is logged in: the page asks, is told so, and that is no error of its own.
  page.errors = page.errors.filter((error) => !error.includes('401'))
}

async function inspect(page, name) {
  await look(page, name, { refused: true }) // that nobody is logged in may be reported late
}

async function report(page) {
  await open(page)
  const file = { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: await drawPicture(page, 2600, 1400) }
  await page.locator('input[type=file]').setInputFiles(file)
  await page.locator('.photos img').waitFor()
  await page.getByLabel('发生了什么').fill(TEXT)
  await page.getByLabel('地点').fill('隆兴镇黎坝村3组')
  await inspect(page, 'citizen-report')
  await page.getByRole('button', { name: '提交', exact: true }).click()
  return (await page.locator('.receipt').innerText()).trim()
}

suite([
  ['a report with a photo, and its progress by the receipt', {}, async (page) => {
    const receipt = await report(page)
    assert.match(receipt, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/)
    await inspect(page, 'citizen-sent')
    await page.getByRole('button', { name: '查进度' }).first().click()
    await page.getByLabel('回执号').fill(receipt.toLowerCase())
    await page.getByRole('button', { name: '查询' }).click()
    await page.locator('.stage').waitFor()
    assert.match(await page.locator('main').innerText(), /1 张照片/)
    await inspect(page, 'citizen-state')
  }],
  ['what is written without a network is sent when there is one', { sizes: ['phone'] }, async (page) => {
    await open(page)
    await page.context().setOffline(true)
    await page.getByLabel('发生了什么').fill(TEXT)
    await page.getByRole('button', { name: '提交', exact: true }).click()
    await page.getByText('等待提交（1）').waitFor()
    await inspect(page, 'citizen-waiting')
    await page.context().setOffline(false)
    await page.getByText(/已收到，谢谢您 · 回执号/).waitFor()
    assert.equal(await page.getByText('等待提交（1）').count(), 0)
  }],
  ['what a busy server did not take is sent when it does, without a touch', { sizes: ['phone'] }, async (page) => {
    await open(page)
    let busy = 1
    await page.route('**/api/v1/citizen/reports', (route) => (busy-- > 0 ? route.fulfill(tooBusy()) : route.continue()))
    await page.getByLabel('发生了什么').fill(TEXT)
    await page.getByRole('button', { name: '提交', exact: true }).click()
    await page.getByText('等待提交（1）').waitFor()
    await page.getByText(/已收到，谢谢您 · 回执号/).waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  }],
  ['a report from a web view without service worker and database, as WeChat’s can be', { sizes: ['phone'] }, async (page) => {
    await page.setExtraHTTPHeaders({ 'User-Agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.40 NetType/4G Language/zh_CN' })
    await page.addInitScript(() => {
      delete Navigator.prototype.serviceWorker
      Object.defineProperty(window, 'indexedDB', { value: undefined })
    })
    assert.match(await report(page), /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/)
    assert.equal(await page.evaluate(() => 'serviceWorker' in navigator || window.indexedDB !== undefined), false)
  }],
  ['an unknown receipt is told so', { sizes: ['phone'] }, async (page) => {
    await open(page, '#state')
    await page.getByLabel('回执号').fill('0000-0000-0000-0000')
    await page.getByRole('button', { name: '查询' }).click()
    await page.getByText('没有这个回执号').waitFor()
  }],
  ['an appointment is booked and cancelled', {}, async (page) => {
    await open(page, '#appointment')
    const stations = page.getByLabel('联络站')
    const offered = stations.locator('option:not([disabled])')
    await offered.first().waitFor({ state: 'attached' })
    const codes = await offered.evaluateAll((options) => options.map((option) => option.value))
    for (const code of codes) {
      await stations.selectOption(code)
      await page.locator('.times, p[role=status]').first().waitFor()
      if (await page.locator('.times').count()) break
    }
    await page.locator('.times label').last().click()
    await page.getByLabel('姓名或称呼').fill('王某')
    await page.getByLabel('电话').fill('13800000000')
    await page.getByLabel('想谈什么').fill('占道堆放')
    await inspect(page, 'citizen-appointment')
    await page.getByRole('button', { name: '预约', exact: true }).click()
    await page.getByText('已约好').waitFor()
    await inspect(page, 'citizen-booked')
    page.on('dialog', (dialog) => dialog.accept())
    await page.getByRole('button', { name: '取消预约' }).click()
    await page.getByText('已取消').waitFor()
  }],
  ['stations are asked for again by themselves, and times are those of the station that was chosen last', { sizes: ['phone'] }, async (page) => {
    let busy = 1
    await page.route('**/api/v1/citizen/start*', (route) => (busy-- > 0 ? route.fulfill(tooBusy()) : route.continue()))
    await open(page, '#appointment')
    const stations = page.getByLabel('联络站')
    const offered = stations.locator('option:not([disabled])')
    await offered.nth(1).waitFor({ state: 'attached' })
    const [first, second] = await offered.evaluateAll((options) => options.map((option) => option.value))
    let release
    const held = new Promise((resolve) => { release = resolve })
    const tomorrow = new Date(Date.now() + 24 * 3600000).toISOString().slice(0, 10)
    const hourOf = (hour) => ({ items: [{ shift: String(hour), starts_at: `${tomorrow}T${hour}:00:00+08:00`, ends_at: `${tomorrow}T${hour + 1}:00:00+08:00` }] })
    await page.route('**/api/v1/citizen/slots*', async (route) => {
      const slow = new URL(route.request().url()).searchParams.get('station') === first
      if (slow) await held
      await route.fulfill({ json: hourOf(slow ? 20 : 21) })
    })
    const late = page.waitForResponse((response) => response.url().includes(`station=${encodeURIComponent(first)}`))
    await stations.selectOption(first)
    await stations.selectOption(second)
    await page.locator('.times label', { hasText: '21:00' }).waitFor()
    release()
    await (await late).finished()
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))))
    assert.equal(await page.locator('.times label', { hasText: '20:00' }).count(), 0)
    await page.unrouteAll({ behavior: 'ignoreErrors' })
  }],
  ['a liaison logs in there, reports, and sees what became of it', {}, async (page) => {
    await open(page, '#own')
    await page.getByLabel('账号').fill('lianluoyuan')
    await page.getByLabel('密码').fill(passwordOf('lianluoyuan'))
    await page.getByRole('button', { name: '登录' }).click()
    await page.getByRole('heading', { name: '我反映的' }).waitFor()
    const text = `${TEXT}，联络员${page.mark}所见`
    await open(page)
    await page.getByLabel('发生了什么').fill(text)
    await page.getByRole('button', { name: '提交', exact: true }).click()
    await page.getByText('请保存回执号').waitFor()
    await page.getByRole('button', { name: '余小河' }).click()
    const mine = page.locator('article', { hasText: text })
    await mine.waitFor()
    await inspect(page, 'citizen-own')
    await page.getByRole('button', { name: '退出' }).click()
    await page.getByLabel('密码').waitFor()
    assert.equal(await page.getByText(text).count(), 0)
  }],
  ['in English, with the privacy notice', { sizes: ['phone'] }, async (page) => {
    await open(page)
    await page.getByRole('button', { name: 'English' }).click()
    await page.getByRole('button', { name: 'Privacy notice' }).click()
    await page.getByRole('heading', { name: 'Privacy notice' }).waitFor()
    await inspect(page, 'citizen-notice')
  }],
])

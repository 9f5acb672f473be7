import assert from 'node:assert/strict'
import { look, reason, settled, told, visit } from '../lib/browser.mjs'
import { sql } from '../lib/house.mjs'
import { suite } from '../lib/suite.mjs'

suite([
  ['the open questions of one clue, from its page', { login: 'jianchazhang' }, async (page) => {
    // The most valuable one, which the other files leave alone.
    const [[clue]] = sql("SELECT r.clue FROM scoring.review r JOIN console.clue_copy c ON c.region = r.region AND c.clue = r.clue WHERE r.state = 'open' AND r.kind = 'repeat' AND c.merged_into = 0 ORDER BY c.rank DESC, r.id LIMIT 1")
    await visit(page, `/clues/${clue}`)
    await page.getByRole('link', { name: '去判断' }).click()
    await page.waitForURL(new RegExp(`clue=${clue}`))
    await page.getByText('只看一条线索的待定问题。').waitFor()
    await settled(page)
    const of = await page.locator('.pair').getByRole('link', { name: '打开线索' }).evaluateAll((links) => links.map((link) => link.getAttribute('href')))
    assert.ok(of.includes(`/clues/${clue}`), of.join(' '))
    await look(page, 'review-of-clue')
    await page.getByRole('link', { name: '看全部' }).click()
    await page.waitForURL((at) => !at.search.includes('clue='))
  }],
  ['pairs that may be one matter: one joined, one kept apart, by keyboard or finger', { login: 'jianchaguan' }, async (page) => {
    await visit(page, '/review')
    await look(page, 'review-repeats')
    const pair = page.locator('.pair')
    for (const [name, key, said] of [['是同一件事', 'y', '已并为同一线索'], ['不是同一件事', 'n', '已记为不同的事']]) {
      const before = await pair.innerText()
      if (page.size === 'desktop') await page.keyboard.press(key)
      else await page.getByRole('button', { name: new RegExp(`^${name}`) }).click()
      await told(page, said)
      await page.waitForFunction((text) => document.querySelector('.pair')?.innerText !== text, before)
    }
  }],
  ['clues of which the machine is not sure: the index is confirmed', { login: 'zhuren' }, async (page) => {
    await visit(page, '/review?of=clues')
    await look(page, 'review-clues')
    const confirm = page.getByRole('button', { name: '确认星级' })
    if ((await confirm.count()) === 0) return page.getByText('没有待复核的线索').waitFor()
    const first = page.locator('.list > li').first()
    const [clue, why] = [await first.locator('.title').getAttribute('href'), await first.locator('.why').innerText()]
    await confirm.first().click()
    await reason(page, '原文写得清楚', '确认星级')
    await told(page, '复核已保存')
    const question = page.locator('.list > li', { has: page.locator(`.title[href="${clue}"]`), hasText: why })
    await question.waitFor({ state: 'detached' }) // the next one of a long list may have come in its place
  }],
])

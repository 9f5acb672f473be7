import assert from 'node:assert/strict'
import { eventually, look, settled, told, visit } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

const firstLine = (page) => page.locator('section.list article').first()
const openFirst = async (page, query = '') => {
  await visit(page, `/clues?${query}`)
  await firstLine(page).getByRole('link').first().click()
  await page.waitForURL(/\/clues\/\d+/)
  await settled(page)
}

suite([
  ['the list is filtered, searched and kept', { login: 'jianchaguan' }, async (page) => {
    await visit(page, '/clues')
    await look(page, 'clues')
    await page.getByRole('button', { name: '5 星' }).click()
    await page.waitForURL(/stars=5/)
    await settled(page)
    for (const stars of await page.locator('section.list article [role=img]').all()) assert.match(await stars.getAttribute('aria-label'), /^5 星/)
    await page.getByPlaceholder(/全文搜索/).fill('不会有的词语')
    await page.getByPlaceholder(/全文搜索/).press('Enter')
    await page.getByText('没有符合条件的线索').waitFor()
    await look(page, 'clues-none')
    await page.locator('section.list').getByRole('button', { name: '清除条件' }).click()
    await settled(page)
    assert.ok((await page.locator('section.list article').count()) > 3)
  }],
  ['a search is saved and found again', { login: 'jianchaguan', sizes: ['desktop'] }, async (page) => {
    await visit(page, '/clues?domain=eco_env&focus=true&q=%E6%B2%B3')
    await page.getByRole('button', { name: '保存此检索' }).click()
    await page.getByLabel('名称').fill('河道')
    await page.getByText(/不随检索保存/).waitFor() // the words of a full text search are not part of it
    await page.getByRole('dialog').getByRole('button', { name: '保存' }).click()
    await page.getByRole('button', { name: '河道', exact: true }).waitFor()
    await page.getByRole('dialog').waitFor({ state: 'hidden' })
    await visit(page, '/clues')
    await page.getByRole('button', { name: /^河道/ }).click()
    await page.waitForURL(/domain=eco_env/)
  }],
  ['triage by keyboard: move, look, accept', { login: 'jianchaguan', sizes: ['desktop'] }, async (page) => {
    await visit(page, '/clues?mine=true&state=assigned')
    const lines = page.locator('section.list article')
    assert.ok((await lines.count()) > 1, 'needs two clues')
    await page.keyboard.press('j')
    await page.waitForFunction(() => document.querySelectorAll('section.list article')[1].classList.contains('current'))
    // The list moves on while others work; what is looked at beside it is the line that is marked.
    await eventually(page, async () => {
      const title = await page.locator('section.list article.current').getByRole('link').first().innerText()
      await page.getByRole('complementary', { name: '当前线索' }).getByRole('heading', { name: title }).first().waitFor({ timeout: 2000 })
    })
    await settled(page)
    await look(page, 'clues-triage')
    // Whoever was slower than somebody else with this clue is told so, sees it as it is now, and does it again.
    await eventually(page, async () => {
      await page.keyboard.press('a')
      await told(page, '已受理', 10000)
    })
  }],
  ['a star is explained beside the text', { login: 'jianchaguan' }, async (page) => {
    await openFirst(page, 'stars=5,4,3')
    await page.getByRole('heading', { name: '为何是这个星级' }).waitFor()
    await page.locator('mark').first().waitFor()
    await look(page, 'clue')
    const factor = page.locator('.factor button').first()
    await factor.focus()
    await page.locator('mark.lit').first().waitFor()
  }],
  ['a clue that is none, or not mine to see, is said to be none', { login: 'jianchaguan', sizes: ['desktop'] }, async (page) => {
    await page.goto('/clues/1')
    await page.getByRole('alert').waitFor()
    await look(page, 'clue-missing', { refused: true })
  }],
])

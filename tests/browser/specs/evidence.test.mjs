// What stands beside a clue's texts: what earned its points, which records collide, the law, what became of similar ones, the place, its photos; and who is
// not shown a confidential one. Each test pushes complaints of its own, about a firm that no other test knows.
import assert from 'node:assert/strict'
import { change, choose, drawPicture, eventually, look, reason, settled, told, visit } from '../lib/browser.mjs'
import { clueOf, makeFeed, sql } from '../lib/house.mjs'
import { suite } from '../lib/suite.mjs'

// A firm, its penalty, and what is said of it in two towns.
const FIRMS = {
  desktop: {
    firm: '云栖纸业有限公司', number: '崇环罚〔2026〕8101号',
    earlier: ['元通镇', '每天夜里把污水直排河道，水发黑发臭，已经两年，周边五十多户村民受影响'], later: ['怀远镇', '往河道倾倒废渣，鱼都死了，已经一年，下游三个村的水不能用'], at: { longitude: 103.52, latitude: 30.765 },
  },
  phone: {
    firm: '松涧化工有限公司', number: '崇环罚〔2026〕8102号',
    earlier: ['观胜镇', '占用耕地填埋固废，黑水渗进灌溉水渠，三年没有清走，二十多亩菜地绝收'], later: ['隆兴镇', '烟囱整夜排放刺鼻废气，附近小学的孩子咳嗽流泪，已经八个月'], at: { longitude: 103.67, latitude: 30.58 },
  },
}

/** Waits until the complaint is part of a clue of the county's procuratorate; the clue. */
async function formed(page, feed, externalId) {
  return eventually(page, async () => {
    const clue = clueOf(feed, externalId)
    assert.ok(clue, `no clue has ${externalId} yet`)
    return clue
  })
}

/** Brings a clue to its first outcome, whoever else works on it meanwhile. */
async function settle(page, clue, outcome) {
  const steps = { assigned: ['accept'], accepted: ['verify'], verifying: ['outcome', { outcome, note: '查实' }] }
  await eventually(page, async () => {
    const { assignment, version } = await (await page.request.get(`/api/v1/clues/${clue}`)).json()
    if (assignment.state === 'closed') return
    const [step, body] = steps[assignment.state]
    const answer = await change(page, 'POST', `/api/v1/assignments/${assignment.id}/${step}`, body, version)
    assert.fail(`${step}: ${answer.status()}, closed next`)
  })
}

/** Visits the clue until the part of its page is there: what is found out about a clue comes by and by. */
async function visitUntil(page, clue, part) {
  await eventually(page, async () => {
    await visit(page, `/clues/${clue}`)
    assert.ok((await part.count()) > 0, `${part} is not there`)
  })
}

const inSight = (page, selector) =>
  page.waitForFunction((wanted) => [...document.querySelectorAll(wanted)].some((one) => one.getBoundingClientRect().top >= 0 && one.getBoundingClientRect().bottom <= innerHeight), selector)

suite([
  ['a firm in two towns with a penalty: records that collide, law, the similar clue and its outcome, the place', { login: 'jianchazhang' }, async (page) => {
    const { firm, number, earlier: before, later: after, at } = FIRMS[page.size]
    const feed = `firm-${page.mark}`
    const push = makeFeed(feed, `企业诉求 ${page.mark}`)
    const complaint = (id, [town, said], position) => ({
      external_id: id, title: `${town}${firm}${said.slice(0, 12)}`, content: `${town}的${firm}${said}，多次向生态环境局反映，至今未处理。`, town,
      received_at: '2026-10-08T09:00:00+08:00', satisfaction: 'dissatisfied', position,
    })
    await push('complaints', complaint('earlier', before))
    const earlier = await formed(page, feed, 'earlier')
    await settle(page, earlier, 'filed')
    await push('complaints', complaint('later', after, at))
    const later = await formed(page, feed, 'later')
    assert.notEqual(later, earlier)
    await push('enforcement-records', { document_no: number, subject_name: `崇州市${firm}`, penalty_kind: '罚款', fine: 50000, decided_on: '2026-03-02', pay_until: '2026-03-20' })

    const collisions = page.getByRole('region', { name: '碰撞发现' })
    await visitUntil(page, later, collisions.getByText('同一对象受过处罚，并在多个镇街被反映'))
    const elsewhere = collisions.getByRole('listitem').filter({ hasText: '同一对象受过处罚，并在多个镇街被反映' }).first()
    await elsewhere.getByText(number).waitFor()
    assert.equal(await elsewhere.getByRole('link', { name: '打开线索' }).getAttribute('href'), `/clues/${earlier}`)
    const unpaid = collisions.getByRole('listitem').filter({ hasText: '已经处罚，到期没有执行，也没有申请法院强制执行' }).first()
    await unpaid.getByText(number).waitFor()
    await unpaid.getByText('逾期未执行，也未申请法院强制执行', { exact: true }).waitFor()

    const law = page.getByRole('region', { name: '法律与权责' })
    await law.getByText('可能的责任单位').waitFor()
    await law.getByText('生态环境局').first().waitFor()
    await law.getByText('生态环境法典').first().waitFor()
    const similar = page.getByRole('region', { name: '类似线索与结果' })
    await similar.getByRole('button', { name: '再读一些' }).click() // five, those with an outcome first, then all
    const alike = similar.getByRole('listitem').filter({ has: page.locator(`a[href="/clues/${earlier}"]`) })
    await alike.getByText('立案', { exact: true }).waitFor()
    await alike.getByText(/相似 \d+%/).waitFor()
    const place = page.getByRole('region', { name: '地点' })
    await place.locator('path').nth(15).waitFor({ state: 'attached' }) // fifteen towns and the place
    await look(page, 'clue-collisions')
    await collisions.scrollIntoViewIfNeeded()
    await look(page, 'clue-collisions-near')
    await similar.scrollIntoViewIfNeeded()
    await look(page, 'clue-similar')
    await elsewhere.getByRole('link', { name: '打开线索' }).click()
    await page.waitForURL(new RegExp(earlier))
    await settled(page)
    await page.locator('.history').getByText('办结').waitFor()
  }],
  ['closed and reported again: the card leads to both texts; a line that is chosen keeps its words lit', { login: 'jianchazhang' }, async (page) => {
    const feed = `again-${page.mark}`
    const push = makeFeed(feed, `再次反映 ${page.mark}`)
    const village = page.size === 'phone' ? '道明镇斜阳村' : '白头镇五星村'
    const said = `${village}的河沟被人倾倒建筑垃圾和污水，水发黑发臭，周边六十多户村民受影响`
    await push('complaints', { external_id: 'first', title: `${village}河沟倾倒建筑垃圾`, content: `${said}。`, received_at: '2026-09-01T08:00:00+08:00', status: 'closed', finished_at: '2026-09-10T08:00:00+08:00', handle_result: '已安排清运，办结。' })
    await push('complaints', { external_id: 'second', title: `再次反映${village}河沟倾倒建筑垃圾`, content: `${said}，上次说已办结，根本没有人来处理，环保局投诉多次。`, received_at: '2026-10-02T08:00:00+08:00', satisfaction: 'dissatisfied' })
    const clue = await formed(page, feed, 'second')
    await page.emulateMedia({ reducedMotion: 'reduce' }) // it is brought into sight at once
    const collision = page.getByRole('region', { name: '碰撞发现' }).getByRole('listitem').filter({ hasText: '办结以后又有人反映' }).first()
    await visitUntil(page, clue, collision)
    for (const at of [0, 1]) {
      await collision.getByRole('button', { name: '看原文' }).nth(at).click()
      await page.waitForFunction(() => document.activeElement?.matches('.complaint'))
      await inSight(page, '.complaint:focus header')
    }
    const factors = page.locator('.factor button')
    for (const factor of await factors.all()) {
      await factor.click()
      await page.mouse.move(0, 0)
      assert.equal(await factor.getAttribute('aria-pressed'), 'true')
      await inSight(page, 'mark.lit')
      const lit = await page.locator('mark.lit').evaluateAll((marks) => marks.map((mark) => mark.dataset.factors.split(' ')))
      assert.ok(lit[0].some((id) => lit.every((ids) => ids.includes(id))), 'what is lit is one factor’s')
    }
    await page.keyboard.press('Tab') // neither pointed at nor focused: chosen is enough
    await page.locator('mark.lit').first().waitFor()
    await look(page, 'clue-chosen')
    await factors.last().click()
    await page.mouse.move(0, 0)
    await page.keyboard.press('Tab')
    await page.locator('mark.lit').first().waitFor({ state: 'detached' })
  }],
  ['a photo of a citizen’s report is shown to who may see the clue, small and whole, and to nobody else', { login: 'jianchazhang' }, async (page, openAs) => {
    const citizen = await openAs()
    await citizen.goto('/citizen')
    const village = page.size === 'phone' ? '怀远镇三官村' : '街子镇天顺村'
    await citizen.locator('input[type=file]').setInputFiles({ name: 'photo.jpg', mimeType: 'image/jpeg', buffer: await drawPicture(citizen, 1200, 800) })
    await citizen.locator('.photos img').waitFor()
    await citizen.getByLabel('发生了什么').fill(`${village}的鑫源加工厂夜间向河道偷排有毒废水一年多，上百户村民饮水受影响，多次向生态环境局反映，答复已整改，至今仍在偷排`)
    await citizen.getByLabel('地点').fill(village)
    await citizen.getByRole('button', { name: '提交', exact: true }).click()
    const receipt = (await citizen.locator('.receipt').innerText()).trim()
    const [[feed]] = sql(`SELECT d.name FROM intake.complaint c JOIN intake.feed d ON d.number = c.feed WHERE c.external_id = '${receipt}'`)
    const clue = await formed(page, feed, receipt)
    const photo = page.locator('.complaint img').first()
    await visitUntil(page, clue, photo)
    await photo.scrollIntoViewIfNeeded()
    await page.waitForFunction(() => document.querySelector('.complaint img').naturalWidth > 0)
    await look(page, 'clue-photo')
    const whole = await page.locator('.complaint a:has(img)').first().getAttribute('href')
    const answer = await page.request.get(whole)
    assert.equal(answer.headers()['content-type'], 'image/jpeg')
    const status = async (someone) => (await someone.request.get(whole)).status()
    assert.deepEqual([await status(page), await status(citizen), await status(await openAs('xitong'))], [200, 401, 403])
  }],
  ['a confidential clue is none for others, until the chief procurator names them', { login: 'jianchazhang' }, async (page, openAs) => {
    const feed = `secret-${page.mark}`
    const push = makeFeed(feed, `保密举报 ${page.mark}`)
    const [firm, town, deed, harm, phone] = page.size === 'phone'
      ? ['锦屏食品有限公司', '大划街道', '把病死猪肉卖给集市上的餐馆', '二十多户人家吃坏肚子，已经一年', '13900000002']
      : ['岷月食品有限公司', '崇阳街道', '长期使用过期原料生产糕点', '销售给学校食堂，三十多名学生拉肚子', '13900000001']
    await push('complaints', {
      external_id: 'secret', title: `${town}${firm}${deed}`, content: `${town}的${firm}${deed}，${harm}，多次向市场监管局反映，至今无人处理。`,
      received_at: '2026-10-09T09:00:00+08:00', reporter: { name: '王某', phone, confidential: true },
    })
    const clue = await formed(page, feed, 'secret')
    const [[prosecutor]] = sql(`SELECT prosecutor FROM console.clue_copy WHERE clue = ${clue}`)
    const [login, name] = prosecutor === 'P-510184-002' ? ['jianchaguan', '罗天成'] : ['zhuren', '沈若兰']
    const other = await openAs(login)
    const seen = async () => (await other.request.get(`/api/v1/clues/${clue}`)).status()
    assert.equal(await seen(), 404)
    await visitUntil(page, clue, page.getByRole('region', { name: '知悉人' }))
    await page.getByText('保密', { exact: true }).first().waitFor()
    await page.getByRole('button', { name: '增加知悉人' }).click()
    await choose(page, '人员', name)
    await look(page, 'clue-access')
    await reason(page, '协助办理', '增加知悉人')
    await told(page, '已增加知悉人')
    await visit(other, `/clues/${clue}`)
    await other.getByRole('heading', { level: 1 }).getByText(firm).waitFor()
    await page.getByRole('region', { name: '知悉人' }).getByRole('button', { name: '取消' }).click()
    await told(page, '已取消知悉')
    assert.equal(await seen(), 404)
  }],
])

// The installation behind the pages: what an operator does there, and what stands in its database.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { PATIENCE_MS } from './browser.mjs'

const { home, program, environment } = JSON.parse(process.env.WJZ_INSTALLATION)

/** What `wjz` with these words prints. */
export function wjz(...words) {
  return execFileSync(program, words.map(String), { env: { ...process.env, ...environment }, encoding: 'utf8', timeout: 600_000 })
}

/** Rows of a statement, each a list of texts. */
export function sql(statement) {
  const said = execFileSync('psql', ['-XqAt', '-F', '\t', '-h', `${home}/postgres/socket`, '-U', 'wjz_owner', '-d', 'weijianzhi', '-c', statement], { encoding: 'utf8' })
  return said.split('\n').filter(Boolean).map((line) => line.split('\t'))
}

const ON_ITS_WAY = `
  SELECT ${['intake', 'scoring', 'assignment'].map((service) => `(SELECT count(*) FROM ${service}.outbox)`).join(' + ')}
    + (SELECT count(*) FROM (SELECT DISTINCT region FROM scoring.clue) r, unnest(console.changed(r.region, ARRAY(SELECT id FROM scoring.clue c WHERE c.region = r.region))))`

/** Waits until what people did with clues has come to every service, and is in the lists. */
export async function handled() {
  for (const end = Date.now() + PATIENCE_MS; Number(sql(ON_ITS_WAY)[0][0]) > 0; await setTimeout(200)) {
    assert.ok(Date.now() < end, `still on its way: ${sql(ON_ITS_WAY)}`)
  }
}

/** Whether there is such a process. */
function lives(pid) {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Process ids of a service. */
export function pidsOf(service) {
  return sql(`SELECT pid FROM bus.instance WHERE service = '${service}' ORDER BY heartbeat_at DESC`).map(([pid]) => Number(pid)).filter(lives)
}

const FEED = ['--profile', 'hotline-12345', '--region', 510184, '--legal-basis', '数据共享协议', '--clue-source', 'complaint']

/** A feed of one's own that pushes over HTTP: (complaints | enforcement-records | feedback, items, headers) → outcomes of the items. */
export function makeHttpFeed(name, title) {
  const { bearer_key } = JSON.parse(wjz('--json', 'feeds', 'define', name, '--title', title, ...FEED, '--new-bearer-key'))
  return async (what, items, headers = {}) => {
    const answer = await fetch(`http://${environment.WJZ_HTTP}/v1/feeds/${name}/${what}`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${bearer_key}`, 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(items),
    })
    const text = await answer.text()
    assert.equal(answer.status, 200, text)
    return JSON.parse(text).items.map((item) => item.outcome)
  }
}

/** The same: (complaints | enforcement-records | feedback, items) → when all are accepted. */
export function makeFeed(name, title) {
  const push = makeHttpFeed(name, title)
  return async (what, ...items) => assert.deepEqual(await push(what, items), items.map(() => 'accepted'))
}

/** A feed of one's own that pushes numbered batches through the door of ZeroMQ: (batches) → receipts, by the names of proto/intake.proto. */
export function makeDoorFeed(name, title) {
  const platform = (input) => JSON.parse(execFileSync('/usr/bin/python3', [new URL('door.py', import.meta.url).pathname], { input: JSON.stringify(input), encoding: 'utf8', timeout: 300_000 }))
  const keys = platform({})
  const made = JSON.parse(wjz('--json', 'feeds', 'define', name, '--title', title, ...FEED, '--curve-key', keys.public))
  return (...batches) => platform({ keys, endpoint: made.door_endpoint, server_key: made.door_public_key, batches: batches.map((batch) => ({ feed: name, ...batch })) })
}

/** The clue that this complaint is part of once the console knows it, of that organ; undefined until then. */
export function clueOf(feed, externalId) {
  const rows = sql(`SELECT v.clue FROM intake.complaint c JOIN intake.feed d ON d.number = c.feed JOIN scoring.finding f ON f.region = c.region AND f.complaint = c.id
    JOIN console.clue_copy v ON v.region = f.region AND v.clue = f.clue WHERE d.name = '${feed}' AND c.external_id = '${externalId}' AND v.organ = 'JCY-510184' AND v.merged_into = 0`)
  return rows[0]?.[0]
}

/** A port at which nobody listens, below those that the kernel gives to connections. */
export async function freePort() {
  const first = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('\t')[0])
  const low = Math.min(20000, Math.floor(first / 2))
  for (;;) {
    const port = low + Math.floor(Math.random() * (first - low))
    const probe = createServer()
    const free = await new Promise((done) => probe.once('error', () => done(false)).listen(port, '127.0.0.1', () => done(true)))
    if (!free) continue
    await new Promise((done) => probe.close(done))
    return port
  }
}

/** Another console of the installation, with other options, while `use(its address)` runs. */
export async function withConsole(options, use) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const surroundings = { ...process.env, ...environment, WJZ_DATABASE_URL: `host=${home}/postgres/socket dbname=weijianzhi user=wjz_owner`, WJZ_INSTANCE: `console-${port}`, WJZ_CONSOLE_HTTP: `127.0.0.1:${port}`, ...options }
  const running = spawn(join(dirname(program), 'weijianzhi-console'), [], { env: surroundings, cwd: environment.WJZ_ROOT, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(running, 'exit')
  let log = ''
  running.stderr.on('data', (text) => (log += text))
  try {
    for (const end = Date.now() + PATIENCE_MS; !(await fetch(`${url}/api/openapi.json`).then((answer) => answer.ok, () => false)); ) {
      assert.ok(running.exitCode === null && Date.now() < end, `no console at ${url}: ${log}`)
      await setTimeout(200)
    }
    await use(url)
  } finally {
    running.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null], log)
  }
}

// The installation behind the pages: what an operator does there, and what stands in its database.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
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

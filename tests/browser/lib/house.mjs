// The installation behind the pages: what an operator does there, and what stands in its database.
import { execFileSync } from 'node:child_process'

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

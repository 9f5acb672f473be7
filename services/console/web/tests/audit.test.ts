// The auditor reads words, not codes: every event and kind of object that the console can write has a name.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import zh from '@/i18n/zh-CN'

const CONSOLE = join(__dirname, '../..')
const code = readdirSync(CONSOLE)
  .filter((name) => name.endsWith('.c'))
  .map((name) => readFileSync(join(CONSOLE, name), 'utf8'))
  .join('\n')

/** `{"operation", ROLES, …, "event", "kind"},` and `ASK("operation", ROLES, &TARGET, "event", "kind")` of the tables of endpoints. */
const rows = [...code.matchAll(/^\s*(?:ASK\(|READ_\w+\(|\{)"\w+", [^"\n]*"(\w+)",\s*(?:"(\w+)"|NULL)/gm)]
const notes = [...code.matchAll(/exchange_note\(x, "(\w+)", "(\w+)"/g)]

test('every event has a name', () => {
  const events = [...rows, ...notes].map((row) => row[1])
  expect(events.length).toBeGreaterThan(50)
  expect([...new Set(events)].filter((event) => !(event in zh.audit.event))).toEqual([])
})

test('every kind of object has a name', () => {
  const kinds = [...rows, ...notes].flatMap((row) => row[2] ?? [])
  expect([...new Set(kinds)].filter((kind) => !(kind in zh.audit.kind))).toEqual([])
})

// How a file's first line would be understood by a mapping profile: for looking at before anything is sent. What counts is
// the service's own reading, in the trial.
import type { Schemas } from '@/api/client'

export interface Understood {
  header: string
  field?: string
}

/** A header as it is compared. */
export const plain = (text: string): string => text.normalize('NFKC').replace(/[\s*:"]+/g, '').toLowerCase()
const withoutUnit = (text: string): string => text.replace(/(?<=.)\([^()]*\)$/, '')

/** The cells of the first line of a CSV text, quotes understood. */
export function firstLine(text: string): string[] {
  const cells: string[] = []
  let cell = ''
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (quoted) {
      if (c !== '"') cell += c
      else if (text[i + 1] === '"') cell += text[i++]
      else quoted = false
    } else if (c === '"') quoted = true
    else if (c === ',' || c === '\t') {
      cells.push(cell)
      cell = ''
    } else if (c === '\n' || c === '\r') break
    else cell += c
  }
  return [...cells, cell].map((one) => one.trim())
}

export function understand(headers: string[], columns: Schemas['ProfileColumn'][]): { headers: Understood[]; missing: string[] } {
  const fields = new Map(columns.flatMap((column) => column.headers.map((header) => [plain(header), column.field] as const)))
  const found = headers.map((header) => ({ header, field: fields.get(plain(header)) ?? fields.get(withoutUnit(plain(header))) }))
  const present = new Set(found.map((one) => one.field))
  return { headers: found, missing: columns.filter((column) => column.required && !present.has(column.field)).map((column) => column.field) }
}

/** The row among the first ones whose cells are headers: the one of which most are understood; of none, the fullest. */
export function headerRow(rows: string[][], columns: Schemas['ProfileColumn'][]): string[] {
  const worth = (row: string[]) => understand(row, columns).headers.filter((one) => one.field).length * 1000 + row.filter((cell) => cell !== '').length
  return rows.reduce<string[]>((best, row) => (worth(row) > worth(best) ? row : best), [])
}

/** A text as UTF-8, or as GB18030 when it is none. */
export function decode(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('gb18030').decode(bytes)
  }
}

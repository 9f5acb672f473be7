// The first rows of an XLSX workbook's first visible sheet, among which its header is: read here, before anything is sent.
import { unzipSync } from 'fflate'

const ROWS = 12
const PART_BYTES = 64 << 20 // of a part, unpacked: a larger one only the service reads
const HEAD_BYTES = 4 << 20 // of what is looked at of it

const within = (at: Document | Element, name: string): Element[] => [...at.getElementsByTagNameNS('*', name)]
const decode = (bytes?: Uint8Array): string => new TextDecoder().decode(bytes)
const parse = (text: string): Document => new DOMParser().parseFromString(text, 'text/xml')

function unpack(file: Uint8Array, names: string[]): (Uint8Array | undefined)[] {
  const parts = unzipSync(file, { filter: (part) => names.includes(part.name) && part.originalSize <= PART_BYTES })
  return names.map((name) => parts[name])
}

/** The first elements of that name in a part that may be long: what follows them is cut off, what is around them closed. */
function first(part: Uint8Array | undefined, name: string, around: string[], count: number): Element[] {
  const text = decode(part?.subarray(0, HEAD_BYTES))
  const ends = [...text.matchAll(new RegExp(`</(\\w+:)?${name}>|<(\\w+:)?${name}\\b[^>]*/>`, 'g'))].slice(0, count)
  const last = ends.at(-1)
  if (!last) return []
  const prefix = last[1] ?? last[2] ?? ''
  const closed = around.map((one) => `</${prefix}${one}>`).join('')
  return within(parse(text.slice(0, last.index + last[0].length) + closed), name)
}

/** Without the readings that stand beside Japanese characters. */
const textOf = (at: Element): string =>
  within(at, 't')
    .filter((one) => one.parentElement?.localName !== 'rPh')
    .map((one) => one.textContent ?? '')
    .join('')

/** "AB12" → 27 */
const columnOf = (place: string): number => [...place.replace(/\d+$/, '')].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1

function cellsOf(row: Element, strings: string[]): string[] {
  const cells: string[] = []
  for (const cell of within(row, 'c')) {
    const at = cell.getAttribute('r')
    const value = within(cell, 'v')[0]?.textContent ?? ''
    const kind = cell.getAttribute('t')
    cells[at ? columnOf(at) : cells.length] = (kind === 's' ? (strings[Number(value)] ?? '') : kind === 'inlineStr' ? textOf(cell) : value).trim()
  }
  return Array.from(cells, (cell) => cell ?? '')
}

/** Names of the parts that hold the first visible sheet and the texts that cells share. */
function partsOf(book: Document, relations: Document): { sheet: string; strings: string } {
  const targets = within(relations, 'Relationship').map((one) => ({
    id: one.getAttribute('Id'),
    type: one.getAttribute('Type') ?? '',
    part: new URL(one.getAttribute('Target') ?? '', 'http://workbook/xl/').pathname.slice(1),
  }))
  const sheet = within(book, 'sheet').find((one) => !['hidden', 'veryHidden'].includes(one.getAttribute('state') ?? ''))
  const id = [...(sheet?.attributes ?? [])].find((one) => one.localName === 'id')?.value
  return { sheet: targets.find((one) => one.id === id)?.part ?? '', strings: targets.find((one) => one.type.endsWith('/sharedStrings'))?.part ?? '' }
}

/** Nothing of what is no workbook: what is wrong with it the service says. */
export function firstRows(file: Uint8Array): string[][] {
  try {
    const [book, relations] = unpack(file, ['xl/workbook.xml', 'xl/_rels/workbook.xml.rels'])
    const parts = partsOf(parse(decode(book)), parse(decode(relations)))
    const [sheet, shared] = unpack(file, [parts.sheet, parts.strings])
    const rows = first(sheet, 'row', ['sheetData', 'worksheet'], ROWS)
    const wanted = rows.flatMap((row) => within(row, 'c')).filter((cell) => cell.getAttribute('t') === 's').map((cell) => Number(within(cell, 'v')[0]?.textContent))
    const strings = first(shared, 'si', ['sst'], wanted.length ? Math.max(...wanted) + 1 : 0).map(textOf)
    return rows.map((row) => cellsOf(row, strings))
  } catch {
    return []
  }
}

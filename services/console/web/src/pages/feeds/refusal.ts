// What intake refuses an item for, in the reader's words. Its texts are of one language, and stay so: platforms have them in their logs. Those that are
// known are recognised here by their form, with the numbers and fields in them; `tests/refusal.test.ts` holds this against intake's sources.
import { t, te } from '@/i18n'

/** name of a message → the text that it stands for, the first one that fits. A field in it is called by its name on the wire. */
type Forms = Record<string, RegExp>

const saidForms: Forms = {
  notUtf8: /^byte (?<n>\d+) of (?<field>\S+) is no UTF-8$/,
  tooLong: /^(?<field>\S+) has (?<n>\d+) bytes, at most (?<most>\d+) are taken$/,
  missing: /^(?<field>\S+) is missing$/,
  categories: /^(?<n>\d+) categories, at most (?<most>\d+) are taken$/,
  separator: /^a category holds the control character U\+001F$/,
  early: /^(?<field>\S+) lies before 1990$/,
  late: /^(?<field>\S+) lies in the future$/,
  day: /^(?<field>\S+) lies outside of 1990 to ten years from now$/,
  choice: /^(?<field>\S+) has the number (?<n>-?\d+), which means nothing$/,
  tooMuch: /^(?<field>\S+) is (?<n>-?\d+), at most (?<most>\d+) is taken$/,
  county: /^county (?<n>\d+) is not known$/,
  position: /^the position is no place in China$/,
  noText: /^both title and content are missing$/,
  status: /^the status has no meaning$/,
  nothing: /^the item holds nothing$/,
  kind: /^(?<field>\S+) has a value of another kind$/,
  zero: /^(?<field>\S+) holds U\+0000$/,
  unknownField: /^there is no field of this name$/,
  noObject: /^the item is no JSON object$/,
  noMemory: /^there is no memory for the item$/,
  jsonAt: /^the line is no JSON: line \d+, column (?<n>\d+): /,
  jsonMany: /^the line is no JSON: the JSON has more than (?<most>\d+) values$/,
  jsonDeep: /^the line is no JSON: the JSON is nested deeper than (?<most>\d+) levels$/,
  json: /^the line is no JSON\b/,
  store: /^the store refuses the item\b/,
  digits: /^the number was stored as a number and has lost digits$/,
  statusWord: /^the status has no meaning in the profile$/,
  word: /^the word has no meaning for (?<field>\S+) in the profile$/,
  cellTime: /^the cell holds no date or time$/,
  cellDay: /^the cell holds no date$/,
  cellCount: /^the cell holds no whole number that makes sense here$/,
  cellMoney: /^the cell holds no amount of money$/,
  cellNumber: /^the cell holds no number$/,
  formula: /^the cell holds a spreadsheet error$/,
  cellNotText: /^byte (?<n>\d+) of the cell is no text in the file's encoding$/,
  rowLong: /^the row cannot be read: a cell has more than 512 KiB of text; /,
  rowWide: /^the row cannot be read: it has more than 512 (cells|columns); /,
  rowDamaged: /^the row cannot be read: a cell is damaged; /,
  row: /^the row cannot be read\b/,
  header: /^no row of sheet "(?<sheet>.*)" has the columns (?<columns>.+)$/s,
}

const remedyForms: Forms = {
  utf8: /^send text as UTF-8$/,
  shorten: /^shorten it, or send the rest as an attachment$/,
  number: /^give every item its platform's number$/,
  onePath: /^send the path of one category$/,
  control: /^leave control characters out$/,
  time: /^send microseconds since 1970 UTC, or RFC 3339 in JSON; leave it out when it is not known$/,
  leaveOut: /^leave it out when it is not known$/,
  enum: /^use a number of the message's enum$/,
  unit: /^check the unit$/,
  county: /^send the six-digit county code \(GB\/T 2260\) of a county that has an organ here, or leave it out$/,
  position: /^send WGS 84 degrees, longitude first; leave it out when it is not known$/,
  content: /^send what was reported as content$/,
  status: /^use (?<words>received, .* or cancelled)$/,
  kind: /^set complaint, enforcement_record or feedback$/,
  string: /^send a string$/,
  rfc3339: /^send RFC 3339, e\.g\. (?<example>\S+)$/,
  day: /^send a day, e\.g\. (?<example>\S+)$/,
  yuan: /^send yuan as a number, e\.g\. (?<example>\S+)$/,
  whole: /^send a whole number$/,
  list: /^send a list of strings, from the widest category to the narrowest$/,
  real: /^send a number$/,
  flag: /^send true or false$/,
  fields: /^see \/openapi\.json for the fields; leave out what has none$/,
  object: /^send an object for each item$/,
  fewer: /^send fewer items at once$/,
  lines: /^send one JSON object on each line$/,
  compare: /^compare the item with the description of its fields$/,
  words: /^send (?<words>\w+(, \w+)+)$/,
  textColumn: /^format the column as text in the source and export again; digits that a spreadsheet rounded are gone$/,
  statusValues: /^add the word to "values: status" of the mapping profile$/,
  values: /^add the word to "values" of the mapping profile$/,
  write: /^write it as (?<example>\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?)$/,
  alone: /^write the number alone, without unit$/,
  aloneMoney: /^write the number alone; say the unit in the header: (?<example>\S+)$/,
  degrees: /^write degrees as (?<example>\S+)$/,
  formula: /^mend the formula and save the workbook$/,
  again: /^save the file as UTF-8 and import it again$/,
  row: /^mend the row and import the file again$/,
  header: /^name the columns as the mapping profile does, or add their titles to it$/,
}

export const fieldName = (field: string): string => (te(`field.${field}`) ? t(`field.${field}`) : field)

interface Known {
  name: string
  values: Record<string, string>
}

function recognise(text: string, forms: Forms): Known | undefined {
  for (const [name, form] of Object.entries(forms)) {
    const found = form.exec(text)
    if (!found) continue
    const values: Record<string, string> = { ...found.groups }
    if (values.field) values.field = fieldName(values.field)
    return { name, values }
  }
  return undefined
}

/** What was refused, or left out, and why; undefined for a text of which nothing is known. */
export function saidOf(message: string): string | undefined {
  const known = recognise(message, saidForms)
  return known && t(`refusal.${known.name}`, known.values)
}

/** What its sender is to do. */
export function remedyOf(remedy: string): string | undefined {
  const known = recognise(remedy, remedyForms)
  return known && t(`remedy.${known.name}`, known.values)
}

/** The name of a refusal's field where what is said of it does not have it. */
export function fieldBeside(refusal: { field: string; message: string }): string {
  const name = fieldName(refusal.field)
  return saidOf(refusal.message)?.includes(name) ? '' : name
}

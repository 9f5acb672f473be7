// A mapping profile with some columns mapped otherwise: all else in the document, comments too, stays as it is.
import { isMap, isScalar, isSeq, parseDocument, type Document, type YAMLSeq } from 'yaml'
import { plain } from './headers'

/** A header of the file and the field that it is to be; without one it is passed over. */
export interface Choice {
  header: string
  field?: string
}

const names = (item: unknown, header: string): boolean => isScalar(item) && plain(String(item.value)) === plain(header)

function without(list: YAMLSeq, header: string): boolean {
  list.items = list.items.filter((item) => !names(item, header))
  return list.items.length === 0
}

/** The first field that names a header has it: whoever names it now lets go. */
function forget(document: Document, header: string): void {
  const columns = document.get('columns')
  if (isMap(columns)) {
    columns.items = columns.items.filter((pair) => !(isSeq(pair.value) && without(pair.value, header)))
  }
  const ignored = document.get('ignored')
  if (isSeq(ignored) && without(ignored, header)) document.delete('ignored')
}

function add(document: Document, path: string[], header: string): void {
  if (isSeq(document.getIn(path))) document.addIn(path, header)
  else document.setIn(path, document.createNode([header], { flow: true }))
}

export function remap(yaml: string, choices: Choice[]): string {
  const document = parseDocument(yaml)
  for (const { header, field } of choices) {
    forget(document, header)
    add(document, field ? ['columns', field] : ['ignored'], header)
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}

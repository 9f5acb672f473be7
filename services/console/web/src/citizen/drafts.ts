// What is written and not sent yet: kept on the phone with its photos, sent when there is a network. The key of a draft makes
// sending it twice harmless.
import { del, get, set } from 'idb-keyval'
import { ref, shallowRef } from 'vue'
import { api, Failure, newKey, type Schemas } from './api'

export interface Draft {
  key: string
  text: string
  address: string
  position?: Schemas['Position']
  domain: string
  name: string
  phone: string
  confidential: boolean
  remember: boolean
  photos: Blob[]
  written: string // RFC 3339
  notice: string // version of the privacy notice that was shown
}

export interface Waiting {
  draft: Draft
  refused: string // why it was not accepted; empty: it waits for the network
}

const SHELF = 'wjz.citizen.waiting'
const RECEIPTS = 'wjz.citizen.receipts'

export const waiting = shallowRef<Waiting[]>([])
export const receipts = ref<string[]>(JSON.parse(localStorage.getItem(RECEIPTS) ?? '[]') as string[])

export function newDraft(): Draft {
  return {
    key: newKey(),
    text: '',
    address: '',
    domain: '',
    name: '',
    phone: '',
    confidential: false,
    remember: true,
    photos: [],
    written: '',
    notice: '',
  }
}

/** Where a phone keeps nothing (private windows), drafts live as long as the page. */
async function keep(list: Waiting[]): Promise<void> {
  waiting.value = list
  try {
    await (list.length ? set(SHELF, list) : del(SHELF))
  } catch {
    /* shown all the same, and sent while the page is open */
  }
}

export async function readWaiting(): Promise<void> {
  try {
    waiting.value = (await get<Waiting[]>(SHELF)) ?? []
  } catch {
    waiting.value = []
  }
}

export async function putAside(draft: Draft, refused = ''): Promise<void> {
  await keep([...waiting.value.filter((it) => it.draft.key !== draft.key), { draft, refused }])
}

export async function drop(key: string): Promise<void> {
  await keep(waiting.value.filter((it) => it.draft.key !== key))
}

export function rememberReceipt(receipt: string): void {
  receipts.value = [receipt, ...receipts.value.filter((it) => it !== receipt)].slice(0, 50)
  localStorage.setItem(RECEIPTS, JSON.stringify(receipts.value))
}

export function forgetReceipt(receipt: string): void {
  receipts.value = receipts.value.filter((it) => it !== receipt)
  localStorage.setItem(RECEIPTS, JSON.stringify(receipts.value))
}

/** The receipt; a Failure otherwise, and nothing is lost: sent again it is the same report. */
export async function send(draft: Draft): Promise<string> {
  const attachments: string[] = []
  for (const photo of draft.photos) attachments.push((await api.storePhoto(photo)).attachment)
  const { receipt } = await api.submit({
    key: draft.key,
    text: draft.text,
    attachments,
    notice_version: draft.notice,
    written_at: draft.written,
    confidential: draft.confidential,
    ...(draft.address && { address: draft.address }),
    ...(draft.position && { position: draft.position }),
    ...(draft.domain && { domain: draft.domain }),
    ...(draft.name && { name: draft.name }),
    ...(draft.phone && { phone: draft.phone }),
  })
  if (draft.remember && !draft.confidential) rememberReceipt(receipt)
  return receipt
}

let sending = false

/** Sends what waits, one after another; what is refused stays and says why. Gives the receipts. */
export async function sendWaiting(explain: (failure: Failure) => string): Promise<string[]> {
  const got: string[] = []
  if (sending) return got
  sending = true
  try {
    for (const { draft, refused } of [...waiting.value]) {
      if (refused) continue
      try {
        got.push(await send(draft))
        await drop(draft.key)
      } catch (failure) {
        if (!(failure instanceof Failure) || failure.passing) break
        await putAside(draft, explain(failure))
      }
    }
  } finally {
    sending = false
  }
  return got
}

// Brings a file to the service in pieces. The service says how much of it is there already, so that a file begun again goes
// on where it stopped, whoever began it.
import { api, ask, type Schemas } from '@/api/client'

const PIECE = 1 << 20

async function sha256(file: File): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer())
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The import that the file became; `progress` is told how many bytes have arrived. */
export async function upload(file: File, feed: string, dryRun: boolean, progress: (received: number) => void): Promise<Schemas['Import']> {
  const body = { feed, file_name: file.name, size: file.size, sha256: await sha256(file), dry_run: dryRun }
  const begun = await ask(api.POST('/v1/imports', { body }))
  const path = { import: begun.import }
  let received = begun.finished ? file.size : begun.received
  progress(received)
  while (received < file.size) {
    const piece = file.slice(received, received + PIECE)
    const taken = await ask(
      api.PUT('/v1/imports/{import}/content', {
        params: { path, query: { offset: received } },
        body: piece as unknown as string,
        bodySerializer: (bytes) => bytes as unknown as string,
        headers: { 'Content-Type': 'application/octet-stream' },
      }),
    )
    received = taken.received
    progress(received)
  }
  return ask(api.GET('/v1/imports/{import}', { params: { path } }))
}

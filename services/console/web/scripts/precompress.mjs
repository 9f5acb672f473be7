// Beside every text file of the build its gzip and brotli form, so that serving costs no processor time.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const SMALL = 1024 // compressing less saves no packet
const folder = new URL('../dist', import.meta.url).pathname

function* files(path) {
  for (const name of readdirSync(path)) {
    const entry = join(path, name)
    if (statSync(entry).isDirectory()) yield* files(entry)
    else yield entry
  }
}

for (const path of files(folder)) {
  if (!/\.(js|css|html|svg|json|webmanifest)$/.test(path)) continue
  const content = readFileSync(path)
  if (content.length < SMALL) continue
  writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }))
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }))
}

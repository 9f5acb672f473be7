// The API's types, from the OpenAPI document that the console itself serves.
import { writeFileSync } from 'node:fs'
import openapi, { astToString } from 'openapi-typescript'

const source = new URL('../../openapi.json', import.meta.url)
const target = new URL('../src/api/schema.gen.ts', import.meta.url)
const types = astToString(await openapi(source))
writeFileSync(target, `// Generated from services/console/openapi.json; not to be edited.\n${types}`)

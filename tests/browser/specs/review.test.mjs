import { look, visit } from '../lib/browser.mjs'
import { suite } from '../lib/suite.mjs'

suite([
  ['pairs that may be one matter', { login: 'jianchaguan' }, async (page) => {
    await visit(page, '/review')
    await look(page, 'review-repeats')
  }],
  ['clues of which the machine is not sure', { login: 'jianchaguan' }, async (page) => {
    await visit(page, '/review?of=clues')
    await look(page, 'review-clues')
  }],
])

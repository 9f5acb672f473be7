import { expect, test } from 'vitest'
import { remap } from '@/pages/feeds/mapping'

const PROFILE = `# 说明
title: 台账
record: complaint
extends: work-order
columns:
  title: [标题, 主题]
  town: [镇街] # 乡镇
values:
  solved:
    "yes": [是]
`

test('a column gets another field, and all else stays', () => {
  const out = remap(PROFILE, [{ header: '属地', field: 'town' }, { header: '主题', field: 'content' }])
  expect(out).toBe(PROFILE.replace('[标题, 主题]', '[标题]').replace('[镇街]', '[镇街, 属地]').replace('# 乡镇\n', '# 乡镇\n  content: [主题]\n'))
})

test('a field without a header is no field, and what is passed over is said', () => {
  const out = remap(PROFILE, [{ header: ' 镇街*' }])
  expect(out).not.toContain('town')
  expect(remap(out, [{ header: '镇街', field: 'town' }])).not.toContain('ignored')
})

test('a document without columns gets them, odd headers are quoted', () => {
  const out = remap('title: t\nextends: work-order\n', [{ header: '金额: [元], "a"', field: 'title' }])
  expect(out).toContain('columns:\n')
  expect(remap(out, [{ header: '金额: [元], "a"', field: 'content' }])).not.toMatch(/\btitle: \[/)
})

import { expect, test } from 'vitest'
import { decode, firstLine, headerRow, understand } from '@/pages/feeds/headers'

test('the first line of a CSV text, with quotes', () => {
  expect(firstLine('序号,"工单,编号","a ""b"""\r\n1,2,3')).toEqual(['序号', '工单,编号', 'a "b"'])
  expect(firstLine('a\tb')).toEqual(['a', 'b'])
  expect(firstLine('')).toEqual([''])
})

test('headers are compared without spaces, width and case', () => {
  const columns = [
    { field: 'external_id', headers: ['工单编号'], required: true },
    { field: 'content', headers: ['内容'], required: true },
    { field: 'latitude', headers: ['lat'], required: false },
  ]
  const read = understand(['工单 编号', 'ＬＡＴ', '序号'], columns)
  expect(read.headers.map((one) => one.field)).toEqual(['external_id', 'latitude', undefined])
  expect(read.missing).toEqual(['content'])
})

test('a text that is no UTF-8 is GB18030', () => {
  expect(decode(new TextEncoder().encode('标题').buffer as ArrayBuffer)).toBe('标题')
  expect(decode(new Uint8Array([0xb1, 0xea, 0xcc, 0xe2]).buffer)).toBe('标题')
})

test('the header is the row that is understood, and of none the fullest', () => {
  const columns = [{ field: 'content', headers: ['内容'], required: true }]
  const title = ['某县台账', '', '']
  expect(headerRow([title, ['编码', '情况', '时间'], ['1', '内容', '']], columns)).toEqual(['1', '内容', ''])
  expect(headerRow([title, ['编码', '情况', '时间'], ['1', '路灯', '2026']], columns)).toEqual(['编码', '情况', '时间'])
  expect(headerRow([], columns)).toEqual([])
})

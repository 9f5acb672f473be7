import { expect, test } from 'vitest'
import { bounds, legend, shade, SHADES } from '@/map/shade'

test('nothing there has no classes', () => {
  expect(bounds([])).toEqual([])
  expect(bounds([0, 0])).toEqual([])
  expect(shade(0, [])).toBe(0)
})

test('classes hold about as many towns each, however far the largest is away', () => {
  const cuts = bounds([1, 2, 3, 4, 5, 6, 7, 8, 9, 1000])
  expect(cuts).toEqual([1, 3, 5, 7, 9])
  expect([1, 4, 6, 8, 1000].map((value) => shade(value, cuts))).toEqual([1, 2, 3, 4, 5])
})

test('equal values share a class, and the highest class is the darkest', () => {
  const cuts = bounds([2, 2, 2, 2])
  expect(cuts).toEqual([2])
  expect(shade(2, cuts)).toBe(SHADES)
  expect(legend(cuts)).toEqual([{ from: 2, to: undefined, shade: SHADES }])
})

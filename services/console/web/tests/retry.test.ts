import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { effectScope } from 'vue'
import { Problem, problemOf } from '@/api/problem'
import { usePages } from '@/api/usePages'
import { useResource } from '@/api/useResource'

const busy = (retryAfter = 0) => new Problem({ status: 503, title: '' }, retryAfter)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Pauses until `read` has been asked so often. */
async function pausesUntil(of: { pause: { value: number | undefined } }, asked: () => number, times: number): Promise<number[]> {
  const pauses: number[] = []
  while (asked() < times) {
    const pause = of.pause.value!
    pauses.push(pause)
    await vi.advanceTimersByTimeAsync(pause * 1000 - 1)
    expect(asked()).toBe(times - (times - pauses.length)) // not before its time
    await vi.advanceTimersByTimeAsync(1)
  }
  return pauses
}

test('what was busy is read again by itself, after pauses that grow to a minute, until it comes', async () => {
  const scope = effectScope()
  const read = vi.fn(async () => {
    if (read.mock.calls.length <= 8) throw busy()
    return 'there'
  })
  const of = scope.run(() => useResource(read))!
  await vi.advanceTimersByTimeAsync(0)
  const pauses = await pausesUntil(of, () => read.mock.calls.length, 9)
  const least = [2, 4, 8, 16, 32, 60, 60, 60]
  pauses.forEach((pause, i) => expect([pause >= least[i], pause <= Math.ceil(least[i] * 1.25)]).toEqual([true, true]))
  expect([of.data.value, of.problem.value, of.pause.value]).toEqual(['there', undefined, undefined])
  await vi.advanceTimersByTimeAsync(600_000)
  expect(read).toHaveBeenCalledTimes(9)
  scope.stop()
})

test('the service is left alone for as long as it asked for', async () => {
  const scope = effectScope()
  const of = scope.run(() => useResource(() => Promise.reject(busy(20))))!
  await vi.advanceTimersByTimeAsync(0)
  expect(of.pause.value).toBe(20)
  scope.stop()
})

test('whoever presses the button does not wait, and nothing is read twice', async () => {
  const scope = effectScope()
  const read = vi.fn(() => (read.mock.calls.length === 1 ? Promise.reject(busy()) : Promise.resolve({ items: [1], next: null })))
  const of = scope.run(() => usePages<number>(read))!
  await vi.advanceTimersByTimeAsync(0)
  expect(of.pause.value).toBeGreaterThan(0)
  await of.reload()
  expect([of.data.value, of.pause.value]).toEqual([[1], undefined])
  await vi.advanceTimersByTimeAsync(600_000)
  expect(read).toHaveBeenCalledTimes(2)
  scope.stop()
})

test('the next page of a list that was busy is what is read again', async () => {
  const scope = effectScope()
  const read = vi.fn(async (cursor?: string) => {
    if (read.mock.calls.length === 2) throw busy()
    return { items: [cursor ?? 'first'], next: cursor ? null : 'second' }
  })
  const of = scope.run(() => usePages<string>(read))!
  await vi.advanceTimersByTimeAsync(0)
  await of.more()
  await vi.advanceTimersByTimeAsync(of.pause.value! * 1000)
  expect(of.data.value).toEqual(['first', 'second'])
  scope.stop()
})

test('what is refused otherwise waits for a person, and a page that was left reads nothing more', async () => {
  const scope = effectScope()
  const refused = scope.run(() => useResource(() => Promise.reject(new Problem({ status: 500, title: '' }))))!
  const read = vi.fn(() => Promise.reject(busy()))
  scope.run(() => useResource(read))
  await vi.advanceTimersByTimeAsync(0)
  expect(refused.pause.value).toBeUndefined()
  scope.stop()
  await vi.advanceTimersByTimeAsync(600_000)
  expect(read).toHaveBeenCalledTimes(1)
})

test('how long it wants to be left alone is read from the answer', async () => {
  const answer = (headers: Record<string, string>) => problemOf(new Response('{"title":"busy"}', { status: 503, headers }))
  expect((await answer({ 'Retry-After': '7' })).retryAfter).toBe(7)
  expect((await answer({ 'Retry-After': 'Fri, 31 Dec 2027 23:59:59 GMT' })).retryAfter).toBe(0)
  expect((await answer({})).retryAfter).toBe(0)
})

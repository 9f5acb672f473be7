import { expect, test } from 'vitest'
import { gather } from '@/map/gather'

const point = (clue: string, longitude: number, latitude: number, stars = 3) => ({ clue, longitude, latitude, stars, domain: 'eco_env', title: '', state: null })
const near = [point('1', 103.67, 30.63), point('2', 103.671, 30.631, 5), point('3', 103.9, 30.4)]

test('what lies over each other is one mark, with the best of its stars', () => {
  const { points, clusters } = gather({ points: near, clusters: [] }, 10)
  expect(points.map((one) => one.clue)).toEqual(['3'])
  expect(clusters).toHaveLength(1)
  expect(clusters[0]).toMatchObject({ count: 2, stars_most: 5 })
})

test('from nearer they part', () => {
  expect(gather({ points: near, clusters: [] }, 16).points.map((one) => one.clue).sort()).toEqual(['1', '2', '3'])
})

test('clusters of the service stay, and nothing is no mistake', () => {
  const cluster = { longitude: 103, latitude: 30, count: 900, stars_most: 4 }
  expect(gather({ points: [], clusters: [cluster] }, 8)).toEqual({ points: [], clusters: [cluster] })
})

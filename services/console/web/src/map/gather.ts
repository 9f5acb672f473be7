// Marks that would lie over each other become one, with how many they are and the best of them; from nearer they part.
import Supercluster from 'supercluster'
import type { Schemas } from '@/api/client'

const REACH_PX = 30
const TILE_PX = 256

/** The same points and clusters for a map at that zoom; nothing is lost: the counts add up. */
export function gather(found: Schemas['MapPoints'], zoom: number): Schemas['MapPoints'] {
  const index = new Supercluster<Schemas['MapPoint'], { most: number }>({
    radius: REACH_PX,
    extent: TILE_PX,
    maxZoom: 18,
    map: (point) => ({ most: point.stars }),
    reduce: (all, one) => (all.most = Math.max(all.most, one.most)),
  })
  index.load(found.points.map((point) => ({ type: 'Feature', geometry: { type: 'Point', coordinates: [point.longitude, point.latitude] }, properties: point })))
  const points: Schemas['MapPoint'][] = []
  const clusters = [...found.clusters]
  for (const { geometry, properties } of index.getClusters([-180, -90, 180, 90], Math.round(zoom))) {
    if (!('cluster' in properties)) points.push(properties)
    else clusters.push({ longitude: geometry.coordinates[0], latitude: geometry.coordinates[1], count: properties.point_count, stars_most: properties.most })
  }
  return { points, clusters }
}

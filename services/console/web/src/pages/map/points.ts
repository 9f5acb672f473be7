// Clues on the map: as points from near, as clusters from afar. Every mark can be reached by keyboard and names itself.
import type { LatLngExpression, LayerGroup, Map } from 'leaflet'
import { api, ask, type Schemas } from '@/api/client'
import { number } from '@/i18n/format'
import { t } from '@/i18n'
import { L, makeMark } from '@/map/base'
import { gather } from '@/map/gather'

export interface PointQuery {
  from: string
  to: string
  domain?: string
}
const WORTH_A_MARK = '3,4,5'

export async function readPoints(map: Map, query: PointQuery): Promise<Schemas['MapPoints']> {
  const bbox = map.getBounds().toBBoxString()
  const zoom = Math.round(map.getZoom())
  return gather(await ask(api.GET('/v1/map/points', { params: { query: { ...query, bbox, zoom, stars: WORTH_A_MARK } } })), zoom)
}

function mark(text: string, className: string, size: number) {
  const html = document.createElement('span')
  html.textContent = text
  return L.divIcon({ className, html, iconSize: [size, size] })
}

export function drawPoints(layer: LayerGroup, found: Schemas['MapPoints'], act: { open: (clue: string) => void; zoom: (at: LatLngExpression) => void }): void {
  layer.clearLayers()
  for (const point of found.points) {
    const icon = mark(String(point.stars), point.stars < 5 ? 'clue-mark low' : 'clue-mark', 24)
    const title = `${t('stars.label', { n: point.stars })} ${point.title}`
    makeMark([point.latitude, point.longitude], icon, title, () => act.open(point.clue)).addTo(layer)
  }
  for (const cluster of found.clusters) {
    const at: LatLngExpression = [cluster.latitude, cluster.longitude]
    const size = 26 + Math.min(20, Math.log2(cluster.count + 1) * 3)
    const title = t('map.cluster', { n: cluster.count, stars: cluster.stars_most })
    makeMark(at, mark(number(cluster.count), 'clue-mark many', size), title, () => act.zoom(at)).addTo(layer)
  }
}

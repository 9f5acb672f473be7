// The ground of every map: outlines of the towns, which need nothing from outside, and tiles only where a server of them
// is configured. Leaflet lives here and nowhere else.
import * as L from 'leaflet'
import 'leaflet/dist/leaflet.css'
import type { Feature, FeatureCollection } from 'geojson'
import { api, ask } from '@/api/client'
import { names } from '@/session/reference'
import { t } from '@/i18n'

export type TownFeature = Feature<GeoJSON.Geometry, { code: number; name: string }>
let outlines: Promise<FeatureCollection> | undefined

/** Read once; again when it failed. */
export function readOutlines(): Promise<FeatureCollection> {
  outlines ??= ask(api.GET('/v1/map/outlines')).then(
    (answer) => answer as unknown as FeatureCollection,
    (error) => {
      outlines = undefined
      throw error
    },
  )
  return outlines
}

export function makeMap(element: HTMLElement, options: L.MapOptions = {}): L.Map {
  const map = L.map(element, { attributionControl: false, zoomControl: false, minZoom: 8, maxZoom: 18, zoomSnap: 0.25, ...options })
  const { tile_url: tiles, tile_attribution: source } = names.value
  if (tiles) addTiles(map, tiles, source ?? hostOf(tiles))
  return map
}

const hostOf = (tiles: string): string => tiles.match(/\/\/([^/]+)/)?.[1] ?? ''

/** Leaflet takes what it is told of a source for HTML; ours is a text. */
function asHtml(text: string): string {
  const span = document.createElement('span')
  span.textContent = text
  return span.innerHTML
}

/** Maps that have tiles below them just now. */
const tiled = new WeakSet<L.Map>()
export const hasTiles = (map: L.Map | undefined): boolean => !!map && tiled.has(map)

/** So many tiles that do not come while none has come say that their server is away. */
const FAILED_MOST = 3

/** Tiles below the outlines, and whom they are from. A server that gives none is not asked on: the outlines stay, and the map says so. */
function addTiles(map: L.Map, tiles: string, source: string): void {
  const layer = L.tileLayer(tiles)
  const credit = L.control.attribution({ prefix: false }).addAttribution(asHtml(source)).addTo(map)
  let failed = 0
  tiled.add(map)
  const away = () => {
    if (++failed < FAILED_MOST) return
    layer.off('tileerror', away).remove()
    tiled.delete(map)
    map.fire('notiles')
    credit.removeAttribution(asHtml(source)).addAttribution(asHtml(t('map.noTiles', { source })))
  }
  layer.on('tileload', () => layer.off('tileerror', away)).on('tileerror', away).addTo(map)
}

/** What a mark does, by pointer and by keyboard alike; looking at it moves nothing. */
export function makeMark(at: L.LatLngExpression, icon: L.DivIcon, name: string, run: () => void): L.Marker {
  const enter = (event: L.LeafletKeyboardEvent) => event.originalEvent.key === 'Enter' && run()
  return L.marker(at, { icon, title: name, alt: name, autoPanOnFocus: false }).on('click', run).on('keypress', enter as L.LeafletEventHandlerFn)
}

export { colour } from '@/theme/colour'
export { L }

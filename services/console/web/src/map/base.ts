// The ground of every map: outlines of the towns, which need nothing from outside, and tiles only where a server of them
// is configured. Leaflet lives here and nowhere else.
import * as L from 'leaflet'
import 'leaflet/dist/leaflet.css'
import type { Feature, FeatureCollection } from 'geojson'
import { api, ask } from '@/api/client'
import { names } from '@/session/reference'

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
  const tiles = names.value.tile_url
  if (tiles) L.tileLayer(tiles).addTo(map)
  return map
}

/** What a mark does, by pointer and by keyboard alike; looking at it moves nothing. */
export function makeMark(at: L.LatLngExpression, icon: L.DivIcon, name: string, run: () => void): L.Marker {
  const enter = (event: L.LeafletKeyboardEvent) => event.originalEvent.key === 'Enter' && run()
  return L.marker(at, { icon, title: name, alt: name, autoPanOnFocus: false }).on('click', run).on('keypress', enter as L.LeafletEventHandlerFn)
}

export { colour } from '@/theme/colour'
export { L }

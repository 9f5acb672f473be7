// The map as a picture to put into a report: drawn anew on a canvas, so that it needs neither tiles nor the page's layout.
import type { FeatureCollection, Position } from 'geojson'
import type { Schemas } from '@/api/client'
import { number } from '@/i18n/format'
import { t } from '@/i18n'
import { colour, type TownFeature } from '@/map/base'
import { isDark, legend, shade } from '@/map/shade'

interface Content {
  outlines: FeatureCollection
  values: Schemas['TownValue'][]
  cuts: number[]
  title: string
}
const WIDTH = 1600
const HEIGHT = 1200
const EDGE = 60
const HEAD = 110

function rings(feature: TownFeature): Position[][] {
  const { geometry } = feature
  if (geometry.type === 'Polygon') return geometry.coordinates
  return geometry.type === 'MultiPolygon' ? geometry.coordinates.flat() : []
}

/** From degrees to points of the picture, keeping shapes: a degree of longitude is shorter than one of latitude. */
function projection(features: TownFeature[]): (at: Position) => [number, number] {
  const all = features.flatMap((feature) => rings(feature).flat())
  const xs = all.map((at) => at[0])
  const ys = all.map((at) => at[1])
  const [west, east, south, north] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180)
  const scale = Math.min((WIDTH - 2 * EDGE) / ((east - west) * squeeze), (HEIGHT - HEAD - 2 * EDGE) / (north - south))
  const left = (WIDTH - (east - west) * squeeze * scale) / 2
  return ([x, y]) => [left + (x - west) * squeeze * scale, HEAD + EDGE + (north - y) * scale]
}

function drawTowns(pen: CanvasRenderingContext2D, content: Content, font: string): void {
  const features = content.outlines.features as TownFeature[]
  const project = projection(features)
  for (const feature of features) {
    const value = content.values.find((one) => one.town === feature.properties.code)?.value ?? 0
    const step = shade(value, content.cuts)
    const points = rings(feature).map((ring) => ring.map(project))
    pen.beginPath()
    for (const ring of points) ring.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)))
    pen.closePath()
    pen.fillStyle = colour(`ramp-${step}`)
    pen.strokeStyle = colour('surface')
    pen.lineWidth = 3
    pen.fill('evenodd')
    pen.stroke()
    const xs = points.flat().map(([x]) => x)
    const ys = points.flat().map(([, y]) => y)
    pen.fillStyle = colour(isDark(step) ? 'on-accent' : 'ink')
    pen.textAlign = 'center'
    const [x, y] = [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2]
    pen.font = `22px ${font}`
    pen.fillText(feature.properties.name, x, y)
    pen.font = `bold 24px ${font}`
    pen.fillText(number(value), x, y + 30)
  }
}

function drawLegend(pen: CanvasRenderingContext2D, cuts: number[], font: string): void {
  pen.font = `22px ${font}`
  pen.textAlign = 'left'
  const classes = [{ label: t('map.nothing'), shade: 0 }, ...legend(cuts).map((item) => ({ label: item.to === undefined ? t('map.atLeast', { n: number(item.from) }) : item.to - item.from <= 1 ? number(item.from) : `${number(item.from)}–${number(item.to - 1)}`, shade: item.shade }))]
  classes.forEach((item, i) => {
    const y = HEIGHT - EDGE - (classes.length - i) * 36
    pen.fillStyle = colour(`ramp-${item.shade}`)
    pen.fillRect(EDGE, y, 36, 24)
    pen.fillStyle = colour('ink')
    pen.fillText(item.label, EDGE + 48, y + 20)
  })
}

/** Downloads the map as a PNG file. */
export async function exportPicture(content: Content): Promise<void> {
  const canvas = document.createElement('canvas')
  canvas.width = WIDTH
  canvas.height = HEIGHT
  const pen = canvas.getContext('2d')!
  const font = getComputedStyle(document.body).fontFamily
  pen.fillStyle = colour('surface')
  pen.fillRect(0, 0, WIDTH, HEIGHT)
  pen.fillStyle = colour('ink')
  pen.font = `bold 36px ${font}`
  pen.fillText(t('map.title'), EDGE, 70)
  pen.font = `24px ${font}`
  pen.fillStyle = colour('ink-2')
  pen.fillText(content.title, EDGE, 110)
  drawTowns(pen, content, font)
  drawLegend(pen, content.cuts, font)
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'))
  if (!blob) throw new Error(t('map.noPicture'))
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = `${t('map.title')}.png`
  link.click()
  URL.revokeObjectURL(link.href)
}

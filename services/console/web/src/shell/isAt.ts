import type { RouteLocationNormalizedLoaded } from 'vue-router'

const inside: Record<string, string> = { clue: 'clues', feed: 'feeds', imports: 'feeds' }

/** Whether the page belongs to the destination of that name. */
export function isAt(route: RouteLocationNormalizedLoaded, destination: string): boolean {
  const name = String(route.name)
  return name === destination || inside[name] === destination
}

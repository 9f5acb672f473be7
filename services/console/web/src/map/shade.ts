// A measure as shades: classes of equal count, so that one large town does not make all others look alike.
export const SHADES = 5

/** The lower bound of each class above the first, ascending and without repetition; [] when there is nothing to tell apart. */
export function bounds(values: number[]): number[] {
  const sorted = values.filter((value) => value > 0).sort((a, b) => a - b)
  if (sorted.length === 0) return []
  const cuts = Array.from({ length: SHADES }, (_, i) => sorted[Math.floor((i * sorted.length) / SHADES)])
  return [...new Set(cuts)]
}

/** 0: nothing there; 1 to SHADES: the class of the value. */
export function shade(value: number, cuts: number[]): number {
  if (value <= 0) return 0
  const classes = cuts.filter((cut) => value >= cut).length
  return Math.max(1, Math.round((classes * SHADES) / Math.max(1, cuts.length)))
}

/** Classes for a legend: from, to (undefined: and above), shade. */
export function legend(cuts: number[]): { from: number; to?: number; shade: number }[] {
  return cuts.map((from, i) => ({ from, to: cuts[i + 1] === undefined ? undefined : cuts[i + 1], shade: shade(from, cuts) }))
}

/** Whether words on a shade are white: 4.5 to 1 on the darkest two alone, and where tiles shine through on the darkest. */
export const isDark = (shade: number, tiles = false): boolean => shade > (tiles ? 4 : 3)

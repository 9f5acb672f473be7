// Which words of a text earned which points: a text cut into pieces, each with the factors that quote it.
import type { Schemas } from '@/api/client'

export type TextField = Schemas['Span']['field']
export interface Quote {
  from: number
  to: number
  factor: string
}
export interface Piece {
  text: string
  factors: string[]
}

/** Cuts a text at every edge of a quote. Quotes may overlap, and may reach beyond a text that is shown shortened. */
export function pieces(text: string, quotes: Quote[]): Piece[] {
  const inside = quotes
    .map((quote) => ({ ...quote, from: Math.max(0, quote.from), to: Math.min(text.length, quote.to) }))
    .filter((quote) => quote.from < quote.to)
  const edges = [...new Set([0, text.length, ...inside.flatMap((quote) => [quote.from, quote.to])])].sort((a, b) => a - b)
  const found: Piece[] = []
  for (let i = 0; i + 1 < edges.length; i++) {
    const [from, to] = [edges[i], edges[i + 1]]
    const factors = [...new Set(inside.filter((quote) => quote.from <= from && quote.to >= to).map((quote) => quote.factor))]
    found.push({ text: text.slice(from, to), factors })
  }
  return found
}

/** The quotes of a score card by complaint and field. */
export function quotesOf(card: Schemas['ScoreCard']): Map<string, Quote[]> {
  const found = new Map<string, Quote[]>()
  for (const factor of [...card.factors, ...card.adjustments]) {
    for (const span of factor.evidence) {
      if (!span.complaint || span.field === 'status') continue
      const key = `${span.complaint}/${span.field}`
      const quotes = found.get(key) ?? []
      quotes.push({ from: span.from, to: span.to, factor: factor.id })
      found.set(key, quotes)
    }
  }
  return found
}

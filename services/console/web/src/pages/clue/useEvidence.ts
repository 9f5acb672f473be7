// The card and the texts look at each other: the factor that is pointed at lights up its words, and the other way round; one that
// is chosen stays lit while one reads.
import { computed, ref, type Ref } from 'vue'
import type { Schemas } from '@/api/client'
import { quotesOf, type Quote, type TextField } from './evidence'

export function useEvidence(card: Ref<Schemas['ScoreCard'] | undefined>) {
  const pointed = ref('')
  const chosen = ref('')
  const quotes = computed(() => (card.value ? quotesOf(card.value) : new Map<string, Quote[]>()))
  const still = matchMedia('(prefers-reduced-motion: reduce)')
  return {
    lit: (factor: string): boolean => factor === pointed.value || factor === chosen.value,
    chosen: (factor: string): boolean => factor === chosen.value,
    of: (complaint: string, field: TextField): Quote[] => quotes.value.get(`${complaint}/${field}`) ?? [],
    /** factor: '' for none */
    point: (factor: string): void => void (pointed.value = factor),
    /** Chooses a factor and brings the first words that it quotes into sight; chosen again, it is let go. */
    choose(factor: string): void {
      pointed.value = ''
      chosen.value = chosen.value === factor ? '' : factor
      if (chosen.value) document.querySelector(`mark[data-factors~="${CSS.escape(factor)}"]`)?.scrollIntoView({ block: 'center', behavior: still.matches ? 'auto' : 'smooth' })
    },
  }
}

export type Evidence = ReturnType<typeof useEvidence>

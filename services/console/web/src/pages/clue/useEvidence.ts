// The card and the texts look at each other: the factor that is pointed at lights up its words, and the other way round.
import { computed, ref, type Ref } from 'vue'
import type { Schemas } from '@/api/client'
import { quotesOf, type Quote, type TextField } from './evidence'

export function useEvidence(card: Ref<Schemas['ScoreCard'] | undefined>) {
  const factor = ref('')
  const quotes = computed(() => (card.value ? quotesOf(card.value) : new Map<string, Quote[]>()))
  return {
    /** id of the factor pointed at, '' for none */
    factor,
    of: (complaint: string, field: TextField): Quote[] => quotes.value.get(`${complaint}/${field}`) ?? [],
    /** Brings the first words that a factor quotes into sight. */
    show(id: string): void {
      factor.value = id
      document.querySelector(`mark[data-factors~="${CSS.escape(id)}"]`)?.scrollIntoView({ block: 'center', behavior: 'smooth' })
    },
  }
}

export type Evidence = ReturnType<typeof useEvidence>

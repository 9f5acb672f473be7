// The card and the texts look at each other: the factor that is pointed at lights up its words, and the other way round.
import { computed, ref, type Ref } from 'vue'
import type { Schemas } from '@/api/client'
import { quotesOf, type Quote, type TextField } from './evidence'

export function useEvidence(card: Ref<Schemas['ScoreCard'] | undefined>) {
  const pointed = ref('')
  const chosen = ref('')
  const quotes = computed(() => (card.value ? quotesOf(card.value) : new Map<string, Quote[]>()))
  return {
    /** id of the factor whose words are lit: the one pointed at, else the one chosen; '' for none */
    factor: computed({ get: () => pointed.value || chosen.value, set: (id: string) => (pointed.value = id) }),
    /** id of the factor that was chosen, and stays lit while one reads; '' for none */
    chosen,
    of: (complaint: string, field: TextField): Quote[] => quotes.value.get(`${complaint}/${field}`) ?? [],
    /** Chooses a factor and brings the first words that it quotes into sight; chosen again, it is let go. */
    choose(id: string): void {
      pointed.value = ''
      chosen.value = chosen.value === id ? '' : id
      if (chosen.value) document.querySelector(`mark[data-factors~="${CSS.escape(id)}"]`)?.scrollIntoView({ block: 'center', behavior: 'smooth' })
    },
  }
}

export type Evidence = ReturnType<typeof useEvidence>

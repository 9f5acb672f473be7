// A list that comes in pages: the pages read so far as one list, and the next one on demand.
import { computed, ref, shallowRef, watch, type WatchSource } from 'vue'
import { asProblem, type Problem } from './problem'
import { useRetry } from './retry'

interface Page<T> {
  items: T[]
  next: string | null
}

export function usePages<T>(read: (cursor?: string) => Promise<Page<T>>, sources: WatchSource[] = []) {
  const items = shallowRef<T[]>()
  const next = ref<string | null>(null)
  const problem = shallowRef<Problem>()
  const loading = ref(true)
  const retry = useRetry(() => wanted())
  let wanted: () => void
  let shown = 1
  let round = 0

  /** The page after the cursor, beside those there are; or, without one, the first pages anew. */
  async function load(cursor?: string, pages = 1): Promise<void> {
    const mine = ++round
    wanted = () => void load(cursor, pages)
    retry.begin()
    loading.value = true
    try {
      let found = cursor ? (items.value ?? []) : []
      let at: string | null | undefined = cursor
      for (let i = 0; i < pages && at !== null; i++) {
        const page = await read(at)
        if (mine !== round) return
        found = [...found, ...page.items]
        at = page.next
      }
      items.value = found
      next.value = at ?? null
      shown = cursor ? shown + pages : pages
      problem.value = undefined
    } catch (error) {
      if (mine === round) problem.value = asProblem(error)
    } finally {
      if (mine === round) {
        loading.value = false
        retry.end(problem.value)
      }
    }
  }

  const reload = () => load()
  /** All pages that are shown are read again, so that nobody who reads further down loses the place. */
  const refresh = () => load(undefined, shown)
  const more = () => (next.value && !loading.value ? load(next.value) : Promise.resolve())
  if (sources.length) watch(sources, reload, { immediate: true })
  else void reload()
  return { data: items, problem, loading, pause: retry.pause, reload, refresh, more, hasMore: computed(() => next.value !== null) }
}

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
  const retry = useRetry(() => void load(wanted))
  let wanted: string | undefined
  let round = 0

  async function load(cursor?: string): Promise<void> {
    const mine = ++round
    wanted = cursor
    retry.begin()
    loading.value = true
    try {
      const page = await read(cursor)
      if (mine !== round) return
      items.value = cursor ? [...(items.value ?? []), ...page.items] : page.items
      next.value = page.next
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
  const more = () => (next.value && !loading.value ? load(next.value) : Promise.resolve())
  if (sources.length) watch(sources, reload, { immediate: true })
  else void reload()
  return { data: items, problem, loading, pause: retry.pause, reload, more, hasMore: computed(() => next.value !== null) }
}

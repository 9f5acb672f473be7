// One thing read from the service: what it is, whether it is on its way, and why it did not come.
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef, type WatchSource } from 'vue'
import { asProblem, type Problem } from './problem'
import { useRetry } from './retry'

export interface Resource<T> {
  data: ShallowRef<T | undefined>
  problem: ShallowRef<Problem | undefined>
  loading: Ref<boolean>
  /** seconds until it is read again by itself, because the service was busy */
  pause: Ref<number | undefined>
  /** Reads again; what is shown stays until the new answer is here. */
  reload: () => Promise<void>
}

/** Reads now, and again whenever one of the sources changes. The last question asked is the one whose answer counts. */
export function useResource<T>(read: () => Promise<T>, sources: WatchSource[] = []): Resource<T> {
  const data = shallowRef<T>()
  const problem = shallowRef<Problem>()
  const loading = ref(true)
  const retry = useRetry(() => void reload())
  let round = 0

  async function reload(): Promise<void> {
    const mine = ++round
    retry.begin()
    loading.value = true
    try {
      const answer = await read()
      if (mine !== round) return
      data.value = answer
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

  onScopeDispose(() => round++)
  if (sources.length) watch(sources, reload, { immediate: true })
  else void reload()
  return { data, problem, loading, pause: retry.pause, reload }
}

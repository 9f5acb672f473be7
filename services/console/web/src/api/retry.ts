// A service that says it is busy (503) is asked again by itself, after pauses that grow; for how long it wants to be left alone it may say.
import { onScopeDispose, ref, type Ref } from 'vue'
import type { Problem } from './problem'

const FIRST_S = 2
const LONGEST_S = 60
/** Many pages were refused in the same moment: they do not come back in the same one. */
const SPREAD = 0.25

export interface Retry {
  /** seconds from the refusal to the next try; undefined: nothing is tried by itself */
  pause: Ref<number | undefined>
  /** to be called before anything is read: what was to be tried is being tried */
  begin: () => void
  /** to be called with what became of it */
  end: (problem?: Problem) => void
}

/** For the life of the component. */
export function useRetry(again: () => void): Retry {
  const pause = ref<number>()
  let refusals = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  function begin(): void {
    clearTimeout(timer)
  }

  function end(problem?: Problem): void {
    clearTimeout(timer)
    pause.value = undefined
    if (problem?.status !== 503) {
      refusals = 0
      return
    }
    const grown = Math.min(FIRST_S * 2 ** refusals++, LONGEST_S)
    pause.value = Math.ceil(Math.max(grown * (1 + SPREAD * Math.random()), problem.retryAfter))
    timer = setTimeout(again, pause.value * 1000)
  }

  onScopeDispose(() => clearTimeout(timer))
  return { pause, begin, end }
}

// Something a person does that changes the world: under way, done, or refused with words that say what to do now.
import { ElMessage } from 'element-plus/es/components/message/index.mjs'
import 'element-plus/theme-chalk/el-message.css'
import { ref } from 'vue'
import { useProblemText } from '@/i18n/problemText'
import { asProblem, type Problem } from './problem'

export function useAction() {
  const busy = ref(false)
  const text = useProblemText()

  /** What the action gave, or undefined when it was refused; the refusal has been shown, unless `onProblem` took it. */
  async function run<T>(
    action: () => Promise<T>,
    options: { done?: string; onProblem?: (problem: Problem) => boolean } = {},
  ): Promise<T | undefined> {
    if (busy.value) return undefined
    busy.value = true
    try {
      const answer = await action()
      if (options.done) ElMessage({ type: 'success', message: options.done })
      return answer
    } catch (error) {
      const problem = asProblem(error)
      if (!options.onProblem?.(problem)) ElMessage({ type: 'error', message: text(problem), duration: 6000, showClose: true })
      return undefined
    } finally {
      busy.value = false
    }
  }

  return { busy, run }
}

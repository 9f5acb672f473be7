// A step of logging in: one call, its refusal in words beside the form.
import { ref } from 'vue'
import { asProblem } from '@/api/problem'
import { problemText } from '@/i18n/problemText'

export function useForm<T>(call: () => Promise<T>, then: (answer: T) => void) {
  const busy = ref(false)
  const refusal = ref('')
  async function submit(): Promise<void> {
    busy.value = true
    refusal.value = ''
    try {
      then(await call())
    } catch (error) {
      refusal.value = problemText(asProblem(error))
    } finally {
      busy.value = false
    }
  }
  return { busy, refusal, submit }
}

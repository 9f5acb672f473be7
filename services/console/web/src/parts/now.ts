// The present, as far as the page shows it: moves every half minute, so that countdowns do.
import { ref } from 'vue'

export const now = ref(Date.now())
const STEP_MS = 30_000
setInterval(() => (now.value = Date.now()), STEP_MS)

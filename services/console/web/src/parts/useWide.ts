// Whether there is room for two panes.
import { onScopeDispose, ref, type Ref } from 'vue'

export function useWide(query = '(min-width: 1360px)'): Ref<boolean> {
  const media = window.matchMedia(query)
  const wide = ref(media.matches)
  const follow = () => (wide.value = media.matches)
  media.addEventListener('change', follow)
  onScopeDispose(() => media.removeEventListener('change', follow))
  return wide
}

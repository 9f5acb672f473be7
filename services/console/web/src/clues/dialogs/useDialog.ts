// Whether that dialog of a clue's actions is the open one.
import { computed, type WritableComputedRef } from 'vue'
import type { ClueActions, Dialog } from '../useClueActions'

export function useDialog(actions: ClueActions, dialog: Dialog): WritableComputedRef<boolean> {
  return computed({ get: () => actions.dialog.value === dialog, set: (open) => (actions.dialog.value = open ? dialog : undefined) })
}

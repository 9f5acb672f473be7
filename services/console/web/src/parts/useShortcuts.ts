// Keys that do something on a page. Never while somebody types, never with Ctrl, Alt or Meta, never under a dialog; the help
// (?) lists exactly what works now.
import { onScopeDispose } from 'vue'

export interface Shortcut {
  /** message key: what it does */
  does: string
  run: () => void
}

const active: Record<string, Shortcut>[] = []

function typing(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null
  return !!element?.closest?.('input, textarea, select, [contenteditable], [role="combobox"], [role="dialog"], .el-overlay')
}

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || typing(event.target)) return
  if (event.key === 'Enter' && (event.target as HTMLElement).closest('a, button')) return
  for (let i = active.length - 1; i >= 0; i--) {
    const shortcut = active[i][event.key]
    if (!shortcut) continue
    event.preventDefault()
    shortcut.run()
    return
  }
}

export function useShortcuts(shortcuts: Record<string, Shortcut>): void {
  if (active.length === 0) window.addEventListener('keydown', onKey)
  active.push(shortcuts)
  onScopeDispose(() => {
    active.splice(active.indexOf(shortcuts), 1)
    if (active.length === 0) window.removeEventListener('keydown', onKey)
  })
}

/** What works now, the page's own first. */
export function shortcutsNow(): [string, Shortcut][] {
  const found = new Map<string, Shortcut>()
  for (const shortcuts of [...active].reverse()) {
    for (const [key, shortcut] of Object.entries(shortcuts)) if (!found.has(key)) found.set(key, shortcut)
  }
  return [...found]
}

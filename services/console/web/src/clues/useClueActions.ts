// What may be done with a clue, and the calls that do it. A change is made to the version that was seen: when somebody was
// quicker it is refused, and the clue is read again so that one decides on what is there now.
import { computed, ref, type Ref } from 'vue'
import { api, ask, type Schemas } from '@/api/client'
import type { Problem } from '@/api/problem'
import { useAction } from '@/api/useAction'
import { t } from '@/i18n'
import { problemText } from '@/i18n/problemText'

export type Deed = Schemas['AssignmentDetail']['actions'][number]
export type Dialog = 'return' | 'transfer' | 'outcome' | 'declare_recusal' | 'decide_recusal' | 'override_stars' | 'merge' | 'split'

export function useClueActions(clue: Ref<Schemas['Clue'] | undefined>, changed: () => unknown) {
  const { busy, run } = useAction()
  const dialog = ref<Dialog>()
  const overtaken = ref('')
  const assignment = computed(() => clue.value?.assignment ?? undefined)
  const deeds = computed(() => new Set(assignment.value?.actions ?? []))

  function refused(problem: Problem): boolean {
    if (problem.status !== 412 && problem.status !== 409) return false
    overtaken.value = problemText(problem)
    dialog.value = undefined
    void changed()
    return true
  }

  async function act<T>(call: () => Promise<T>, done: string): Promise<boolean> {
    overtaken.value = ''
    const answer = await run(call, { done, onProblem: refused })
    if (answer === undefined) return false
    dialog.value = undefined
    await changed()
    return true
  }

  const header = () => ({ 'If-Match': `"${clue.value!.version}"` })
  const onAssignment = () => ({ path: { assignment: assignment.value!.id }, header: header() })
  const onClue = () => ({ path: { clue: clue.value!.id }, header: header() })

  return {
    busy,
    dialog,
    overtaken,
    deeds,
    can: (deed: Deed) => deeds.value.has(deed),
    accept: () => act(() => ask(api.POST('/v1/assignments/{assignment}/accept', { params: onAssignment() })), t('act.acceptDone')),
    verify: () => act(() => ask(api.POST('/v1/assignments/{assignment}/verify', { params: onAssignment() })), t('act.verifyDone')),
    giveBack: (body: Schemas['ReturnBody']) =>
      act(() => ask(api.POST('/v1/assignments/{assignment}/return', { params: onAssignment(), body })), t('act.returnDone')),
    transfer: (body: Schemas['TransferBody']) =>
      act(() => ask(api.POST('/v1/assignments/{assignment}/transfer', { params: onAssignment(), body })), t('act.transferDone')),
    recordOutcome: (body: Schemas['OutcomeBody']) =>
      act(() => ask(api.POST('/v1/assignments/{assignment}/outcome', { params: onAssignment(), body })), t('act.outcomeDone')),
    declareRecusal: (body: Schemas['RecusalBody']) =>
      act(() => ask(api.POST('/v1/assignments/{assignment}/recusal', { params: onAssignment(), body })), t('act.recusalDone')),
    decideRecusal: (body: Schemas['RecusalDecision']) =>
      act(() => ask(api.POST('/v1/assignments/{assignment}/recusal/decide', { params: onAssignment(), body })), t('act.recusalDecided')),
    ownStars: (body: Schemas['Stars']) => act(() => ask(api.POST('/v1/clues/{clue}/stars', { params: onClue(), body })), t('act.starsDone')),
    merge: (body: Schemas['Merge']) => act(() => ask(api.POST('/v1/clues/{clue}/merge', { params: onClue(), body })), t('act.mergeDone')),
    split: (body: Schemas['Split']) => act(() => ask(api.POST('/v1/clues/{clue}/split', { params: onClue(), body })), t('act.splitDone')),
    undo: (decision: string, reason: string) =>
      act(() => ask(api.POST('/v1/decisions/{decision}/undo', { params: { path: { decision } }, body: { reason } })), t('act.undoDone')),
  }
}

export type ClueActions = ReturnType<typeof useClueActions>

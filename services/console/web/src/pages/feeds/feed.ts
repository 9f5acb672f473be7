import type { Schemas } from '@/api/client'

/** What can become of an item, in the order in which it is told. */
export const outcomes = ['accepted', 'revised', 'duplicate', 'rejected'] as const

/** How a feed's health looks. */
export const tones: Record<Schemas['Feed']['health'], 'good' | 'warn' | 'bad' | 'plain'> = { good: 'good', silent: 'warn', gaps: 'bad', rejecting: 'bad', disabled: 'plain', never: 'plain' }

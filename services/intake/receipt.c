/* See receipt.h. */
#include "intake/receipt.h"

static void fill(Wjz__Intake__ItemReceipt *to, const submitted_item *item) {
    wjz__intake__item_receipt__init(to);
    to->outcome = (Wjz__Intake__ItemReceipt__Outcome)item->outcome;
    to->id = item->id;
    if (item->outcome != REJECTED) return;
    to->id = 0;
    to->code = (char *)(uintptr_t)item->code; /* protobuf-c has no const; a receipt is only read */
    to->field = (char *)(uintptr_t)item->field;
    to->message = (char *)(uintptr_t)item->message;
    to->remedy = (char *)(uintptr_t)item->remedy;
}

Wjz__Intake__FeedReceipt *receipt_make(const submission *from, wjz_arena *arena) {
    Wjz__Intake__FeedReceipt *receipt = wjz_arena_alloc(arena, sizeof *receipt);
    Wjz__Intake__ItemReceipt *items = wjz_arena_alloc(arena, (from->count + 1) * sizeof *items);
    Wjz__Intake__ItemReceipt **list = wjz_arena_alloc(arena, (from->count + 1) * sizeof *list);
    if (receipt == NULL || items == NULL || list == NULL) return NULL;
    for (size_t i = 0; i < from->count; i++) {
        fill(&items[i], &from->items[i]);
        list[i] = &items[i];
    }
    wjz__intake__feed_receipt__init(receipt);
    receipt->feed = from->feed->name;
    receipt->sequence = from->sequence;
    receipt->items = list;
    receipt->n_items = from->count;
    return receipt;
}

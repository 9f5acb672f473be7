/* Small attributes every file uses: locals that clean themselves, results that must be checked. */
#ifndef WJZ_CLEAN_H
#define WJZ_CLEAN_H

/* Runs destroy(&variable) when the variable leaves its scope. destroy takes T ** and accepts a NULL *T. */
#define WJZ_CLEANUP(destroy) __attribute__((cleanup(destroy)))

/* The value of a pointer, which is NULL afterwards: hands ownership on to a caller or a ret_ argument. */
#define WJZ_STEAL(pointer)                    \
    ({                                        \
        __typeof__(pointer) stolen = pointer; \
        (pointer) = NULL;                     \
        stolen;                               \
    })

#define WJZ_MUST_CHECK __attribute__((warn_unused_result))
#define WJZ_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define WJZ_UNUSED __attribute__((unused))
#define WJZ_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif

/*
 * ringfence: a call rings only inside the fence that its receiver set.
 *
 * Threads: a platform may move from one thread to another, but only one thread at a time may use it.
 *
 * Ownership: the caller owns a platform from ringfence_platform_new until ringfence_platform_free. Strings that are passed in stay the
 * caller's, are UTF-8 and need no NUL at their end: their length stands beside them. Strings that come out belong to the platform,
 * end with a NUL that their length does not count, and live until the next call with the same platform. So do bytes that come out, without a NUL.
 *
 * Time is always an argument: microseconds since 1970-01-01T00:00:00Z.
 *
 * Every function but ringfence_abi_version, ringfence_last_error and ringfence_platform_free returns a status. Outputs are
 * written only as each function says, and may never be NULL. What the JSON looks like is in the manual of the journal lines.
 */
#ifndef RINGFENCE_H
#define RINGFENCE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this interface. A library with another one must not be used with this header. */
#define RINGFENCE_ABI_VERSION 1u

/*
 * What came of a call. Numbers are never given twice. From 100 on they are the codes of refusals: 100 to 199 misuse, 200 to 299
 * refused by a rule, 300 to 399 a limit of the policy.
 */
typedef uint32_t ringfence_status;

#define RINGFENCE_STATUS_OK 0u
/* A pointer that must not be NULL is NULL. */
#define RINGFENCE_STATUS_NULL_ARGUMENT 1u
/* A text is not UTF-8, or not the JSON that is wanted; ringfence_last_error says where and why. */
#define RINGFENCE_STATUS_MALFORMED 2u
/* A time is out of range. */
#define RINGFENCE_STATUS_TIME_OUT_OF_RANGE 3u
/* A field of the policy is out of its range. */
#define RINGFENCE_STATUS_POLICY 4u
/* There is nothing: no effect waits, no deadline is set. */
#define RINGFENCE_STATUS_NOTHING 5u
/* A defect of the library. The platform can only be freed. */
#define RINGFENCE_STATUS_DEFECT 6u
/* The platform met a defect before and can only be freed. */
#define RINGFENCE_STATUS_POISONED 7u
/* A key is too short, another one has its id, or it is in use. */
#define RINGFENCE_STATUS_KEY 8u
/* The first refusal and the last. */
#define RINGFENCE_STATUS_REFUSAL_FIRST 100u
#define RINGFENCE_STATUS_REFUSAL_LAST 399u
/* The key of ringfence_platform_handle_once_json came before with another content. */
#define RINGFENCE_STATUS_REPEAT_DIFFERS 108u
/* The source or the key is empty. */
#define RINGFENCE_STATUS_EMPTY_KEY 109u
/* A set_policy whose field is out of its range; nothing changed. */
#define RINGFENCE_STATUS_INVALID_POLICY 110u
/* The clock leapt farther than clock_leap_max_s; send {"confirm_clock":{}} if it is right. Nothing was done. */
#define RINGFENCE_STATUS_CLOCK_LEAP 111u
/* A number for the pool of virtual numbers is a merchant's line or a phone of a reservation that is kept. */
#define RINGFENCE_STATUS_NUMBER_IN_USE 155u
/* The pool was empty at the booking, so the merchant has no number to dial: the platform calls. */
#define RINGFENCE_STATUS_PLATFORM_CALLS_ONLY 230u

/* Bytes for ringfence_platform_restore that are no snapshot. */
#define RINGFENCE_STATUS_NOT_A_SNAPSHOT 141u
/* A snapshot of another format. */
#define RINGFENCE_STATUS_SNAPSHOT_FORMAT 142u
/* A snapshot that was cut or altered. */
#define RINGFENCE_STATUS_SNAPSHOT_DAMAGED 143u
/* Its checksum fits, but it is no state that a platform can be in; ringfence_last_error says why. */
#define RINGFENCE_STATUS_SNAPSHOT_CONTENT 144u
/* No code is out for this reservation. */
#define RINGFENCE_STATUS_NO_CODE 145u
/* A rotate_key whose key is not loaded. */
#define RINGFENCE_STATUS_KEY_NOT_LOADED 146u
/* A code was asked for, and no key was ever set. */
#define RINGFENCE_STATUS_NO_KEY 147u
/* A snapshot whose platform needs a key that was not given. */
#define RINGFENCE_STATUS_KEY_MISSING 149u
/* As many codes as one number takes within an hour went to it. */
#define RINGFENCE_STATUS_CODE_LIMIT 225u

typedef struct ringfence_platform ringfence_platform;

/* The version of the interface that the library has. */
uint32_t ringfence_abi_version(void);

/*
 * What the last call on this thread that failed was about, in English, without any phone number; empty when it did not fail. It lives until the next
 * call on this thread.
 */
const char *ringfence_last_error(void);

/*
 * Makes a platform. `policy` is the JSON of a policy; fields that are left out have their defaults, so `{}` is one. The hash seed should be
 * drawn by the host; it reaches no output. *out_platform is written on OK, and must be freed.
 */
ringfence_status ringfence_platform_new(const char *policy, size_t policy_length, uint64_t hash_seed,
                                        ringfence_platform **out_platform);

/* A key: `id` is `id_length` bytes of text, `key` is `key_length` bytes, at least 16. */
typedef struct ringfence_key {
    const char *id;
    size_t id_length;
    const uint8_t *key;
    size_t key_length;
} ringfence_key;

/*
 * Makes a platform as it was when ringfence_platform_snapshot wrote these bytes; polling begins again at the first effect that is not confirmed. `keys`
 * are the keys that it has: none is in a snapshot, and those that are in use then must be among them (KEY_MISSING). KEY when one is too short, or two
 * have one id. With no keys, `keys` may be NULL. 141 to 144 say what is wrong with the bytes; no bytes do harm. *out_platform is written on OK, and must
 * be freed.
 */
ringfence_status ringfence_platform_restore(const uint8_t *snapshot, size_t snapshot_length, const ringfence_key *keys,
                                            size_t key_count, uint64_t hash_seed, ringfence_platform **out_platform);

/* Frees a platform. NULL is allowed. */
void ringfence_platform_free(ringfence_platform *platform);

/*
 * Handles one input, such as {"book":{...}}. *out_json and *out_length are written on OK, with the reply, and on a refusal
 * (100 to 399), with the refusal.
 */
ringfence_status ringfence_platform_handle_json(ringfence_platform *platform, int64_t now_us, const char *input,
                                                size_t input_length, const char **out_json, size_t *out_length);

/*
 * The same for an input that may come again, as webhooks do. `source` says where it comes from and `key` is its id there. Once it
 * was accepted, a repeat gets OK and the same reply for dedup_retention_s, changes nothing and emits nothing. Neither may be empty.
 */
ringfence_status ringfence_platform_handle_once_json(ringfence_platform *platform, int64_t now_us, const char *source,
                                                     size_t source_length, const char *key, size_t key_length,
                                                     const char *input, size_t input_length, const char **out_json,
                                                     size_t *out_length);

/*
 * Fires due deadlines, at most `budget` of them. *out_fired is written on OK; fewer than `budget` means that no more are due.
 * CLOCK_LEAP when the time was not trusted, and nothing was done.
 */
ringfence_status ringfence_platform_advance(ringfence_platform *platform, int64_t now_us, uint32_t budget,
                                            uint32_t *out_fired);

/*
 * Takes the next effect, as {"sequence":5,"dial":{...}}. *out_json and *out_length are written on OK. NOTHING when no effect
 * waits.
 */
ringfence_status ringfence_platform_poll_effect_json(ringfence_platform *platform, const char **out_json,
                                                     size_t *out_length);

/* Effects up to this sequence number are carried out, and are kept no longer. */
ringfence_status ringfence_platform_confirm(ringfence_platform *platform, uint64_t up_to);

/*
 * When to call ringfence_platform_advance next: *out_at_us is written on OK; an instant that is over means now, since effects
 * wait to be polled. NOTHING when no deadline is set.
 */
ringfence_status ringfence_platform_poll_deadline(ringfence_platform *platform, int64_t *out_at_us);

/*
 * The whole state as bytes, for ringfence_platform_restore. Keys are not in it. *out_bytes and *out_length are written on OK.
 */
ringfence_status ringfence_platform_snapshot(ringfence_platform *platform, const uint8_t **out_bytes, size_t *out_length);

/*
 * A tool of verification, of no use to a host: the state as a model checker compares it, with instants relative to the latest seen, ids renumbered, and
 * counters, messages and policy left out. Two platforms with equal views and equal policies answer every further input alike, but for ids and instants. The
 * bytes have no other meaning, and may change with every version. *out_bytes and *out_length are written on OK.
 */
ringfence_status ringfence_platform_model_view(ringfence_platform *platform, const uint8_t **out_bytes, size_t *out_length);

/*
 * Loads a key: `key` is `key_length` bytes, at least 16. It is used from {"rotate_key":{"id":...}} on, and is in no snapshot. The same key again
 * changes nothing. KEY when it is too short, or another one has its id.
 */
ringfence_status ringfence_platform_load_key(ringfence_platform *platform, const char *id, size_t id_length,
                                             const uint8_t *key, size_t key_length);

/* Takes a key out that nothing needs any more. NOTHING when none has this id, KEY while it is in use. */
ringfence_status ringfence_platform_unload_key(ringfence_platform *platform, const char *id, size_t id_length);

/*
 * The code of a challenge, in digits: what to put into its message when it is sent. *out_code and *out_length are written on OK. 100 or 101
 * when it is out no more: do not send the message then.
 */
ringfence_status ringfence_platform_code(ringfence_platform *platform, uint64_t challenge, const char **out_code,
                                         size_t *out_length);

#ifdef __cplusplus
}
#endif

#endif

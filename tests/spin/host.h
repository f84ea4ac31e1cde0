/*
 * The host of the model: the C half of world.pml. It holds a platform through the C library, carries its effects out on a
 * switch with a few phones, and says what may happen next.
 *
 * A state has two parts. SPIN compares `here` when it asks whether it has been somewhere before; `carried` is only brought
 * back when it goes back. What is in `carried` (the snapshot, ids, instants) is enough to go on from, and differs between
 * states that behave alike. Both hold bytes only, and what is not used of them is zero.
 */
#ifndef HOST_H
#define HOST_H

#include <stdint.h>

/* The scope: what scripts/spin.py passes on from scopes.json. */
#ifndef USERS
#define USERS 1
#endif
#ifndef PHONES
#define PHONES 4
#endif

enum { VIEW_MAX = 1024, SNAPSHOT_MAX = 4096, MESSAGES_MAX = 3 };

/* A leg at the switch. */
struct phone {
    uint8_t is_users;
    uint8_t is_inbound;
    uint8_t is_asked;     /* The platform asked for its answer. */
    uint8_t is_answered;
    uint8_t is_hung_up;
    uint8_t is_withdrawn; /* A cancel hung it up, so an answer now crosses that. */
    uint8_t is_known;     /* The platform has it too. */
};

/* A user's reservation, as far as the host knows of it. */
struct booked {
    uint8_t is_kept;      /* It has not left yet. */
    uint8_t is_cancelled;
    uint8_t is_called;    /* The platform has begun a call for it. Formulas ask for that; nothing else does. */
};

enum message { NO_MESSAGE, OFFERED, RECORDING, STORED, PUSHED, ENDED };

/* What the formulas say something of. All of it follows from the rest of the state. */
struct said {
    uint8_t call;               /* A phone is on at the switch, or the platform thinks so. */
    uint8_t message;            /* A voice message was stored, and has not ended. */
    uint8_t rest;               /* Nothing is due any more. */
    uint8_t reservation[USERS]; /* It was booked, and has not left. */
    uint8_t waits[USERS];       /* In platform mode, in its window, and not called yet. */
    uint8_t turn[USERS];        /* It waits, the line is free, and nobody waits who comes before it. */
    uint8_t called[USERS];      /* The platform has begun a call for it. */
    uint8_t cancelled[USERS];
};

struct here {
    int64_t asleep_us; /* How long ago the platform saw the clock. */
    int64_t left_us;   /* How long the window lasts yet; 0 when it is over. */
    uint8_t fallen;    /* Something was wrong, and it was said what. */
    uint8_t mode;      /* What silence means. */
    uint8_t phones;
    uint8_t messages;
    struct phone phone[PHONES];
    uint8_t message[MESSAGES_MAX];
    struct booked booked[USERS];
    struct said said;
    uint16_t view_length;
    uint8_t view[VIEW_MAX];
};

/* What may happen next; it follows from the rest of the state. */
struct may {
    uint8_t answer[PHONES];
    uint8_t fail[PHONES];
    uint8_t hang_up[PHONES];
    uint8_t be_recorded, be_reported, near_end, advance, rest;
};

struct carried {
    int64_t now_us, seen_us, start_us, end_us;
    int64_t due_us;       /* The next deadline; INT64_MAX when none is set. */
    uint64_t last_sequence;
    uint64_t leg[PHONES];
    uint64_t leg_of[PHONES]; /* The reservation that it is for. */
    uint64_t message[MESSAGES_MAX];
    uint64_t message_sent[MESSAGES_MAX]; /* The sequence number of its push. */
    uint64_t reservation[USERS];
    struct may may;
    uint32_t snapshot_length;
    uint8_t snapshot[SNAPSHOT_MAX];
};

extern struct here here;
extern struct carried carried;

enum mode { MERCHANT_CALLS, PLATFORM_CALLS };

/* ---- what happens ---- */

void begin(int mode);
void requests_call(int user);
void cancels(int user);
void answers(int phone);
void ends(int phone, int q850_cause);
void is_recorded(void);
void is_reported(void);
void advances(void);
void nears_end(void);
void comes_again(void); /* A week later, everybody books again. */

#endif

/*
 * A small world around the real library: one merchant with one line of one channel, one user or two, a switch, and a host. What may
 * happen, and how often, stands here; what it does to platform and switch, in host.c. See README.md.
 */
c_decl {
\#include "host.h"
};

/* SPIN compares this ... */
c_track "&here" "sizeof(struct here)" "Matched";
/* ... and brings this back when it goes back. */
c_track "&carried" "sizeof(struct carried)" "UnMatched";

/* How often users and merchant may still want something. */
byte requests = REQUESTS;
byte cancellations = CANCELS;

#ifdef FORMULAS
/* The last step was the clock's. */
bool ticked;
#define DONE(is) assert(c_expr { !here.fallen }); ticked = is
#else
#define DONE(is) assert(c_expr { !here.fallen })
#endif

#define STEP(what, act) \
    :: d_step { c_expr { carried.may.what } -> c_code { act; }; DONE(false) }

/* Whoever is at the end of a leg picks up, is busy, lets it ring, or hangs up. */
#define PHONE(n) \
    STEP(answer[n], answers(n)) \
    STEP(fail[n], ends(n, 17)) \
    STEP(fail[n], ends(n, 19)) \
    STEP(hang_up[n], ends(n, 16))

#define WISH(budget, act) \
    :: d_step { budget > 0 -> budget--; c_code { act; }; DONE(false) }

active proctype world()
{
    if
    :: d_step { true -> c_code { begin(MERCHANT_CALLS); }; DONE(false) }
    :: d_step { true -> c_code { begin(PLATFORM_CALLS); }; DONE(false) }
    fi;
end:
    do
    WISH(requests, requests_call(0))
    WISH(cancellations, cancels(0))
#if USERS > 1
    WISH(requests, requests_call(1))
    WISH(cancellations, cancels(1))
#endif
    PHONE(0)
    PHONE(1)
#if PHONES > 2
    PHONE(2)
#endif
#if PHONES > 3
    PHONE(3)
#endif
#if PHONES > 4
    PHONE(4)
#endif
#if PHONES > 5
    PHONE(5)
#endif
#ifdef RECORDER
    STEP(be_recorded, is_recorded())
    STEP(be_reported, is_reported())
#endif
    STEP(near_end, nears_end())
    :: d_step { c_expr { carried.may.advance } -> c_code { advances(); }; DONE(true) }
#ifdef FORMULAS
    /* Nothing happens, as long as one likes: no formula may rest on somebody's haste. */
    :: d_step { true -> DONE(false) }
#endif
#ifdef WEEKS
    /* Nothing is due any more. A week later everybody books again, for ever. */
    :: d_step {
        c_expr { carried.may.rest } -> requests = REQUESTS; cancellations = CANCELS;
        c_code { comes_again(); };
        DONE(false)
    }
#endif
    od
}

#ifdef FORMULAS
/* The clock is fair: again and again the host fires what is due, or nothing is. */
#define FAIR ([] (<> (ticked || c_expr { here.said.rest })))

#define CALL c_expr { here.said.call }
#define MESSAGE c_expr { here.said.message }
#define RESERVATION(n) c_expr { here.said.reservation[n] }
#define WAITS(n) c_expr { here.said.waits[n] }
#define TURN(n) c_expr { here.said.turn[n] }
#define SERVED(n) (c_expr { here.said.called[n] } || c_expr { here.said.cancelled[n] })

/* Each formula stands beside one that says more than is true, and must be refuted: so it is seen that the formula says something. */

ltl every_call_ends { FAIR -> [] (CALL -> <> !CALL) }
ltl refuted_every_call_ends_without_a_clock { [] (CALL -> <> !CALL) }

/* The last user's: he waits longest. */
ltl every_reservation_closes { FAIR -> [] (RESERVATION(USERS - 1) -> <> !RESERVATION(USERS - 1)) }
ltl refuted_every_reservation_closes_without_a_clock { [] (RESERVATION(USERS - 1) -> <> !RESERVATION(USERS - 1)) }

#ifdef RECORDER
ltl every_stored_message_ends { FAIR -> [] (MESSAGE -> <> !MESSAGE) }
ltl refuted_every_stored_message_ends_without_a_clock { [] (MESSAGE -> <> !MESSAGE) }
#endif

#if USERS > 1
ltl the_first_reservation_closes { FAIR -> [] (RESERVATION(0) -> <> !RESERVATION(0)) }

/* Who waits while a channel is free is called, unless he cancels: before his window ends, whoever else is to be called again. */
ltl the_first_who_waits_is_called { FAIR -> [] (TURN(0) -> (WAITS(0) U SERVED(0))) }
ltl the_second_who_waits_is_called { FAIR -> [] (TURN(1) -> (WAITS(1) U SERVED(1))) }
ltl refuted_who_waits_is_called_without_a_clock { [] (TURN(1) -> (WAITS(1) U SERVED(1))) }
ltl refuted_who_waits_is_called_also_when_no_channel_is_free { FAIR -> [] (WAITS(1) -> (WAITS(1) U SERVED(1))) }
#endif
#endif

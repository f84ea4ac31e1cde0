/* The host of the model; see host.h. Written from the pages of the manual, not from the hosts of the Rust tests. */
#include "host.h"

#include <ringfence.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct here here;
struct carried carried;

static const int64_t SECOND = 1000000;
static const int64_t WEEK = 604800000000;
/* 2026-11-21T18:00:00+08:00, a Saturday. */
static const int64_t START = 1795255200000000;
enum { WINDOW_S = 40 };

static const uint8_t KEY[] = "a first key that everybody may know";
static const ringfence_key KEYS[] = {{"k1", 2, KEY, sizeof KEY - 1}};
static const char *const NUMBERS[] = {"+8613800000001", "+8613800000002"};

static ringfence_platform *platform;
static const char *reply;
static size_t reply_length;

/* ---- telling, and giving up ---- */

/* Says what happens, when somebody reads along: on the replay of a trail. */
static void tell(const char *format, ...)
{
    static int is_told = -1;
    va_list arguments;
    if (is_told < 0) {
        is_told = getenv("RINGFENCE_TELL") != NULL;
    }
    if (is_told) {
        va_start(arguments, format);
        vprintf(format, arguments);
        va_end(arguments);
    }
}

static void tell_instant(const char *what)
{
    int64_t since_us = carried.now_us - carried.start_us;
    tell("%+.6f s from the start of the window: %s\n", (double)since_us / 1e6, what);
}

/* The model itself is wrong: it does not fit, or understands the platform no more. No verdict may come of that. */
static void give_up(const char *format, ...)
{
    va_list arguments;
    printf("GIVEN UP: ");
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("; last error of the library: %s\n", ringfence_last_error());
    fflush(stdout);
    exit(3);
}

/* The platform is wrong. The model asserts that this never happens, so SPIN writes the trail that led here. */
static void fall(const char *promise, const char *json)
{
    tell("FALLEN: %s: %s\n", promise, json);
    here.fallen = 1;
}

/* ---- reading JSON: what stands where is in the manual of the journal lines ---- */

static const char *after(const char *json, const char *mark)
{
    const char *at = strstr(json, mark);
    if (at == NULL) {
        give_up("%s is not in %s", mark, json);
    }
    return at + strlen(mark);
}

/* The number after the first mark. */
static uint64_t number_after(const char *json, const char *mark)
{
    char *end;
    const char *at = after(json, mark);
    unsigned long long number = strtoull(at, &end, 10);
    if (end == at) {
        give_up("no number stands after %s in %s", mark, json);
    }
    return number;
}

static bool begins(const char *json, const char *beginning)
{
    return strncmp(json, beginning, strlen(beginning)) == 0;
}

/* ---- the switch ---- */

static int phone_of(uint64_t leg)
{
    for (int i = 0; i < here.phones; i++) {
        if (carried.leg[i] == leg) {
            return i;
        }
    }
    return -1;
}

/* Legs stand in the order of their ids: a caller's has one before those that are dialled for him. */
static void add_phone(uint64_t leg, uint64_t reservation, bool is_users, bool is_inbound)
{
    int place = here.phones;
    if (here.phones == PHONES) {
        give_up("more than %d legs are at the switch at once", PHONES);
    }
    for (; place > 0 && carried.leg[place - 1] > leg; place--) {
        here.phone[place] = here.phone[place - 1];
        carried.leg[place] = carried.leg[place - 1];
        carried.leg_of[place] = carried.leg_of[place - 1];
    }
    here.phones++;
    here.phone[place] = (struct phone){.is_users = is_users, .is_inbound = is_inbound, .is_known = true};
    carried.leg[place] = leg;
    carried.leg_of[place] = reservation;
}

static void remove_phone(int phone)
{
    here.phones--;
    for (int i = phone; i < here.phones; i++) {
        here.phone[i] = here.phone[i + 1];
        carried.leg[i] = carried.leg[i + 1];
        carried.leg_of[i] = carried.leg_of[i + 1];
    }
    here.phone[here.phones] = (struct phone){0};
    carried.leg[here.phones] = carried.leg_of[here.phones] = 0;
}

static int user_of(uint64_t reservation)
{
    for (int user = 0; user < USERS; user++) {
        if (carried.reservation[user] == reservation) {
            return user;
        }
    }
    return -1;
}

/* ---- messages ---- */

static int message_of(uint64_t id)
{
    for (int i = 0; i < here.messages; i++) {
        if (carried.message[i] == id) {
            return i;
        }
    }
    give_up("voice message %llu was never offered", (unsigned long long)id);
    return -1;
}

static void offer_message(uint64_t id)
{
    if (here.messages == MESSAGES_MAX) {
        give_up("more than %d voice messages are kept at once", MESSAGES_MAX);
    }
    carried.message[here.messages] = id;
    here.message[here.messages] = OFFERED;
    here.messages++;
}

static void remove_message(int message)
{
    here.messages--;
    for (int i = message; i < here.messages; i++) {
        here.message[i] = here.message[i + 1];
        carried.message[i] = carried.message[i + 1];
        carried.message_sent[i] = carried.message_sent[i + 1];
    }
    here.message[here.messages] = NO_MESSAGE;
    carried.message[here.messages] = carried.message_sent[here.messages] = 0;
}

/* ---- effects ---- */

/* A phone is to ring. What the model knows must permit it. */
static void dial(const char *json)
{
    uint64_t leg = number_after(json, "\"leg\":"), reservation = number_after(json, "\"reservation\":");
    bool is_users = strstr(json, "\"party\":\"user\"") != NULL;
    int user = user_of(reservation);
    bool has_merchant = false;
    if (user < 0 || !here.booked[user].is_kept || here.booked[user].is_cancelled) {
        fall("P3: a dial without a reservation", json);
    } else if (carried.now_us < carried.start_us || carried.now_us >= carried.end_us) {
        fall("P1: a dial outside the window", json);
    } else {
#ifdef FORMULAS
        here.booked[user].is_called |= here.mode == PLATFORM_CALLS;
#endif
        if (is_users && strstr(json, NUMBERS[user]) == NULL) {
            fall("P2: a dial of another phone", json);
        }
    }
    for (int i = 0; i < here.phones; i++) {
        if (here.phone[i].is_known && (!is_users || (here.phone[i].is_users && carried.leg_of[i] == reservation))) {
            fall("P8: a second leg of one phone, or a second call of one channel", json);
        }
        has_merchant |= here.phone[i].is_known && !here.phone[i].is_users && !here.phone[i].is_hung_up &&
                        (here.phone[i].is_inbound || here.phone[i].is_answered);
    }
    if (is_users && here.mode == PLATFORM_CALLS && !has_merchant) {
        fall("P4: the user is dialled before the merchant has answered", json);
    }
    add_phone(leg, reservation, is_users, false);
}

static void record_of(const char *record)
{
    if (begins(record, "\"leg_lost\"")) {
        int phone = phone_of(number_after(record, "\"leg\":"));
        if (phone >= 0) {
            here.phone[phone].is_known = false;
        }
    } else if (begins(record, "\"failed_call\"") && strstr(record, "\"offered\":{") != NULL) {
        offer_message(number_after(record, "\"voice_message\":"));
    } else if (begins(record, "\"voice_message_delivered\"") || begins(record, "\"voice_message_ended\"")) {
        here.message[message_of(number_after(record, "\"voice_message\":"))] = ENDED;
    }
}

static void carry_out(const char *json, uint64_t sequence)
{
    const char *action = after(json, ",");
    if (begins(action, "\"dial\"")) {
        dial(action);
    } else if (begins(action, "\"answer\"")) {
        int phone = phone_of(number_after(action, "\"leg\":"));
        if (phone < 0) {
            fall("an answer of a leg that is not there", json);
        } else {
            here.phone[phone].is_asked = true;
        }
    } else if (begins(action, "\"join\"")) {
        int phone = phone_of(number_after(action, "\"leg\":"));
        if (phone < 0 || !here.phone[phone].is_answered || here.phone[phone].is_hung_up) {
            fall("P5: a leg is joined that is not on the phone", json);
        }
    } else if (begins(action, "\"hang_up\"")) {
        int phone = phone_of(number_after(action, "\"leg\":"));
        if (phone >= 0) {
            here.phone[phone].is_hung_up = true;
        }
    } else if (begins(action, "\"reject\"")) {
        int phone = phone_of(number_after(action, "\"leg\":"));
        if (phone >= 0) {
            remove_phone(phone);
        }
    } else if (begins(action, "\"record\"")) {
        here.message[message_of(number_after(action, "\"voice_message\":"))] = RECORDING;
    } else if (begins(action, "\"send\"")) {
        const char *content = after(action, "\"content\":{");
        if (begins(content, "\"voice_message\"")) {
            int message = message_of(number_after(content, "\"voice_message\":{\"voice_message\":"));
            here.message[message] = PUSHED;
            carried.message_sent[message] = sequence;
        }
    } else if (begins(action, "\"audit\"")) {
        record_of(after(action, "\"record\":{"));
    } else if (begins(action, "\"archive\"")) {
        int user = user_of(number_after(action, "\"reservation\":"));
        if (user < 0) {
            fall("a reservation leaves that nobody made", json);
        } else {
            here.booked[user] = (struct booked){0};
        }
    } else if (begins(action, "\"archive_voice_message\"")) {
        remove_message(message_of(number_after(action, "\"voice_message\":")));
    }
}

/* Polls what waits. What was carried out before comes again after a restore; it is told by its number. */
static void poll_effects(void)
{
    const char *json;
    size_t length;
    ringfence_status status;
    while ((status = ringfence_platform_poll_effect_json(platform, &json, &length)) == RINGFENCE_STATUS_OK) {
        uint64_t sequence = number_after(json, "{\"sequence\":");
        if (sequence > carried.last_sequence) {
            tell("    effect %s\n", json);
            carried.last_sequence = sequence;
            carry_out(json, sequence);
        }
    }
    if (status != RINGFENCE_STATUS_NOTHING) {
        give_up("an effect could not be polled: status %u", (unsigned)status);
    }
}

/* ---- what may happen, and what is said ---- */

/* A phone that somebody may still pick up. */
static bool is_ringing(const struct phone *one)
{
    return !one->is_inbound && !one->is_answered && !one->is_hung_up;
}

static void see_what_may_happen(void)
{
    struct may *may = &carried.may;
    memset(may, 0, sizeof *may);
    for (int i = 0; i < here.phones; i++) {
        const struct phone *one = &here.phone[i];
        /* An answer crosses the hang-up of a cancel; a caller is answered when the platform asks for it. */
        may->answer[i] = !one->is_answered && (!one->is_hung_up || one->is_withdrawn) && (!one->is_inbound || one->is_asked);
        may->fail[i] = is_ringing(one);
        may->hang_up[i] = !is_ringing(one);
    }
    if (here.messages > 0) {
        may->be_recorded = here.message[here.messages - 1] == RECORDING;
        may->be_reported = here.message[here.messages - 1] == PUSHED;
    }
    may->advance = carried.due_us != INT64_MAX;
    may->rest = !may->advance;
    /* The clock goes to the last microsecond of the window when nothing is due before. */
    may->near_end = carried.now_us < carried.end_us - 1 && carried.due_us >= carried.end_us - 1;
}

static bool is_call_alive(void)
{
    for (int i = 0; i < here.phones; i++) {
        if (here.phone[i].is_known || !here.phone[i].is_hung_up) {
            return true;
        }
    }
    return false;
}

#ifdef FORMULAS
static void see_what_is_said(void)
{
    struct said *said = &here.said;
    bool is_free = true, has_turn = true;
    bool is_open = carried.now_us >= carried.start_us && carried.now_us < carried.end_us;
    memset(said, 0, sizeof *said);
    said->call = is_call_alive();
    said->rest = carried.may.rest;
    for (int i = 0; i < here.messages; i++) {
        said->message |= here.message[i] == STORED || here.message[i] == PUSHED;
    }
    /* A call counts on its line until its last leg is gone. */
    for (int i = 0; i < here.phones; i++) {
        is_free &= !here.phone[i].is_known;
    }
    for (int user = 0; user < USERS; user++) {
        const struct booked *one = &here.booked[user];
        said->reservation[user] = one->is_kept;
        said->waits[user] = here.mode == PLATFORM_CALLS && is_open && one->is_kept && !one->is_cancelled && !one->is_called;
        said->turn[user] = said->waits[user] && is_free && has_turn;
        has_turn &= !said->waits[user];
        said->called[user] = one->is_called;
        said->cancelled[user] = one->is_cancelled;
    }
}
#endif

/* Nothing is due any more: then nothing may be left. */
static void see_whether_all_has_ended(void)
{
    bool is_left = is_call_alive() || here.messages > 0;
    for (int user = 0; user < USERS; user++) {
        is_left |= here.booked[user].is_kept;
    }
    if (carried.may.rest && is_left) {
        fall("P9: nothing is due any more, and something has not ended", "");
    }
}

/* ---- a step ---- */

/* Puts the platform back to where SPIN is, and lets go of what the last step handed out. */
static void resume(const char *act)
{
    ringfence_status status;
    ringfence_platform_free(platform);
    platform = NULL;
    status = ringfence_platform_restore(carried.snapshot, carried.snapshot_length, KEYS, 1, 7, &platform);
    if (status != RINGFENCE_STATUS_OK) {
        give_up("the snapshot before \"%s\" is refused: status %u", act, (unsigned)status);
    }
    tell_instant(act);
    poll_effects();
    status = ringfence_platform_confirm(platform, carried.last_sequence);
    if (status != RINGFENCE_STATUS_OK) {
        give_up("what was handed out cannot be confirmed: status %u", (unsigned)status);
    }
}

/* Gives an input, and carries out what comes of it. Whether it was accepted; `reply` says how. */
static bool input(const char *format, ...)
{
    char json[1024];
    va_list arguments;
    ringfence_status status;
    va_start(arguments, format);
    int length = vsnprintf(json, sizeof json, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof json) {
        give_up("an input does not fit: %s", format);
    }
    status = ringfence_platform_handle_json(platform, carried.now_us, json, (size_t)length, &reply, &reply_length);
    carried.seen_us = carried.now_us;
    bool is_accepted = status == RINGFENCE_STATUS_OK;
    if (!is_accepted && (status < RINGFENCE_STATUS_REFUSAL_FIRST || status > RINGFENCE_STATUS_REFUSAL_LAST)) {
        give_up("status %u for the input %s", (unsigned)status, json);
    }
    tell("    input  %s\n    %s %s\n", json, is_accepted ? "reply " : "refused", reply);
    static char kept[4096];
    if (reply_length >= sizeof kept) {
        give_up("a reply does not fit: %s", reply);
    }
    memcpy(kept, reply, reply_length + 1);
    reply = kept;
    poll_effects();
    return is_accepted;
}

/* Writes down where the platform is now. */
static void settle_down(void)
{
    const uint8_t *bytes;
    size_t length;
    ringfence_status status = ringfence_platform_poll_deadline(platform, &carried.due_us);
    if (status == RINGFENCE_STATUS_NOTHING) {
        carried.due_us = INT64_MAX;
    } else if (status != RINGFENCE_STATUS_OK) {
        give_up("there is no deadline, and not none: status %u", (unsigned)status);
    } else if (carried.due_us < carried.now_us) {
        carried.due_us = carried.now_us;
    }

    here.asleep_us = carried.now_us - carried.seen_us;
    here.left_us = carried.end_us > carried.now_us ? carried.end_us - carried.now_us : 0;

    status = ringfence_platform_model_view(platform, &bytes, &length);
    if (status != RINGFENCE_STATUS_OK || length > VIEW_MAX) {
        give_up("the view has %zu bytes, and %d fit: status %u", length, VIEW_MAX, (unsigned)status);
    }
    memset(here.view, 0, sizeof here.view);
    memcpy(here.view, bytes, length);
    here.view_length = (uint16_t)length;

    status = ringfence_platform_snapshot(platform, &bytes, &length);
    if (status != RINGFENCE_STATUS_OK || length > SNAPSHOT_MAX) {
        give_up("the snapshot has %zu bytes, and %d fit: status %u", length, SNAPSHOT_MAX, (unsigned)status);
    }
    memset(carried.snapshot, 0, sizeof carried.snapshot);
    memcpy(carried.snapshot, bytes, length);
    carried.snapshot_length = (uint32_t)length;

    see_what_may_happen();
#ifdef FORMULAS
    see_what_is_said();
#endif
    see_whether_all_has_ended();
}

/* ---- what happens ---- */

static void book(int user)
{
    char start[64], end[64];
    /* Weeks later it is Saturday still, and 18:00 in Shanghai. */
    int64_t weeks = (carried.start_us - START) / WEEK;
    int64_t day = 21 + 7 * weeks;
    int month = 11;
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 2026;
    while (day > days[month - 1]) {
        day -= days[month - 1];
        month = month % 12 + 1;
        year += month == 1;
    }
    snprintf(start, sizeof start, "%04d-%02d-%02dT18:00:00+08:00", year, month, (int)day);
    snprintf(end, sizeof end, "%04d-%02d-%02dT18:00:%02d+08:00", year, month, (int)day, WINDOW_S);
    if (!input("{\"book\":{\"user\":\"rcs:%s\",\"page\":1,\"offering\":1,\"window\":{\"start\":\"%s\",\"end\":\"%s\"}}}", NUMBERS[user],
               start, end)) {
        give_up("the booking is refused");
    }
    here.booked[user] = (struct booked){.is_kept = true};
    carried.reservation[user] = number_after(reply, "{\"booked\":{\"reservation\":");
}

static void must(bool is_accepted)
{
    if (!is_accepted) {
        give_up("the opening is refused");
    }
}

/* Everything takes twenty seconds, so that instants fall together and there are fewer states. */
void begin(int mode)
{
    char policy[1024];
    ringfence_status status;
    memset(&here, 0, sizeof here);
    memset(&carried, 0, sizeof carried);
    here.mode = (uint8_t)mode;
    carried.start_us = START;
    carried.end_us = START + WINDOW_S * SECOND;
    carried.now_us = START - 10 * SECOND;
    int length = snprintf(policy, sizeof policy,
                          "{\"ring_timeout_s\":20,\"answer_timeout_s\":20,\"conversation_max_s\":20,\"release_grace_s\":20,"
                          "\"retry_spacing_s\":20,\"attempts_max\":2,\"merchant_attempts_max\":1,\"retention_s\":20,"
                          "\"messages_max\":0,\"mode_on_silence\":\"%s\",\"record_max_s\":20,\"record_grace_s\":20,"
                          "\"push_timeout_s\":20,\"push_backoff_s\":20,\"push_attempts_max\":1,\"voice_by_sms\":false,"
                          "\"voice_message_life_s\":40,\"unfollowed_max_s\":40}",
                          mode == MERCHANT_CALLS ? "merchant_calls" : "platform_calls");
    ringfence_platform_free(platform);
    status = ringfence_platform_new(policy, (size_t)length, 7, &platform);
    if (status != RINGFENCE_STATUS_OK) {
        give_up("the policy is refused: status %u", (unsigned)status);
    }
    tell("policy %s\n", policy);
    tell_instant("the merchant is there, and has a page");
    must(input("{\"register_merchant\":{\"merchant\":1,\"name\":\"平安\",\"zone\":\"Asia/Shanghai\",\"lines\":[{\"number\":\"95511\","
               "\"channels\":1}],\"chatbot\":\"sip:1065@bot.example\"}}"));
#ifdef WEEKS
    must(input("{\"publish_page\":{\"page\":1,\"merchant\":1,\"offerings\":{\"1\":\"车险\"},\"hours\":[{\"label\":\"working\","
               "\"rule\":{\"days\":[\"sat\"],\"from\":\"18:00\",\"to\":\"18:01\"}}]}}"));
#else
    must(input("{\"publish_page\":{\"page\":1,\"merchant\":1,\"offerings\":{\"1\":\"车险\",\"2\":\"寿险\"},\"windows\":["
               "{\"start\":\"2026-11-21T18:00:00+08:00\",\"end\":\"2026-11-21T18:00:%02d+08:00\"}]}}",
               WINDOW_S));
#endif
#ifdef RECORDER
    const char *code;
    size_t digits;
    if (ringfence_platform_load_key(platform, KEYS[0].id, KEYS[0].id_length, KEYS[0].key, KEYS[0].key_length) !=
        RINGFENCE_STATUS_OK) {
        give_up("the key is refused");
    }
    must(input("{\"rotate_key\":{\"id\":\"k1\"}}"));
    must(input("{\"follow\":{\"account\":\"oA1-zhang\"}}"));
    must(input("{\"request_binding\":{\"account\":\"oA1-zhang\",\"number\":\"%s\"}}", NUMBERS[0]));
    if (ringfence_platform_code(platform, 1, &code, &digits) != RINGFENCE_STATUS_OK) {
        give_up("there is no code");
    }
    must(input("{\"confirm_binding\":{\"account\":\"oA1-zhang\",\"number\":\"%s\",\"code\":\"%.*s\"}}", NUMBERS[0], (int)digits, code));
#endif
    for (int user = 0; user < USERS; user++) {
        book(user);
    }
    settle_down();
}

/* The merchant calls a user. The switch holds his leg until the platform lets go of it. */
void requests_call(int user)
{
    uint64_t reservation = carried.reservation[user];
    bool is_busy = false;
    resume("the merchant calls");
    for (int i = 0; i < here.phones; i++) {
        is_busy |= here.phone[i].is_known;
    }
    if (!input("{\"request_call\":{\"line\":\"95511\",\"target\":{\"reservation\":%llu}}}", (unsigned long long)reservation)) {
        fall("a call is neither allowed nor denied", reply);
    } else if (begins(reply, "{\"allow\":")) {
        if (is_busy) {
            fall("P8: a second call of one channel is allowed", reply);
        }
        add_phone(number_after(reply, "\"leg\":"), reservation, false, true);
    }
    settle_down();
}

void cancels(int user)
{
    uint64_t reservation = carried.reservation[user];
    uint64_t ringing = 0;
    resume("a user cancels");
    for (int i = 0; i < here.phones; i++) {
        if (here.phone[i].is_users && is_ringing(&here.phone[i]) && carried.leg_of[i] == reservation) {
            ringing = carried.leg[i];
        }
    }
    /* No dial may come of this any more, not even in this step. */
    bool was_cancelled = here.booked[user].is_cancelled;
    here.booked[user].is_cancelled = true;
    input("{\"cancel\":{\"user\":\"rcs:%s\",\"reservation\":%llu}}", NUMBERS[user], (unsigned long long)reservation);
    if (!begins(reply, "\"done\"")) {
        here.booked[user].is_cancelled = was_cancelled;
    }
    int phone = ringing > 0 ? phone_of(ringing) : -1;
    if (phone >= 0 && !here.phone[phone].is_hung_up) {
        fall("P3: a phone rings on after the cancel", reply);
    } else if (phone >= 0) {
        for (int i = 0; i < here.phones; i++) {
            here.phone[i].is_withdrawn |= here.phone[i].is_hung_up;
        }
    }
    settle_down();
}

void answers(int phone)
{
    uint64_t leg = carried.leg[phone];
    resume(here.phone[phone].is_inbound ? "the switch has answered the caller" : "somebody picks up");
    here.phone[phone].is_answered = true;
    input("{\"leg_answered\":{\"leg\":%llu}}", (unsigned long long)leg);
    settle_down();
}

void ends(int phone, int q850_cause)
{
    uint64_t leg = carried.leg[phone];
    resume("a leg ends");
    remove_phone(phone);
    input("{\"leg_ended\":{\"leg\":%llu,\"evidence\":{\"q850_cause\":%d}}}", (unsigned long long)leg, q850_cause);
    settle_down();
}

void is_recorded(void)
{
    int message = here.messages - 1;
    resume("the recorder has a message");
    /* Each has a medium of its own, and all lives have the same few. */
    if (input("{\"recorded\":{\"voice_message\":%llu,\"media\":%d,\"seconds\":9}}", (unsigned long long)carried.message[message],
              (int)here.messages) &&
        begins(reply, "\"done\"") && here.message[message] == RECORDING) {
        here.message[message] = STORED;
    }
    settle_down();
}

void is_reported(void)
{
    int message = here.messages - 1;
    resume("the account has the message");
    input("{\"message_reported\":{\"message\":%llu,\"status\":\"delivered\"}}", (unsigned long long)carried.message_sent[message]);
    settle_down();
}

void advances(void)
{
    uint32_t fired;
    resume("the host looks at its clock");
    carried.now_us = carried.due_us;
    carried.seen_us = carried.now_us;
    tell_instant("it fires what is due");
    ringfence_status status = ringfence_platform_advance(platform, carried.now_us, 1000, &fired);
    if (status != RINGFENCE_STATUS_OK) {
        give_up("the host may not advance: status %u", (unsigned)status);
    }
    poll_effects();
    settle_down();
}

void nears_end(void)
{
    resume("the clock goes to the last microsecond of the window");
    carried.now_us = carried.end_us - 1;
    settle_down();
}

void comes_again(void)
{
    resume("it is the next week");
    while (here.phones > 0) {
        remove_phone(0);
    }
    carried.start_us += WEEK;
    carried.end_us += WEEK;
    carried.now_us = carried.start_us - 10 * SECOND;
    for (int user = 0; user < USERS; user++) {
        book(user);
    }
    settle_down();
}

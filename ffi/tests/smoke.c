/*
 * One reservation through the C library: booked, refused before its window, rung inside it; repeats, clocks that leap, and snapshots. Exit status 0 when
 * all checks hold.
 */
#include <ringfence.h>
#include <ringfence.h> /* twice does no harm */

#include <stdio.h>
#include <string.h>

static int passed, failed;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (condition) {                                                                                               \
            passed++;                                                                                                  \
        } else {                                                                                                       \
            failed++;                                                                                                  \
            printf("%s:%d: %s; last error: %s\n", __FILE__, __LINE__, #condition, ringfence_last_error());            \
        }                                                                                                              \
    } while (0)

static const int64_t SECOND = 1000000;
/* 2026-11-21T18:00:00+08:00, the start of the window. */
static const int64_t START = 1795255200000000;

static const char *json;
static size_t length;

static ringfence_status handle(ringfence_platform *platform, int64_t now_us, const char *input)
{
    return ringfence_platform_handle_json(platform, now_us, input, strlen(input), &json, &length);
}

static ringfence_status handle_once(ringfence_platform *platform, int64_t now_us, const char *source, const char *key,
                                    const char *input)
{
    return ringfence_platform_handle_once_json(platform, now_us, source, strlen(source), key, strlen(key), input,
                                               strlen(input), &json, &length);
}

/* Polls and confirms every effect; how many of them contain `text`. */
static int effects_with(ringfence_platform *platform, const char *text)
{
    int found = 0;
    uint64_t sequence;
    ringfence_status status;
    while ((status = ringfence_platform_poll_effect_json(platform, &json, &length)) == RINGFENCE_STATUS_OK) {
        unsigned long long number;
        CHECK(strlen(json) == length);
        CHECK(sscanf(json, "{\"sequence\":%llu,", &number) == 1);
        found += strstr(json, text) != NULL;
        sequence = number;
        CHECK(ringfence_platform_confirm(platform, sequence) == RINGFENCE_STATUS_OK);
    }
    CHECK(status == RINGFENCE_STATUS_NOTHING);
    return found;
}

static void one_reservation(void)
{
    ringfence_platform *platform = NULL;
    int64_t at = 0;
    uint32_t fired = 0;

    CHECK(ringfence_platform_new("{}", 2, 42, &platform) == RINGFENCE_STATUS_OK);
    CHECK(platform != NULL);
    CHECK(handle(platform, START - 86400 * SECOND,
                 "{\"register_merchant\":{\"merchant\":1,\"name\":\"Insurance\",\"lines\":[{\"number\":\"95511\",\"channels\":2}],"
                 "\"zone\":\"Asia/Shanghai\",\"chatbot\":\"sip:1065000000@chatbot.example\"}}") == RINGFENCE_STATUS_OK);
    CHECK(handle(platform, START - 86400 * SECOND,
                 "{\"publish_page\":{\"page\":10,\"merchant\":1,\"offerings\":{\"1\":\"Car\"},\"windows\":"
                 "[{\"start\":\"2026-11-21T18:00:00+08:00\",\"end\":\"2026-11-21T20:00:00+08:00\"}]}}") == RINGFENCE_STATUS_OK);
    CHECK(handle(platform, START - 86400 * SECOND,
                 "{\"book\":{\"user\":\"rcs:+8613800000001\",\"page\":10,\"offering\":1,\"window\":"
                 "{\"start\":\"2026-11-21T18:00:00+08:00\",\"end\":\"2026-11-21T20:00:00+08:00\"}}}") == RINGFENCE_STATUS_OK);
    CHECK(strstr(json, "\"booked\"") != NULL);
    CHECK(effects_with(platform, "\"send\"") == 3);

    CHECK(ringfence_platform_poll_deadline(platform, &at) == RINGFENCE_STATUS_OK);
    CHECK(at == START);
    CHECK(handle(platform, START - 1, "{\"request_call\":{\"line\":\"95511\",\"target\":{\"reservation\":1}}}") == RINGFENCE_STATUS_OK);
    CHECK(strstr(json, "\"before_window\"") != NULL);
    CHECK(effects_with(platform, "\"dial\"") == 0);

    CHECK(ringfence_platform_advance(platform, START, 100, &fired) == RINGFENCE_STATUS_OK);
    CHECK(fired == 1);
    CHECK(handle(platform, START, "{\"request_call\":{\"line\":\"95511\",\"target\":{\"reservation\":1}}}") == RINGFENCE_STATUS_OK);
    CHECK(strstr(json, "\"allow\"") != NULL);
    CHECK(effects_with(platform, "\"to\":\"+8613800000001\"") == 1);
    ringfence_platform_free(platform);
}

static void repeats(void)
{
    ringfence_platform *platform = NULL;
    const char *first = "{\"register_merchant\":{\"merchant\":1,\"name\":\"Insurance\",\"zone\":\"Asia/Shanghai\","
                        "\"lines\":[{\"number\":\"95511\",\"channels\":2}]}}";
    const char *preset = "{\"preset_mode\":{\"merchant\":1,\"mode\":\"merchant_calls\"}}";

    CHECK(ringfence_platform_new("{}", 2, 42, &platform) == RINGFENCE_STATUS_OK);
    CHECK(handle(platform, START, first) == RINGFENCE_STATUS_OK);
    CHECK(handle_once(platform, START, "maap", "E1", preset) == RINGFENCE_STATUS_OK);
    CHECK(strcmp(json, "\"done\"") == 0 && length == 6);
    CHECK(handle_once(platform, START + SECOND, "maap", "E1", preset) == RINGFENCE_STATUS_OK);
    CHECK(strcmp(json, "\"done\"") == 0);
    CHECK(handle(platform, START + SECOND, preset) == RINGFENCE_STATUS_OK);
    CHECK(strcmp(json, "\"no_op\"") == 0);
    CHECK(handle_once(platform, START + SECOND, "rbm", "E1", preset) == RINGFENCE_STATUS_OK);
    CHECK(strcmp(json, "\"no_op\"") == 0);
    CHECK(handle_once(platform, START + SECOND, "maap", "E1", first) == RINGFENCE_STATUS_REPEAT_DIFFERS);
    CHECK(strcmp(json, "{\"code\":\"repeat_differs\"}") == 0);
    CHECK(handle_once(platform, START + SECOND, "maap", "", preset) == RINGFENCE_STATUS_EMPTY_KEY);
    CHECK(handle_once(platform, START + SECOND, "maap", "\xff", preset) == RINGFENCE_STATUS_MALFORMED);
    CHECK(handle_once(platform, START + SECOND, "maap", "E2", "{") == RINGFENCE_STATUS_MALFORMED);
    CHECK(handle_once(NULL, START + SECOND, "maap", "E2", preset) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_handle_once_json(platform, START, NULL, 0, "E2", 2, preset, strlen(preset), &json, &length) ==
          RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_handle_once_json(platform, START, "maap", 4, NULL, 0, preset, strlen(preset), &json, &length) ==
          RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_handle_once_json(platform, START, "maap", 4, "E2", 2, preset, strlen(preset), NULL, &length) ==
          RINGFENCE_STATUS_NULL_ARGUMENT);
    ringfence_platform_free(platform);
}

static void rules_and_clock(void)
{
    ringfence_platform *platform = NULL;
    uint32_t fired = 7;
    const char *policy = "{\"clock_leap_max_s\":60}";

    CHECK(ringfence_platform_new(policy, strlen(policy), 42, &platform) == RINGFENCE_STATUS_OK);
    CHECK(handle(platform, START, "{\"set_policy\":{\"policy\":{\"attempts_max\":0}}}") == RINGFENCE_STATUS_INVALID_POLICY);
    CHECK(strstr(json, "\"field\":\"attempts_max\",\"given\":0,\"least\":1,\"most\":100") != NULL);
    CHECK(handle(platform, START + 61 * SECOND, "{\"set_policy\":{\"policy\":{}}}") == RINGFENCE_STATUS_CLOCK_LEAP);
    CHECK(ringfence_platform_advance(platform, START + 61 * SECOND, 1, &fired) == RINGFENCE_STATUS_CLOCK_LEAP);
    CHECK(strstr(ringfence_last_error(), "confirm_clock") != NULL);
    CHECK(fired == 7);
    CHECK(handle(platform, START + 61 * SECOND, "{\"confirm_clock\":{}}") == RINGFENCE_STATUS_OK);
    CHECK(ringfence_platform_advance(platform, START + 61 * SECOND, 1, &fired) == RINGFENCE_STATUS_OK);
    CHECK(fired == 0);
    CHECK(handle(platform, START + 61 * SECOND, "{\"set_policy\":{\"policy\":{}}}") == RINGFENCE_STATUS_OK);
    CHECK(effects_with(platform, "\"policy_set\"") == 1);
    ringfence_platform_free(platform);
}

static void the_holder_agrees(void)
{
    ringfence_platform *platform = NULL;
    const uint8_t key[] = "a key that everybody may know";
    const char *code = NULL;
    size_t digits = 0;
    char input[200];

    CHECK(ringfence_platform_new("{}", 2, 42, &platform) == RINGFENCE_STATUS_OK);
    CHECK(handle(platform, START - 86400 * SECOND, "{\"rotate_key\":{\"id\":\"k1\"}}") == RINGFENCE_STATUS_KEY_NOT_LOADED);
    CHECK(ringfence_platform_load_key(platform, "k1", 2, key, 15) == RINGFENCE_STATUS_KEY);
    CHECK(ringfence_platform_load_key(platform, "k1", 2, NULL, 15) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_load_key(platform, "k1", 2, key, sizeof key) == RINGFENCE_STATUS_OK);
    CHECK(ringfence_platform_unload_key(platform, "k2", 2) == RINGFENCE_STATUS_NOTHING);
    CHECK(handle(platform, START - 86400 * SECOND, "{\"rotate_key\":{\"id\":\"k1\"}}") == RINGFENCE_STATUS_OK);
    CHECK(ringfence_platform_unload_key(platform, "k1", 2) == RINGFENCE_STATUS_KEY);
    CHECK(handle(platform, START - 86400 * SECOND,
                 "{\"register_merchant\":{\"merchant\":1,\"name\":\"Insurance\",\"lines\":[{\"number\":\"95511\",\"channels\":2}],"
                 "\"zone\":\"Asia/Shanghai\",\"chatbot\":\"sip:1065000000@chatbot.example\"}}") == RINGFENCE_STATUS_OK);
    CHECK(handle(platform, START - 86400 * SECOND,
                 "{\"publish_page\":{\"page\":10,\"merchant\":1,\"offerings\":{\"1\":\"Car\"},\"windows\":"
                 "[{\"start\":\"2026-11-21T18:00:00+08:00\",\"end\":\"2026-11-21T20:00:00+08:00\"}]}}") == RINGFENCE_STATUS_OK);
    CHECK(handle(platform, START - 86400 * SECOND,
                 "{\"book\":{\"user\":\"rcs:+8613800000001\",\"contact\":\"+8613900000009\",\"page\":10,\"offering\":1,\"window\":"
                 "{\"start\":\"2026-11-21T18:00:00+08:00\",\"end\":\"2026-11-21T20:00:00+08:00\"}}}") == RINGFENCE_STATUS_OK);
    CHECK(strstr(json, "\"unverified\"") != NULL);
    CHECK(effects_with(platform, "\"to\":\"sms:+8613900000009\"") == 1);
    CHECK(ringfence_platform_code(platform, 2, &code, &digits) == 100);
    CHECK(ringfence_platform_code(platform, 1, NULL, &digits) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_code(platform, 1, &code, &digits) == RINGFENCE_STATUS_OK);
    CHECK(digits == 6 && strlen(code) == 6);
    snprintf(input, sizeof input, "{\"confirm_contact\":{\"user\":\"sms:+8613900000009\",\"reservation\":1,\"code\":\"%s\"}}", code);
    CHECK(handle(platform, START - 86400 * SECOND, input) == RINGFENCE_STATUS_OK);
    CHECK(strstr(json, "\"confirmed\"") != NULL);
    CHECK(ringfence_platform_code(platform, 1, &code, &digits) == 101);
    ringfence_platform_free(platform);
}

static void snapshots(void)
{
    ringfence_platform *platform = NULL, *restored = NULL;
    const uint8_t key[] = "a key that everybody may know";
    const ringfence_key keys[] = {{"k1", 2, key, sizeof key}, {"k1", 2, key, 16}};
    const ringfence_key short_key = {"k1", 2, key, 15}, no_key = {"k1", 2, NULL, 16}, no_id = {NULL, 0, key, 16};
    const uint8_t *bytes = NULL;
    uint8_t snapshot[10000], view[10000], other[10000];
    size_t bytes_length = 0, snapshot_length, view_length;
    uint32_t fired = 0;

    CHECK(ringfence_platform_new("{}", 2, 42, &platform) == RINGFENCE_STATUS_OK);
    CHECK(ringfence_platform_load_key(platform, "k1", 2, key, sizeof key) == RINGFENCE_STATUS_OK);
    CHECK(handle(platform, START - 86400 * SECOND, "{\"rotate_key\":{\"id\":\"k1\"}}") == RINGFENCE_STATUS_OK);
    CHECK(handle(platform, START - 86400 * SECOND,
                 "{\"register_merchant\":{\"merchant\":1,\"name\":\"Insurance\",\"lines\":[{\"number\":\"95511\",\"channels\":2}],"
                 "\"zone\":\"Asia/Shanghai\",\"chatbot\":\"sip:1065000000@chatbot.example\"}}") == RINGFENCE_STATUS_OK);
    CHECK(handle(platform, START - 86400 * SECOND,
                 "{\"publish_page\":{\"page\":10,\"merchant\":1,\"offerings\":{\"1\":\"Car\"},\"windows\":"
                 "[{\"start\":\"2026-11-21T18:00:00+08:00\",\"end\":\"2026-11-21T20:00:00+08:00\"}]}}") == RINGFENCE_STATUS_OK);
    CHECK(effects_with(platform, "\"key_rotated\"") == 1);
    CHECK(handle(platform, START - 86400 * SECOND,
                 "{\"book\":{\"user\":\"rcs:+8613800000001\",\"page\":10,\"offering\":1,\"window\":"
                 "{\"start\":\"2026-11-21T18:00:00+08:00\",\"end\":\"2026-11-21T20:00:00+08:00\"}}}") == RINGFENCE_STATUS_OK);

    CHECK(ringfence_platform_snapshot(NULL, &bytes, &bytes_length) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_snapshot(platform, NULL, &bytes_length) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_snapshot(platform, &bytes, NULL) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_model_view(NULL, &bytes, &bytes_length) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_model_view(platform, NULL, &bytes_length) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_model_view(platform, &bytes, NULL) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(bytes == NULL && bytes_length == 0);

    CHECK(ringfence_platform_model_view(platform, &bytes, &view_length) == RINGFENCE_STATUS_OK);
    CHECK(view_length > 0 && view_length <= sizeof view);
    memcpy(view, bytes, view_length);
    CHECK(ringfence_platform_snapshot(platform, &bytes, &snapshot_length) == RINGFENCE_STATUS_OK);
    CHECK(snapshot_length > 0 && snapshot_length <= sizeof snapshot);
    memcpy(snapshot, bytes, snapshot_length);

    CHECK(ringfence_platform_restore(NULL, 0, keys, 1, 7, &restored) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_restore(snapshot, snapshot_length, NULL, 1, 7, &restored) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_restore(snapshot, snapshot_length, &no_id, 1, 7, &restored) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_restore(snapshot, snapshot_length, &no_key, 1, 7, &restored) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_restore(snapshot, snapshot_length, keys, 1, 7, NULL) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_restore(snapshot, snapshot_length, &short_key, 1, 7, &restored) == RINGFENCE_STATUS_KEY);
    CHECK(ringfence_platform_restore(snapshot, snapshot_length, keys, 2, 7, &restored) == RINGFENCE_STATUS_KEY);
    CHECK(ringfence_platform_restore(snapshot, snapshot_length, NULL, 0, 7, &restored) == RINGFENCE_STATUS_KEY_MISSING);
    CHECK(ringfence_platform_restore(snapshot, 0, keys, 1, 7, &restored) == RINGFENCE_STATUS_NOT_A_SNAPSHOT);
    CHECK(ringfence_platform_restore(view, view_length, keys, 1, 7, &restored) == RINGFENCE_STATUS_NOT_A_SNAPSHOT);
    CHECK(ringfence_platform_restore(snapshot, snapshot_length - 1, keys, 1, 7, &restored) == RINGFENCE_STATUS_SNAPSHOT_DAMAGED);
    memcpy(other, snapshot, snapshot_length);
    other[snapshot_length / 2] ^= 1;
    CHECK(ringfence_platform_restore(other, snapshot_length, keys, 1, 7, &restored) == RINGFENCE_STATUS_SNAPSHOT_DAMAGED);
    CHECK(strlen(ringfence_last_error()) > 0);
    CHECK(restored == NULL);

    CHECK(ringfence_platform_restore(snapshot, snapshot_length, keys, 1, 7, &restored) == RINGFENCE_STATUS_OK);
    CHECK(ringfence_platform_model_view(restored, &bytes, &bytes_length) == RINGFENCE_STATUS_OK);
    CHECK(bytes_length == view_length && memcmp(bytes, view, view_length) == 0);
    CHECK(ringfence_platform_snapshot(restored, &bytes, &bytes_length) == RINGFENCE_STATUS_OK);
    CHECK(bytes_length == snapshot_length && memcmp(bytes, snapshot, snapshot_length) == 0);
    CHECK(effects_with(restored, "\"send\"") == 3);
    CHECK(effects_with(platform, "\"send\"") == 3);
    CHECK(ringfence_platform_advance(restored, START, 100, &fired) == RINGFENCE_STATUS_OK);
    CHECK(fired == 1);
    CHECK(ringfence_platform_model_view(restored, &bytes, &bytes_length) == RINGFENCE_STATUS_OK);
    CHECK(bytes_length != view_length || memcmp(bytes, view, view_length) != 0);
    ringfence_platform_free(platform);
    ringfence_platform_free(restored);
}

static void refusals_and_mistakes(void)
{
    ringfence_platform *platform = NULL;
    ringfence_platform *other = NULL;
    uint32_t fired = 7;
    const char *policy = "{\"ring_timeout_s\":0}";

    CHECK(ringfence_abi_version() == RINGFENCE_ABI_VERSION);
    CHECK(ringfence_platform_new("{}", 2, 42, NULL) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_new(NULL, 0, 42, &other) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_new("{", 1, 42, &other) == RINGFENCE_STATUS_MALFORMED);
    CHECK(ringfence_platform_new("{}\xff", 3, 42, &other) == RINGFENCE_STATUS_MALFORMED);
    CHECK(ringfence_platform_new(policy, strlen(policy), 42, &other) == RINGFENCE_STATUS_POLICY);
    CHECK(strstr(ringfence_last_error(), "ring_timeout_s") != NULL);
    CHECK(other == NULL);

    CHECK(ringfence_platform_new("{}", 2, 42, &platform) == RINGFENCE_STATUS_OK);
    CHECK(strlen(ringfence_last_error()) == 0);
    CHECK(handle(platform, 0, "{\"push_page\":{\"page\":9,\"to\":[\"rcs:+8613800000001\"]}}") == 100);
    CHECK(strcmp(json, "{\"code\":\"unknown\",\"object\":\"page\",\"id\":9}") == 0);
    json = NULL;
    CHECK(handle(platform, 0, "{\"no_such_input\":{}}") == RINGFENCE_STATUS_MALFORMED);
    CHECK(json == NULL);
    CHECK(handle(platform, INT64_MIN, "{\"resync\":{\"legs\":[]}}") == RINGFENCE_STATUS_TIME_OUT_OF_RANGE);
    CHECK(ringfence_platform_handle_json(NULL, 0, "", 0, &json, &length) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_handle_json(platform, 0, NULL, 0, &json, &length) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_handle_json(platform, 0, "", 0, NULL, &length) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(ringfence_platform_advance(NULL, 0, 1, &fired) == RINGFENCE_STATUS_NULL_ARGUMENT);
    CHECK(fired == 7);
    CHECK(ringfence_platform_poll_effect_json(platform, &json, &length) == RINGFENCE_STATUS_NOTHING);
    CHECK(ringfence_platform_poll_deadline(platform, &(int64_t){0}) == RINGFENCE_STATUS_NOTHING);
    CHECK(ringfence_platform_confirm(platform, 5) >= RINGFENCE_STATUS_REFUSAL_FIRST);
    ringfence_platform_free(platform);
    ringfence_platform_free(NULL);
}

int main(void)
{
    one_reservation();
    repeats();
    rules_and_clock();
    the_holder_agrees();
    snapshots();
    refusals_and_mistakes();
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}

#include "idt_login/note.h"

#include "unit/support.h"

using namespace id_token;

namespace {

constexpr std::int64_t kNow = 1'800'000'000;

LoginKeys keys() {
    LoginKeys keys;
    keys.add(Secret("0123456789abcdef0123456789abcdef"));
    return keys;
}

std::optional<Note> opened(NoteKind kind, std::string_view cookie,
                           const std::string &sealed, std::int64_t now = kNow) {
    return open_note(keys(), kind, cookie, sealed, now);
}

void each_cookie_has_its_notes(void **) {
    const std::string name = note_name(NoteKind::logins, "__Host-a");
    assert_true(name.starts_with("__Host-oidc_logins_"));
    assert_int_equal(name.size(), 27);
    assert_true(name != note_name(NoteKind::logins, "__Host-b"));
    assert_true(note_name(NoteKind::renewal, "__Host-a")
                    .starts_with("__Host-oidc_renewal_"));
}

void what_is_sealed_is_opened(void **) {
    const std::string sealed =
        seal_note(keys(), NoteKind::logins, "__Host-a", {kNow + 30, 2});
    const auto note = opened(NoteKind::logins, "__Host-a", sealed);
    assert_true(note.has_value());
    assert_true(note->until == kNow + 30 && note->count == 2);
}

void another_kind_or_cookie_is_none(void **) {
    const std::string sealed =
        seal_note(keys(), NoteKind::logins, "__Host-a", {kNow + 30, 2});
    assert_false(opened(NoteKind::renewal, "__Host-a", sealed).has_value());
    assert_false(opened(NoteKind::logins, "__Host-b", sealed).has_value());
    assert_false(opened(NoteKind::logins, "__Host-a", "x").has_value());
    const std::string more = *keys().open("oidc_logins 1", sealed) + "1:a";
    assert_false(
        opened(NoteKind::logins, "__Host-a", keys().seal("oidc_logins 1", more))
            .has_value());
}

void a_note_ends(void **) {
    const std::string sealed =
        seal_note(keys(), NoteKind::logins, "__Host-a", {kNow + 30, 2});
    assert_true(
        opened(NoteKind::logins, "__Host-a", sealed, kNow + 29).has_value());
    assert_false(
        opened(NoteKind::logins, "__Host-a", sealed, kNow + 30).has_value());
}

void three_logins_are_a_loop(void **) {
    std::optional<Note> note;
    assert_false(is_loop(note));
    note = count_login(note, kNow);
    assert_true(note->until == kNow + 30);
    note = count_login(note, kNow + 20);
    assert_true(note->until == kNow + 30);
    assert_false(is_loop(note));
    note = count_login(note, kNow + 25);
    assert_true(is_loop(note));
}

void renewal_is_due_at_the_end_of_life(void **) {
    const auto due = [](std::int64_t after, int percent) {
        return is_renewal_due(kNow, kNow + 1000, percent, kNow + after);
    };
    assert_false(due(799, 20));
    assert_true(due(800, 20));
    assert_true(due(999, 20));
    assert_false(due(1000, 20));  // over
    assert_false(due(999, 0));    // off
    assert_true(due(0, 100));
    assert_false(due(-1, 100));
    assert_false(is_renewal_due(kNow, kNow, 100, kNow));
    assert_false(is_renewal_due(kNow + 10, kNow - 10, 100, kNow - 11));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_cookie_has_its_notes),
        cmocka_unit_test(what_is_sealed_is_opened),
        cmocka_unit_test(another_kind_or_cookie_is_none),
        cmocka_unit_test(a_note_ends),
        cmocka_unit_test(three_logins_are_a_loop),
        cmocka_unit_test(renewal_is_due_at_the_end_of_life),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}

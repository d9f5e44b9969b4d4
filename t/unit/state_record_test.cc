#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
#include <limits>
#include <string>
#include <vector>
extern "C" {
#include <cmocka.h>
}

#include "idt_revoke/state_record.h"

using namespace id_token;

namespace {

Revocation sample(std::int64_t n) {
    Revocation r;
    r.provider = provider_digest("https://t/", "app");
    r.kind = RevokedKind::sid;
    r.value = value_digest(r.provider, r.kind, std::to_string(n));
    r.owner = value_digest(r.provider, RevokedKind::sub, "ann");
    r.cut = 1700000000 + n;
    r.until = 1700086400 + n;
    return r;
}

std::string encoded(const Revocation &r) {
    const StateRecord record = encode_revocation(r);
    return std::string(record.data(), record.size());
}

std::string file_of(std::int64_t count) {
    std::string file;
    for (std::int64_t n = 0; n < count; ++n) {
        file += encoded(sample(n));
    }
    return file;
}

std::vector<Revocation> read_all(std::string_view file) {
    StateScan scan(file);
    std::vector<Revocation> all;
    while (const auto r = scan.next()) {
        all.push_back(*r);
    }
    return all;
}

// Files outlive a version.
void the_form_stays_as_it_is(void **) {
    const std::string record = encoded(sample(1));
    assert_int_equal(record.size(), kStateRecordBytes);
    assert_true(record.starts_with(std::string_view("idR1\x01\0\0\0", 8)));
    assert_true(record.substr(56, 8) ==
                std::string_view("\x01\xf1\x53\x65\0\0\0\0", 8));
    assert_true(record.substr(72) == std::string_view("\x9b"
                                                      "\xe9"
                                                      "\xb0"
                                                      "\x06"
                                                      "\x41"
                                                      "\xa9"
                                                      "\x12"
                                                      "\x75",
                                                      8));
}

void what_is_written_is_read(void **) {
    for (int kind = 1; kind < static_cast<int>(RevokedKind::seen); ++kind) {
        Revocation r = sample(7);
        r.kind = static_cast<RevokedKind>(kind);
        assert_true(decode_revocation(encoded(r)) == r);
    }
    Revocation last = sample(7);
    last.cut = std::int64_t{1} << 53;
    last.until = std::numeric_limits<std::int64_t>::max();
    assert_true(decode_revocation(encoded(last)) == last);
}

void what_belongs_into_no_file_is_none(void **) {
    Revocation r = sample(7);
    r.kind = RevokedKind::none;
    assert_false(decode_revocation(encoded(r)).has_value());
    r.kind = RevokedKind::seen;
    assert_false(decode_revocation(encoded(r)).has_value());
    r.kind = static_cast<RevokedKind>(200);
    assert_false(decode_revocation(encoded(r)).has_value());
    r = sample(7);
    r.cut = -1;
    assert_false(decode_revocation(encoded(r)).has_value());
    r.cut = (std::int64_t{1} << 53) + 1;
    assert_false(decode_revocation(encoded(r)).has_value());
    r = sample(7);
    r.until = -1;
    assert_false(decode_revocation(encoded(r)).has_value());
}

void every_changed_bit_is_noticed(void **) {
    const std::string record = encoded(sample(1));
    assert_true(decode_revocation(record).has_value());
    for (std::size_t i = 0; i < record.size() * 8; ++i) {
        std::string torn = record;
        torn[i / 8] = static_cast<char>(torn[i / 8] ^ 1 << i % 8);
        assert_false(decode_revocation(torn).has_value());
    }
}

void a_file_torn_at_any_byte_keeps_the_rest(void **) {
    const std::string file = file_of(4);
    for (std::size_t size = 0; size <= file.size(); ++size) {
        StateScan scan(std::string_view(file).substr(0, size));
        std::size_t count = 0;
        while (const auto r = scan.next()) {
            assert_true(*r == sample(static_cast<std::int64_t>(count)));
            ++count;
        }
        assert_int_equal(count, size / kStateRecordBytes);
        assert_int_equal(scan.done(), count * kStateRecordBytes);
        assert_int_equal(scan.skipped(), 0);
    }
}

void a_torn_one_hides_no_other(void **) {
    const std::string file = file_of(4);
    for (std::size_t cut = 1; cut < kStateRecordBytes; ++cut) {
        const std::string torn = file.substr(0, 160 + cut) + file_of(2);
        const std::vector<Revocation> all = read_all(torn);
        assert_int_equal(all.size(), 4);
        assert_true(all[3] == sample(1));
    }
    std::string zeros = file;
    zeros.replace(80, 80, 80, '\0');
    StateScan scan(zeros);
    std::size_t count = 0;
    while (scan.next()) {
        ++count;
    }
    assert_int_equal(count, 3);
    assert_int_equal(scan.skipped(), 80);
    assert_int_equal(scan.done(), file.size());
}

void what_may_become_a_record_is_left(void **) {
    const std::string junk(200, 'i');
    StateScan scan(junk);
    assert_false(scan.next().has_value());
    assert_int_equal(scan.done(), 200 - kStateRecordBytes + 1);
    assert_int_equal(scan.skipped(), scan.done());
}

void a_file_is_written_anew_when_it_is_worth_it(void **) {
    assert_false(is_compaction_due(0, 0, true));
    assert_false(is_compaction_due(800, 10, true));
    assert_true(is_compaction_due(801, 10, true));
    assert_true(is_compaction_due(720, 10, true));
    assert_true(is_compaction_due(880, 10, true));
    assert_false(is_compaction_due(880, 10, false));
    const std::uint64_t most = (4 * 10 + 65536) * kStateRecordBytes;
    assert_false(is_compaction_due(most, 10, false));
    assert_true(is_compaction_due(most + 1, 10, false));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_form_stays_as_it_is),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_belongs_into_no_file_is_none),
        cmocka_unit_test(every_changed_bit_is_noticed),
        cmocka_unit_test(a_file_torn_at_any_byte_keeps_the_rest),
        cmocka_unit_test(a_torn_one_hides_no_other),
        cmocka_unit_test(what_may_become_a_record_is_left),
        cmocka_unit_test(a_file_is_written_anew_when_it_is_worth_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}

// The file of revocations, and the list that takes it in.
//
// Input: a byte of options, the file.

#include <cstring>
#include <vector>

#include "fuzz/fuzz.h"
#include "idt_revoke/list.h"
#include "idt_revoke/state_record.h"

using namespace id_token;

namespace {

constexpr std::int64_t kNow = 1'800'000'000;

// A token that an entry is about, as old as its cut.
TokenMarks marks_of(const Revocation &r) {
    TokenMarks marks;
    marks.provider = r.provider;
    marks.iat = static_cast<double>(r.cut);
    marks.has_sid = r.kind == RevokedKind::sid;
    marks.sid = r.value;
    marks.has_jti = true;
    marks.jti = r.value;
    marks.session = r.value;
    // The sub of what may have been folded.
    const bool by_sub =
        r.kind == RevokedKind::sub || r.kind == RevokedKind::sub_without_sid;
    marks.sub = by_sub ? r.value : r.owner;
    return marks;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string_view text = fuzz::text_of(data, size);
    const unsigned options = fuzz::take_byte(text);
    const std::uint32_t capacity = kMinRevocations + options % 4 * 64;
    std::vector<std::uint64_t> block(RevocationList::bytes_for(capacity) / 8);
    RevocationList *list = RevocationList::create(block.data(), capacity, 1);

    StateScan scan(text);
    std::vector<Revocation> all;
    while (const auto r = scan.next()) {
        const StateRecord again = encode_revocation(*r);
        REQUIRE(text.substr(0, scan.done())
                    .ends_with(std::string_view(again.data(), again.size())));
        list->add(*r, options / 4 % 3, kNow);
        REQUIRE(list->count() <= capacity);
        all.push_back(*r);
    }
    REQUIRE(scan.done() == all.size() * kStateRecordBytes + scan.skipped());
    REQUIRE(text.size() - scan.done() < kStateRecordBytes);

    // Nothing is forgotten.
    for (const Revocation &r : all) {
        REQUIRE(kNow >= r.until || list->is_revoked(marks_of(r), kNow));
    }
    std::uint32_t cursor = 0;
    std::uint32_t met = 0;
    while (list->next(cursor)) {
        ++met;
    }
    REQUIRE(met == list->count() + (list->watermark_of_all() != 0 ? 1 : 0));
    list->purge(std::int64_t{1} << 62, capacity);
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    fuzz::Random random(seed);
    std::string text(fuzz::text_of(data, size));
    if (random() % 8 == 0) {
        return LLVMFuzzerMutate(data, size, max);
    }
    Revocation r;
    r.kind = static_cast<RevokedKind>(1 + random() % 7);
    r.provider[0] = static_cast<unsigned char>(random() % 3);
    r.value[3] = static_cast<unsigned char>(random() % 256);
    r.owner[3] = static_cast<unsigned char>(random() % 8);
    r.cut = static_cast<std::int64_t>(random() % 1000);
    r.until = kNow - 5 + static_cast<std::int64_t>(random() % 100);
    const StateRecord record = encode_revocation(r);
    if (text.empty()) {
        text.push_back('\0');
    }
    const std::size_t at = 1 + random() % text.size();
    text.insert(random() % 4 == 0 ? at : text.size(),
                std::string(record.data(), record.size()));
    return fuzz::give_back(text, data, size, max);
}

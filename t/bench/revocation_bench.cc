// What a list of many logouts costs: bytes of an entry, time of a look-up, of
// an addition, of taking the state file in.
//
//     revocation_bench [ENTRIES]

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "idt_revoke/list.h"
#include "idt_revoke/state_record.h"

using namespace id_token;

namespace {

constexpr std::int64_t kNow = 1'800'000'000;

double cpu_ns() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

RevocationDigest spread(std::uint64_t n, std::uint64_t salt) {
    RevocationDigest digest;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        n = (n + salt) * 6364136223846793005 + 1442695040888963407;
        digest[i] = static_cast<unsigned char>(n >> 56);
    }
    return digest;
}

Revocation entry(const RevocationDigest &provider, std::uint64_t n) {
    Revocation r;
    r.provider = provider;
    r.kind = RevokedKind::sid;
    r.value = spread(n, 1);
    r.owner = spread(n, 2);
    r.cut = kNow - static_cast<std::int64_t>(n % 86400);
    r.until = r.cut + 2 * 86400;
    return r;
}

struct Lookups {
    double ns = 0;
    std::uint32_t hits = 0;
};

Lookups look(RevocationList &list, const RevocationDigest &provider,
             std::uint64_t from, std::uint32_t count) {
    std::vector<TokenMarks> tokens(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        tokens[i].provider = provider;
        tokens[i].has_sid = true;
        tokens[i].sid = spread(from + i, 1);
        tokens[i].sub = spread(from + i, 2);
        tokens[i].session = spread(from + i, 3);
        tokens[i].iat = static_cast<double>(kNow - 2 * 86400);
    }
    Lookups result;
    const double begin = cpu_ns();
    for (const TokenMarks &token : tokens) {
        result.hits += list.is_revoked(token, kNow) ? 1 : 0;
    }
    result.ns = (cpu_ns() - begin) / count;
    return result;
}

}  // namespace

int main(int argc, char **argv) {
    const auto entries =
        static_cast<std::uint32_t>(argc > 1 ? std::atol(argv[1]) : 1000000);
    if (entries < kMinRevocations) {
        std::fprintf(stderr, "revocation_bench: at least %u entries\n",
                     kMinRevocations);
        return 2;
    }
    const RevocationDigest provider = provider_digest("https://t/", "app");
    std::vector<std::uint64_t> block(
        RevocationList::bytes_for(entries + 1) / 8 + 1);
    RevocationList *list = RevocationList::create(block.data(), entries + 1, 1);

    std::string file;
    file.reserve(std::size_t{entries} * kStateRecordBytes);
    for (std::uint32_t n = 0; n < entries; ++n) {
        const StateRecord record = encode_revocation(entry(provider, n));
        file.append(record.data(), record.size());
    }

    double begin = cpu_ns();
    StateScan scan(file);
    while (const auto r = scan.next()) {
        list->add(*r, 0, kNow);
    }
    const double start = cpu_ns() - begin;

    constexpr std::uint32_t kLooks = 100000;
    const Lookups misses = look(*list, provider, 1u << 30, kLooks);
    const std::uint32_t some = entries < kLooks ? entries : kLooks;
    const Lookups hits = look(*list, provider, 0, some);

    std::printf("entries                    %10u\n", list->count());
    std::printf(
        "bytes of an entry          %10.1f\n",
        static_cast<double>(RevocationList::bytes_for(entries)) / entries);
    std::printf("bytes of a record          %10zu\n", kStateRecordBytes);
    std::printf("start from the state file  %10.1f ms\n", start / 1e6);
    std::printf("look-up, not revoked       %10.0f ns\n", misses.ns);
    std::printf("look-up, revoked           %10.0f ns\n", hits.ns);

    const bool right =
        list->count() == entries && misses.hits == 0 && hits.hits == some;
    if (!right) {
        std::fprintf(stderr, "revocation_bench: wrong answers\n");
    }
    return right ? 0 : 2;
}

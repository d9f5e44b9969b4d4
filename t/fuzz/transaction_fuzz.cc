// What browsers keep for us: transaction cookies and notes, their seals made
// right again, so that the fields behind them are read.
//
// Input: a byte of options, the text that is sealed.

#include "fuzz/fuzz.h"
#include "idt_login/endpoints.h"
#include "idt_login/note.h"
#include "idt_login/secret_chain.h"
#include "idt_login/transaction.h"

using namespace id_token;

namespace {

constexpr std::int64_t kNow = 1'800'000'000;

const LoginKeys &keys() {
    static const LoginKeys made = [] {
        LoginKeys k;
        k.add(Secret("0123456789abcdef0123456789abcdef"));
        return k;
    }();
    return made;
}

void read_transaction(std::string_view text) {
    const std::string sealed = keys().seal("oidc_tx 1", text);
    const auto t = open_transaction(keys(), sealed);
    if (!t) {
        return;
    }
    const auto again = open_transaction(keys(), seal_transaction(keys(), *t));
    REQUIRE(again && again->secret == t->secret &&
            again->expires == t->expires && again->provider == t->provider &&
            again->flow == t->flow && again->host == t->host &&
            again->redirect_uri == t->redirect_uri &&
            again->cookie == t->cookie &&
            again->return_path == t->return_path && again->renews == t->renews);
    const CallbackPlace place{t->provider, t->flow, t->host, t->redirect_uri};
    const auto error =
        check_transaction(*t, place, login_state(t->secret), kNow);
    REQUIRE(error == LoginError::none ||
            error == LoginError::transaction_expired);
    REQUIRE(check_transaction(*t, place, "x", kNow) != LoginError::none);
}

void read_note(std::string_view text) {
    const auto note = open_note(keys(), NoteKind::logins, "__Host-a",
                                keys().seal("oidc_logins 1", text), kNow);
    REQUIRE(!note || note->until > kNow);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string_view text = fuzz::text_of(data, size);
    const unsigned options = fuzz::take_byte(text);

    // Without a seal nothing is ours.
    REQUIRE(!open_transaction(keys(), text));
    const CookiePair cookies[] = {{"__Host-oidc_tx_1", text},
                                  {"__Host-oidc_tx_2", ""},
                                  {"__Host-oidc_tx_3", text.substr(0, 9)},
                                  {text, text},
                                  {"", ""},
                                  {"__Host-oidc_tx_1", text}};
    REQUIRE(surplus_transactions(keys(), cookies, kNow).size() == 6);

    if (options % 2 == 0) {
        read_transaction(text);
        read_note(text);
    }
    if (const auto e = unpack_endpoints(text)) {
        const auto again = unpack_endpoints(pack_endpoints(*e));
        REQUIRE(again && again->authorization == e->authorization &&
                again->token == e->token &&
                again->end_session == e->end_session);
    }
    if (const auto key = parse_login_key(text)) {
        REQUIRE(key->size() >= kMinLoginKeyBytes &&
                key->size() <= kMaxLoginKeyBytes);
        REQUIRE(text.starts_with(
            {reinterpret_cast<const char *>(key->data()), key->size()}));
    }
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    fuzz::Random random(seed);
    if (random() % 4 != 0) {
        return LLVMFuzzerMutate(data, size, max);
    }
    Transaction t;
    t.secret = std::string(43, static_cast<char>('A' + random() % 26));
    t.expires = kNow + static_cast<std::int64_t>(random() % 800);
    t.provider = "p";
    t.return_path = "/" + std::string(random() % 9, 'x');
    return fuzz::give_back(
        std::string(1, '\0') +
            *keys().open("oidc_tx 1", seal_transaction(keys(), t)),
        data, size, max);
}
